"""What every backend of `separate` must do, whatever fills its overlaps: `check(stage)` tries it on generated dialogues with known voices.

The voices are hums with syllables, one in the lower and one in the upper half of the telephone band, so that a perfect separator is easy to
build (`stages.separate.network` has tests with one). A backend may separate an overlap or leave it routed; what it separates must obey the
laws here. `ears=True` asks more: each voice on the channel of its speaker, and no step in level where solo and overlap meet.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from stages.separate.route import RouteSeparate
from tests.stages.separate.mixtures import SOURCE, diarized, recording

Load = Callable[[Source, Recording, Diarization], Tracks]
Wide = NDArray[np.int64]

TURNS = ((0, 1.0, 6.0), (1, 4.5, 9.5), (0, 9.0, 14.0), (1, 11.0, 12.2), (1, 14.5, 19.0), (0, 16.0, 16.8), (0, 19.5, 23.0))
"""Speaker, start and end in seconds: a long overlap, a change of speaker in overlap, and a backchannel inside a turn of each."""
SECONDS = 24.0
NEAR_DB = 15.0
"""How much nearer to its voice than the mixture is a channel in an overlap that was told apart perfectly."""


@dataclass(frozen=True)
class Dialogue:
    """Two voices, what they add up to, and who speaks when."""

    voices: Wide
    sound: Recording
    diarization: Diarization


@cache
def dialogue(rate: int, bits: int = 16, turns: tuple[tuple[int, float, float], ...] = TURNS, seconds: float = SECONDS) -> Dialogue:
    """Voices that fade in and out within their turns and are silent outside them."""
    n = round(seconds * rate)
    voices = np.zeros((2, n))
    for number, (speaker, start, end) in enumerate(turns):
        first, last = round(start * rate), round(end * rate)
        voices[speaker, first:last] += hum(speaker, last - first, rate, number)
    whole = np.rint(voices * (1 << (bits - 1))).astype(np.int64)
    mixture = whole.sum(axis=0).astype(np.int16 if bits == 16 else np.int32)
    spans = [(speaker, round(start * rate), round(end * rate)) for speaker, start, end in turns]
    return Dialogue(whole, recording(mixture, rate), diarized(n, *spans, rate=rate))


def hum(speaker: int, n: int, rate: int, seed: int) -> NDArray[np.float64]:
    """A harmonic voice [n] under 1.5 kHz (speaker 0) or from 2 to 3.4 kHz, with a gliding pitch and four syllables a second."""
    draw = np.random.default_rng([speaker, seed])
    t = np.arange(n) / rate
    pitch = (110 if speaker == 0 else 190) * (1 + 0.05 * np.sin(2 * np.pi * 0.7 * t + draw.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    low, high = (100, 1500) if speaker == 0 else (2000, 3400)
    made = np.zeros(n)
    for harmonic in range(1, 40):
        start = draw.uniform(0, 6)
        if low < harmonic * float(pitch.mean()) < high:
            made += np.sin(harmonic * phase + start)
    syllables = 0.6 + 0.4 * np.sin(2 * np.pi * 4 * t + draw.uniform(0, 6))
    edge = np.minimum(1.0, np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.02 * rate))
    return np.asarray(0.12 * made / max(1.0, float(np.abs(made).max())) * syllables * edge)


def check(stage: Any, ears: bool = False, rates: tuple[int, ...] = (8000, 16000, 44100)) -> None:
    """Every law, on recordings of several rates and depths."""
    load: Load = stage.load("cpu")
    for index, rate in enumerate(rates):
        talk = dialogue(rate, bits=24 if index == 1 else 16)
        made = load(SOURCE, talk.sound, talk.diarization)
        keeps_the_format(made, talk)
        leaves_solos_alone(made, talk)
        adds_up(made, talk)
        has_no_clicks(made, talk)
        assert same(made, load(SOURCE, talk.sound, talk.diarization)), "the same input gave two results"
        if ears:
            hears_who_is_who(made, talk)
            keeps_the_level(made, talk)
    costs_nothing_without_overlaps(stage, load)
    passes_two_channels_through(load)


def keeps_the_format(made: Tracks, talk: Dialogue) -> None:
    """Native rate, depth and length; origins tile (a law of `Tracks` itself), and each overlap is routed or separated on both sides."""
    assert (made.rate, made.bits, made.length) == (talk.sound.rate, talk.sound.bits, talk.sound.length)
    assert made.samples.dtype == talk.sound.samples.dtype
    for overlap in talk.diarization.overlaps:
        kinds = {o.kind for o in made.origins if o.span.start < overlap.end and overlap.start < o.span.end}
        assert len(kinds) == 1, f"an overlap is {kinds}"
        assert kinds <= {"routed", "separated"}


def leaves_solos_alone(made: Tracks, talk: Dialogue) -> None:
    for origin in made.origins:
        if origin.kind == "original":
            at = slice(origin.span.start, origin.span.end)
            assert np.array_equal(made.samples[origin.channel, at], talk.sound.samples[0, at])


def separated(made: Tracks, talk: Dialogue) -> list[Span]:
    """Stretches that are separated, which may reach beyond the overlaps that were told."""
    found = [o.span for o in made.origins if (o.kind, o.channel) == ("separated", 0)]
    assert found == [o.span for o in made.origins if (o.kind, o.channel) == ("separated", 1)]
    return found


def adds_up(made: Tracks, talk: Dialogue) -> None:
    """Channel 0 + channel 1 + residual is the source, in every bit, wherever an overlap is separated; confidence is known there."""
    total = made.samples.astype(np.int64).sum(axis=0)
    if made.residual is not None:
        total = total + made.residual[0]
    for span in separated(made, talk):
        inner = slice(span.start, span.end) if made.residual is not None else slice(span.start + made.crossfade, span.end - made.crossfade)
        assert np.array_equal(total[inner], talk.sound.samples[0, inner].astype(np.int64))
    assert all(o.confidence is not None for o in made.origins if o.kind == "separated")


def has_no_clicks(made: Tracks, talk: Dialogue) -> None:
    """Where an overlap begins or ends, no channel bends more sharply than the source and itself do around there."""
    reach, near = round(0.03 * made.rate), round(0.002 * made.rate)
    source = talk.sound.samples[0].astype(np.int64)
    for span in separated(made, talk):
        for edge in (span.start, span.end):
            first = max(0, edge - reach)
            at, middle = slice(first, edge + reach), slice(edge - near - first, edge + near - first)
            usual = float(np.abs(np.diff(source[at], 2)).max())
            for channel in made.samples.astype(np.int64):
                bends = np.abs(np.diff(channel[at], 2))
                assert float(bends[middle].max()) <= 1.2 * usual + 4, f"a click at sample {edge}"


def hears_who_is_who(made: Tracks, talk: Dialogue) -> None:
    """Every overlap is separated, and every channel holds the voice of its speaker."""
    assert separated(made, talk) == list(talk.diarization.overlaps)
    for span in talk.diarization.overlaps:
        inner = slice(span.start + made.crossfade, span.end - made.crossfade)
        for channel in (0, 1):
            voice = talk.voices[channel, inner].astype(np.float64)
            error = float(((made.samples[channel, inner] - voice) ** 2).sum())
            before = float(((talk.sound.samples[0, inner] - voice) ** 2).sum())
            gain = 10 * math.log10(before / max(error, 1e-9))
            assert gain >= NEAR_DB, f"channel {channel} gains {gain:.1f} dB in {span}"


def keeps_the_level(made: Tracks, talk: Dialogue) -> None:
    """Where a voice goes on across an edge of an overlap, its level against the truth moves by no more than 1 dB."""
    reach = round(0.06 * made.rate)
    for span in separated(made, talk):
        for edge in (span.start, span.end):
            for channel in (0, 1):
                outer = slice(edge - reach, edge) if edge == span.start else slice(edge, edge + reach)
                inner = slice(edge, edge + reach) if edge == span.start else slice(edge - reach, edge)
                truth = [float((talk.voices[channel, at].astype(np.float64) ** 2).sum()) for at in (outer, inner)]
                if min(truth) <= 0.05 * max(truth):
                    continue  # it begins or ends here
                levels = [float((made.samples[channel, at].astype(np.float64) ** 2).sum()) for at in (outer, inner)]
                steps = [10 * math.log10(level / true) for level, true in zip(levels, truth, strict=True)]
                assert abs(steps[1] - steps[0]) <= 1.0, f"a step of {steps[1] - steps[0]:.2f} dB at sample {edge}"


def costs_nothing_without_overlaps(stage: Any, load: Load) -> None:
    """A minute in which nobody talks over anybody is what `route` makes of it, in no more than its time and a fifth of a second."""
    turns = tuple((k % 2, 2.0 * k + 0.2, 2.0 * k + 1.8) for k in range(30))
    talk = dialogue(8000, turns=turns, seconds=60.0)
    plain = RouteSeparate(first=stage.first, floor=stage.floor, crossfade=stage.crossfade, margin=stage.margin, residual=stage.residual)
    times = []
    for each in (plain.load("cpu"), load):
        start = time.process_time()
        made = each(SOURCE, talk.sound, talk.diarization)
        times.append(time.process_time() - start)
    assert same(made, plain.load("cpu")(SOURCE, talk.sound, talk.diarization))
    assert times[1] <= times[0] + 0.2, f"{times[1]:.2f} s of CPU for a recording without overlaps"


def passes_two_channels_through(load: Load) -> None:
    both = np.random.default_rng(3).integers(-9000, 9000, (2, 4000)).astype(np.int16)
    made = load(SOURCE, recording(both), Diarization(length=4000, rate=8000, channel=None))
    assert np.array_equal(made.samples, both)
    assert {o.kind for o in made.origins} == {"original"}


def same(one: Tracks, other: Tracks) -> bool:
    left, right = (each.residual if each.residual is not None else np.zeros((1, 0), np.int16) for each in (one, other))
    return np.array_equal(one.samples, other.samples) and np.array_equal(left, right) and one.origins == other.origins
