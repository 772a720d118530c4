"""`duologue simulate`, end to end: files, truth, resuming, rejects, and a data set built from what it made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.simulate import run_simulate
from schemas.errors import UsageError
from schemas.plain import from_plain
from schemas.truth import Truth
from tests.pipeline.calling import Cli, rows
from tests.stages.simulate.bursts import hiss, utterance

RATE = 8000
LISTED = ("out", "command", "made")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def hissing(folder: Path, speakers: int = 3, each: int = 5, rate: int = RATE) -> Path:
    """A folder per speaker with utterances of noise bursts, short ones among them, all written to the sample."""
    for speaker in range(speakers):
        rng = np.random.default_rng(speaker)
        where = folder / f"s{speaker}"
        where.mkdir(parents=True)
        for number in range(each):
            soundfile.write(where / f"long{number}.wav", utterance("u", rate, rng, 2.0).samples, rate, "PCM_16")
            soundfile.write(where / f"brief{number}.wav", hiss(int(rate * rng.uniform(0.25, 0.6)), rng), rate, "PCM_16")
    return folder


def contents(out: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, but the lock's."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".duologue" not in path.parts
    }


def truth(out: Path, id: str) -> Truth:
    return from_plain(Truth, json.loads((out / f"truth/{id}.json").read_text()))


def test_a_folder_becomes_dialogues_and_these_a_data_set(cli: Cli, tmp_path: Path) -> None:
    src, out = hissing(tmp_path / "utterances"), tmp_path / "made"
    arguments = ("simulate", src, "-o", out, "--hours", "0.1", "--seed", "7", "--set", "minutes=2", "--mono", "--tracks")
    summary = cli.json(*arguments)
    assert (summary["dialogues"], summary["made"], summary["rejects"]) == (3, 3, {})
    assert summary["hours"] == pytest.approx(0.1)
    for name in ("ipu", "pause", "gap", "overlap"):
        assert summary["achieved"][name] == pytest.approx(summary["wanted"][name], rel=0.05)
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == ["sim-7-00000", "sim-7-00001", "sim-7-00002"]
    for line in lines:
        samples, rate = soundfile.read(out / line["uri"], dtype="int16")
        tracks, _ = soundfile.read(out / f"tracks/{line['id']}.flac", dtype="int16")
        mono, _ = soundfile.read(out / f"mono/{line['id']}.flac", dtype="int16")
        known = truth(out, line["id"])
        assert (rate, samples.shape, mono.shape) == (RATE, (known.length, 2), (known.length,))
        assert list(known.speakers) == line["speakers"]
        assert known.speakers[0] != known.speakers[1]
        np.testing.assert_array_equal(samples, tracks)
        for channel in (0, 1):
            marked = np.zeros(known.length, np.bool_)
            for span in known.activity.channels[channel]:
                marked[span.start : span.end] = True
            np.testing.assert_array_equal(samples[:, channel] != 0, marked)
        for placed in known.placements:
            assert placed.utterance.startswith(f"{known.speakers[placed.channel]}/")
        said = [line.split() for line in (out / f"truth/{known.id}.rttm").read_text().splitlines()]
        assert len(said) == len(known.turns.turns)
        for fields, turn in zip(said, known.turns.turns, strict=True):
            assert fields[:3] + fields[5:] == ["SPEAKER", known.id, "1", "<NA>", "<NA>", turn.speaker, "<NA>", "<NA>"]
            assert float(fields[3]) == pytest.approx(turn.span.start / RATE, abs=1e-4)
    assert "achieved" in cli(*arguments)


def test_a_data_set_is_built_from_the_manifest(cli: Cli, tmp_path: Path) -> None:
    src, out = hissing(tmp_path / "utterances"), tmp_path / "made"
    # Bursts over digital silence are steady noise to channel health; over noise they are speech.
    summary = cli.json("simulate", src, "-o", out, "--hours", "0.1", "--set", "minutes=2", "--set", "snr_db=40", "--set", "licence=CC0-1.0")
    built = cli.build(out / "manifest.jsonl", tmp_path / "set", "-c", "stereo_channels")
    assert (built["rows"], built["rejects"]) == (3, {})
    found = rows(tmp_path / "set")
    assert {(row["source"]["consent"], row["source"]["licence"]) for row in found} == {("synthetic", "CC0-1.0")}
    for name in ("ipu", "pause", "gap", "overlap"):
        measured = sum(row["stats"][name]["seconds_per_minute"] for row in found) / 3
        assert measured == pytest.approx(summary["achieved"][name], rel=0.35)


CONDITIONS = ("minutes=1", "snr_db=10..30", "rt60=0.1..0.3", "leakage_db=-40..-20", "level_db=-6..6", "codec=none,mp3:32,mulaw")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_whoever_makes_them(tmp_path: Path) -> None:
    src = hissing(tmp_path / "utterances")
    for name, workers, seed in (("one", 1, 3), ("two", 2, 3), ("other", 1, 4)):
        run_simulate(str(src), str(tmp_path / name), 0.05, seed, "fisher", CONDITIONS, workers, True, True)
    one, two, other = (contents(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert one["audio/sim-3-00000.flac"] != other["audio/sim-4-00000.flac"]
    conditions = [truth(tmp_path / "one", f"sim-3-0000{index}").conditions for index in range(3)]
    assert len({each.snr_db for each in conditions}) == 3


def test_an_interrupted_run_keeps_what_is_whole(tmp_path: Path) -> None:
    src, whole, broken = hissing(tmp_path / "utterances"), tmp_path / "whole", tmp_path / "broken"
    for out in (whole, broken):
        run_simulate(str(src), str(out), 0.05, 0, "candor", ("minutes=1",))
    (broken / "truth/sim-0-00001.json").unlink()
    (broken / "audio/sim-0-00001.flac").write_bytes(b"half")
    for left in ("audio/.tmp-1-abcd.flac", ".tmp-1-abcd.json"):
        (broken / left).write_bytes(b"left")
    (broken / "manifest.jsonl").unlink()
    kept = (broken / "audio/sim-0-00000.flac").stat().st_mtime_ns
    summary = run_simulate(str(src), str(broken), 0.05, 0, "candor", ("minutes=1",))
    assert summary["made"] == 1
    assert (broken / "audio/sim-0-00000.flac").stat().st_mtime_ns == kept
    assert contents(broken) == contents(whole)


def test_another_request_does_not_mix_with_what_is_there(tmp_path: Path) -> None:
    src, out = hissing(tmp_path / "utterances"), tmp_path / "made"
    run_simulate(str(src), str(out), 0.02, 0, "fisher", ("minutes=1",))
    with pytest.raises(UsageError, match="its seed differ"):
        run_simulate(str(src), str(out), 0.02, 1, "fisher", ("minutes=1",))
    (src / "s0/long0.wav").unlink()
    with pytest.raises(UsageError, match="its utterances differ"):
        run_simulate(str(src), str(out), 0.02, 0, "fisher", ("minutes=1",))


def test_what_cannot_be_used_is_rejected_counted_and_listed(tmp_path: Path) -> None:
    src, out = hissing(tmp_path / "utterances", each=3), tmp_path / "made"
    soundfile.write(src / "s0/click.wav", np.full(100, 0.1), RATE)
    soundfile.write(src / "s0/lecture.wav", np.full(RATE * 31, 0.1), RATE)
    soundfile.write(src / "s1/stereo.wav", np.full((RATE, 2), 0.1), RATE)
    soundfile.write(src / "s1/nothing.wav", np.zeros(2 * RATE), RATE)
    (src / "s2/broken.wav").write_bytes(b"RIFF\0\0\0\0WAVEnothing")
    (src / "s2/cut.flac").write_bytes((src / "s0/long0.wav").read_bytes()[:1000])
    soundfile.write(src / "loose.wav", np.full(RATE, 0.1), RATE)
    summary = run_simulate(str(src), str(out), 0.1, 0, "fisher", ("minutes=1", "longest=30"))
    listed = [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]
    found = {record["uris"][0]: record["reason"] for record in listed}
    assert found["s0/click.wav"] == "too_short"
    assert found["s0/lecture.wav"] == "too_long"
    assert found["s1/stereo.wav"] == "too_many_channels"
    assert found["s1/nothing.wav"] == "silent"
    assert {found["s2/broken.wav"], found["s2/cut.flac"]} <= {"unreadable", "truncated", "not_audio"}
    assert sum(summary["rejects"].values()) == len(listed)
    assert any("name no speaker" in problem for problem in summary["problems"])
    used = {placed.utterance for id in range(6) for placed in truth(out, f"sim-0-0000{id}").placements}
    assert not used & set(found)


def test_a_speaker_without_a_usable_utterance_is_passed_over(tmp_path: Path) -> None:
    src = hissing(tmp_path / "utterances", speakers=2, each=2)
    (src / "mute").mkdir()
    soundfile.write(src / "mute/a.wav", np.zeros(2 * RATE), RATE)
    run_simulate(str(src), str(tmp_path / "made"), 0.1, 0, "fisher", ("minutes=1",))
    for index in range(6):
        assert set(truth(tmp_path / "made", f"sim-0-0000{index}").speakers) == {"s0", "s1"}
    (src / "s1").rename(tmp_path / "gone")
    with pytest.raises(UsageError, match="fewer than two of the 2 speakers"):
        run_simulate(str(src), str(tmp_path / "again"), 0.02, 0, "fisher", ("minutes=1",))
    (src / "mute").rename(tmp_path / "gone too")
    with pytest.raises(UsageError, match="utterances of 1 speakers can be used"):
        run_simulate(str(src), str(tmp_path / "again"), 0.02, 0, "fisher", ("minutes=1",))


def _flat(src: Path) -> Path:
    flat = src.parent / "flat"
    flat.mkdir()
    for path in src.rglob("*.wav"):
        path.rename(flat / f"{path.parent.name}_{path.name}")
    return flat


def test_speakers_are_told_by_a_pattern_or_a_manifest(tmp_path: Path) -> None:
    flat = _flat(hissing(tmp_path / "utterances", each=3))
    run_simulate(str(flat), str(tmp_path / "by_pattern"), 0.02, 0, "fisher", ("minutes=1", "pattern={speaker}_*.wav"))
    with pytest.raises(UsageError, match="or give pattern"):
        run_simulate(str(flat), str(tmp_path / "none"), 0.02)
    lines = [{"uri": path.name, "speaker": path.name[:2], "text": f"says {path.stem}"} for path in sorted(flat.glob("*.wav"))]
    (flat / "utterances.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_simulate(str(flat / "utterances.jsonl"), str(tmp_path / "by_manifest"), 0.02, 0, "fisher", ("minutes=1",))
    first, second = (truth(tmp_path / name, "sim-0-00000") for name in ("by_pattern", "by_manifest"))
    assert first.activity == second.activity
    assert all(placed.text == f"says {placed.utterance[:-4]}" for placed in second.placements)


def test_texts_and_words_beside_the_utterances_come_along(tmp_path: Path) -> None:
    src, out = hissing(tmp_path / "utterances", each=3, rate=16000), tmp_path / "made"
    for path in src.rglob("*.wav"):
        if path.parent.name == "s0":
            path.with_suffix(".txt").write_text("only text\n")
        else:
            path.with_suffix(".json").write_text(json.dumps({"words": [{"word": "hiss", "start": 0.01, "end": 0.1}]}))
    run_simulate(str(src), str(out), 0.05, 0, "fisher", ("minutes=1", "rate=8000"))
    words = 0
    for index in range(3):
        known = truth(out, f"sim-0-0000{index}")
        texts = {(known.speakers[placed.channel] == "s0", placed.text) for placed in known.placements}
        assert texts <= {(True, "only text"), (False, "hiss")}
        for word in known.words:
            assert known.speakers[word.channel] != "s0"
            at = [p for p in known.placements if p.channel == word.channel and p.span.start <= word.span.start < p.span.end]
            assert at[0].offset + word.span.start - at[0].span.start == 80
            words += 1
    assert words > 5
    (src / "s1/long0.json").write_text('{"words": [{"start": "soon"}]}')
    with pytest.raises(UsageError, match=r"long0\.json: the words cannot be read"):
        run_simulate(str(src), str(tmp_path / "bad"), 0.1, 0, "fisher", ("minutes=1",))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--hours", "0"), "more than 0 hours"),
        (("--hours", "1", "--shape", "fischer"), "did you mean 'fisher'"),
        (("--hours", "1", "--set", "minuts=3"), "did you mean 'minutes'"),
        (("--hours", "1", "--set", "codec=mulow"), "did you mean 'mulaw'"),
    ],
)
def test_wrong_use_is_one_sentence(cli: Cli, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    src = hissing(tmp_path / "utterances", speakers=2, each=1)
    assert says in cli("simulate", src, "-o", tmp_path / "made", *arguments, code=2)


def test_telephone_lines_are_written_at_their_rate(tmp_path: Path) -> None:
    src = hissing(tmp_path / "utterances", each=2, rate=16000)
    kept: dict[str, Any] = {}
    for codec in ("none", "telephone", "telephone,mp3:32"):
        out = tmp_path / codec
        run_simulate(str(src), str(out), 0.01, 0, "fisher", ("minutes=0.6", f"codec={codec}"))
        kept[codec] = soundfile.info(out / "audio/sim-0-00000.flac").samplerate
    assert kept == {"none": 16000, "telephone": 8000, "telephone,mp3:32": 16000}
