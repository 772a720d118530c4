"""What `audit.json` holds, from the items of an audit and what was found of all together."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.audit.accounts import file_accounts
from pipeline.audit.items import Item, plain_item, worst
from schemas.audit import kind_of
from stages.rights.policy import Policy
from stages.sources.delivery import Delivery
from stages.sources.places import is_url

FORMAT = 1


def contents_of(
    source: str,
    items: Sequence[Item],
    delivery: Delivery,
    policy: Policy,
    balance: Mapping[str, Any],
    together: Mapping[str, Any],
    wrong: Mapping[str, str],
) -> dict[str, Any]:
    """All plain values, in a fixed order. `together` holds the sections about all recordings at once, `wrong` the
    files beside them that fail their checksums, by path."""
    verdicts = [item.verdict(policy) for item in items]
    overall = [*verdicts, *(policy.severity("checksum") for _ in wrong)]
    seconds = sum(item.seconds or 0.0 for item in items)
    rejected = sum(item.seconds or 0.0 for item, verdict in zip(items, verdicts, strict=True) if verdict == "reject")
    files = file_accounts(delivery.files, items, policy, wrong)
    counts = {"recordings": len(items), **{name: verdicts.count(name) for name in ("pass", "flag", "reject")}, "files": len(files)}
    return {
        "format": FORMAT,
        "name": short_name(source),
        "source": source,
        "verdict": worst(overall),
        "failed": failed(policy, overall, rejected / seconds if seconds else 0.0),
        "policy": policy.plain(),
        "hours": round(seconds / 3600, 6),
        "counts": counts,
        "balance": dict(balance),
        "corpora": {name: list(roots) for name, roots in sorted(delivery.corpora.items())},
        "listed": dict(sorted(delivery.listed.items())),
        "problems": [*delivery.listing.problems, *(f"{path}: {why}" for path, why in wrong.items())],
        "findings": ranked(items, policy),
        "recordings": [plain_item(item, policy) for item in items],
        "files": files,
        **together,
    }


def short_name(source: str) -> str:
    """A name for a source that a file may have: the last part of its path or URL."""
    last = [part for part in re.split(r"[/\\]", source if is_url(source) else os.path.abspath(source)) if part]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last[-1]).lstrip(".-") or "corpus" if last else "corpus"


def failed(policy: Policy, verdicts: Sequence[str], rejected: float) -> bool:
    """Whether the audit fails under its policy: the exit code's truth. `rejected` is a share of all hours.

    A reject without any hours, such as a file that cannot be decoded, counts as more than none.
    """
    if policy.fail_on == "never":
        return False
    if policy.fail_on == "flag" and any(verdict != "pass" for verdict in verdicts):
        return True
    return "reject" in verdicts and (rejected > policy.max_rejected_hours or policy.max_rejected_hours == 0.0)


def ranked(items: Sequence[Item], policy: Policy) -> list[dict[str, Any]]:
    """Each kind of finding with how much it touches, most hours first."""
    touched: dict[str, dict[str, float]] = defaultdict(dict)
    for item in items:
        for finding in item.findings:
            touched[finding.name][item.key] = item.seconds or 0.0
    whole = sum(item.seconds or 0.0 for item in items)
    found = []
    for name, by_key in touched.items():
        kind = kind_of(name)
        seconds = sum(by_key.values())
        about = {"name": name, "area": kind.area, "meaning": kind.meaning, "advice": kind.advice, "severity": policy.severity(name)}
        amount = {"recordings": len(by_key), "hours": round(seconds / 3600, 6), "share": round(seconds / whole, 6) if whole else 0.0}
        found.append({**about, **amount})
    return sorted(found, key=lambda each: (-each["hours"], -each["recordings"], each["name"]))
