"""From speech probabilities to speech segments: the rule of Silero's `get_speech_timestamps`.

Written here because the package's own function cannot be had without importing torch, which the package then sets to one thread for
the whole process. The tests hold it equal to the package's over random probabilities and real calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FRAME = 512
"""Samples of one probability, at 16 kHz."""
RATE = 16000
CUT_SILENCE = 0.098
"""Seconds. A silence longer than this may end a segment that has grown past the longest allowed (Silero's own constant)."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Thresholds in probability; durations in samples at 16 kHz, `longest` infinite for no limit."""

    threshold: float
    neg_threshold: float
    min_speech: int
    min_silence: int
    pad: int
    longest: float = math.inf


def segments(probs: NDArray[np.float32], length: int, rule: Rule) -> list[Pair]:
    """Speech segments (start, end) in samples at 16 kHz, for `probs` [frames] over `length` samples; sorted and disjoint.

    A segment opens at the first frame at or above `threshold` and closes at the first frame below `neg_threshold` once no frame for
    `min_silence` has come back to `threshold`. Segments of `min_speech` or less are dropped. One that grows past `longest` is cut at its
    longest inner silence, or where it stands when it has none. At last every end is moved out by `pad`, or by half the silence between.
    """
    return _padded(_opened(probs, length, rule), length, rule.pad)


def _opened(probs: NDArray[np.float32], length: int, rule: Rule) -> list[Pair]:
    found: list[Pair] = []
    start: int | None = None
    quiet_from: int | None = None
    silences: list[Pair] = []
    longest = rule.longest - FRAME - 2 * rule.pad
    cut_silence = CUT_SILENCE * RATE
    # float64 first: the thresholds are not float32 numbers, and the package compares Python floats.
    for index, prob in enumerate(probs.astype(np.float64).tolist()):
        at = index * FRAME
        if prob >= rule.threshold and quiet_from is not None:
            if at - quiet_from > cut_silence:
                silences.append((quiet_from, at))
            quiet_from = None
        if start is None:
            if prob >= rule.threshold:
                start = at
            continue
        if at - start > longest:
            cut, resume = max(silences, key=lambda pair: pair[1] - pair[0], default=(at, None))
            found.append((start, cut))
            start, quiet_from, silences = resume, None, []
            if start is None:
                continue
        if prob < rule.neg_threshold:
            quiet_from = at if quiet_from is None else quiet_from
            if at - quiet_from >= rule.min_silence:
                if quiet_from - start > rule.min_speech:
                    found.append((start, quiet_from))
                start, quiet_from, silences = None, None, []
    if start is not None and length - start > rule.min_speech:
        found.append((start, length))
    return found


def _padded(pairs: list[Pair], length: int, pad: int) -> list[Pair]:
    before = [pad] + [min(pad, (after[0] - first[1]) // 2) for first, after in pairwise(pairs)] + [pad]
    return [(max(0, start - before[i]), min(length, end + before[i + 1])) for i, (start, end) in enumerate(pairs)]
