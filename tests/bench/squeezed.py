"""Real telephone voices made to speak at once, their words known: `python -m tests.bench.squeezed OUT`, then
`duologue calibrate OUT/calls.jsonl --beside separate.backend=route`.

The shared calls with transcripts hold three seconds of overlap, too little to count word errors in. So their turns are laid anew, in their
own order, with shorter gaps, and at every second floor transfer the next speaker starts before the last one ends. Each call is laid with
its own two sides, and each first side with the second side of every other call. What is said, by whom and how loudly stays as recorded.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Recording
from schemas.span import Span
from schemas.tracks import view_of
from stages.vad.silero import SileroVad
from tests.bench.held_out import DECODING, RATE, real_calls
from tests.shared import SHARED

PAUSE = 0.6
"""Seconds of silence within a turn at most."""
AROUND = 0.15
"""Seconds that a turn has around its speech at most: soft starts and ends."""
GAP = 0.3
"""Longest gap between turns in seconds."""
OVERLAP, SHARE = 1.5, 0.45
"""Longest overlap in seconds, and the share that it has at most of the shorter turn."""

Word = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What one side says without a long pause: its samples, and its words with times from its start."""

    side: int
    start: int
    samples: NDArray[Any]
    words: tuple[Word, ...]


def turns_of(name: str, samples: NDArray[Any]) -> tuple[Turn, ...]:
    """The turns of a call [2, n] with the words of its transcript, each in the turn of its side that lies nearest."""
    recording = Recording(samples=samples, rate=RATE, bits=16, decoding=DECODING)
    activity = SileroVad().load("cpu")(view_of(recording, (0, 1), ("A", "B"), ("", ""), "as_recorded"))
    words = json.loads((SHARED / "spokenwoz" / f"{name}.json").read_text(encoding="utf-8"))
    found: list[Turn] = []
    for side in (0, 1):
        spans = _runs(activity.channels[side], samples.shape[1])
        own: list[list[Word]] = [[] for _ in spans]
        for word in (w for w in words if w["speaker"] == "AB"[side]):
            middle = (word["start"] + word["end"]) / 2 * RATE
            nearest = min(range(len(spans)), key=lambda i: max(spans[i].start - middle, middle - spans[i].end, 0))
            own[nearest].append(word)
        found += [Turn(side, s.start, samples[side, s.start : s.end], _inside(held, s)) for s, held in zip(spans, own, strict=True)]
    return tuple(sorted(found, key=lambda turn: turn.start))


def _runs(speech: tuple[Span, ...], length: int) -> list[Span]:
    """Speech joined over pauses, with a little around it."""
    spans: list[Span] = []
    for span in speech:
        if spans and span.start - spans[-1].end < PAUSE * RATE:
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    around = round(AROUND * RATE)
    return [Span(max(0, s.start - around), min(length, s.end + around)) for s in spans]


def _inside(words: list[Word], span: Span) -> tuple[Word, ...]:
    """Words with times from the start of a span, held inside it."""
    end = len(span) / RATE

    def at(seconds: float) -> float:
        return round(min(max(seconds - span.start / RATE, 0.0), end), 3)

    return tuple({**word, "start": at(word["start"]), "end": at(word["end"])} for word in words)


def laid(turns: tuple[Turn, ...]) -> tuple[NDArray[Any], list[Word]]:
    """A call [2, n] of turns in their order, every second floor transfer an overlap, and its words in time."""
    at, transfers, last = 0, 0, None
    placed: list[tuple[int, Turn]] = []
    for turn in turns:
        start = at + round(GAP * RATE)
        if last is not None and last.side != turn.side:
            transfers += 1
            if transfers % 2 == 0:
                start = at - round(min(OVERLAP * RATE, SHARE * min(len(last.samples), len(turn.samples))))
        elif last is not None:
            start = at + min(turn.start - last.start - len(last.samples), round(GAP * RATE))
        placed.append((start, turn))
        at, last = start + len(turn.samples), turn
    made = np.zeros((2, max(start + len(turn.samples) for start, turn in placed)), np.int16)
    words = []
    for start, turn in placed:
        made[turn.side, start : start + len(turn.samples)] = turn.samples
        words += [{**w, "start": w["start"] + start / RATE, "end": w["end"] + start / RATE} for w in turn.words]
    return made, sorted(words, key=lambda word: (word["start"], word["end"]))


def by_turns(first: tuple[Turn, ...], second: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Turns of the first side of one call and of the second side of another: a run of either by turns, until one has no more."""
    runs = [[tuple(run) for side, run in groupby(turns, lambda t: t.side) if side == own] for own, turns in ((0, first), (1, second))]
    return tuple(turn for pair in zip(*runs, strict=False) for run in pair for turn in run)


def main() -> None:
    """Write each dialogue as a stereo WAV with its transcript beside it, and a manifest of all."""
    import soundfile

    if not SHARED.is_dir():
        print("skipped: the shared calls are not here")
        return
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    lines = []
    calls = {name: turns_of(name, samples) for name, samples in real_calls().items() if (SHARED / "spokenwoz" / f"{name}.json").is_file()}
    for first in calls:
        for second in calls:
            turns = calls[first] if first == second else by_turns(calls[first], calls[second])
            samples, words = laid(turns)
            path = out / f"{first}_{second}.wav"
            soundfile.write(str(path), samples.T, RATE, subtype="PCM_16")
            path.with_suffix(".json").write_text(json.dumps(words, indent=0) + "\n", encoding="utf-8")
            lines.append(json.dumps({"id": path.stem, "uri": path.name, "transcript": f"{path.stem}.json", "language": "en"}) + "\n")
            print(f"{path.name}: {samples.shape[1] / RATE:.0f} s, {len(words)} words")
    (out / "calls.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
