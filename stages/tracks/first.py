"""Which side becomes channel 0, the model's voice."""

from __future__ import annotations

import hashlib
import re

from schemas.errors import UsageError
from schemas.source import Source, same_id

_FIRST = re.compile(r"as_recorded|role:(?P<role>\S(?:.*\S)?)|random:(?P<seed>[0-9]+)")


def check_first(first: str, kind: str) -> None:
    """Raise `UsageError` unless `first`, a setting of the stage `kind`, is one of the three forms."""
    if not _FIRST.fullmatch(first):
        raise UsageError(
            f"{kind}.first: {first!r} does not choose a first side; use 'as_recorded', 'role:<name>' (such as 'role:agent')"
            " or 'random:<seed>' with a whole number (such as 'random:1')"
        )


def choose(first: str, source: Source, roles: tuple[str, ...], unchanged: str = "as_recorded") -> tuple[int, str]:
    """Which of two sides goes first, and how that was decided; `unchanged` says what leaving them in their order means.

    `roles` are those of the two sides, or empty. `random` falls the same way for the same source id, whatever else is known of it.
    """
    wanted = _FIRST.fullmatch(first)
    assert wanted is not None
    if role := wanted["role"]:
        known = [same_id(each) for each in roles]
        if same_id(role) not in known:
            return 0, f"{unchanged} (no role {role})"
        return known.index(same_id(role)), first
    if seed := wanted["seed"]:
        digest = hashlib.blake2b(f"{int(seed)} {source.id}".encode(errors="backslashreplace"), digest_size=1).digest()
        return digest[0] & 1, first
    return 0, unchanged
