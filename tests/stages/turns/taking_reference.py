"""Turn-taking one sample at a time: the definitions of `stages.turns.floor` read literally, for short recordings."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from schemas.activity import Activity
from schemas.stats import TurnTakingConstants
from schemas.transcript import Transcript

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


def letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def spelled(text: str, phrases: list[str]) -> bool:
    """Whether a text without spaces is nothing but phrases."""
    return not text or any(text.startswith(p) and spelled(text[len(p) :], phrases) for p in phrases)


def nearest(start: int, end: int, ipus: list[Ipu], reach: float) -> int | None:
    """The IPU nearest to the middle of a word."""
    middle = (start + end) / 2
    away = [max(a - middle, middle - b, 0) for a, b in ipus]
    return away.index(min(away)) if away and min(away) <= reach else None


def words_of(transcript: Transcript, channel: int) -> list[tuple[int, int, str]]:
    said = [(w.span.start, w.span.end, w.text) for w in transcript.words(channel)]
    return sorted(said + [(r.span.start, r.span.end, r.text) for r in transcript.recovered if r.channel == channel])


def listed(transcript: Transcript, channel: int, ipus: list[Ipu], k: TurnTakingConstants) -> list[bool]:
    """IPUs that consist of words on the list of backchannels."""
    phrases = [letters(entry) for entry in k.backchannel_words]
    texts = [""] * len(ipus)
    for start, end, text in words_of(transcript, channel):
        owner = nearest(start, end, ipus, round(k.word_reach * transcript.rate))
        if owner is not None and not text.startswith(("[", "<")):
            texts[owner] += letters(text)
    return [bool(text) and spelled(text, phrases) for text in texts]


def overlap_kind(start: int, end: int, ipus: list[list[Ipu]], rate: int, k: TurnTakingConstants) -> str:
    first, second = sorted(next(ipu for ipu in side if ipu[0] <= start and end <= ipu[1]) for side in ipus)
    if second[0] - first[0] <= round(k.simultaneous_start * rate):
        return "simultaneous_start"
    return "turn_final" if first[1] - second[0] < round(k.barge_in * rate) else "mid_turn"


def backchannel(ipu: Ipu, own: list[bool], partner: list[bool], rate: int, k: TurnTakingConstants, longest: float) -> bool:
    start, end = ipu
    window = round(k.floor_window * rate)
    led = any(partner[max(0, start - window) : start])
    short = end - start <= round(longest * rate)
    inside = sum(partner[start:end]) >= k.backchannel_inside * (end - start)
    return short and inside and led and partner_continues(own, partner, end, window)


def kind(ipu: Ipu, own: list[bool], partner: list[bool], floor: list[bool], rate: int, k: TurnTakingConstants) -> str:
    """Of an IPU that is no backchannel; `floor` is the partner's speech without its own backchannels."""
    start, end = ipu
    if not (start > 0 and floor[start] and floor[start - 1]):
        return "plain"
    rival = next((at for at in range(start, len(floor)) if not floor[at]), len(floor))
    if rival - start < round(k.barge_in * rate):
        return "transitions"
    if end <= rival:
        return "failed_interruptions"
    if end - rival <= round(k.give_up * rate) and partner_continues(own, partner, end, round(k.floor_window * rate)):
        return "failed_interruptions"
    return "interruptions"


def reference(activity: Activity, k: TurnTakingConstants, transcript: Transcript | None = None) -> dict[str, Any]:
    """Everything in samples."""
    n, rate = activity.length, activity.rate
    said = [speech(activity, channel, k.ipu_silence) for channel in (0, 1)]
    ipus = [runs(mask) for mask in said]
    known = [[False] * len(ipus[c]) if transcript is None else listed(transcript, c, ipus[c], k) for c in (0, 1)]
    longest = [[max(k.backchannel_longest, k.listed_longest) if mine else k.backchannel_longest for mine in side] for side in known]
    short = [
        [backchannel(ipu, said[c], said[1 - c], rate, k, limit) for ipu, limit in zip(ipus[c], longest[c], strict=True)] for c in (0, 1)
    ]
    floor = [list(mask) for mask in said]
    for c in (0, 1):
        for (start, end), mine in zip(ipus[c], short[c], strict=True):
            if mine:
                floor[c][start:end] = [False] * (end - start)
    kinds = [
        [
            "backchannels" if mine else kind(ipu, said[c], said[1 - c], floor[1 - c], rate, k)
            for ipu, mine in zip(ipus[c], short[c], strict=True)
        ]
        for c in (0, 1)
    ]
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
    monologues, floors = [0, 0], [0, 0]
    for i, each in enumerate(free):
        goes_on = i > 0 and free[i - 1][2] == each[2] and each[0] - free[i - 1][1] <= round(k.monologue_pause * rate)
        floors[each[2]] += each[1] - (free[i - 1][1] if goes_on else each[0])
    both = runs([a and b for a, b in zip(*said, strict=True)])
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
        "overlaps": [b - a for a, b in both],
        "overlap_kinds": [overlap_kind(a, b, ipus, rate, k) for a, b in both],
        "floors": floors,
        "single": sum(a != b for a, b in zip(*said, strict=True)),
        "offsets": offsets,
        "monologues": monologues,
    }
