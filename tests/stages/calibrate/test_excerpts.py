"""Which overlaps are kept to be heard, and that what is heard is what was measured."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import LawError
from schemas.overlaps import Excerpt, OverlapScores, OverlapVoice
from schemas.recording import Samples
from schemas.span import Span
from schemas.tracks import Origin, Tracks
from stages.acoustics.condition import Condition
from stages.calibrate.excerpts import AROUND, LONGEST, badness, excerpts, worst
from stages.calibrate.mixture import mixture
from tests.stages.calibrate.parts import recording


def overlap(start: float, gain: float | None, kept: bool = False, seconds: float = 1.0, level: float = 0.0) -> OverlapScores:
    voice = OverlapVoice(
        si_sdr_db=None if gain is None else level,
        mix_si_sdr_db=None if gain is None else level - gain,
        gain_db=gain,
        level_db=0.0,
        kinds=(),
        kept_seconds=seconds if kept else 0.0,
        kept_gain_db=gain if kept else None,
        confidence=0.5 if kept else None,
    )
    return OverlapScores(start=start, end=start + seconds, separated=0.0, routed=0.0, lost=0.0, voices=(voice, voice))


def test_the_least_gain_comes_first_and_half_are_separated_ones() -> None:
    found = [
        overlap(0, 0.0),
        overlap(2, -3.0, True),
        overlap(4, 5.0, True),
        overlap(6, None),
        overlap(8, -1.0),
        overlap(10, None, seconds=0.2),
    ]
    assert worst(found, 4) == (3, 1, 4, 2)
    assert worst(found, 2) == (3, 1)
    assert worst(found, 1) == (1,)
    assert worst(found, 99) == (3, 1, 4, 0, 2, 5)
    assert worst(found, 0) == worst([], 4) == ()


def test_of_routed_overlaps_the_one_with_the_softest_voice_is_worst() -> None:
    found = [overlap(0, 0.02, level=-3.0), overlap(2, -0.03, level=4.0), overlap(4, 0.0, level=-9.0)]
    assert worst(found, 3) == (2, 0, 1)


drawn = st.builds(
    overlap, st.integers(0, 99), st.none() | st.floats(-20, 20), st.booleans(), st.sampled_from((0.2, 1.0)), st.floats(-20.0, 20.0)
)


@given(st.lists(drawn, max_size=20), st.integers(0, 20), st.integers(1, 8))
def test_looking_through_parts_keeps_what_looking_through_all_would(found: list[OverlapScores], cut: int, most: int) -> None:
    first = [found[:cut][at] for at in worst(found[:cut], most)]
    parts = [*first, *found[cut:]]
    kept = [badness(parts[at]) for at in worst(parts, most)]
    assert kept == [badness(found[at]) for at in worst(found, most)]


def noise(seconds: float, rate: int, bits: int = 16) -> NDArray[Any]:
    top = 1 << (bits - 1)
    made = np.random.default_rng(1).integers(-top // 4, top // 4, (2, round(seconds * rate)))
    return made.astype(np.int16 if bits == 16 else np.int32)


def tracks(samples: Samples, rate: int, bits: int) -> Tracks:
    whole = Span(0, samples.shape[1])
    return Tracks(
        samples=samples,
        rate=rate,
        bits=bits,
        speakers=("A", "B"),
        roles=("", ""),
        order=None,
        chosen="first_to_speak",
        origins=(Origin(0, whole, "separated", 0.5), Origin(1, whole, "separated", 0.5)),
    )


def heard(excerpt: Excerpt) -> tuple[NDArray[np.int16], int]:
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(excerpt.flac)), dtype="int16", always_2d=True)
    return samples.T, rate


def taken(samples: Samples, rate: int, bits: int, *found: OverlapScores) -> tuple[Excerpt, ...]:
    mixed = mixture(recording(samples, rate, bits), Condition("clean"), "x", 0)
    made = tracks(samples[::-1], rate, bits)
    return excerpts(found, 4, made, (1, 0), mixed)


def test_what_is_heard_is_mixture_made_and_true_channels_to_the_sample() -> None:
    samples = noise(12, 8000)
    (excerpt,) = taken(samples, 8000, 16, overlap(3.0, 1.0))
    assert (excerpt.start, excerpt.end, excerpt.overlap) == (3.0 - AROUND, 4.0 + AROUND, 0)
    sound, rate = heard(excerpt)
    part = samples[:, 16_000:40_000]
    assert rate == 8000
    assert np.array_equal(sound, np.stack((part.sum(axis=0), part[0], part[1], part[0], part[1])))


def test_ends_of_the_recording_and_long_overlaps_cut_it_short() -> None:
    samples = noise(12, 8000)
    early, late, long = taken(samples, 8000, 16, overlap(0.2, -3.0), overlap(11.0, -2.0), overlap(5.0, -1.0, seconds=5.0))
    assert (early.start, early.end) == (0.0, 2.2)
    assert (late.start, late.end) == (10.0, 12.0)
    assert (long.start, long.end) == (4.0, 4.0 + LONGEST)


@pytest.mark.parametrize(("rate", "bits", "wanted"), [(48_000, 24, 16_000), (44_100, 16, 16_000), (11_025, 16, 11_025)])
def test_wide_recordings_are_brought_down(rate: int, bits: int, wanted: int) -> None:
    samples = noise(5, rate, bits)
    first, again = (taken(samples, rate, bits, overlap(2.0, 1.0)) for _ in range(2))
    assert first == again
    sound, found = heard(first[0])
    assert found == wanted
    assert sound.shape == (5, round(3.0 * wanted))
    assert sound.any(axis=1).all()


def test_an_excerpt_is_base64_and_has_an_end() -> None:
    with pytest.raises(LawError):
        Excerpt(overlap=0, start=1.0, end=2.0, flac="no base64!")
    with pytest.raises(LawError):
        Excerpt(overlap=0, start=2.0, end=2.0, flac="")
    with pytest.raises(LawError, match="wanted 2"):
        OverlapScores(start=0.0, end=1.0, separated=0.0, routed=0.0, lost=0.0, voices=())
