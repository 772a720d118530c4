"""The stand-in codec: exact in any windows, its codebooks pinned, its speech understood by the measure for that."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.source import Source
from stages.tokenize import melrvq, rvq
from stages.tokenize.audio import even_windows
from stages.tokenize.mel import BANDS, FRAMES, HOP, SIDE, STEP, filters, invert, log_mel, magnitudes
from stages.tokenize.melrvq import MelRvqCodec, MelRvqTokenize
from stages.tokenize.rvq import BINS, BOOKS, FILE, codebooks
from tests.shared import SHARED, needs_shared
from tests.stages.tokenize.models import sound
from tests.stages.two_channels import tracks_of

CODEC = MelRvqCodec()


@given(length=st.integers(1, 60_000), rate=st.sampled_from([8000, 24_000, 44_100]), block=st.integers(1, 30), seed=st.integers(0, 9))
@settings(max_examples=40)
def test_blocks_are_one_pass(length: int, rate: int, block: int, seed: int) -> None:
    made = sound(length / 24_000, rate, seed)
    frames = -(-made.length * 24_000 // (rate * HOP))
    whole = np.concatenate(list(even_windows(made, 24_000, HOP, HOP)), axis=1)
    mel = log_mel(np.pad(whole, ((0, 0), (SIDE, SIDE))))
    wanted = np.stack([CODEC.books.encode(channel) for channel in mel])
    assert wanted.shape == (2, BOOKS, frames)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(melrvq, "BLOCK", block)
        np.testing.assert_array_equal(CODEC.encode(made), wanted)


def test_it_says_that_it_is_a_stand_in() -> None:
    stage = MelRvqTokenize(check=1.0)
    codes = stage.load("cpu")(Source(id="x", uris=("x.wav",)), sound(1.5, 8000, 1))
    assert codes.codec == "melrvq-standin"
    assert "stand-in" in (MelRvqTokenize.__doc__ or "")
    assert (codes.codec_rate, codes.hop, codes.bins, codes.samples.shape) == (24_000, HOP, BINS, (2, 8, 19))
    assert codes.sha256 == stage.weights()[0].sha256
    assert codes.fidelity is not None
    assert all(each.si_sdr_db is None for each in codes.fidelity.channels)


def test_the_codebooks_are_small_and_pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.path.getsize(FILE) < 1_000_000
    other = tmp_path / "melrvq.npz"
    other.write_bytes(FILE.read_bytes() + b"\0")
    monkeypatch.setattr(rvq, "FILE", other)
    codebooks.cache_clear()
    with pytest.raises(UsageError, match="not the pinned one"):
        codebooks()
    codebooks.cache_clear()


def test_residuals_shrink_from_book_to_book() -> None:
    mel = log_mel(np.pad(sound(6, 24_000, 2).samples / 32768, ((0, 0), (SIDE, SIDE))).astype(np.float32))[0]
    codes = CODEC.books.encode(mel)
    left = []
    for books in range(BOOKS + 1):
        some = np.where(np.arange(BOOKS)[:, None] < books, codes, 0)
        part = rvq.Codebooks(
            CODEC.books.mean, CODEC.books.basis, CODEC.books.books * (np.arange(BOOKS) < books)[:, None, None].astype(np.float16)
        )
        left.append(float(((part.decode(some.astype(np.int16)) - mel) ** 2).mean()))
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.5 * left[0]


def test_silence_stays_silent_and_loud_is_loud() -> None:
    silent = CODEC.decode(CODEC.encode(tracks_of(np.zeros((2, 24_000), np.int16), 24_000)))
    assert np.abs(silent).max() < 3e-3
    made = sound(1.5, 24_000, 1)
    loud = CODEC.decode(CODEC.encode(made))
    assert np.sqrt((loud**2).mean()) == pytest.approx(np.sqrt(((made.samples / 32768) ** 2).mean()), rel=0.6)


def test_seams_of_decoded_blocks_do_not_click(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = 24_000
    tone = (0.3 * np.sin(2 * np.pi * 220 * np.arange(4 * rate) / rate) * 32767).astype(np.int16)
    codes = CODEC.encode(tracks_of(np.stack([tone, tone]), rate))
    monkeypatch.setattr(melrvq, "BLOCK", 10)
    made = CODEC.decode(codes)
    assert made.shape == (2, codes.shape[2] * HOP)
    assert np.abs(np.diff(made[0])).max() < 0.2


@given(st.integers(0, 99), st.integers(1, 40))
@settings(max_examples=20)
def test_spectra_made_of_a_mel_spectrum_have_that_mel_spectrum(seed: int, count: int) -> None:
    draw = np.random.default_rng(seed)
    mel = np.cumsum(draw.normal(0, 0.5, (count, BANDS)), axis=1).astype(np.float32) - 8
    power = magnitudes(mel) ** 2
    assert power.shape == (count, 513)
    assert np.sqrt(((np.log(power @ filters().T) - mel) ** 2).mean()) < 0.3


def spectrum_error(rounds: int, mel: NDArray[np.float32]) -> float:
    again = log_mel(np.pad(invert(mel, rounds), SIDE)[None])[0]
    inside = slice(8, -8)
    return float(np.sqrt(((again - mel)[inside] ** 2).mean()))


def test_phases_are_found_round_by_round() -> None:
    samples = sound(2, 24_000, 4).samples[:1].astype(np.float32) / 32768
    mel = log_mel(np.pad(samples, ((0, 0), (SIDE, SIDE))))[0]
    assert len(invert(mel)) == len(mel) * STEP == len(mel) // FRAMES * HOP
    errors = [spectrum_error(rounds, mel) for rounds in (1, 5, 40)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


@needs_shared
def test_real_telephone_speech_is_understood() -> None:
    import soundfile

    samples, rate = soundfile.read(SHARED / "spokenwoz" / "MUL1423.wav", dtype="int16", always_2d=True)
    made = tracks_of(np.ascontiguousarray(samples[: 12 * rate].T), rate)
    codes = MelRvqTokenize(check=1.0).load("cpu")(Source(id="x", uris=("x.wav",)), made)
    assert codes.fidelity is not None
    for channel in codes.fidelity.channels:
        assert channel.stoi is not None
        assert channel.stoi > 0.7
        assert channel.log_mel_db is not None
        assert channel.log_mel_db < 8


def test_the_training_that_made_the_codebooks_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from stages.tokenize import train_melrvq as training

    monkeypatch.setattr(training, "ROUNDS", 2)
    draw = np.random.default_rng(0)
    points = (draw.standard_normal((1500, 20)) @ draw.standard_normal((20, FRAMES * BANDS))).astype(np.float32)
    made = training.train(points)
    assert (made.mean.shape, made.basis.shape, made.books.shape) == ((640,), (96, 640), (8, 512, 96))
    mel = points.reshape(-1, BANDS)
    assert ((made.decode(made.encode(mel)) - mel) ** 2).mean() < 0.1 * mel.var()
    assert list(training.sentences(12)) == list(training.sentences(12))
    assert len(set(training.sentences(100))) > 80
