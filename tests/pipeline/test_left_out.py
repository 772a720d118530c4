"""A show becomes rows of its conversations; rows, dropped pieces and silence add up to the show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.left_out import NOTHING, left_out, together
from schemas.diarization import Conversation, Diarization
from schemas.span import Span
from tests.pipeline.calling import ENERGY, WITHOUT_WORDS, Cli, rejects, rows
from tests.pipeline.talks import RATE, talk, write_call

CHAIN = (
    "-c",
    "podcast_mono",
    *WITHOUT_WORDS,
    "--set",
    "diarize.backend=rttm",
    "--set",
    "diarize.split_silence=5.0",
    "--set",
    "diarize.split_seconds=1.0",
)
TURNS = [(0, 0.25, 0.75), (1, 1.0, 1.5), (0, 1.75, 2.25)]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def show() -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int16]], str]:
    """Three pieces of 3 s, 6 s of near silence between; the last is one voice's. Mono samples and RTTM."""
    rng = np.random.default_rng(0)
    parts, lines = [], []
    for number, names in enumerate((("ann", "bob"), ("ann", "cy"), ("bob", "bob"))):
        at = number * 9.0
        parts += [talk(number).sum(axis=0).astype(np.int16), rng.normal(0, 8, 6 * RATE).astype(np.int16)]
        lines += [f"SPEAKER show 1 {at + a:.3f} {b - a:.3f} <NA> <NA> {names[who]} 0.9 <NA>\n" for who, a, b in TURNS]
    return np.concatenate(parts)[None], "".join(lines)


def test_rows_are_conversations_in_their_place_and_everything_adds_up(cli: Cli, tmp_path: Path) -> None:
    samples, rttm = show()
    write_call(tmp_path / "src" / "show.wav", samples)
    (tmp_path / "src" / "show.rttm").write_text(rttm)
    write_call(tmp_path / "src" / "stereo.wav", talk(7))
    out = tmp_path / "out"
    summary = cli.json("build", tmp_path / "src", out, "--local", "--workers", "0", "-q", *ENERGY, *CHAIN)
    assert summary["balance"]["results"] == 2
    made = {row["id"]: row for row in rows(out)}
    assert set(made) == {"show#0000", "show#0001", "stereo"}
    assert [speaker["name"] for speaker in made["show#0000"]["speakers"]] == ["ann", "bob"]
    assert [speaker["name"] for speaker in made["show#0001"]["speakers"]] == ["ann", "cy"]
    assert made["show#0001"]["clip"]["start"] == pytest.approx(8.25, abs=0.01)
    assert made["show#0001"]["clip"]["end"] == pytest.approx(12.25, abs=0.01)
    unused = json.loads((out / "manifest.json").read_text())["left_out"]
    assert unused["recordings"] == 1
    assert [(each["reason"], each["pieces"]) for each in unused["dropped"]] == [("one_speaker", 1)]
    kept = made["show#0000"]["duration"] + made["show#0001"]["duration"]
    assert kept + unused["dropped"][0]["seconds"] + unused["silence"] == pytest.approx(samples.shape[1] / RATE)


def test_merged_parts_and_a_lost_show_are_accounted_for(cli: Cli, tmp_path: Path) -> None:
    samples, rttm = show()
    for part in ("a", "b"):
        write_call(tmp_path / part / f"{part}.wav", samples)
        (tmp_path / part / f"{part}.rttm").write_text(rttm.replace("show", part))
    write_call(tmp_path / "b" / "lost.wav", samples)
    alone = rttm.replace("show", "lost").splitlines(keepends=True)
    (tmp_path / "b" / "lost.rttm").write_text(alone[0] + alone[-1])
    for part in ("a", "b"):
        told = cli("build", tmp_path / part, tmp_path / f"out-{part}", "--local", "--workers", "0", "-q", *ENERGY, *CHAIN)
        assert "left out of 1 recordings cut into conversations: 1 pieces of" in told
    (lost,) = rejects(tmp_path / "out-b")
    assert (lost["id"], lost["stage"], lost["reason"]) == ("lost", "diarize", "no_conversation")
    told = cli("pack", tmp_path / "out", tmp_path / "out-a", tmp_path / "out-b")
    assert "left out of 2 recordings cut into conversations: 2 pieces of" in told
    unused = json.loads((tmp_path / "out" / "manifest.json").read_text())["left_out"]
    kept = sum(row["duration"] for row in rows(tmp_path / "out"))
    assert kept + sum(each["seconds"] for each in unused["dropped"]) + unused["silence"] == pytest.approx(2 * samples.shape[1] / RATE)
    assert "one voice holds all of it" in (tmp_path / "out" / "report.html").read_text()


def test_sums_of_what_was_left_out() -> None:
    cut = Diarization(
        length=1000,
        rate=100,
        channel=0,
        conversations=(Conversation(Span(0, 300), "one_turn"), Conversation(Span(400, 600)), Conversation(Span(700, 800), "one_turn")),
    )
    found = left_out(cut)
    assert (found.recordings, found.pieces, found.seconds, found.silence) == (1, 2, 4.0, 4.0)
    both = together([found, NOTHING, found])
    assert (both.recordings, both.pieces, both.seconds, both.silence) == (2, 4, 8.0, 8.0)
    assert left_out(None) == left_out(Diarization(length=5, rate=1, channel=None)) == NOTHING
