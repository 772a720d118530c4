"""What the listing itself says of each recording: whether its corpus knows it, and whether a transcript is missing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from pipeline.audit.items import Item
from schemas.audit import AuditFinding
from stages.sources.delivery import Delivery

MOST_TRANSCRIBED = 0.5
"""Share of a corpus's recordings that have a transcript, from which one without is told."""


def add_listed(items: Sequence[Item], delivery: Delivery) -> None:
    """Give items their layout, and what follows from the listing alone."""
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        item.layout = delivery.layouts.get(item.id)
        if item.source is None:
            continue
        groups[item.corpus or ""].append(item)
        if extra(item).get("listed") is False:
            item.findings.append(AuditFinding(name="unlisted"))
    for name, group in groups.items():
        without = [item for item in group if item.source is not None and item.source.transcript is None]
        share = 1 - len(without) / len(group)
        if share >= MOST_TRANSCRIBED:
            detail = f"{share:.0%} of {name or 'the plain recordings'} have one"
            for item in without:
                item.findings.append(AuditFinding(name="no_transcript", detail=detail))


def extra(item: Item) -> dict[str, object]:
    """Other fields of a recording's manifest or table."""
    found = {} if item.source is None else json.loads(item.source.extra)
    return found if isinstance(found, dict) else {}


def checksums_of(item: Item, delivery: Delivery) -> dict[str, str]:
    """`algorithm:hex` by uri: from lists beside the files, or from the manifest's own `md5`, `sha1` or `sha256`."""
    found = {uri: delivery.checksums[uri] for uri in item.uris if uri in delivery.checksums}
    for kind in ("md5", "sha1", "sha256"):
        value = extra(item).get(kind)
        values = value if isinstance(value, list) else [value]
        if len(values) == len(item.uris):
            for uri, digest in zip(item.uris, values, strict=True):
                if isinstance(digest, str) and digest:
                    found.setdefault(uri, f"{kind}:{digest.lower()}")
    return found
