"""The voice of each side of a recording as one vector, to see who speaks in two splits under two names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.recording import Recording
from schemas.span import Spans
from stages.vad.windows import windows

RATE = 16000
MOST_S = 30.0
"""Seconds of a side's speech that are listened to, from its longest stretches."""
LEAST_S = 4.0
"""Seconds of speech below which a side has no voice to compare."""
PIECE_TICKS = 500
"""Length of one embedding, in ticks of 10 ms; a side's voice is the mean of several."""

Floats = NDArray[np.float32]
VoiceOf = Callable[[Recording, Activity], tuple[Floats | None, ...]]


def voice_finder(device: str = "cpu") -> VoiceOf:
    """Loads the CAM++ network that the diarization uses; the function gives a unit vector for each side, None where it says too little.

    Raises `UsageError` when the package that carries the network is not installed.
    """
    from stages.diarize.carrier import embedding_model
    from stages.diarize.embedding import Pooling, embed

    model = embedding_model(device)
    pooling = Pooling.of(model)

    def voices(recording: Recording, activity: Activity) -> tuple[Floats | None, ...]:
        return tuple(side(recording, channel, spans) for channel, spans in enumerate(activity.channels))

    def side(recording: Recording, channel: int, spans: Spans) -> Floats | None:
        audio = _speech(recording, channel, spans)
        if len(audio) < LEAST_S * RATE:
            return None
        ticks = len(audio) // (RATE // 100)
        edges = np.arange(0, ticks - PIECE_TICKS // 2, PIECE_TICKS)
        stretches = np.stack([edges, np.minimum(edges + PIECE_TICKS, ticks)], axis=1).astype(np.int64)
        made = embed(model, pooling, audio, stretches, np.ones(ticks, bool), 2, device)
        mean = made.mean(axis=0)
        return np.asarray(mean / max(1e-9, float(np.linalg.norm(mean))), np.float32)

    return voices


def _speech(recording: Recording, channel: int, spans: Spans) -> Floats:
    """Speech of one side at 16 kHz, its longest stretches one after the other in time."""
    chosen, left = [], round(MOST_S * recording.rate)
    for span in sorted(spans, key=lambda span: (-len(span), span.start)):
        if left <= 0:
            break
        chosen.append((span.start, min(span.end, span.start + left)))
        left -= len(span)
    parts = [
        block[0]
        for start, end in sorted(chosen)
        for block in windows(recording.samples[channel : channel + 1, start:end], recording.bits, recording.rate, RATE)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
