"""The recordings of an audit with what was measured and found of each, before it is all written down."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.audit import AuditFinding
from schemas.errors import RejectRecord
from schemas.health import Health
from schemas.plain import to_plain
from schemas.source import Source
from schemas.stats import Stats
from stages.audit.audited import Audited
from stages.rights.policy import Policy

Verdict = Literal["pass", "flag", "reject"]


@dataclass(slots=True)
class Item:
    """One recording. `measured` is absent for one that could not be decoded, which has a finding that says so."""

    id: str
    key: str
    uris: tuple[str, ...]
    source: Source | None
    """Absent for what was turned down while listing."""
    measured: Audited | None
    layout: str | None = None
    """The corpus layout that it came from; absent for plain files."""
    findings: list[AuditFinding] = field(default_factory=list)
    split: str | None = None
    player: str | None = None

    @property
    def seconds(self) -> float | None:
        """How long it is; absent when it was not decoded."""
        return None if self.measured is None else self.measured.seconds

    @property
    def corpus(self) -> str | None:
        """As the source says it, or by its layout."""
        return (self.source.corpus if self.source else None) or self.layout

    def verdict(self, policy: Policy) -> Verdict:
        """The worst of its findings."""
        return worst(policy.severity(each.name) for each in self.findings)


def worst(severities: Iterable[str]) -> Verdict:
    """The verdict of several severities: a note leaves a recording passed."""
    found = set(severities)
    return "reject" if "reject" in found else "flag" if "flag" in found else "pass"


def turned_down(reject: RejectRecord) -> Item:
    """An input that became no measured recording, with its reason as its finding."""
    finding = AuditFinding(name=reject.reason, detail=reject.detail, facts=reject.facts)
    return Item(reject.id, reject.key, reject.uris, None, None, findings=[finding])


def failed(source: Source, detail: str) -> Item:
    """An input on which the audit itself failed."""
    last = detail.strip().splitlines()[-1] if detail.strip() else "no traceback was kept"
    return Item(source.id, source.key, source.uris, source, None, findings=[AuditFinding(name="not_measured", detail=last)])


def plain_item(item: Item, policy: Policy) -> dict[str, Any]:
    """A recording as `audit.json` holds it."""
    source, found = item.source, item.measured
    return {
        "id": item.id,
        "uri": item.uris[0] if item.uris else item.id,
        "uris": list(item.uris),
        "corpus": item.corpus,
        "verdict": item.verdict(policy),
        "seconds": item.seconds,
        "rate": found.rate if found else None,
        "channels": found.channels if found else None,
        "encoding": f"{found.decoding.container} {found.decoding.encoding}" if found else None,
        "licence": source.licence if source else None,
        "consent": source.consent if source else None,
        "language": source.language if source else None,
        "speakers": list(source.speakers) if source else [],
        "transcript": source.transcript if source else None,
        "words": found.words if found else None,
        "wer": list(found.heard.wer) if found and found.heard else None,
        "split": item.split,
        "findings": [_finding(each, policy) for each in item.findings],
        "levels": [side.level_dbfs for side in found.health.sides] if found else [],
        "leakage_db": leakage(found.health) if found else [],
        "taking": taking(found.stats) if found and found.stats else None,
        "player": item.player,
    }


def _finding(found: AuditFinding, policy: Policy) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(found)
    return {**plain, "facts": json.loads(found.facts), "severity": policy.severity(found.name)}


def leakage(health: Health) -> list[float | None]:
    """Level of the leak into each channel in dB; none for one channel."""
    by_channel = {leak.into: leak.level_db for leak in health.leaks}
    return [by_channel.get(channel) for channel in range(len(health.sides))] if len(health.sides) == 2 else []


def taking(stats: Stats) -> dict[str, float | None]:
    """The few numbers of turn-taking that stand beside each recording."""
    return {
        "overlap_share": stats.overlap_share,
        "backchannels_per_minute": stats.backchannels_per_minute,
        "interruptions_per_minute": stats.interruptions_per_minute,
        "fto_median": stats.transfers.median,
        "speech_dominance": stats.speech_dominance,
    }
