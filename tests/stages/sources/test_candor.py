"""CANDOR: a folder a conversation, whatever is missing of it, and its turns as a transcript."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.sources.candor import READER
from stages.transcribe.formats.read import read_transcript
from stages.transcribe.formats.said import TranscriptError
from tests.stages.sources.corpora import check, jsoned, put, read, reasons, source, transcribed, tree_of, words

IDS = ("0020a0c5-1658-4747-99c1-2839e736b481", "23d4ec0e-9357-400e-ba97-386dcd264a9d")
LEFT, RIGHT = "5fa072f4f4aa580b63834357", "5a73899f9cdd1800017786f0"

AUDIOPHILE = f"""turn_id,speaker,start,stop,utterance,interval,delta,questions,end_question,overlap,n_words
0,{LEFT},4.34,6.0,"Mhm, well, how are you?",,1.66,1,True,False,5
1,{RIGHT},5.5,7.0,"She said ""fine"".",-0.5,1.5,0,False,True,3
"""
HEAD = "turn_id,speaker,start,stop,utterance,backchannel,backchannel_count,backchannel_speaker,backchannel_start,backchannel_stop,n_words"
BACKBITER = f"""{HEAD}
0,{LEFT},4.34,9.0,"So I went there,
and then home.",Yeah Mhm,2,{RIGHT},5.5,7.25,7
1,{RIGHT},9.5,10.0,Oh.,,0,,,,1
"""


def call(id: str, folder: str = "") -> dict[str, bytes]:
    survey = f"user_id,sex,age\n{RIGHT},male,31\n{LEFT},Female,25\n"
    speakers = [{"user_id": LEFT, "channel": "L"}, {"user_id": RIGHT, "channel": "R"}]
    files = {
        "metadata.json": jsoned({"id": id, "speakers": speakers}),
        "survey.csv": survey.encode(),
        "audio_video_features.csv": b"user_id,timedelta\n",
        f"processed/{id}.mp3": b"mp3",
        f"processed/{id}.mp4": b"mp4",
        f"processed/{LEFT}.mp4": b"left",
        f"processed/{RIGHT}.mp4": b"right",
        "processed/channel_map.json": jsoned({"L": LEFT, "R": RIGHT}),
        "processed/thumbnail.png": b"png",
        "raw/one.mkv": b"mkv",
        "transcription/transcribe_output.json": b"{}",
        "transcription/transcript_audiophile.csv": AUDIOPHILE.encode(),
        "transcription/transcript_backbiter.csv": BACKBITER.encode(),
        "transcription/transcript_cliffhanger.csv": AUDIOPHILE.encode(),
    }
    return {f"{folder}{id}/{path}": data for path, data in files.items()}


def test_a_conversation(tmp_path: Path) -> None:
    put(tmp_path, call(IDS[0], "CANDOR/files/") | call(IDS[1], "CANDOR/files/"))
    tree = tree_of(tmp_path)
    assert READER.recognise(tree) == ("CANDOR/files",)
    corpus = READER.read(tree, "CANDOR/files")
    check(corpus, tree.files)
    assert (corpus.rejects, corpus.problems) == ([], [])
    first = source(corpus, IDS[0])
    base = f"CANDOR/files/{IDS[0]}"
    assert first.uris == (f"{base}/processed/{IDS[0]}.mp3",)
    assert (first.speakers, first.licence, first.language) == ((LEFT, RIGHT), "CC-BY-NC-4.0", "en")
    assert json.loads(first.extra)["sex"] == ["female", "male"]
    assert len(json.loads(first.extra)["other_transcripts"]) == 3
    assert corpus.claimed[f"{base}/processed/{LEFT}.mp4"] == "other"
    found = transcribed(first)
    assert words(found, 0) == ["Mhm,", "well,", "how", "are", "you?"]
    assert words(found, 1) == ["She", "said", '"fine".']


def test_backchannels_are_said_by_the_other_at_their_own_times() -> None:
    found = read_transcript(BACKBITER.encode(), "transcript_backbiter.csv", ())
    assert [(each.label, each.start, each.end, " ".join(each.text.split())) for each in found.said] == [
        (LEFT, 4.34, 9.0, "So I went there, and then home."),
        (RIGHT, 5.5, 7.25, "Yeah Mhm"),
        (RIGHT, 9.5, 10.0, "Oh."),
    ]
    untimed = BACKBITER.replace("5.5,7.25", ",")
    assert read_transcript(untimed.encode(), "x.csv", ()).said[1].start == 4.34


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("speaker,start,utterance\na,1,hi\n", "no column for end"),
        ("speaker,start,stop,utterance\na,1,hi\n", "line 2: has 3 fields; wanted 4"),
        ("speaker,start,stop,utterance\na,one,2,hi\n", "line 2: start is 'one'"),
        ("speaker,start,stop,utterance\na,3,2,hi\n", "line 2: ends at 2 s"),
        ('speaker,start,stop,utterance\na,1,2,"hi\n', "is no CSV"),
    ],
)
def test_a_broken_table_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(TranscriptError, match=f"^x.csv.*{told}"):
        read_transcript(text.encode(), "x.csv", ())


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 500), st.integers(0, 500), st.text("a,\"\n '", max_size=8))))
def test_any_table_that_a_writer_wrote_is_read_as_it_was(rows: list[tuple[str, int, int, str]]) -> None:
    import csv
    import io

    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow(["Start", "duration", "text", "speaker"])
    writer.writerows([start / 4, length / 4, text, who] for who, start, length, text in rows)
    found = read_transcript(held.getvalue().encode(), "x.csv", ())
    assert [(each.label, each.start * 4, (each.end - each.start) * 4, each.text) for each in found.said] == rows


@given(kept=st.sets(st.sampled_from(sorted(call(IDS[0])))))
def test_whatever_is_missing_is_accounted_for(kept: set[str]) -> None:
    files = call(IDS[0])
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        marks = ("transcription/", "audio_video_features.csv", "channel_map.json")
        assert READER.recognise(tree) == (("",) if any(mark in path for path in kept for mark in marks) else ())
        corpus = READER.read(tree, "")
    check(corpus, kept)
    has = {path.removeprefix(f"{IDS[0]}/") for path in kept}
    both = [path for path in (f"processed/{IDS[0]}.mp3", f"processed/{IDS[0]}.mp4") if path in has]
    single = [path for path in (f"processed/{LEFT}.mp4", f"processed/{RIGHT}.mp4") if path in has]
    known = bool({"metadata.json", "processed/channel_map.json"} & has)
    if both or len(single) == 2:
        given_source = source(corpus, IDS[0])
        if both:
            assert given_source.uris == (f"{IDS[0]}/{both[0]}",)
            assert given_source.speakers == ((LEFT, RIGHT) if known else ())
        else:
            assert {*zip(given_source.uris, given_source.speakers, strict=True)} == {
                (f"{IDS[0]}/{path}", user) for path, user in zip(single, (LEFT, RIGHT), strict=True)
            }
        assert reasons(corpus) == {}
    elif kept:
        assert reasons(corpus) == {IDS[0]: "side_missing" if single else "no_audio"}


def test_parts_of_the_delivery_are_read_as_one(tmp_path: Path) -> None:
    files = call(IDS[0])
    sound = {path: data for path, data in files.items() if "/processed/" in path}
    parts = {f"processed_media_part_001/{path}": data for path, data in sound.items()}
    parts |= {f"no_media/{path}": data for path, data in files.items() if path not in sound}
    put(tmp_path, {f"in/{path}": data for path, data in parts.items()})
    corpus = read(READER, tmp_path)
    check(corpus, tree_of(tmp_path).files)
    assert transcribed(source(corpus, IDS[0])).words(0)
    again = f"in/processed_media_part_002/{IDS[0]}/processed/{IDS[0]}.mp3"
    twice = read(READER, put(tmp_path, {again: b"mp3"}))
    assert reasons(twice) == {IDS[0]: "duplicate_id"}


def test_tables_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    files = call(IDS[0]) | {f"{IDS[0]}/processed/channel_map.json": b"{", f"{IDS[0]}/survey.csv": b'user_id,sex\n"a\n'}
    corpus = read(READER, put(tmp_path, files))
    assert source(corpus, IDS[0]).speakers == (LEFT, RIGHT)
    assert any("channel_map.json: is no JSON" in told for told in corpus.problems)
