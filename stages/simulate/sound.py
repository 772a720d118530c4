"""A plan as sound: two dry tracks, what rooms, crosstalk, noise and lines make of them, and where each utterance went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas.span import Span
from schemas.truth import Placement, TruthConditions
from stages.acoustics.levels import Signal, active_level, gain
from stages.acoustics.line import through
from stages.acoustics.noise import add_noise
from stages.acoustics.room import reverberate, room_response
from stages.simulate.ipu import Fragment
from stages.simulate.plan import Placed
from stages.simulate.settings import Range, Simulation

EDGE_FADE = 0.002
"""Seconds of fade at both ends of every stretch, against clicks."""
CUT_FADE = 0.01
"""Seconds of fade where a speaker is cut off."""
PEAK = 0.95
"""What would go beyond this is turned down to it, so that neither 16 bits nor a codec clips."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One dialogue as it is heard."""

    channels: Signal
    """[2, n]: with everything."""
    tracks: Signal
    """[2, n]: each voice with its gain and room alone."""
    mono: Signal
    """[n]: both voices in one channel, with noise and codec of their own, without crosstalk."""


def draw_conditions(settings: Simulation, rate: int, rng: np.random.Generator) -> TruthConditions:
    """The conditions of one dialogue. Each setting has its own draw, so that adding one leaves the others as they were."""
    level, first, second, leakage, delay, snr, codec = rng.random(7)

    def between(span: Range, share: float) -> float:
        return span[0] + share * (span[1] - span[0])

    leaks = settings.leakage_db is not None
    return TruthConditions(
        level_db=between(settings.level_db, level),
        rt60=() if settings.rt60 is None else (between(settings.rt60, first), between(settings.rt60, second)),
        leakage_db=between(settings.leakage_db, leakage) if settings.leakage_db is not None else None,
        leakage_delay=round(between(settings.leakage_ms, delay) / 1000 * rate) if leaks else None,
        snr_db=None if settings.snr_db is None else between(settings.snr_db, snr),
        codec=settings.codec[int(codec * len(settings.codec))],
    )


def speaker_gains(plan: Sequence[Placed], rate: int, settings: Simulation, level_db: float) -> tuple[float, float]:
    """dB that bring each side to its level: the median of its utterances' active levels is what counts."""
    found: list[float] = []
    for channel in (0, 1):
        used = {f.utterance.name: f.utterance for each in plan if each.ipu.channel == channel for f in each.ipu.fragments}
        levels = [level for utterance in used.values() if (level := active_level(utterance.samples, rate)) is not None]
        found.append(settings.speech_dbfs - float(np.median(levels)) if levels else 0.0)
    return found[0], found[1] + level_db


def dry(plan: Sequence[Placed], length: int, rate: int, gains: tuple[float, float]) -> Signal:
    """Tracks [2, length] of a plan: utterances with their gain, silence elsewhere."""
    tracks = np.zeros((2, length), np.float32)
    for each in plan:
        channel = each.ipu.channel
        for fragment in each.ipu.fragments:
            at = each.start + fragment.at
            sound = gain(fragment.utterance.samples[fragment.span.start : fragment.span.end], gains[channel])
            tracks[channel, at : at + len(sound)] = _faded(sound, rate, each.ipu.cut and fragment is each.ipu.fragments[-1])
    return tracks


def _faded(sound: Signal, rate: int, cut: bool) -> Signal:
    faded = sound.copy()
    for seconds, part in ((EDGE_FADE, slice(None)), (CUT_FADE if cut else EDGE_FADE, slice(None, None, -1))):
        n = min(len(faded), round(seconds * rate))
        # The first sample is not silenced: what is marked as speech is sound throughout.
        faded[part][:n] *= (np.arange(1, n + 1, dtype=np.float32) / np.float32(n + 1)) if n else np.float32(1)
    return faded


def heard(tracks: Signal, rate: int, conditions: TruthConditions, settings: Simulation, rng: np.random.Generator) -> tuple[Sound, float]:
    """What becomes of dry tracks [2, n], and the dB by which everything had to be turned down."""
    sides = tracks
    for channel, rt60 in enumerate(conditions.rt60):
        sides[channel] = reverberate(sides[channel], room_response(rate, rt60, rng, settings.direct_to_reverb_db))
    channels = sides.copy()
    if conditions.leakage_db is not None:
        late = conditions.leakage_delay or 0
        for channel in (0, 1):
            channels[channel, late:] += gain(sides[1 - channel, : sides.shape[1] - late], conditions.leakage_db)
    mono = sides[0] + sides[1]
    if conditions.snr_db is not None:
        for channel in (0, 1):
            channels[channel] = add_noise(channels[channel], rate, conditions.snr_db, rng)
        mono = add_noise(mono, rate, conditions.snr_db, rng)
    peak = max(float(np.abs(each).max()) for each in (sides, channels, mono))
    scale_db = min(0.0, 20 * float(np.log10(PEAK / peak))) if peak > 0 else 0.0
    sides, channels, mono = (gain(each, scale_db) if scale_db else each for each in (sides, channels, mono))
    return Sound(through(channels, rate, conditions.codec), sides, through(mono, rate, conditions.codec)), scale_db


def placements(plan: Sequence[Placed], gains: tuple[float, float], scale_db: float) -> tuple[Placement, ...]:
    """Where each stretch of each utterance went, by start and channel."""

    def one(each: Placed, fragment: Fragment) -> Placement:
        at = each.start + fragment.at
        return Placement(
            channel=each.ipu.channel,
            span=Span(at, at + len(fragment.span)),
            utterance=fragment.utterance.name,
            offset=fragment.span.start,
            gain_db=gains[each.ipu.channel] + scale_db,
            cut=each.ipu.cut and fragment is each.ipu.fragments[-1],
            text=fragment.utterance.text,
        )

    found = [one(each, fragment) for each in plan for fragment in each.ipu.fragments]
    return tuple(sorted(found, key=lambda placed: (placed.span.start, placed.channel)))
