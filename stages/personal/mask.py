"""What of personal data a report may show: enough to find the place, and not the thing itself."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.personal import PersonalSpan, SpokenWord
from stages.personal.runs import read
from stages.personal.sides import EDGES


def masked(words: Sequence[SpokenWord], found: PersonalSpan) -> str:
    """Such as `07… (11 digits)` or `c… (2 words)`; `words` are those that were searched."""
    mine = [words[at].text for at in range(found.first, found.last + 1) if words[at].channel == found.channel]
    keys = [text.lower().strip(EDGES) for text in mine]
    if found.kind in ("phone", "card"):
        run = read(keys, 0)
        digits = run.text.lstrip("+") if run is not None else ""
        if len(digits) > 5:
            return f"{digits[:2]}… ({len(digits)} digits)"
    count = "1 word" if len(mine) == 1 else f"{len(mine)} words"
    start = "".join(c for c in "".join(keys) if c.isalnum())[:1]
    return f"{start}… ({count})" if start else f"({count})"
