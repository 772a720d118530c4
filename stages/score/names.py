"""Every score that a backend here gives, with its unit: what a gate may ask for under `quality.`."""

from __future__ import annotations

from schemas.quality import Score
from schemas.span import Span

SCORES: dict[str, tuple[str, bool]] = {
    # part `signal`
    "snr": ("dB", True),
    "bandwidth": ("Hz", True),
    "clipping": ("share", True),
    "leakage": ("dB", True),
    "speech_share": ("share", True),
    # part `separation`
    "diarization_confidence": ("share", False),
    "voice_similarity": ("cosine", False),
    "separation.confidence": ("share", True),
    "separation.routed": ("share", False),
    # part `words`
    "words.confidence": ("share", True),
    "words.coverage": ("share", True),
    "words.inside": ("share", True),
    "words.removed": ("share", True),
    "words.rate": ("words/s", True),
    # part `reference`
    "wer": ("share", True),
    "cpwer": ("share", False),
    "reference.compared": ("0 or 1", False),
    # part `dnsmos`
    "dnsmos.sig": ("MOS", True),
    "dnsmos.bak": ("MOS", True),
    "dnsmos.ovrl": ("MOS", True),
    "dnsmos.p808": ("MOS", True),
    "dnsmos.windows": ("windows", True),
    # part `music`
    "music": ("share", True),
    "singing": ("share", True),
}
"""Name, then unit and whether it is given channel by channel."""


def score(name: str, value: float, method: str, channel: int | None = None, span: Span | None = None) -> Score:
    """A score of `SCORES` with its unit."""
    return Score(name, float(value), SCORES[name][0], method, channel, span)
