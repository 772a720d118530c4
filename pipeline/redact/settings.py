"""What a redaction is to look for, and what it puts in its place."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pipeline.backends import did_you_mean
from schemas.errors import UsageError
from schemas.personal import FILLS, PERSONAL_KINDS
from schemas.plain import to_plain
from schemas.row import RowStage

VERSION = 1
"""Raised by hand when equal sets and settings give other rows."""
CODES: dict[str, str] = {
    "encode": "frames that hear muted sound are made anew, with the codec that made them",
    "drop": "rows in which something is muted lose their codes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Raises `UsageError` for what is no kind, no fill, or out of range."""

    kinds: tuple[str, ...] = tuple(PERSONAL_KINDS)
    how: str = "noise"
    margin: float = 0.05
    """Seconds before the first and after the last word that are muted with them."""
    both: bool = False
    """Mute the other channel too, where voices leak from one to the other."""
    codes: str = "encode"
    presidio: bool = False

    def __post_init__(self) -> None:
        for option, value, known in (("how", self.how, FILLS), ("codes", self.codes, CODES)):
            if value not in known:
                raise UsageError(f"--{option}: no {value!r}{did_you_mean(value, known)}")
        for kind in self.kinds:
            if kind not in PERSONAL_KINDS:
                raise UsageError(f"--kinds: no kind {kind!r} of personal data{did_you_mean(kind, PERSONAL_KINDS)}")
        if not self.kinds:
            raise UsageError(f"--kinds: wanted one or more of {', '.join(PERSONAL_KINDS)}")
        if not 0 <= self.margin <= 2:
            raise UsageError(f"--margin: {self.margin} must be from 0 to 2 seconds")

    def plain(self) -> dict[str, Any]:
        """As the manifest tells it."""
        plain: dict[str, Any] = to_plain(self)
        return {**plain, "kinds": [kind for kind in PERSONAL_KINDS if kind in self.kinds]}

    def made(self) -> RowStage:
        """What the provenance of a redacted row says."""
        digest = hashlib.sha256(json.dumps({"version": VERSION, **self.plain()}, sort_keys=True).encode()).hexdigest()
        return RowStage("redact", "presidio" if self.presidio else "rules", f"redact-{digest[:16]}", VERSION, ())
