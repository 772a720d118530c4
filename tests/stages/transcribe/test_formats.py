"""Transcript files of every format: what is read, and what is refused and how that is said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import DuologueError
from stages.transcribe.formats.markup import words
from stages.transcribe.formats.read import FORMATS, MAX_BYTES, read_transcript
from stages.transcribe.formats.said import Reading, TranscriptError
from tests.shared import SHARED, needs_shared

TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 4
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "doctor"
        xmin = 0
        xmax = 4
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = ""
        intervals [2]:
            xmin = 1.5
            xmax = 4
            text = "He said ""no"", 3 times"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 4
        points: size = 1
        points [1]:
            number = 2
            mark = "click"
    item [3]:
        class = "IntervalTier"
        name = "patient"
        xmin = 0
        xmax = 4
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1
            text = "Grüß Gott"
"""
SHORT = '"ooTextFile"\n"TextGrid"\n0\n2\n<exists>\n{size}\n{tiers}'


def tier(name: str, *intervals: tuple[float, float, str]) -> str:
    rows = "".join(f'{a}\n{b}\n"{text}"\n' for a, b, text in intervals)
    return f'"IntervalTier"\n"{name}"\n0\n2\n{len(intervals)}\n{rows}'


def read(text: str | bytes, name: str, format: str | None = None) -> Reading:
    data = text if isinstance(text, bytes) else text.encode()
    return read_transcript(data, name, ("corpus/call", "call"), format)


def rows(text: str | bytes, name: str) -> list[tuple[str, float, float, str, bool]]:
    return [(s.label, s.start, s.end, s.text, s.word) for s in read(text, name).said]


def problem(text: str | bytes, name: str) -> str:
    with pytest.raises(TranscriptError) as caught:
        read(text, name)
    assert isinstance(caught.value, DuologueError)
    return str(caught.value)


def test_json_utterances_with_the_keys_that_are_about() -> None:
    data = [
        {"speaker": "ann", "start": 0.5, "end": 1.25, "text": "hi there"},
        {"channel": 1, "start_time": 1, "end_time": 2, "transcript": "yes"},
        {"role": "agent", "begin": 2, "duration": 0.5, "utterance": "ok"},
    ]
    wanted = [("ann", 0.5, 1.25, "hi there", False), ("1", 1, 2, "yes", False), ("agent", 2, 2.5, "ok", False)]
    assert rows(json.dumps(data), "call.json") == wanted
    assert rows(json.dumps({"segments": data, "language": "en"}), "call.json") == wanted
    assert rows("\n".join(map(json.dumps, data)) + "\n", "call.jsonl") == wanted


def test_json_words_bare_and_inside_utterances() -> None:
    bare = [{"speaker": "A", "word": "hi", "start": 2.15, "end": 2.835, "probability": 0.5}]
    assert rows(json.dumps(bare), "call.json") == [("A", 2.15, 2.835, "hi", True)]
    assert read(json.dumps(bare), "call.json").said[0].confidence == 0.5
    inside = {"segments": [{"speaker": "A", "start": 0, "end": 2, "text": " a b", "words": [{"word": " a", "start": 0, "end": 1}]}]}
    assert rows(json.dumps(inside), "call.json") == [("A", 0, 1, " a", True)]


def test_alignments_of_moshi_finetune() -> None:
    data = {"alignments": [["hello", [0.42, 0.8], "SPEAKER_MAIN"], ["there", [0.8, 1.02], "SPEAKER_MAIN"]]}
    assert rows(json.dumps(data), "call.json")[1] == ("SPEAKER_MAIN", 0.8, 1.02, "there", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("3", "wanted a list of utterances"),
        ('{"a": 1}', "holds no list called segments"),
        ("[3]", "entry 1: is 3; wanted an object"),
        ('[{"start": 0, "end": 1}]', "entry 1: has no text"),
        ('[{"text": "a", "end": 1}]', "entry 1: has no start"),
        ('[{"text": "a", "start": "x", "end": 1}]', "start is 'x'; wanted a number of seconds"),
        ('[{"text": "a", "start": true, "end": 1}]', "start is True"),
        ('[{"text": "a", "start": NaN, "end": 1}]', "start is nan"),
        ('[{"text": "a", "start": 2, "end": 1}]', "ends at 1 s, before it starts at 2 s"),
        ("[" * 5000, "is no JSON"),
    ],
)
def test_json_that_is_no_transcript(text: str, said: str) -> None:
    message = problem(text, "in/call.json")
    assert message.startswith("in/call.json")
    assert said in message


def test_a_textgrid_in_the_long_format_and_in_utf_16() -> None:
    wanted = [("doctor", 1.5, 4, 'He said "no", 3 times', False), ("patient", 0, 1, "Grüß Gott", False)]
    assert rows(TEXTGRID, "call.TextGrid") == wanted
    assert rows(TEXTGRID.encode("utf-16"), "call.TextGrid") == wanted
    assert rows(TEXTGRID.replace("\n", "\r\n"), "call.textgrid") == wanted


def test_a_textgrid_in_the_short_format_with_an_aligners_tiers() -> None:
    tiers = tier("ann - words", (0, 1, "one"), (1, 2, "two")) + tier("ann - phones", (0, 1, "W")) + tier("ann", (0, 2, "one two"))
    text = SHORT.format(size=3, tiers=tiers)
    assert rows(text, "call.TextGrid") == [("ann", 0, 1, "one", True), ("ann", 1, 2, "two", True)]


def test_a_words_tier_without_words_leaves_the_utterances() -> None:
    tiers = tier("ann - words", (0, 2, "")) + tier("ann", (0, 2, "one two"))
    assert rows(SHORT.format(size=2, tiers=tiers), "call.TextGrid") == [("ann", 0, 2, "one two", False)]


def test_textgrids_that_are_none() -> None:
    assert "is no TextGrid" in problem("hello", "call.TextGrid")
    assert "is no TextGrid; wanted" in problem('"ooTextFile" "Pitch"', "call.TextGrid")
    assert "ends before its last tier" in problem(SHORT.format(size=2, tiers=tier("a", (0, 1, "x"))), "call.TextGrid")
    assert "where the number of tiers" in problem(SHORT.format(size='"x"', tiers=""), "call.TextGrid")
    assert "where its text should" in problem(SHORT.format(size=1, tiers='"IntervalTier"\n"a"\n0\n1\n1\n0\n1\n2\n'), "call.TextGrid")


def test_ctm_of_one_recording_with_the_first_alternative() -> None:
    text = (
        ";; comment\ncall A 1.0 0.5 hello 0.9\nother A 0 1 no\ncall A * * <ALT_BEGIN>\ncall A 2 1 yes\ncall A * * <ALT>\n"
        "call A 2 1 yeah\ncall A * * <ALT_END>\ncall B 3 0.5 bye\n"
    )
    assert rows(text, "all.ctm") == [("A", 1, 1.5, "hello", True), ("A", 2, 3, "yes", True), ("B", 3, 3.5, "bye", True)]
    assert read(text, "all.ctm").said[0].confidence == 0.9
    assert read(text, "all.ctm").base == 1
    assert "holds 2 recordings" in problem("x 1 0 1 a\ny 1 0 1 b\n", "all.ctm")
    assert "line 1: 3 fields" in problem("x 1 0", "all.ctm")


def test_stm_by_channel_where_it_has_two_else_by_speaker() -> None:
    two = "call 1 ann 1.0 6.0 <M> HELLO THERE\ncall 2 bob 3 5 OR NOT\ncall 1 x 6 7 ignore_time_segment_in_scoring\n"
    assert rows(two, "call.stm") == [("1", 1, 6, "HELLO THERE", False), ("2", 3, 5, "OR NOT", False)]
    one = "call 1 ann 1.0 6.0 hello\ncall 1 bob 3 5 <o,f0> or not\n"
    assert rows(one, "call.stm") == [("ann", 1, 6, "hello", False), ("bob", 3, 5, "or not", False)]


def test_utterances_of_another_recording_of_an_stm_name_no_channel() -> None:
    text = "call 1 ann 1 2 yes\ncall 1 bob 3 4 no\nother 2 ann 1 2 yes\n"
    assert rows(text, "all.stm") == [("ann", 1, 2, "yes", False), ("bob", 3, 4, "no", False)]


def test_numbers_that_no_recording_has_are_refused() -> None:
    for number in ("1" + "0" * 400, "1e305", "-1e10"):
        assert "wanted a number of seconds" in problem(f'[{{"start": {number}, "end": 2, "text": "x"}}]', "call.json")
    sure = f'[{{"start": 1, "end": 2, "word": "x", "confidence": 1{"0" * 400}}}]'
    assert read(sure, "call.json").said[0].confidence is None


def test_cues_with_speakers() -> None:
    vtt = (
        "WEBVTT\n\nNOTE x\n\n1\n00:01.000 --> 00:02.500 align:start\n<v Ann>Hello &amp; <b>welcome</b>\n\n"
        "01:00:03.000 --> 01:00:04.000\nBOB: yes\nindeed\n"
    )
    assert rows(vtt, "call.vtt") == [("Ann", 1, 2.5, "Hello & welcome", False), ("BOB", 3603, 3604, "yes indeed", False)]
    srt = "1\r\n00:00:01,000 --> 00:00:03,000\r\nAnn: aaaa\r\nBob: bb\r\n\r\n2\r\n00:00:04,0 --> 00:00:05,0\r\nno name\r\n"
    assert rows(srt, "call.srt") == [
        ("Ann", 1, pytest.approx(1 + 2 * 4 / 6), "aaaa", False),
        ("Bob", pytest.approx(1 + 2 * 4 / 6), pytest.approx(3), "bb", False),
        ("", 4, 5, "no name", False),
    ]
    assert "holds no cue" in problem("hello", "call.srt")
    assert "is no time such as" in problem("1 --> 2\nx", "call.srt")


def test_no_text_of_a_cue_is_passed_over() -> None:
    """Empty lines inside a cue or between all lines, none between two cues, and arrows without spaces; other arrows are refused."""
    first, second = "00:00:01,000 --> 00:00:02,000", "00:00:03,000 --> 00:00:04,000"
    wanted = [("Ann", 1, 2, "one 2 three", False), ("Bob", 3, 4, "four", False)]
    for text in (
        f"1\n{first}\nAnn: one 2\n\nthree\n\n2\n{second}\nBob: four\n",
        f"1\n{first}\nAnn: one 2 three\n2\n{second}\nBob: four\n",
        f"1\n\n{first}\n\nAnn: one 2\n\nthree\n\n2\n\n{second}\n\nBob: four\n",
        f"1\n{first}\nAnn: one 2 three\n\n2\n{second.replace(' ', '')}\nBob: four\n",
        f"WEBVTT\n\nintro\n{first}\nAnn: one 2 three\n\nNOTE not said\n\nSTYLE\nx\n\n{second}\nBob: four\n",
    ):
        assert rows(text, "call.srt") == wanted
    assert "'00:00:03,000 -> 00:00:04,000'; wanted a line" in problem(f"1\n{first}\nx\n\n2\n{second.replace('--', '-')}\ny\n", "call.srt")


def test_lines_of_telephone_corpora() -> None:
    fisher = "# fe_03_00001.sph\n\n0.25 1.50 A: hi ((there))\n1.70 2.00 B: [laughter]\n"
    assert rows(fisher, "call.txt") == [("A", 0.25, 1.5, "hi ((there))", False), ("B", 1.7, 2, "[laughter]", False)]
    ms98 = "sw2001A-ms98-a-0001 0.0 0.98 [silence]\nsw2001B-ms98-a-0002 0.98 2.0 uh-huh\n"
    assert rows(ms98, "call.text")[1] == ("B", 0.98, 2, "uh-huh", False)
    assert "line 1: 'hello'; wanted `start end speaker: text`" in problem("hello", "call.txt")


def test_files_that_are_too_long_no_text_or_of_no_known_format() -> None:
    assert "more than the" in problem(b" " * (MAX_BYTES + 1), "call.json")
    assert "line 2: wanted UTF-8 text, got byte 0xff" in problem(b"a\n\xff", "call.txt")
    assert "ends in no known format; wanted one of json" in problem("x", "call.doc")
    assert read("[]", "call.doc", "json").said == ()
    assert read("[]", "store/call.json?version=3").said == ()


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_an_empty_file_holds_nothing_or_is_refused_by_name(format: str) -> None:
    if format in ("json", "csv", "textgrid", "srt", "vtt"):
        assert problem("", f"in/call.{format}").startswith(f"in/call.{format}")
    else:
        assert read("", f"call.{format}").said == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uh [laughter-yes] so [noise] i [cha[pe]-/shape] see", "uh yes so i shape see"),
        ("a[round]- around th[at]- and -[re]start", "a- around th- and -start"),
        ("a {chowpherd} about_1 <b_aside> so <e_aside>", "a chowpherd about so"),
        ("((i think)) (( )) so", "i think so"),
        ("<INAUDIBLE_SPEECH/>. Good <UNSURE>morning</UNSURE>, Tim. Um, <UNIN/>", "Good morning, Tim. Um,"),
        ("well - okay ?", "well- okay?"),
        ("... 你好", "你好"),
        ("<UNIN/> [silence]", ""),
    ],
)
def test_marks_are_taken_out_and_words_stay(text: str, said: str) -> None:
    assert " ".join(words(text)) == said
    assert words(text, keep=True) == tuple(text.split())


SAMPLES = {
    "json": '[{"speaker": "a", "start": 0.5, "end": 1.25, "words": [{"word": "hi", "start": 0.5, "end": 1}]}, ["a", [0, 1], "b"]]',
    "jsonl": '{"speaker": "a", "start": 0.5, "end": 1.25, "text": "hi"}\n{"channel": 1, "begin": 1, "dur": 2, "word": "x"}',
    "textgrid": TEXTGRID,
    "ctm": "call A 1.0 0.5 hello 0.9\ncall A * * <ALT_BEGIN>\ncall A 2 1 yes\n",
    "stm": "call 1 ann 1.0 6.0 <M> HELLO THERE\ncall 2 bob 3 5 OR NOT\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ann>Hello\n\n00:01.000 --> 00:02.500\nBob: x\n",
    "srt": "1\n00:00:01,000 --> 00:00:03,000\nAnn: aaaa\n",
    "txt": "0.25 1.50 A: hi\nsw2001B-ms98-a-0002 0.98 2.0 uh-huh\n",
}


@given(st.sampled_from(sorted(SAMPLES)), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), st.text(max_size=4)), max_size=4))
def test_damaged_files_are_read_or_refused_with_their_name(format: str, cuts: list[tuple[int, int, str]]) -> None:
    text = SAMPLES[format]
    for at, length, by in cuts:
        at %= len(text) + 1
        text = text[:at] + by + text[at + length :]
    try:
        found = read(text.encode("utf-8", "replace"), f"in/call.{format}").said
    except TranscriptError as refused:
        message = str(refused)
    else:
        message = "in/call"
        assert all(each.start <= each.end for each in found)
    assert message.startswith("in/call")


@needs_shared
def test_transcripts_as_corpora_publish_them() -> None:
    counts = {
        "spokenwoz/MUL1423.json": 231,
        "primock57/day1_consultation05_doctor.TextGrid": 68,
        "sctk/basic.ctm": None,
        "meeteval/refB.stm": None,
        "praatio/bobby_words.TextGrid": 5,
    }
    for name, count in counts.items():
        data = (SHARED / name).read_bytes()
        stem = {"sctk/basic.ctm": "SHOW_1", "meeteval/refB.stm": "recordingA"}.get(name, "x")
        found = read_transcript(data, name, (stem,)).said
        assert found
        assert count is None or len(found) == count, name
