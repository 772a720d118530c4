"""How near decoded audio comes to the original: log-mel distance, STOI and SI-SDR of one channel, as pure functions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from schemas.codes import ChannelFidelity
from schemas.errors import LawError
from stages.scoring.signal import Ratio
from stages.tokenize.mel import RATE, SIDE, STEP, log_mel

Floats = NDArray[np.floating]

FLOOR_DB = -80.0
"""dB of full scale, in a mel band, below which spectra are held to be alike."""
STOI_RATE = 10_000
"""Hz. This and what follows are the constants of Taal, Hendriks, Heusdens and Jensen 2011 (IEEE TASLP 19, 7)."""
STOI_FRAME = 256
STOI_FFT = 512
STOI_BANDS = 15
STOI_LOWEST = 150.0
"""Hz, the middle of the lowest third-octave band."""
STOI_SEGMENT = 30
"""Frames: 384 ms."""
STOI_CLIP_DB = -15.0
STOI_RANGE_DB = 40.0
"""Frames of the original this far below its loudest are left out."""


def fidelity(true: Floats, made: Floats, rate: int, waveform: bool) -> ChannelFidelity:
    """Scores of one decoded channel [n] against the original [n], both at 24 kHz; `waveform`: the codec keeps waveforms.

    A channel that is silent throughout has neither STOI nor SI-SDR, whatever was decoded.
    """
    if rate != RATE or true.shape != made.shape or true.ndim != 1:
        raise LawError(f"fidelity: {true.shape} and {made.shape} at {rate} Hz; wanted two of the same length at {RATE} Hz")
    ratio = Ratio()
    ratio.add(made.astype(np.float64), true.astype(np.float64))
    return ChannelFidelity(log_mel_db=log_mel_distance(true, made), stoi=stoi(true, made, rate), si_sdr_db=ratio.db if waveform else None)


def log_mel_distance(true: Floats, made: Floats) -> float | None:
    """Root mean square difference in dB between mel spectra of two signals [n] at 24 kHz, where either is above `FLOOR_DB`; absent for less
    than one spectrum."""
    count = len(true) // STEP
    if count == 0:
        return None
    both = np.stack([np.pad(each[: count * STEP].astype(np.float32), SIDE) for each in (true, made)])
    decibels = np.maximum(log_mel(both) * np.float32(10 / math.log(10)), np.float32(FLOOR_DB))
    heard = decibels.max(axis=0) > FLOOR_DB
    return float(np.sqrt(((decibels[0] - decibels[1])[heard] ** 2).mean())) if heard.any() else 0.0


def stoi(true: Floats, made: Floats, rate: int) -> float | None:
    """Short-time objective intelligibility of two signals [n]; absent where the original has less than one segment (0.4 s) of sound."""
    import soxr

    clean, heard = (np.asarray(soxr.resample(each.astype(np.float64), rate, STOI_RATE)) for each in (true, made))
    if len(clean) < STOI_FRAME or not clean.any():
        return None
    clean, heard = _without_silence(clean, heard)
    x, y = _bands(clean), _bands(heard)
    if x.shape[1] < STOI_SEGMENT:
        return None
    x, y = (np.lib.stride_tricks.sliding_window_view(each, STOI_SEGMENT, axis=1) for each in (x, y))
    tiny = np.finfo(float).eps
    scale = np.linalg.norm(x, axis=2, keepdims=True) / (np.linalg.norm(y, axis=2, keepdims=True) + tiny)
    limited = np.minimum(y * scale, x * (1 + 10 ** (-STOI_CLIP_DB / 20)))
    x, limited = x - x.mean(axis=2, keepdims=True), limited - limited.mean(axis=2, keepdims=True)
    norms = np.linalg.norm(x, axis=2) * np.linalg.norm(limited, axis=2)
    return float(((x * limited).sum(axis=2) / (norms + tiny)).mean())


def _hann() -> NDArray[np.float64]:
    return np.hanning(STOI_FRAME + 2)[1:-1]


def _frames(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.lib.stride_tricks.sliding_window_view(signal, STOI_FRAME)[:: STOI_FRAME // 2] * _hann()


def _without_silence(true: NDArray[np.float64], made: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both without the frames in which the original is silent, put together again by overlap and add."""
    frames, others = _frames(true), _frames(made)
    level = 20 * np.log10(np.linalg.norm(frames, axis=1) + np.finfo(float).eps)
    kept = level > level.max() - STOI_RANGE_DB
    return _joined(frames[kept]), _joined(others[kept])


def _joined(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    half = STOI_FRAME // 2
    sound = np.zeros((len(frames) + 1) * half)
    sound[:-half] += frames[:, :half].reshape(-1)
    sound[half:] += frames[:, half:].reshape(-1)
    return sound


def _bands(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amplitudes [15, frames] of third-octave bands."""
    power = np.abs(np.fft.rfft(_frames(signal), STOI_FFT, axis=1)) ** 2
    lines = np.linspace(0, STOI_RATE / 2, STOI_FFT // 2 + 1)
    middles = STOI_LOWEST * 2 ** (np.arange(STOI_BANDS) / 3)
    low, high = (np.abs(lines - (middles * factor)[:, None]).argmin(axis=1) for factor in (2 ** (-1 / 6), 2 ** (1 / 6)))
    inside = (np.arange(len(lines)) >= low[:, None]) & (np.arange(len(lines)) < high[:, None])
    return np.asarray(np.sqrt(power @ inside.T).T)
