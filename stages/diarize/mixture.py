"""Does a recording need diarizing at all, and which of its channels is then listened to?"""

from __future__ import annotations

import difflib

from schemas.errors import LawError, UsageError
from schemas.health import Health
from schemas.recording import Recording
from stages.health.verdicts import FINDINGS

MIX: tuple[str, ...] = ("dual_mono",)
"""Findings of channel health that make two recorded channels one mixture, unless a config says otherwise."""


def mixture_channel(recording: Recording, health: Health, mix: tuple[str, ...] = MIX) -> int | None:
    """The channel that holds both voices, or None where the recorded channels are the speakers.

    A mono recording is a mixture. Two channels are one when `mix` names `dual_mono` and they are copies of each other, or when it names a
    finding that health flagged; then the channel with the higher active speech level counts, channel 0 where the levels are equal or one
    is not known. Health must flag a finding (`health.flag`) rather than reject it for a recording to get here at all.
    """
    if len(health.sides) != recording.channels:
        raise LawError(f"Health of {len(health.sides)} sides does not belong to a recording of {recording.channels} channels")
    if recording.channels == 1:
        return 0
    like = health.likeness
    copies = like is not None and (like.copy is not None or like.same_samples)
    if not (copies and "dual_mono" in mix) and not any(health.found(name) for name in mix):
        return None
    first, second = (side.level_dbfs for side in health.sides)
    return int(first is not None and second is not None and second > first)


def check_mix(mix: tuple[str, ...]) -> None:
    """Raise `UsageError` for a name in the setting `diarize.mix` that is no finding of channel health, with the nearest one."""
    for name in mix:
        if name not in FINDINGS:
            near = difflib.get_close_matches(name, FINDINGS, n=1, cutoff=0.0)[0]
            raise UsageError(f"diarize.mix: no such finding {name!r}; did you mean {near!r}? Findings are {', '.join(FINDINGS)}")
