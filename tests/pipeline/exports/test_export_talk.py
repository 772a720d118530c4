"""What cascades, realtime voice APIs, translators and benches read: turns, tracks, and clips cut from events."""

from __future__ import annotations

import base64
import dataclasses
import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.exports.sound import side_at
from schemas.row import Row, RowEvent, RowLanguage, RowTranscript, RowWord
from tests.pipeline.exports import sets
from tests.pipeline.exports.sets import word
from tests.shared import SHARED, needs_shared


def spoken(id: str, words: tuple[RowWord, ...], seconds: float = 10.0, rate: int = 16000, events: tuple[RowEvent, ...] = ()) -> Row:
    """A row whose audio has a tone wherever one of its words is."""
    row = sets.talk(id, seconds, rate, events=events)
    sound = sets.tones(words, seconds, rate, np.random.default_rng(1))
    return dataclasses.replace(row, words=words, audio=dataclasses.replace(row.audio, bytes=sets.flac(sound, rate)))


WORDS = (
    word(0, 0.5, 1.0, "good"),
    word(0, 1.0, 1.6, "morning"),
    word(1, 1.5, 2.2, "yes"),
    word(0, 3.0, 3.5, "bye"),
    word(0, 4.5, 5.0, "now"),
)


def test_chat_is_turns_in_order_with_overlaps_told(tmp_path: Path) -> None:
    sets.run(sets.publish(tmp_path / "set", [spoken("a", WORDS)], 1), tmp_path / "out", "chat", main=(1,))
    (line,) = sets.lines(tmp_path / "out" / "train.jsonl")
    assert [(m["role"], m["content"], m["start"], m["end"], m["overlaps"]) for m in line["messages"]] == [
        ("user", "good morning", 0.5, 1.6, False),
        ("assistant", "yes", 1.5, 2.2, True),
        ("user", "bye now", 3.0, 5.0, False),
    ]


def test_a_row_without_words_is_no_chat(tmp_path: Path) -> None:
    told = sets.run(sets.publish(tmp_path / "set", [spoken("a", WORDS), spoken("b", ())], 1), tmp_path / "out", "chat")
    assert {reason: tally["rows"] for reason, tally in told["left_out"].items()} == {"no words; add transcribe to the chain": 1}


@pytest.fixture(scope="module")
def replay() -> Any:
    path = Path(__file__).resolve().parents[3] / "pipeline" / "exports" / "realtime_replay.py"
    spec = importlib.util.spec_from_file_location("replay", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_replay_gives_the_users_track_sample_for_sample(tmp_path: Path, replay: Any, rate: int) -> None:
    row = spoken("a", WORDS, 7.03, rate)
    sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "out", "realtime")
    (line,) = sets.lines(tmp_path / "out" / "train.jsonl")
    log = tmp_path / "out" / line["log"]
    heard, _ = soundfile.read(io.BytesIO(row.audio.bytes), dtype="int16", always_2d=True)
    for api, wanted in (("openai", 24000), ("gemini", 16000)):
        sent = list(replay.messages(log, api))
        audio = [m["audio"] if api == "openai" else m["realtimeInput"]["audio"]["data"] for _, m in sent]
        samples = np.frombuffer(b"".join(base64.b64decode(each) for each in audio), dtype="<i2")
        track, found_rate = soundfile.read(log.with_suffix(f".user.{wanted}.wav"), dtype="int16")
        assert found_rate == wanted
        assert np.array_equal(samples, track)
        assert len(samples) == pytest.approx(7.03 * wanted, abs=1)
        if rate == wanted:
            assert np.array_equal(samples, heard[:, 1])
        times = [at for at, _ in sent]
        assert times == sorted(times)
        assert times[-1] == pytest.approx(7.03, abs=1e-3)


def test_the_log_tells_what_each_side_said(tmp_path: Path, replay: Any) -> None:
    sets.run(sets.publish(tmp_path / "set", [spoken("a", WORDS)], 1), tmp_path / "out", "realtime")
    (line,) = sets.lines(tmp_path / "out" / "train.jsonl")
    told = [(event["type"], event["text"]) for event in replay.events(tmp_path / "out" / line["log"]) if "text" in event]
    assert told == [("agent_said", "good morning"), ("user_said", "yes"), ("agent_said", "bye now")]
    assert (tmp_path / "out" / "replay.py").is_file()


def test_translations_are_pairs_of_source_and_target(tmp_path: Path) -> None:
    def of(id: str, first: str, second: str) -> Row:
        languages = tuple(RowLanguage(c, tag, "fixed", None, None) for c, tag in enumerate((first, second)))
        return dataclasses.replace(spoken(id, WORDS), transcript=RowTranscript(languages, (), (0.0, 0.0)))

    told = sets.run(sets.publish(tmp_path / "set", [of("a", "fr", "en"), of("b", "en", "en")], 1), tmp_path / "out", "s2st", main=(1,))
    header, line = (tmp_path / "out" / "train.tsv").read_text().splitlines()
    row = dict(zip(header.split("\t"), line.split("\t"), strict=True))
    assert (row["src_lang"], row["tgt_lang"], row["src_text"], row["tgt_text"]) == ("fr", "en", "good morning bye now", "yes")
    whole, _ = soundfile.read(io.BytesIO(spoken("a", WORDS).audio.bytes), dtype="int16", always_2d=True)
    for name, channel in (("src", 0), ("tgt", 1)):
        audio, _ = soundfile.read(tmp_path / "out" / row[f"{name}_audio"], dtype="int16")
        assert np.array_equal(audio, whole[:, channel])
        assert int(row[f"{name}_n_frames"]) == len(audio)
    assert list(told["left_out"]) == ["both sides speak en; wanted a source and its translation"]


def event(kind: str, channel: int | None, start: float, end: float, **more: Any) -> RowEvent:
    return RowEvent(kind, channel, start, end, more.get("detail"), more.get("offset"), more.get("text"), False)


LONG = (
    *(word(1, 1.0 + i, 1.9 + i, f"w{i}") for i in range(6)),
    word(0, 3.2, 3.6, "mhm"),
    *(word(0, 7.5 + i, 8.3 + i, f"a{i}") for i in range(3)),
    *(word(1, 9.8 + 0.5 * i, 10.2 + 0.5 * i, f"b{i}") for i in range(4)),
)
EVENTS = (
    event("pause", 1, 1.9, 2.0),
    event("backchannel", 0, 3.2, 3.6, text="mhm"),
    event("floor_change", 0, 6.9, 7.5, offset=0.6),
    event("interruption", 1, 9.8, 11.7, detail="successful"),
    event("interruption", 1, 3.0, 3.5, detail="failed"),
)


def take_over(chunks: list[dict[str, Any]]) -> int:
    """The bench's rule: nothing said, or less than a second of at most three words, is no turn."""
    if not chunks:
        return 0
    return int(chunks[-1]["timestamp"][1] - chunks[0]["timestamp"][0] >= 1 or len(chunks) > 3)


def test_full_duplex_bench_folders_hold_what_its_rules_need(tmp_path: Path) -> None:
    told = sets.run(
        sets.publish(tmp_path / "set", [spoken("a", LONG, 14.0, events=EVENTS), spoken("b", WORDS)], 1), tmp_path / "out", "fdb"
    )
    assert told["sums"] == {"pause_handling": 1, "smooth_turn_taking": 1, "backchannel": 1, "user_interruption": 1}
    assert list(told["left_out"]) == ["no events; add events to the chain"]
    folders = {
        line["folder"].split("/")[1]: tmp_path / "out" / line["folder"] for line in sets.lines(tmp_path / "out" / "clips.train.jsonl")
    }
    for folder in folders.values():
        info = soundfile.info(folder / "input.wav")
        assert (info.samplerate, info.channels) == (16000, 1)
        assert folder.name.isdigit()
        reference = json.loads((folder / "reference.json").read_text())
        assert all(0 <= chunk["timestamp"][0] < chunk["timestamp"][1] <= info.duration + 1e-6 for chunk in reference["chunks"])
    turn = folders["smooth_turn_taking"]
    (mark,) = json.loads((turn / "turn_taking.json").read_text())
    chunks = json.loads((turn / "reference.json").read_text())["chunks"]
    later = [chunk for chunk in chunks if chunk["timestamp"][0] >= mark["timestamp"][0]]
    assert take_over(later) == 1
    assert later[0]["timestamp"][0] - mark["timestamp"][0] == pytest.approx(0.6)
    (mark,) = json.loads((folders["user_interruption"] / "interrupt.json").read_text())
    assert mark["interrupt"] == "b0 b1 b2 b3"
    assert mark["context"] == "w0 w1 w2 w3 w4 w5"
    cut, _ = soundfile.read(folders["user_interruption"] / "interrupt.wav")
    assert len(cut) == pytest.approx(1.9 * 16000, abs=1)
    (pause,) = json.loads((folders["pause_handling"] / "pause.json").read_text())
    heard, _ = soundfile.read(folders["pause_handling"] / "input.wav")
    first, last = (round(time * 16000) for time in pause["timestamp"])
    assert np.abs(heard[first + 80 : last - 80]).max() < 0.01 < np.abs(heard).max()
    distribution = json.loads((tmp_path / "out" / "train" / "icc_gt_distribution.json").read_text())
    (shares,) = distribution.values()
    assert list(distribution) == [folders["backchannel"].name]
    assert np.flatnonzero(np.array(shares) > 0.01).tolist() == [11, 12, 13]
    assert sum(shares) == pytest.approx(1)


def test_events_without_words_to_be_cut_by_are_counted(tmp_path: Path) -> None:
    mute = (event("pause", 1, 13.0, 13.5), event("interruption", 1, 0.0, 0.5, detail="successful"))
    row = spoken("a", LONG, 14.0, events=(*EVENTS, *mute))
    told = sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "out", "fdb")
    assert (told["items"], told["sums"]["events_without_words"]) == (4, 2)


def test_uro_bench_lines_are_single_turns(tmp_path: Path) -> None:
    sets.run(sets.publish(tmp_path / "set", [spoken("a", LONG, 14.0, events=EVENTS)], 1), tmp_path / "out", "fdb")
    (line,) = sets.lines(tmp_path / "out" / "uro_bench.train.jsonl")
    assert line["source_text"] == "w0 w1 w2 w3 w4 w5"
    assert line["target_text"] == "a0 a1", "what was answered before the user spoke again"
    question, _ = soundfile.read(tmp_path / "out" / line["source_wav"])
    assert len(question) == pytest.approx((6.9 - 1.0) * 16000, abs=1)


@needs_shared
def test_the_benchs_own_example_has_the_keys_that_ours_have(tmp_path: Path) -> None:
    theirs = SHARED / "full_duplex_bench" / "smooth_turn_taking_example"
    sets.run(sets.publish(tmp_path / "set", [spoken("a", LONG, 14.0, events=EVENTS)], 1), tmp_path / "out", "fdb")
    (ours,) = (tmp_path / "out" / "train" / "smooth_turn_taking").iterdir()
    for name in ("turn_taking.json", "transcription.json"):
        example, made = (json.loads((folder / name).read_text()) for folder in (theirs, ours))
        assert [set(each) for each in made[:1]] == [set(each) for each in example[:1]]
    example, made = (json.loads((folder / "transcription.json").read_text()) for folder in (theirs, ours))
    assert set(made[0]["item"][0]) == set(example[0]["item"][0])
    info = soundfile.info(theirs / "input.wav")
    assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")


def test_a_side_at_its_own_rate_and_depth_is_the_recordings_samples() -> None:
    import pipeline.exports.item as items

    row = spoken("a", WORDS)
    item = items.Item("a", row.source, row.rate, row.duration, row.clip, (), (), (), (), (), None, None, row.audio.bytes)
    whole, _ = soundfile.read(io.BytesIO(row.audio.bytes), dtype="int16", always_2d=True)
    assert np.array_equal(side_at(item, 1, 16000), whole[:, 1])
    assert np.array_equal(side_at(item, 0, 16000, 1.0, 2.0), whole[16000:32000, 0])
    assert len(side_at(item, 0, 24000)) == 24000 * 10


def test_each_side_is_written_in_its_own_language(tmp_path: Path) -> None:
    languages = (RowLanguage(0, "ja", "fixed", None, None), RowLanguage(1, "en", "fixed", None, None))
    words = (word(0, 0.5, 1.0, "お元気"), word(0, 1.0, 1.6, "ですか"), word(1, 2.5, 3.0, "I'm"), word(1, 3.0, 3.4, "fine\u2028"))
    row = dataclasses.replace(spoken("a", words), transcript=RowTranscript(languages, (), (0.0, 0.0)))
    folder = sets.publish(tmp_path / "set", [row], 1)
    sets.run(folder, tmp_path / "chat", "chat")
    (line,) = (json.loads(line) for line in (tmp_path / "chat" / "train.jsonl").read_text().split("\n") if line)
    assert [message["content"] for message in line["messages"]] == ["お元気ですか", "I'm fine"]
    sets.run(folder, tmp_path / "s2st", "s2st")
    assert (tmp_path / "s2st" / "train.tsv").read_text().split("\n")[1].split("\t")[-2:] == ["I'm fine", "お元気ですか"]
