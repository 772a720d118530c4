"""Figures of single overlaps, where made channels, mixture and origins are chosen."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import stages.scoring.overlaps as measuring
from schemas.overlaps import Overlaps
from schemas.span import Span, intersect, total, union
from schemas.tracks import Origin, OriginKind, Tracks
from stages.scoring.overlaps import JOIN, SHORTEST, measure_overlaps, true_overlaps
from stages.scoring.signal import MOST_DB
from stages.scoring.speakers import Pair
from tests.stages.scoring.draws import pair

RATE, LENGTH = 1000, 10_000
SPEECH: Pair = ((Span(0, 4000), Span(6000, 8000)), (Span(3000, 6500), Span(7950, 9000)))
"""Overlaps from 3 to 4 s and from 6 to 6.5 s, and one of 50 ms."""
Floats = NDArray[np.float64]
Kinds = list[tuple[int, OriginKind, float | None]]
"""End, kind and confidence of each stretch of a channel."""


def tracks(*channels: Kinds) -> Tracks:
    origins = []
    for channel, kinds in enumerate(channels):
        starts = [0, *(end for end, _, _ in kinds)]
        origins += [Origin(channel, Span(start, end), kind, sure) for start, (end, kind, sure) in zip(starts, kinds, strict=False)]
    return Tracks(
        samples=np.zeros((2, LENGTH), np.int16),
        rate=RATE,
        bits=16,
        speakers=("A", "B"),
        roles=("", ""),
        order=None,
        chosen="first_to_speak",
        origins=tuple(origins),
    )


def voices(seed: int = 0) -> Floats:
    noise = np.random.default_rng(seed).standard_normal((2, LENGTH))
    noise[1] /= 2
    return noise


ALL_ROUTED = tracks([(LENGTH, "routed", None)], [(LENGTH, "routed", None)])


def measured(made: Floats, true: Floats, mix: Floats, how: Tracks = ALL_ROUTED, order: tuple[int, int] = (0, 1)) -> Overlaps:
    return measure_overlaps(how, order, lambda a, b: made[:, a:b], lambda a, b: true[:, a:b], lambda a, b: mix[a:b], SPEECH)


def si_sdr(made: Floats, true: Floats) -> float:
    target = (made @ true) / (true @ true) * true
    return 10 * math.log10(float(target @ target) / float((made - target) @ (made - target)))


def test_the_mixture_itself_gains_nothing() -> None:
    true = voices()
    mix = true.sum(axis=0)
    found = measured(np.stack((mix, mix)), true, mix)
    assert [(each.start, each.end) for each in found.found] == [(3.0, 4.0), (6.0, 6.5)]
    assert (found.short, found.short_seconds) == (1, 0.05)
    for each in found.found:
        assert [voice.gain_db for voice in each.voices] == [0.0, 0.0]
        assert (each.routed, each.separated, each.lost) == (each.seconds, 0.0, 0.0)
        assert each.voices[0].level_db == pytest.approx(-each.voices[1].level_db)
        assert each.voices[0].level_db == pytest.approx(6.0, abs=1.0)
    assert [channel.gain_db for channel in found.whole] == [0.0, 0.0]


@pytest.mark.parametrize("block", [1 << 18, 77])
def test_levels_are_those_of_the_formula(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(measuring, "BLOCK", block)
    true, noise = voices(), np.random.default_rng(3).standard_normal((2, LENGTH)) * 0.1
    mix, made = true.sum(axis=0), 1.7 * true + noise
    found = measured(made, true, mix)
    for each, (start, end) in zip(found.found, ((3000, 4000), (6000, 6500)), strict=True):
        for channel, voice in enumerate(each.voices):
            own, routed = si_sdr(made[channel, start:end], true[channel, start:end]), si_sdr(mix[start:end], true[channel, start:end])
            assert voice.si_sdr_db == pytest.approx(own, abs=1e-6)
            assert voice.mix_si_sdr_db == pytest.approx(routed, abs=1e-6)
            assert voice.gain_db == pytest.approx(own - routed, abs=1e-6)
    both = np.r_[3000:4000, 6000:6500]
    for channel, whole in enumerate(found.whole):
        gain = si_sdr(made[channel, both], true[channel, both]) - si_sdr(mix[both], true[channel, both])
        assert whole.gain_db == pytest.approx(gain, abs=1e-6)


def test_made_channels_come_in_the_order_of_the_true_ones() -> None:
    true = voices()
    mix = true.sum(axis=0)
    how = tracks([(LENGTH, "separated", 0.25)], [(LENGTH, "separated", 0.75)])
    found = measured(true, true, mix, how, order=(1, 0))
    assert [voice.confidence for voice in found.found[0].voices] == [0.75, 0.25]
    assert found.found[0].confidence == 0.5
    assert [voice.si_sdr_db for voice in found.found[0].voices] == [MOST_DB, MOST_DB]


def test_an_overlap_given_to_one_speaker_is_lost_and_has_no_gain_on_the_other() -> None:
    true = voices()
    mix = true.sum(axis=0)
    made = np.stack((mix, np.where((np.arange(LENGTH) < 3500) & (np.arange(LENGTH) >= 3000), mix, 0.0)))
    how = tracks(
        [(LENGTH, "original", 0.9)], [(3000, "silence", None), (3500, "routed", None), (6200, "silence", None), (LENGTH, "room_tone", None)]
    )
    first, second = measured(made, true, mix, how).found
    assert (first.routed, first.lost) == (0.0, 0.5)
    assert [(each.kind, each.seconds) for each in first.voices[1].kinds] == [("routed", 0.5), ("silence", 0.5)]
    assert second.lost == second.seconds
    assert (second.voices[0].gain_db, second.voices[1].gain_db) == (0.0, None)
    assert second.kept_gain_db is None


def test_only_the_separated_part_is_kept_and_its_confidence_weighted_by_time() -> None:
    true = voices()
    mix = true.sum(axis=0)
    inside = (np.arange(LENGTH) >= 3600) & (np.arange(LENGTH) < 6050)
    made = np.where(inside, true + 0.01 * mix, mix)
    kinds: Kinds = [
        (3600, "routed", 0.1),
        (3700, "separated", 0.8),
        (4000, "separated", 0.4),
        (5000, "original", 1.0),
        (6050, "separated", 0.9),
    ]
    how = tracks([*kinds, (LENGTH, "routed", None)], [*kinds, (LENGTH, "routed", None)])
    found = measured(made, true, mix, how)
    first, second = found.found
    assert first.separated == pytest.approx(0.4)
    assert first.confidence == pytest.approx((0.1 * 0.8 + 0.3 * 0.4) / 0.4)
    for channel, voice in enumerate(first.voices):
        part = slice(3600, 4000)
        wanted = si_sdr(made[channel, part], true[channel, part]) - si_sdr(mix[part], true[channel, part])
        assert voice.kept_gain_db == pytest.approx(wanted, abs=1e-6)
        assert voice.gain_db is not None
        assert voice.gain_db < wanted
    assert second.voices[0].kept_seconds == pytest.approx(0.05)
    assert second.voices[0].kept_gain_db is None, "too short to tell"
    assert found.separated_outside == pytest.approx(1.0), "from 5 to 6 s only one talks"


@given(st.integers(0, 10_000))
def test_every_moment_of_overlap_is_measured_or_too_short(seed: int) -> None:
    speech, rate = pair(seed), 100
    long, short = true_overlaps(speech, rate)
    both = intersect(speech[0], speech[1])
    assert total(intersect(union((*long, *short)), both)) == total(both)
    assert all(len(span) >= SHORTEST * rate for span in long)
    assert all(len(span) < SHORTEST * rate for span in short)
    every = sorted((*long, *short))
    assert all(after.start - before.end > JOIN * rate for before, after in pairwise(every))


@given(st.integers(0, 1000), st.floats(0.01, 100.0))
def test_a_channel_s_level_does_not_matter(seed: int, gain: float) -> None:
    true = voices(seed)
    mix = true.sum(axis=0)
    made = true + np.random.default_rng(seed).standard_normal((2, LENGTH)) * 0.2
    one, other = measured(made, true, mix), measured(gain * made, true, mix)
    for left, right in zip(one.found, other.found, strict=True):
        assert [v.gain_db for v in left.voices] == pytest.approx([v.gain_db for v in right.voices], abs=1e-6)
