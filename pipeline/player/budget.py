"""Which recordings of a large corpus get a player with sound: some of every finding, and some of what is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST_WITH_SOUND = 200
"""Files with sound beside one page. With three minutes each of two sides, at most 300 MB at 16 kHz."""
SILENT = "Only some recordings of each finding have their sound beside this page, and this is none of them."


def with_sound(recordings: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]], most: int = MOST_WITH_SOUND) -> set[str]:
    """Ids of at most `most` recordings, as `audit.json` lists them and its findings: one of each finding in turn, then of those that pass.

    At least a tenth is of those that pass, where there are any: what is good has to be heard too.
    """
    good = [str(each["id"]) for each in recordings if not each["findings"]]
    kept = min(len(good), max(most // 10, most - sum(bool(each["findings"]) for each in recordings)))
    chosen = {good[len(good) * place // kept] for place in range(kept)}
    queues = [
        iter(sorted(str(each["id"]) for each in recordings if any(found["name"] == finding["name"] for found in each["findings"])))
        for finding in findings
    ]
    while queues and len(chosen) < most:
        for queue in list(queues):
            more = next((id for id in queue if id not in chosen), None)
            if more is None:
                queues.remove(queue)
            elif len(chosen) < most:
                chosen.add(more)
    return chosen
