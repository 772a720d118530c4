"""What a library says of a failure, fit for the sentence that a person reads."""

from __future__ import annotations

LONGEST = 300


def short(error: BaseException) -> str:
    """The message of an error on one line, cut after `LONGEST` characters; its type where it has none."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
