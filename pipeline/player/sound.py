"""Stretches of a recording as small files that a browser can decode: one Ogg Opus stream for each side.

Two mono streams keep the sides apart, which joint coding of a stereo stream would not, and start at the same sample. Opus: RFC 6716;
in Ogg: RFC 7845.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.recording import Samples, as_float

RATES = (8000, 16000, 24000)
"""Hz: of what Opus takes, all that speech needs."""
BITS_PER_SECOND = {8000: 16_000, 16000: 24_000, 24000: 32_000}
AROUND = 8.0
"""Seconds heard before and after a stretch of a finding."""
FIRST = 30.0
"""Seconds heard of the beginning of a recording that is not whole."""

Seconds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch in seconds and, for each side, its Ogg Opus stream in base64."""

    start: float
    end: float
    sides: tuple[str, ...]


def windows(seconds: float, stretches: Sequence[Seconds], most: float) -> tuple[Seconds, ...]:
    """At most `most` seconds of a recording, sorted and apart: all of it where that is enough, or what lies around `stretches`.

    Earlier stretches go first, after the beginning of the recording, which is there whatever was found.
    """
    if seconds <= most:
        return ((0.0, seconds),) if seconds > 0 else ()
    taken: list[Seconds] = []
    for start, end in [(0.0, min(FIRST, most)), *((max(0.0, a - AROUND), min(seconds, b + AROUND)) for a, b in stretches)]:
        left = most - sum(b - a for a, b in taken)
        if left < 1:
            break
        taken = _with(taken, (start, end), left)
    return tuple(taken)


def _with(taken: list[Seconds], more: Seconds, left: float) -> list[Seconds]:
    """`taken` and as much of `more` as adds at most `left` seconds."""
    at, stop = more
    for start, end in taken:
        if start <= at < end:
            at = end
    held = sum(max(0.0, min(end, stop) - max(start, at)) for start, end in taken)
    stop = min(stop, at + left + held)
    if stop <= at:
        return taken
    found: list[Seconds] = []
    for start, end in sorted([*taken, (at, stop)]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def clips(samples: Samples, rate: int, bits: int, chosen: Sequence[Seconds]) -> tuple[Clip, ...]:
    """The `chosen` stretches of integer samples [channels, n]; equal samples give equal bytes with one build of libopus."""
    found = []
    for start, end in chosen:
        part = samples[:, round(start * rate) : round(end * rate)]
        if part.shape[1]:
            sides = tuple(base64.b64encode(opus(side, rate, bits)).decode() for side in part)
            found.append(Clip(start, min(end, samples.shape[1] / rate), sides))
    return tuple(found)


def opus(side: NDArray[Any], rate: int, bits: int) -> bytes:
    """One side [n] as an Ogg Opus file at the smallest of `RATES` that holds its band, at most 24 kHz."""
    import av
    import soxr

    wanted = next((r for r in RATES if r >= rate), RATES[-1])
    sound = as_float(side, bits)
    if wanted != rate:
        sound = np.asarray(soxr.resample(sound, rate, wanted, quality="HQ"), np.float32)
    pcm = np.clip(np.round(sound * 32767), -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    # Without bitexact the muxer draws the stream's serial number and writes its own version.
    with av.open(file, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=wanted)
        context = stream.codec_context
        context.layout, context.format, context.bit_rate = "mono", "s16", BITS_PER_SECOND[wanted]
        context.options = {"application": "voip", "compression_level": "5", "flags": "+bitexact"}
        frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = wanted, 0, Fraction(1, wanted)
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()
