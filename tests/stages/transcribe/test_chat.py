"""CHAT files of TalkBank, and the text of CALLHOME and Switchboard as the LDC and the ISIP write it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.transcribe.formats.chat import ChatHead, read_head
from stages.transcribe.formats.read import read_transcript
from stages.transcribe.formats.said import Said, TranscriptError

HEAD = (
    "@UTF8\n@Begin\n@Languages:\teng, spa\n@Participants:\tA Subject, B Subject\n@ID:\teng|CallHome|A|35;06.|female|||Subject|||\n"
    "@ID:\teng|CallHome|B||male|||Subject|||\n@Media:\t4065, audio\n@Date:\t05-JUL-1995\n"
)


def said(text: str | bytes, name: str = "in/4065.cha") -> list[tuple[str, float, float, str, bool]]:
    data = text if isinstance(text, bytes) else text.encode()
    return [(one.label, one.start, one.end, one.text, one.word) for one in read_transcript(data, name, ("x",)).said]


def test_utterances_with_their_times_and_lines_that_go_on() -> None:
    body = "*A:\tyeah I\n\tmean it . \x15500_2100\x15\n%com:\t*B: no\n*B1:\tmhm . \x152200_2600-\x15\n"
    body += "*A:\tone \x153000_3100\x15 two . \x153200_3300\x15\n@End\n"
    assert said(HEAD + body) == [
        ("A", 0.5, 2.1, "yeah I mean it .", False),
        ("B", 2.2, 2.6, "mhm .", False),
        ("A", 3.0, 3.3, "one two .", False),
    ]


def test_bullets_as_they_were_written_before() -> None:
    assert said('*ANN:\thi . \x15%snd:"4065"_10_20\x15\n*BOB:\tho . \x15%mov:4065_30_40\x15\n') == [
        ("ANN", 0.01, 0.02, "hi .", False),
        ("BOB", 0.03, 0.04, "ho .", False),
    ]


def test_what_the_headers_say_and_how_much_has_no_time() -> None:
    head = read_head(HEAD + "*A:\tno .\n*B:\tyes . \x151_2\x15\n*A:\tno\n\tmore .\n")
    assert head == ChatHead(("eng", "spa"), "4065", {"A": "female", "B": "male"}, {"A": 35}, "1995-07-05", 2)
    assert read_head("@ID:\teng|x\n@Date:\tsoon\n@Media:\n@Languages:\t\nno header\n") == ChatHead()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("*A:\thi .\n*B:\tho .\n", "2 utterances and none with times"),
        ("hello\n", "0 utterances and none with times"),
        ("*A:\thi . \x15200_100\x15\n", "line 1: ends at 0.1 s, before it starts at 0.2 s"),
        (b"*A:\th\xff . \x15100_200\x15\n", "line 1: wanted UTF-8 text, got byte 0xff"),
    ],
)
def test_a_file_that_is_no_transcript_is_refused_by_name(text: str | bytes, told: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        said(text)
    assert str(caught.value).startswith("in/4065.cha")
    assert told in str(caught.value)


@given(
    st.lists(
        st.tuples(
            st.sampled_from("AB"),
            st.integers(0, 10**7),
            st.integers(0, 10**5),
            st.lists(st.sampled_from(["a", "b&-um", "+...", "éa"]), min_size=1),
        ),
        min_size=1,
    )
)
def test_whatever_is_written_is_read(turns: list[tuple[str, int, int, list[str]]]) -> None:
    lines = ["*{}:\t{} \x15{}_{}\x15".format(side, "\n\t".join(words), start, start + long) for side, start, long, words in turns]
    wanted = [(side, start / 1000, (start + long) / 1000, " ".join(words), False) for side, start, long, words in turns]
    assert said(HEAD + "\n".join(lines) + "\n@End\n") == wanted


@given(st.binary(max_size=200), st.sampled_from(["4065.cha", "en_4065.txt", "ma_0022.txt", "ja_0022.txt", "sw2001A-ms98-a-word.text"]))
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    with contextlib.suppress(TranscriptError):
        assert all(isinstance(one, Said) and one.start <= one.end for one in read_transcript(data, name, ("x",)).said)


def test_lines_of_callhome() -> None:
    text = "# en_4065.txt\n\n27.98 28.72 A1: You know so\n137.49 139.47 B: yeah {breath}\ngoing on\n3.00 2.90 A: --\n4.00 4.50 B2: hm\n"
    assert said(text, "train/en_4065.txt") == [
        ("A", 27.98, 28.72, "You know so", False),
        ("B", 137.49, 139.47, "yeah {breath} going on", False),
        ("B", 4.0, 4.5, "hm", False),
    ]
    for name in ("train/call.txt", "train/fe_03_00001.txt"):
        with pytest.raises(TranscriptError, match="line 5: 'going on'; wanted"):
            said(text, name)


@pytest.mark.parametrize(
    ("code", "encoding", "text"), [("ma", "gb18030", "你好吗"), ("ja", "euc_jp", "もしもし"), ("sp", "latin-1", "¿qué tal?")]
)
def test_callhome_in_the_encodings_of_its_time(code: str, encoding: str, text: str) -> None:
    line = f"0.50 1.00 A: {text}\n"
    for how in (encoding, "utf-8"):
        assert said(line.encode(how), f"{code}_0022.txt") == [("A", 0.5, 1.0, text, False)]
    with pytest.raises(TranscriptError, match="wanted UTF-8"):
        said(line.encode(encoding), "notes_0022.txt")


def test_words_of_the_isip_are_words_and_its_empty_lines_are_no_fault() -> None:
    text = "sw2001A-ms98-a-0001 0.000000 0.977625 [silence]\nsw2001A-ms98-a-0002 0.977625 1.25 hi\nsw2001A-ms98-a-0003 1.25 1.5\n"
    for what, word in (("word", True), ("trans", False)):
        assert [one[1:] for one in said(text, f"20/2001/sw2001A-ms98-a-{what}.text")] == [
            *((0.0, 0.977625, "[silence]", word), (0.977625, 1.25, "hi", word), (1.25, 1.5, "", word)),
        ]
