"""Scores of decoded audio: perfect where nothing changed, worse the more did, and STOI as its authors' constants give it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.errors import LawError
from stages.tokenize.fidelity import fidelity, log_mel_distance, stoi
from tests.shared import SHARED, needs_shared
from tests.stages.tokenize.models import sound

RATE = 24_000


def talk(seconds: float = 4.0) -> NDArray[np.float64]:
    return np.asarray(sound(seconds, RATE, 1).samples[0] / 32768)


def with_noise(clean: NDArray[np.float64], db: float) -> NDArray[np.float64]:
    noise = np.random.default_rng(3).standard_normal(len(clean))
    return np.asarray(clean + noise * np.sqrt((clean**2).mean()) * 10 ** (-db / 20))


def test_nothing_changed_is_perfect() -> None:
    found = fidelity(talk(), talk(), RATE, True)
    assert (found.log_mel_db, found.si_sdr_db) == (0.0, 100.0)
    assert found.stoi == pytest.approx(1)


def test_more_noise_is_worse_by_every_measure() -> None:
    found = [fidelity(talk(), with_noise(talk(), db), RATE, True) for db in (30, 15, 0, -15)]
    assert [each.si_sdr_db for each in found] == pytest.approx([30, 15, 0, -15], abs=0.5)
    distances, heard = [each.log_mel_db or 0 for each in found], [each.stoi or 0 for each in found]
    assert distances == sorted(distances)
    assert heard == sorted(heard, reverse=True)
    assert heard[0] > 0.95 > 0.6 > heard[-1]


def test_gain_is_no_distortion_but_shows_in_the_spectrum() -> None:
    found = fidelity(talk(), 0.5 * talk(), RATE, True)
    assert found.si_sdr_db == 100.0
    assert found.stoi == pytest.approx(1)
    assert found.log_mel_db == pytest.approx(6.02, abs=0.3)


def test_stoi_is_that_of_pystoi() -> None:
    # pystoi 0.4.1 gave these for the same samples; it resamples by another filter, which moves the fourth digit.
    assert stoi(talk(), with_noise(talk(), 10), RATE) == pytest.approx(0.7567, abs=1e-3)
    assert stoi(talk(), with_noise(talk(), 0), RATE) == pytest.approx(0.4043, abs=1e-3)


@pytest.mark.parametrize("length", [1, 100, 700, 9000])
def test_silence_and_short_sounds_have_no_intelligibility(length: int) -> None:
    zeros = np.zeros(length)
    assert stoi(zeros, zeros, RATE) is None
    found = fidelity(zeros, talk()[:length], RATE, True)
    assert (found.stoi, found.si_sdr_db) == (None, None)
    assert stoi(talk()[:length], talk()[:length], RATE) is None


def test_codecs_that_keep_no_waveform_have_no_si_sdr() -> None:
    assert fidelity(talk(), talk(), RATE, False).si_sdr_db is None


def test_less_than_one_spectrum_has_no_distance() -> None:
    assert log_mel_distance(np.ones(239), np.ones(239)) is None


def test_lengths_and_rates_must_fit() -> None:
    with pytest.raises(LawError, match="wanted two of the same length"):
        fidelity(np.zeros(10), np.zeros(11), RATE, True)
    with pytest.raises(LawError, match="8000 Hz"):
        fidelity(np.zeros(10), np.zeros(10), 8000, True)


@needs_shared
def test_stoi_of_real_speech_is_that_of_pystoi() -> None:
    import soundfile
    import soxr

    samples, rate = soundfile.read(SHARED / "spokenwoz" / "MUL1423.wav", dtype="float32")
    clean = np.asarray(soxr.resample(samples[: rate * 20, 0], rate, RATE))
    noisy = clean + np.random.default_rng(0).standard_normal(len(clean)) * np.sqrt((clean**2).mean())
    assert stoi(clean, noisy, RATE) == pytest.approx(0.7795, abs=1e-3)
