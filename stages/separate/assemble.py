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
from schemas.tracks import Origin, Tracks
from stages.separate.layout import Layout, Unsure, lay_out
from stages.separate.margin import widened
from stages.separate.render import Filling, render
from stages.separate.render import Source as Mixture
from stages.separate.tone import RoomTone, background, seed_of
from stages.tracks.first import check_first, choose
from stages.tracks.recorded import passed_through

FillMaker = Callable[[Mixture, Recording, Diarization, Layout], Filling]
"""Prepares to fill the overlaps of one recording, from the mixture's samples [n], the recording, who speaks when, and the layout."""
Revise = Callable[[Mixture], Diarization]
"""Says anew who speaks when, from the mixture's samples [n], before the layout is made."""
LONGEST_FADE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The settings that every backend of `separate` has."""

    first: str = "as_recorded"
    """Which side becomes channel 0. `as_recorded`: the recording's first, of a mixture the voice that speaks first. `role:<name>`: the side
    with that role; a recording without it, such as a mixture, stays as it is, and `Tracks.chosen` says so. `random:<seed>`: either, by a
    hash of seed and source id."""
    floor: Literal["silence", "room_tone"] = "silence"
    """What a channel holds while its speaker is silent: zeros, or noise like the recording's own background (zeros where that is digital
    silence)."""
    crossfade: float = 0.005
    """Seconds over which a stretch fades in before its start and out after its end, outside the stretch; less where there is less room.
    Where one speaker begins at the very sample at which the other ends, the two cross in the first `crossfade` after it."""
    unsure: Unsure = "likely"
    """Who gets a stretch that the diarization is not sure of: the `likely` speaker, `both` (as an overlap), or nobody (`residual`)."""
    margin: float = 0.2
    """Seconds by which a stretch grows at both ends where nobody speaks, at most half of the silence between two: breaths and soft word
    ends stay with their speaker."""
    residual: bool = False
    """Keep what was given to neither speaker as an audio column of its own."""

    def __post_init__(self) -> None:
        check_first(self.first, "separate")
        if not (math.isfinite(self.crossfade) and 0 <= self.crossfade <= LONGEST_FADE):
            raise UsageError(f"separate.crossfade: {self.crossfade} s; wanted a number from 0 to {LONGEST_FADE}")
        if not (math.isfinite(self.margin) and self.margin >= 0):
            raise UsageError(f"separate.margin: {self.margin} s; wanted 0 or more")


def assemble(
    source: Source, recording: Recording, diarization: Diarization, how: Assembly, prepare: FillMaker, revise: Revise | None = None
) -> Tracks:
    """Two channels of one speaker each: solos as they are, overlaps as what `prepare` gives fills them, the rest closed.

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
    if revise is not None:
        diarization = revise(mixture)
    layout = lay_out(widened(diarization, round(how.margin * recording.rate), 2 * crossfade), crossfade, how.unsure)
    tone = _tone(source, recording, diarization, mixture) if how.floor == "room_tone" else None
    filling = prepare(mixture, recording, diarization, layout)
    made = render(mixture, recording.bits, layout, filling, tone, how.residual)
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
        origins=_ordered(layout.origins(filling.kinds, "silence" if tone is None else "room_tone"), head),
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
