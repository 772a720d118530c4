"""What was muted in a published row because it is personal data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowRedaction:
    """One stretch of one channel that holds nothing of what was said there, in seconds."""

    kind: str
    """A key of `schemas.personal.PERSONAL_KINDS`."""
    channel: int
    start: float
    end: float
    how: str
    """What fills it: a key of `schemas.personal.FILLS`."""
