"""Policy files, and the ready-made ones."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipeline.config import read_settings, ready_made
from schemas.errors import Reject, RejectRecord, UsageError
from stages.rights.ledger import findings
from stages.rights.policy import Policy, policy_of
from stages.rights.recorded import Licensed, rights_of
from stages.sources.listing import Listing

DEFAULT = "default"
"""Takes what is whole and clean, whatever its rights: those are told and flagged."""


def load_policy(where: str | None, today: datetime.date) -> Policy:
    """A policy file, or one of the ready-made ones by name (default: `default`); for `today` where it names no day of its own.

    Raises `UsageError` that names the file, the setting and the nearest valid choice.
    """
    place = where or DEFAULT
    data = read_settings(place, ready_made("policies"), "policy")
    return policy_of({"name": Path(place).stem, **data}, place, today)


def held_to(listing: Listing, weights: Iterable[Licensed], policy: Policy) -> Listing:
    """A listing whose recordings the policy takes, for a chain with these model weights; each other one becomes a reject (`rights`)."""
    models = tuple(weights)
    kept, headers, rejects = [], [], list(listing.rejects)
    for source, header in zip(listing.sources, listing.headers, strict=True):
        found = [each for each in findings(rights_of(source), models, policy) if policy.severity(each.name) == "reject"]
        if found:
            told = "; ".join(f"{each.name}: {each.detail}" for each in found)
            reject = Reject("rights", told, findings=[each.name for each in found], policy=policy.name, on=policy.on.isoformat())
            rejects.append(RejectRecord.of(reject, source.id, source.key, "scan", source.uris))
        else:
            kept.append(source)
            headers.append(header)
    return replace(listing, sources=tuple(kept), headers=tuple(headers), rejects=tuple(rejects))


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
