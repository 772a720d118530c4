"""Where anybody speaks in a mixture: by the VAD that marks two-channel calls, and by the segmentation network where that misses speech.

Edges are the VAD's, so that a mixture and true channels are marked by one definition. Far or reverberant speech that the VAD passes over is
added from the segmentation network, in stretches that stand clear of the VAD's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.diarize.segmentation import RATE, Heard
from stages.diarize.ticks import Mask, long_runs, mask_of, touching, widened
from stages.vad.segment import Rule, segments
from stages.vad.silero import probabilities

CLEAR = 15
"""Ticks around the VAD's speech in which the two are expected to differ."""
SHORTEST = 20
"""Ticks; the shortest backchannel."""
LIKELY = 0.5
FLOOR = 0.25
"""Probability up to which what the network hears is the floor it has in noise, and says nothing."""
BLOCK = 1 << 18
"""Samples given to the VAD at a time."""


def speech_ticks(session: Any, rule: Rule, audio: NDArray[np.float32], heard: Heard) -> Mask:
    """Speech of `audio` [n] at 16 kHz by both, [ticks]."""
    blocks = (audio[None, at : at + BLOCK] for at in range(0, len(audio), BLOCK))
    (probs,), length = probabilities(session, blocks, 1)
    ticks = len(heard.speech)
    marked = mask_of(segments(probs, length, rule), RATE, ticks)
    likely = heard.speech > LIKELY
    added = long_runs(likely & ~widened(marked, CLEAR), SHORTEST)
    return marked | touching(likely & ~marked, added)


def passed_over(speech: Mask, heard: Heard, other: Mask) -> NDArray[np.float64]:
    """Probability that somebody speaks outside the marked `speech`, [ticks].

    0 next to `speech`, where edges differ, in `other` sound, and where the probability is no higher than in noise.
    """
    counts = ~(widened(speech, CLEAR) | other) & (heard.speech > FLOOR)
    return np.where(counts, heard.speech, 0.0).astype(np.float64)
