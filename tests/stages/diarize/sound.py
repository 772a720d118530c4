"""Sound for diarization's tests: a stretch of the phone call that ships in pyannote.audio, and two tones that take turns."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from schemas.health import Health, Likeness, Side
from schemas.recording import Decoding, Recording, Samples
from schemas.source import Source

SOURCE = Source(id="call", uris=("call.wav",))
START, SECONDS = 10.5, 15.0
"""The part of the call used: both speak for seconds, alone and at once."""
TONES = (500.0, 1450.0, 2900.0)
TURNS = ((1.0, 4.0, 0), (3.6, 6.4, 1), (7.2, 9.2, 0), (9.6, 12.0, 1), (13.2, 14.8, 0))
"""Start and end in seconds and who, of the tones' dialogue: whole frames of 80 ms, an overlap at 3.6."""


def recording(samples: Samples, rate: int = 16000, bits: int = 16) -> Recording:
    made = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
    return Recording(samples=samples if samples.ndim == 2 else samples[None], rate=rate, bits=bits, decoding=made)


def health(of: Recording, copies: bool = False) -> Health:
    """As channel health would say it: two channels that are the speakers, or, with `copies`, one signal twice."""
    side = Side(speech_s=5.0, own_speech_s=5.0, level_dbfs=-20.0, dc=0.0, zeros=0.0, clipping=0.0)
    two = of.channels == 2
    return Health(
        sides=(side,) * of.channels, likeness=Likeness(same_samples=copies, copy="identical" if copies else None) if two else None
    )


def sample_folder() -> Path:
    spec = importlib.util.find_spec("pyannote")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return next(path for place in spec.submodule_search_locations if (path := Path(place) / "audio" / "sample").is_dir())


@cache
def call(rate: int = 16000) -> Recording:
    """`SECONDS` of the call from `START`, at `rate`."""
    import soundfile
    import soxr

    whole, at = soundfile.read(sample_folder() / "sample.wav", dtype="int16")
    part = whole[round(START * at) : round((START + SECONDS) * at)]
    if rate != at:
        part = np.clip(np.round(soxr.resample(part.astype(np.float64), at, rate)), -32768, 32767).astype(np.int16)
    return recording(part, rate)


def call_truth() -> Any:
    """The call's reference as a pyannote `Annotation` on the part's own clock."""
    from pyannote.core import Annotation, Segment

    made = Annotation(uri="recording")
    for number, line in enumerate((sample_folder() / "sample.rttm").read_text().splitlines()):
        fields = line.split()
        start = max(0.0, float(fields[3]) - START)
        end = min(SECONDS, float(fields[3]) + float(fields[4]) - START)
        if start < end:
            made[Segment(start, end), number] = fields[7]
    return made


def tones(rate: int = 16000, turns: tuple[tuple[float, float, int], ...] = TURNS, seconds: float = 15.0) -> Recording:
    """A dialogue of tones; `who` of each turn is the number of its tone in `TONES`."""
    t = np.arange(round(seconds * rate)) / rate
    x: NDArray[np.float64] = np.random.default_rng(0).standard_normal(len(t)) * 1e-4
    for start, end, who in turns:
        x += 0.1 * np.sin(2 * np.pi * TONES[who] * t) * ((t >= start) & (t < end))
    return recording(np.round(x * 32768).astype(np.int16), rate)


def verdict(run: Any, of: Recording) -> Reject:
    """The `Reject` that a loaded stage answers with."""
    try:
        run(SOURCE, of, health(of))
    except Reject as reject:
        return reject
    raise AssertionError("the recording was accepted")
