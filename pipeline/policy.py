"""Policy files, and the ready-made ones."""

from __future__ import annotations

import datetime
from pathlib import Path

from pipeline.config import read_settings, ready_made
from schemas.errors import UsageError
from stages.rights.policy import Policy, policy_of

DEFAULT = "default"
"""Takes what is whole and clean, whatever its rights: those are told and flagged."""


def load_policy(where: str | None, today: datetime.date) -> Policy:
    """A policy file, or one of the ready-made ones by name (default: `default`); for `today` where it names no day of its own.

    Raises `UsageError` that names the file, the setting and the nearest valid choice.
    """
    place = where or DEFAULT
    data = read_settings(place, ready_made("policies"), "policy")
    return policy_of({"name": Path(place).stem, **data}, place, today)


def today() -> datetime.date:
    """The day that it is, the same everywhere."""
    return datetime.datetime.now(datetime.UTC).date()


def names_its_day(where: str) -> bool:
    """Whether a policy file says itself for which day permissions must hold."""
    data = read_settings(where, ready_made("policies"), "policy")
    return any(key in (True, "on") and value is not None for key, value in data.items())


def listed_policies() -> tuple[str, ...]:
    """Names of the ready-made policies."""
    found = tuple(sorted(ready_made("policies")))
    if not found:
        raise UsageError("configs/policies: no policy lies there; the installation is not whole")
    return found
