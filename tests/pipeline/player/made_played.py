"""A recording whose truth is known to the sample: tones of another pitch on each side, words and events where they sound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.player import Event, Found, Origin, Played, Said, key_of
from schemas.recording import Decoding, Recording
from stages.audit.outline import outline

RATE = 8000
PITCHES = (440.0, 1320.0)
SPEECH = (((0.5, 4.0), (9.0, 12.0)), ((3.5, 8.0), (14.0, 18.0)))
HOSTILE = "</script><script>document.title='owned'</script>\u202egpj.exe\x00\u2028\"'&"


def tones(seconds: float = 20.0, rate: int = RATE) -> NDArray[np.int16]:
    """Samples [2, n]: a tone of each side's pitch while it speaks, silence otherwise."""
    at = np.arange(round(seconds * rate)) / rate
    found = np.zeros((2, len(at)), np.int16)
    for side, spans in enumerate(SPEECH):
        for start, end in spans:
            inside = (at >= start) & (at < end)
            found[side, inside] = np.round(8000 * np.sin(2 * np.pi * PITCHES[side] * at[inside]))
    return found


def played(samples: NDArray[np.int16], rate: int = RATE, id: str = "call/1") -> Played:
    decoding = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
    texts = iter(["hello", HOSTILE, "yes", "quite", "well", "so", "right", "on", "we", "go", "there", "then"] * 4)
    words = [
        Said(side, start + step, min(end, start + step + 0.45), next(texts))
        for side, spans in enumerate(SPEECH)
        for start, end in spans
        for step in np.arange(0, end - start, 0.5).tolist()
    ]
    return Played(
        key=key_of(id),
        id=id,
        outline=outline(Recording(samples=samples, rate=rate, bits=16, decoding=decoding)),
        sides=("agent", "caller"),
        speech=SPEECH,
        words=tuple(words),
        events=(Event("backchannel", 1, 3.5, 3.9, "mhm"), Event("floor_change", 1, 3.5, 4.0), Event("laughter", 0, 9.0, 9.4)),
        origins=tuple(Origin(side, start, end, ("original", "routed")[side]) for side, spans in enumerate(SPEECH) for start, end in spans),
        findings=(Found("speech_without_words", "flag", "4 s of speech have no words", ((14.0, 18.0, 1),)),),
        source="/data/call 1.sph",
    )
