"""Every file of a delivery with a verdict: the worst of the recordings that it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.audit.items import Item, worst
from stages.rights.policy import Policy
from stages.sources.delivery import Account


def file_accounts(accounts: Sequence[Account], items: Iterable[Item], policy: Policy, wrong: Mapping[str, str]) -> list[dict[str, Any]]:
    """One entry for each file of the delivery, in the order of `accounts`. `wrong` says which of them fail their checksum, and how.

    A file that belongs to no recording has the verdict `none`, but a transcript or an audio file that nothing uses is flagged:
    somebody meant it to be used.
    """
    owners: dict[str, list[Item]] = {}
    for item in items:
        for path in _paths(item):
            owners.setdefault(path, []).append(item)
    return [_entry(account, owners.get(account.path, []), policy, wrong.get(account.path)) for account in accounts]


def _paths(item: Item) -> list[str]:
    """Files of a recording below the source folder: its audio, or the container that it lies in, and its transcripts."""
    named = [*item.uris]
    if item.source is not None and item.source.transcript is not None:
        named += transcripts_of(item)
    return list(dict.fromkeys(path for name in named for path in (name, name.partition("::")[0])))


def transcripts_of(item: Item) -> list[str]:
    """The transcript's file, or that of each side."""
    source = item.source
    if source is None or source.transcript is None:
        return []
    found = []
    for side in (0, 1):
        values = {
            "{side}": "AB"[side],
            "{role}": source.roles[side] if source.roles else "",
            "{speaker}": source.speakers[side] if source.speakers else "",
        }
        where = source.transcript
        for field, value in values.items():
            where = where.replace(field, value)
        found.append(where)
    return list(dict.fromkeys(found))


def _entry(account: Account, items: list[Item], policy: Policy, wrong: str | None) -> dict[str, Any]:
    verdict: str = "none"
    why = account.why
    if items:
        verdict = worst(policy.severity(finding.name) for item in items for finding in item.findings)
        if verdict != "pass":
            names = dict.fromkeys(f.name for item in items for f in item.findings if policy.severity(f.name) == verdict)
            why = ", ".join(name.replace("_", " ") for name in names)
    elif account.what in ("audio", "transcript"):
        verdict, why = "flag", why or "no recording uses it"
    if wrong is not None:
        verdict = worst((policy.severity("checksum"), verdict))
        why = f"checksum: {wrong}"
    return {
        "path": account.path,
        "what": account.what,
        "bytes": account.bytes,
        "corpus": account.corpus,
        "recordings": [item.id for item in items],
        "verdict": verdict,
        "why": why,
    }
