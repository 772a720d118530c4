"""Splits of an audited corpus, and what leaks between those that it came with."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.audit.items import Item
from pipeline.audit.listed import extra
from schemas.audit import AuditFinding
from stages.splits.assign import Member, assign
from stages.splits.leaks import Voice, leaks

GENERIC = re.compile(
    r"(?:(?:speaker|spk|side|channel|ch|person)[ _-]?)?(?:[a-z]|\d{1,2})?$|"
    r"(?:agent|caller|callee|customer|client|user|system|wizard|doctor|patient|guide|assistant|operator|main|other|left|right)$",
    re.IGNORECASE,
)
"""Names that every recording gives its two sides: they name a part, and nobody."""
MOST_LEAKS = 200
GROUPS = 5


def split_up(items: Sequence[Item], copies: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """Give every measured item its split, and what leaks between the corpus's own splits as findings.

    Returns the section of `audit.json`. Voices are compared where they were kept: across the corpus's own splits, and across those made
    here, where one person may stand under two names.
    """
    known = [item for item in items if item.measured is not None]
    members = [_member(item) for item in known]
    pairs = [(each["recordings"][0], each["recordings"][1]) for each in copies if each["kind"] != "evaluation"]
    made = assign(members, pairs, seed=seed)
    for item in known:
        item.split = made.split[item.id]
    given = {item.id: str(name) for item in known if (name := extra(item).get("split"))}
    heard = [voice for item in known for voice in _voices(item)]
    found = leaks(given, members, pairs, heard)
    across = leaks(made.split, [], (), heard)
    by_id = {item.id: item for item in known}
    for leak in found:
        detail = f"{leak.kind} {leak.what} is in {' and '.join(leak.splits)} of the corpus's own splits"
        for id in leak.ids:
            by_id[id].findings.append(AuditFinding(name="split_leak", detail=detail))
    whole = sum(made.seconds.values())
    sizes = {member.id: member.seconds for member in members}
    return {
        "seed": seed,
        "tied_by": "speaker, source and copies",
        "speakers_known": sum(bool(member.speakers) for member in members),
        "hours": [
            {"split": name, "hours": round(seconds / 3600, 6), "share": round(seconds / whole, 4) if whole else 0.0}
            for name, seconds in made.seconds.items()
        ],
        "largest_groups": [
            {"recordings": len(group), "hours": round(sum(sizes[id] for id in group) / 3600, 6), "first": group[0]}
            for group in made.groups[:GROUPS]
            if len(group) > 1
        ],
        "own_splits_leak": [{"kind": leak.kind, "what": leak.what, "splits": list(leak.splits)} for leak in found[:MOST_LEAKS]],
        "own_splits_leaks": len(found),
        "voices_compared": len(heard),
        "voices_in_two_splits": [{"what": leak.what, "splits": list(leak.splits)} for leak in across[:MOST_LEAKS]],
    }


def _member(item: Item) -> Member:
    source = item.source
    recording = extra(item).get("recording")
    sources = (str(recording),) if isinstance(recording, str) else ()
    speakers = tuple(name for name in (source.speakers if source else ()) if not GENERIC.match(name.strip()))
    return Member(item.id, item.seconds or 0.0, item.corpus or "", speakers, sources)


def _voices(item: Item) -> list[Voice]:
    texts = item.measured.voices if item.measured is not None else ()
    return [Voice(item.id, side, np.frombuffer(base64.b64decode(text), "<f4")) for side, text in enumerate(texts) if text is not None]
