"""Tracks from a diarized recording. A backend of `separate` says what fills the overlaps; all else is done here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from schemas.diarization import Diarization
from schemas.errors import LawError, UsageError
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import union
from schemas.tracks import Origin, OriginKind, Tracks
from stages.separate.layout import Layout, Unsure, lay_out
from stages.separate.margin import widened
from stages.separate.render import Fill, render
from stages.separate.render import Source as Mixture
from stages.separate.tone import RoomTone, background, seed_of
from stages.tracks.first import check_first, choose
from stages.tracks.recorded import passed_through

FillMaker = Callable[[Mixture, Recording, Diarization, Layout], Fill]
"""Prepares to fill the overlaps of one recording, from the mixture's samples [n], the recording, who speaks when, and the layout."""
LONGEST_FADE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The settings that every backend of `separate` has; `stages.separate.route.RouteSeparate` says what each means."""

    first: str
    floor: Literal["silence", "room_tone"]
    crossfade: float
    unsure: Unsure
    residual: bool
    margin: float

    def __post_init__(self) -> None:
        check_first(self.first, "separate")
        if not (math.isfinite(self.crossfade) and 0 <= self.crossfade <= LONGEST_FADE):
            raise UsageError(f"separate.crossfade: {self.crossfade} s; wanted a number from 0 to {LONGEST_FADE}")
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise UsageError(f"separate.margin: {self.margin} s; wanted 0 or more")


def assemble(source: Source, recording: Recording, diarization: Diarization, how: Assembly, fill: FillMaker, kind: OriginKind) -> Tracks:
    """Two channels of one speaker each: solos as they are, overlaps as `fill` gives them (origin `kind`), the rest closed.

    A recording whose own channels are the speakers passes through bit for bit. Samples and residual are mapped from scratch disk.
    Raises `LawError` when the diarization is another recording's.
    """
    wrong = (diarization.length, diarization.rate) != (recording.length, recording.rate)
    if wrong or (diarization.channel or 0) >= recording.channels:
        raise LawError(
            f"Diarization of {diarization.length} samples at {diarization.rate} Hz, channel {diarization.channel}, does not belong to a "
            f"recording of {recording.channels} x {recording.length} at {recording.rate} Hz"
        )
    if diarization.channel is None:
        return passed_through(source, recording, how.first)
    mixture = recording.samples[diarization.channel]
    crossfade = round(how.crossfade * recording.rate)
    layout = lay_out(widened(diarization, round(how.margin * recording.rate), 2 * crossfade), crossfade, how.unsure)
    tone = _tone(source, recording, diarization, mixture) if how.floor == "room_tone" else None
    made = render(mixture, recording.bits, layout, fill(mixture, recording, diarization, layout), tone, how.residual)
    # The order in a mixture is that of first speech, and no side of the source can be told to be either voice.
    head, chosen = choose(how.first, source, (), unchanged="first_to_speak")
    names = diarization.speakers
    return Tracks(
        samples=made[:2] if head == 0 else made[1::-1],
        rate=recording.rate,
        bits=recording.bits,
        speakers=(names[head], names[1 - head]),
        roles=("", ""),
        order=None,
        chosen=chosen,
        origins=_ordered(layout.origins(kind, "silence" if tone is None else "room_tone"), head),
        crossfade=crossfade,
        residual=made[2:] if how.residual else None,
    )


def _ordered(origins: tuple[Origin, ...], head: int) -> tuple[Origin, ...]:
    """Origins of speakers as those of channels."""
    moved = (replace(origin, channel=origin.channel ^ head) for origin in origins)
    return tuple(sorted(moved, key=lambda origin: (origin.channel, origin.span)))


def _tone(source: Source, recording: Recording, diarization: Diarization, mixture: Mixture) -> RoomTone | None:
    """Noise like the recording's own background; None where that is digital silence."""
    heard = union([*(s.span for s in diarization.segments), *(o.span for o in diarization.others)])
    found = background(mixture, recording.bits, recording.rate, heard)
    return None if found is None else RoomTone(found, recording.bits, seed_of(source.id))
