"""Turn-taking one sample at a time: the definitions of `stages.turns.floor` read literally, for short recordings."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from schemas.activity import Activity
from schemas.stats import TurnTakingConstants

Ipu = tuple[int, int]


def runs(mask: list[bool]) -> list[Ipu]:
    found, start = [], None
    for at, value in enumerate([*mask, False]):
        if value and start is None:
            start = at
        if not value and start is not None:
            found.append((start, at))
            start = None
    return found


def speech(activity: Activity, channel: int, silence: float) -> list[bool]:
    """Samples inside IPUs of one channel."""
    mask = [False] * activity.length
    for span in activity.channels[channel]:
        mask[span.start : span.end] = [True] * len(span)
    for start, end in runs([not value for value in mask]):
        if start > 0 and end < activity.length and end - start < silence * activity.rate:
            mask[start:end] = [True] * (end - start)
    return mask


def partner_continues(own: list[bool], partner: list[bool], at: int, window: int) -> bool:
    for now in range(at, min(at + window, len(own))):
        if partner[now]:
            return True
        if own[now]:
            return False
    return False


def kind(ipu: Ipu, own: list[bool], partner: list[bool], rate: int, k: TurnTakingConstants) -> str:
    start, end = ipu
    window = round(k.floor_window * rate)
    continues = partner_continues(own, partner, end, window)
    led = any(partner[max(0, start - window) : start])
    short = end - start <= round(k.backchannel_longest * rate)
    if short and sum(partner[start:end]) >= k.backchannel_inside * (end - start) and led and continues:
        return "backchannels"
    if not (start > 0 and partner[start] and partner[start - 1]):
        return "plain"
    rival = next((at for at in range(start, len(partner)) if not partner[at]), len(partner))
    if rival - start < round(k.barge_in * rate):
        return "transitions"
    if end <= rival:
        return "failed_interruptions"
    if end - rival <= round(k.give_up * rate) and continues:
        return "failed_interruptions"
    return "interruptions"


def reference(activity: Activity, k: TurnTakingConstants) -> dict[str, Any]:
    """Everything in samples."""
    n, rate = activity.length, activity.rate
    said = [speech(activity, channel, k.ipu_silence) for channel in (0, 1)]
    ipus = [runs(mask) for mask in said]
    kinds = [[kind(ipu, said[c], said[1 - c], rate, k) for ipu in ipus[c]] for c in (0, 1)]
    pauses, gaps, edges = [], [], 0
    for start, end in runs([not a and not b for a, b in zip(*said, strict=True)]):
        if start == 0 or end == n:
            edges += end - start
        elif any(mask[start - 1] and mask[end] for mask in said):
            pauses.append(end - start)
        else:
            gaps.append(end - start)
    held = [[ipu for ipu, what in zip(ipus[c], kinds[c], strict=True) if what != "backchannels"] for c in (0, 1)]
    free = [
        (ipu[0], ipu[1], c)
        for c in (0, 1)
        for ipu in held[c]
        if not any(other[0] <= ipu[0] and ipu[1] <= other[1] for other in held[1 - c])
    ]
    free.sort()
    offsets = [after[0] - first[1] for first, after in pairwise(free) if first[2] != after[2]]
    monologues = [0, 0]
    for i in range(len(free)):
        for j in range(i, len(free)):
            stretch = free[i : j + 1]
            quiet = [b[0] - a[1] for a, b in pairwise(stretch)]
            if len({each[2] for each in stretch}) == 1 and all(q <= round(k.monologue_pause * rate) for q in quiet):
                monologues[free[i][2]] = max(monologues[free[i][2]], stretch[-1][1] - stretch[0][0])
    return {
        "ipus": ipus,
        "kinds": kinds,
        "pauses": pauses,
        "gaps": gaps,
        "edges": edges,
        "overlaps": [b - a for a, b in runs([a and b for a, b in zip(*said, strict=True)])],
        "single": sum(a != b for a, b in zip(*said, strict=True)),
        "offsets": offsets,
        "monologues": monologues,
    }
