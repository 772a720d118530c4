"""Real two-channel calls with the utterances that people marked in them, and the speech that the default detector finds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.activity import Activity
from schemas.span import Span, Spans, union
from schemas.tracks import Tracks
from stages.vad.silero import SileroVad
from tests.shared import SHARED
from tests.stages.two_channels import tracks_of

NAMES = ("MUL1423", "SNG0072", "SNG0480")


@dataclass(frozen=True)
class Heard:
    tracks: Tracks
    words: list[dict[str, Any]]
    """`speaker` (A on channel 0, B on channel 1), `word`, `start` and `end` in seconds."""
    utterances: tuple[Spans, ...]
    """Words less than 0.2 s apart as one."""
    activity: Activity


@cache
def spokenwoz(name: str) -> Heard:
    import soundfile

    samples, rate = soundfile.read(SHARED / "spokenwoz" / f"{name}.wav", dtype="int16")
    words = json.loads((SHARED / "spokenwoz" / f"{name}.json").read_text())
    made = tracks_of(samples.T, rate)
    said = [
        [Span(round(w["start"] * rate), min(made.length, round(w["end"] * rate))) for w in words if w["speaker"] == side] for side in "AB"
    ]
    return Heard(made, words, tuple(union(spans, round(0.2 * rate)) for spans in said), SileroVad().load("cpu")(made))
