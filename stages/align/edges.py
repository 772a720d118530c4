"""Where words that stand beside a pause begin and end, by the level of the channel itself.

Aligners see a tenth of a second at a time: they let words grow into the pauses around them, and lose weak endings to noise. Here the edge
of a word is moved to where its sound rises above the channel's own noise, band by band, so that a hiss counts as much as a vowel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

RATE = 16000
"""Hz of the samples that this module takes."""
HOP = 80
"""Samples from frame to frame: 5 ms."""
WIDTH = 256
"""Samples of one frame's window: 16 ms."""
BANDS = 15
WIDE = 5
"""Bands that make up a wide one: a hiss fills several."""
STEADY = 15
"""Frames over which the median of a wide band's level is taken: what is too weak for one frame shows in 75 ms, and a median keeps edges."""
FLOOR_DB = 2.5
"""Least standard deviation of a band's level in noise, in dB."""
STEADY_FLOOR_DB = 0.5
"""That of the median of a wide band."""
SHARE = 0.05
"""Prior probability that a band carries speech in a frame of speech: low, because the end of a word may be one harmonic above the noise."""
MOST = 3.0
"""Highest log-likelihood ratio of one band, so that a click is not worth a syllable."""
RANGE_DB = 60.0
"""Levels of a band that carries speech are taken as equally likely over this range."""
PAUSE = 0.05
"""Seconds that must lie between two words, or between a word and the edge of a piece, for the edges there to be moved."""
GROW = 0.25
"""Seconds by which an edge may at most be moved into a pause."""
SHRINK = 0.35
"""Seconds by which an edge may at most be moved into the word."""
BRIDGE = 0.1
"""Seconds of noise inside a word that do not end it: a stop is closed for less."""
SPLIT = 0.25
"""Seconds of noise inside a word that no word holds: such a word was stretched over a pause, and keeps the side with more sound."""
LATER = 64
"""Samples added to a start: the window of a frame hears what begins up to 8 ms later; measured on generated speech on a clean line."""
CLEAR = 0.1
"""Seconds from any word at which a frame is taken as noise; there must be as much of it to move anything."""


@dataclass(frozen=True, slots=True)
class Sound:
    """How much more each frame of a stretch of one channel is like speech than like the channel's noise."""

    llr: NDArray[np.float64]
    """[frames] log-likelihood ratio, frame i centred on sample `i * HOP`."""
    loud: NDArray[np.float64]
    """[frames] level in dB."""


@cache
def _bands(top: float) -> NDArray[np.float32]:
    """[WIDTH // 2 + 1, BANDS] sums of spectrum bins, equally wide on a mel scale from 120 Hz to `top`."""
    edges = np.linspace(1127 * np.log1p(120 / 700), 1127 * np.log1p(top / 700), BANDS + 1)
    bins = np.searchsorted(700 * np.expm1(edges / 1127), np.arange(WIDTH // 2 + 1) * RATE / WIDTH, side="right") - 1
    found: NDArray[np.float32] = (bins[:, None] == np.arange(BANDS)).astype(np.float32)
    return found


def levels(x: NDArray[np.float32], top: float) -> NDArray[np.float64]:
    """[frames, BANDS] levels in dB of samples [n] at `RATE`, up to `top` Hz."""
    frames = len(x) // HOP + 1
    padded = np.pad(x, (WIDTH // 2, WIDTH))
    cut = np.lib.stride_tricks.sliding_window_view(padded, WIDTH)[::HOP][:frames]
    power = np.abs(np.fft.rfft(cut * np.hanning(WIDTH).astype(np.float32), axis=1)) ** 2
    db: NDArray[np.float64] = 10 * np.log10(power @ _bands(top) + 1e-9)
    return db


def sound(x: NDArray[np.float32], top: float, words: Sequence[tuple[int, int]]) -> Sound | None:
    """Speech against noise in samples [n] at `RATE` Hz whose spectrum reaches `top` Hz; None where too little noise stands alone.

    Noise is what lies at least `CLEAR` from `words` (pairs of samples), without the loudest fifth of it.
    """
    from scipy.ndimage import median_filter

    db = levels(x, top)
    total = 10 * np.log10(np.sum(10 ** (db / 10), axis=1))
    clear, away = np.ones(len(db), bool), round(CLEAR * RATE)
    for start, end in words:
        clear[max(0, (start - away) // HOP) : (end + away) // HOP + 1] = False
    if np.count_nonzero(clear) < away // HOP:
        return None
    quiet = clear & (total <= np.quantile(total[clear], 0.8))
    power = 10 ** (db / 10)
    wide = 10 * np.log10(power.reshape(len(db), -1, WIDE).sum(axis=2))
    steady = median_filter(wide, size=(STEADY, 1), mode="nearest")
    return Sound(_ratio(db, quiet, FLOOR_DB) + _ratio(steady, quiet, STEADY_FLOOR_DB), total)


def _ratio(db: NDArray[np.float64], quiet: NDArray[np.bool_], floor: float) -> NDArray[np.float64]:
    """Log-likelihood of speech against noise for each frame of levels [frames, bands], where noise is as in the `quiet` frames."""
    mean, spread = db[quiet].mean(axis=0), np.maximum(db[quiet].std(axis=0), floor)
    above = np.maximum(db - mean, 0.0) / spread
    noise = -0.5 * above**2 - np.log(spread * np.sqrt(2 * np.pi))
    ratio = np.log1p(SHARE * np.expm1(np.clip(-np.log(RANGE_DB) - noise, -20.0, 20.0)))
    found: NDArray[np.float64] = np.minimum(ratio, MOST).sum(axis=1)
    return found


def edges(heard: Sound, words: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """`words`, pairs of samples in order inside `[0, length)`, with the edges beside pauses moved to where sound begins and ends.

    No word is moved into another one, and none becomes empty; words without a pause between them keep the edge between them.
    """
    words = [_one_side(heard, start, end) for start, end in words]
    pause, grow = round(PAUSE * RATE), round(GROW * RATE)
    found: list[tuple[int, int]] = []
    for i, (start, end) in enumerate(words):
        before = words[i - 1][1] if i else 0
        after = words[i + 1][0] if i + 1 < len(words) else length
        peak = _peak(heard, start, end)
        first, last = start, end
        if start - before >= pause:
            low = max(start - grow, before if not i else (before + start) // 2)
            first = _reach(heard, peak, low // HOP, -1) * HOP + LATER
            first = min(max(first, low), start + round(SHRINK * RATE))
        if after - end >= pause:
            high = min(end + grow, after if i + 1 == len(words) else (end + after) // 2)
            last = _reach(heard, peak, high // HOP, 1) * HOP
            last = max(min(last, high), end - round(SHRINK * RATE))
        found.append((first, last) if last - first >= 2 * HOP else (start, end))
    return found


def _one_side(heard: Sound, start: int, end: int) -> tuple[int, int]:
    """A word without the pause that it was stretched over, if it was: the part with the most sound of those that long noise parts."""
    a, b = start // HOP, min(end // HOP, len(heard.llr))
    if b - a <= SPLIT * RATE / HOP:
        return start, end
    speech = np.concatenate(([a - 1], a + np.flatnonzero(heard.llr[a:b] > 0), [b]))
    long = np.flatnonzero(np.diff(speech) > SPLIT * RATE / HOP)
    if not len(long):
        return start, end
    cuts = [start, *(int(at) for i in long for at in ((speech[i] + 1) * HOP, speech[i + 1] * HOP)), end]
    parts = [(cuts[i], cuts[i + 1]) for i in range(0, len(cuts), 2) if cuts[i + 1] - cuts[i] >= 2 * HOP]
    return max(parts, key=lambda p: float(heard.llr[p[0] // HOP : p[1] // HOP].clip(0).sum()), default=(start, end))


def _peak(heard: Sound, start: int, end: int) -> int:
    """The loudest frame of a word."""
    a = min(start // HOP, len(heard.loud) - 1)
    b = max(a + 1, min(end // HOP + 1, len(heard.loud)))
    return a + int(np.argmax(heard.loud[a:b]))


def _reach(heard: Sound, peak: int, limit: int, step: int) -> int:
    """The frame edge up to which sound goes on from `peak` towards `limit`, over noise no longer than `BRIDGE`."""
    limit = min(max(limit, 0), len(heard.llr) - 1)
    run = heard.llr[peak : limit + 1] if step > 0 else heard.llr[limit : peak + 1][::-1]
    if not len(run):
        return peak
    sums = np.cumsum(run)
    best = np.maximum.accumulate(sums)
    at = np.maximum.accumulate(np.where(sums >= best, np.arange(len(run)), 0))
    over = np.flatnonzero(np.arange(len(run)) - at > BRIDGE * RATE / HOP)
    return peak + step * int(at[over[0]] if len(over) else at[-1])
