"""Scores of both channels, part by part."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.errors import LawError, UsageError
from schemas.health import Health, swapped
from schemas.quality import Quality
from schemas.source import Source
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.diarize.sounds import MUSIC
from stages.score.dnsmos import WEIGHTS, Bounds, dnsmos
from stages.score.music import music
from stages.score.part import Dialogue, Part
from stages.score.reference import given_reader, reference
from stages.score.separation import separation
from stages.score.signal import signal
from stages.score.words import words
from stages.stage import Weights, files_beside, speed

READS: dict[str, tuple[type, ...]] = {
    "signal": (Health, Diarization),
    "separation": (Diarization,),
    "words": (Transcript,),
    "reference": (Transcript, Source),
    "dnsmos": (),
    "music": (),
}
"""The parts, in the order of their scores, and what each reads beside tracks and activity."""
FIELDS: dict[type, str] = {Health: "health", Diarization: "diarization", Transcript: "transcript", Source: "source"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelScore:
    """What is known of how good each channel is, each number with its unit and method; what cannot be measured is left out.

    `signal`: signal-to-noise ratio, bandwidth, clipping, leakage and share of speech, from health and activity. `separation`: what the
    making of one channel per speaker says of itself. `words`: confidence of the words and how far they agree with the speech. `dnsmos`:
    networks that guess what listeners would say of the speech. `music`: shares of music and singing. `reference`: word errors against the
    corpus's own transcript, and whether it could be compared. A part reads only what it needs, so that without `words` a new transcriber
    leaves the scores as they are.
    """

    name: ClassVar[str] = "score"
    backend: ClassVar[str] = "channels"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Tracks, Activity)
    gives: ClassVar[type] = Quality

    parts: tuple[str, ...] = ("signal", "separation", "words", "dnsmos", "music")
    windows: int = 8
    """Windows of 9.01 s that DNSMOS judges of a channel, at most."""
    window_every: float = 30.0
    """Seconds of recording for each window; a shorter recording has one window on each channel."""
    regions: bool = False
    """Each judged window also has scores of its own."""
    reference: str | None = None
    """Where reference transcripts lie that the source does not name, as `path` of the `given` transcriber."""
    reference_format: str | None = None
    """Their format, as `format` of the `given` transcriber; by the file's name when null."""
    threads: int = speed(1)
    """Threads of the networks' own pool."""

    def __post_init__(self) -> None:
        for part in self.parts:
            if part not in READS:
                raise UsageError(f"score: parts: no part {part!r}; valid are {', '.join(READS)}")
        if self.windows < 1 or self.threads < 1:
            raise UsageError(f"score: windows ({self.windows}) and threads ({self.threads}) must be 1 or more")
        if not 0 < self.window_every < math.inf:
            raise UsageError(f"score: window_every: {self.window_every} s must be above 0")
        if "reference" in self.parts:
            given_reader(self.reference, self.reference_format)
        elif self.reference is not None:
            raise UsageError("score: reference: transcripts are read by the part `reference`, which is not among parts")

    @property
    def may_take(self) -> tuple[type, ...]:
        """What the chosen parts read."""
        return tuple(kind for kind in FIELDS if any(kind in READS[part] for part in self.parts))

    def weights(self) -> tuple[Weights, ...]:
        return (*(WEIGHTS if "dnsmos" in self.parts else ()), *((MUSIC,) if "music" in self.parts else ()))

    def files(self, source: Source) -> tuple[str, ...]:
        """The reference transcript of a recording, which is part of what the recording is."""
        return files_beside(given_reader(self.reference, self.reference_format), source) if "reference" in self.parts else ()

    def load(self, device: str) -> Callable[..., Quality]:
        """The chosen parts as one function; raises `UsageError` when a package is absent or its weights are not the pinned ones."""
        makers: dict[str, Callable[[], Part]] = {
            "signal": lambda: signal,
            "separation": lambda: separation,
            "words": lambda: words,
            "reference": lambda: reference(self.reference, self.reference_format),
            "dnsmos": lambda: dnsmos(Bounds(self.windows, self.window_every), self.regions, device, self.threads),
            "music": music,
        }
        parts = [makers[part]() for part in READS if part in self.parts]
        names = [FIELDS[kind] for kind in self.may_take]

        def scores(tracks: Tracks, activity: Activity, *others: Any) -> Quality:
            if (activity.length, activity.rate, len(activity.channels)) != (tracks.length, tracks.rate, 2):
                raise LawError(f"score: activity of {activity.length} samples at {activity.rate} Hz does not belong to the tracks")
            given = dict(zip(names, others, strict=True))
            if given.get("health") is not None and tracks.order == (1, 0):
                given["health"] = swapped(given["health"])
            dialogue = Dialogue(tracks=tracks, activity=activity, **given)
            found = [each for part in parts for each in part(dialogue)]
            return Quality(scores=tuple(found), length=tracks.length, rate=tracks.rate)

        return scores
