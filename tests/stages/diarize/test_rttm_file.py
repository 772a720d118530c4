"""The RTTM reader against files of other projects, against pyannote's reader, and against itself; wrong lines are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.diarization import Segment
from schemas.span import Span
from stages.diarize.rttm_file import RttmError, RttmTurn, read_rttm, write_rttm
from tests.shared import SHARED, needs_shared

LINE = "SPEAKER call 1 0.5 1.25 <NA> <NA> ann <NA> <NA>\n"


def test_a_line_is_read_as_the_format_says() -> None:
    assert read_rttm(LINE.encode(), "x") == (RttmTurn("call", "1", 0.5, 1.25, "ann", None),)
    nine = "SPEAKER\tcall  2 1e1 0 <NA> <NA> bob 0.75\r\n"
    assert read_rttm(nine.encode(), "x") == (RttmTurn("call", "2", 10.0, 0.0, "bob", 0.75),)


def test_comments_blank_lines_marks_and_other_types_are_skipped() -> None:
    text = f"\ufeff;; made by hand\n\n  \nSPKR-INFO call 1 <NA> <NA> <NA> unknown ann <NA>\nLEXEME call 1 0.5 0.1 a lex ann <NA>\n{LINE}"
    assert len(read_rttm(text.encode(), "x")) == 1
    assert read_rttm(b"", "x") == ()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("speaker call 1 0 1 <NA> <NA> ann <NA> <NA>", "'speaker' is no RTTM line type; wanted SPEAKER"),
        ("SPEAKER call 1 0 1 <NA> <NA> ann", "8 fields; wanted 10"),
        ("SPEAKER call 1 0 1 <NA> <NA> ann lee <NA> <NA>", "11 fields; wanted 10"),
        ("SPEAKER call 1 zero 1 <NA> <NA> ann <NA> <NA>", "start 'zero'; wanted a number of 0 or more"),
        ("SPEAKER call 1 1_0 1 <NA> <NA> ann <NA> <NA>", "start '1_0'; wanted a number"),
        ("SPEAKER call 1 -0.1 1 <NA> <NA> ann <NA> <NA>", "start '-0.1'; wanted a number"),
        ("SPEAKER call 1 0 -1 <NA> <NA> ann <NA> <NA>", "duration '-1'; wanted"),
        ("SPEAKER call 1 0 inf <NA> <NA> ann <NA> <NA>", "duration 'inf'; wanted"),
        ("SPEAKER call 1 0 <NA> <NA> <NA> ann <NA> <NA>", "duration '<NA>'; wanted"),
        ("SPEAKER call 1 0 1 <NA> <NA> <NA> <NA> <NA>", "speaker is <NA>; wanted a name"),
        ("SPEAKER <NA> 1 0 1 <NA> <NA> ann <NA> <NA>", "file is <NA>; wanted a name"),
        ("SPEAKER call 1 0 1 <NA> <NA> ann 1.5 <NA>", "confidence '1.5'; wanted <NA> or a number from 0 to 1"),
        ("RIFF\x00\x00WAVEfmt", "is no RTTM line type"),
    ],
)
def test_a_wrong_line_is_told_by_file_line_and_what_was_wanted(line: str, wanted: str) -> None:
    with pytest.raises(RttmError) as caught:
        read_rttm((LINE * 2 + line + "\n").encode(), "folder/call.rttm")
    assert str(caught.value).startswith("folder/call.rttm, line 3: ")
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(RttmError, match="x, line 2: wanted UTF-8 text, got byte 0xff"):
        read_rttm(LINE.encode() + b"SPEAKER \xff", "x")


def test_names_may_hold_what_python_takes_for_line_ends() -> None:
    (turn,) = read_rttm(LINE.replace("ann", "M\u00c9O\u2069").encode(), "x")
    assert turn.speaker == "MÉO\u2069"


@needs_shared
@pytest.mark.parametrize(
    ("name", "turns", "speakers"),
    [
        ("pyannote/sample.rttm", 10, 2),
        ("pyannote/debug.train.rttm", 3, 3),
        ("pyannote/debug.development.rttm", 9, 2),
        ("pyannote/debug.test.rttm", 22, 4),
        ("dscore/ref.rttm", 13, None),
        ("dscore/sys.rttm", 11, None),
        ("sctk/generic-1.rttm", 3, 2),
        ("sctk/rttmstm.rttm", 2, 2),
        ("sctk/isg.ref.rttm", 5, None),
        ("sctk/rttmAlt.rttm", 4, 2),
        ("speechbrain/ES2014c.rttm", 801, 4),
        ("speechbrain/ES2014c.sys.rttm", 686, None),
        ("meeteval/ref.rttm", 6, None),
    ],
)
def test_files_of_other_projects(name: str, turns: int, speakers: int | None) -> None:
    found = read_rttm((SHARED / name).read_bytes(), name)
    assert len(found) == turns
    assert all(turn.duration >= 0 for turn in found)
    if speakers is not None:
        assert len({turn.speaker for turn in found}) == speakers


@needs_shared
@pytest.mark.parametrize(
    "name", ["pyannote/sample.rttm", "pyannote/debug.train.rttm", "dscore/ref.rttm", "speechbrain/ES2014c.rttm", "sctk/generic-1.rttm"]
)
def test_pyannote_reads_the_same(name: str) -> None:
    from pyannote.database.util import load_rttm

    ours = sorted(
        (t.file, round(t.start, 6), round(t.start + t.duration, 6), t.speaker) for t in read_rttm((SHARED / name).read_bytes(), name)
    )
    theirs = [
        (file, round(segment.start, 6), round(segment.end, 6), label)
        for file, annotation in load_rttm(str(SHARED / name)).items()
        for segment, _, label in annotation.itertracks(yield_label=True)
    ]
    assert ours == sorted(theirs)


@given(
    st.lists(st.tuples(st.integers(0, 10**8), st.integers(1, 10**6), st.sampled_from([0, 1]), st.none() | st.floats(0, 1)), max_size=20),
    st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000, 192000]),
)
def test_segments_come_back_to_the_sample(drawn: list[tuple[int, int, int, float | None]], rate: int) -> None:
    segments = [Segment(speaker, Span(start, start + length), confidence) for start, length, speaker, confidence in drawn]
    text = write_rttm("my call", segments, ("Ann Lee", "Bob"), rate)
    found = read_rttm(text.encode(), "x")
    assert [(t.file, t.channel, t.speaker) for t in found] == [("my_call", "1", ("Ann_Lee", "Bob")[s.speaker]) for s in segments]
    assert [(round(t.start * rate), round((t.start + t.duration) * rate)) for t in found] == [(s.span.start, s.span.end) for s in segments]
    for turn, segment in zip(found, segments, strict=True):
        assert (turn.confidence is None) == (segment.confidence is None)
        assert turn.confidence == (None if segment.confidence is None else pytest.approx(segment.confidence, abs=1e-6))


@pytest.mark.parametrize("speakers", [("Ann Lee", "Ann_Lee"), ("", "Bob"), ("<NA>", "Bob")])
def test_names_that_the_format_cannot_hold_are_refused(speakers: tuple[str, str]) -> None:
    with pytest.raises(RttmError):
        write_rttm("call", [Segment(0, Span(0, 1))], speakers, 8000)
