"""What a shaped set will hold: every row is looked at once, without its audio, and every second of it is kept or left out for a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.drive import Halt
from pipeline.rows import clip_activity
from pipeline.said import Anew, clip_transcript
from pipeline.shape.cut import own_stats
from pipeline.shape.reading import Held, anew_of, without_audio
from pipeline.shape.values import length_of, talk_of_row
from schemas.errors import UsageError
from schemas.row import Row
from schemas.span import Span
from schemas.stats import Stats
from stages.shape.choose import Candidate, Goal, choose
from stages.shape.sweep import Stretch, sweep
from stages.shape.talk import Talk
from stages.shape.targets import LEFT_OUT, Targets


@dataclass(frozen=True, slots=True)
class Clip:
    """A row of the shaped set: where it comes from, and its place among the clips of its recording."""

    shard: int
    row: int
    """Its place in the shard."""
    id: str
    recording: str
    window: Span
    """Samples of the row."""
    whole: bool
    """The window is all of the row, which is then published as it is."""
    start: float
    """Seconds from the start of the recording."""
    rate: int
    native: int
    """Bytes of audio before FLAC, at 16 bits."""
    terms: tuple[str | None, str | None, str | None, str | None]
    """Corpus, licence, consent and language."""
    index: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a row that is in no clip of the shaped set."""

    row: str
    recording: str
    start: float
    """Seconds from the start of the row; so is `end`."""
    end: float
    seconds: float
    reason: str
    facts: str
    """JSON object of what was measured."""


@dataclass(slots=True)
class Account:
    """Rows and seconds. Law: what came in is what is kept and what is left out, to the sample."""

    rows: int = 0
    whole: int = 0
    """Rows that are kept as they are."""
    cut: int = 0
    """Rows of which some is kept and some is not, or all is kept in several clips."""
    out: int = 0
    """Rows of which nothing is kept."""
    came: Counter[int] = field(default_factory=Counter)
    """Samples by rate; so are `kept` and `left`."""
    kept: Counter[int] = field(default_factory=Counter)
    left: Counter[int] = field(default_factory=Counter)

    def check(self) -> None:
        """Raises `Halt` when the law is broken."""
        if self.came != self.kept + self.left or self.rows != self.whole + self.cut + self.out:
            raise Halt(f"shaping does not add up: {self}; this is a fault of duologue, please report it")


def seconds(samples: Counter[int]) -> float:
    """Samples by rate as seconds."""
    return sum(count / rate for rate, count in sorted(samples.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapePlan:
    """The whole set, decided."""

    clips: tuple[Clip, ...]
    """In the order of the set they come from."""
    parts: tuple[Part, ...]
    """Sorted by row and start."""
    goals: tuple[Goal, ...]
    account: Account

    def by_reason(self) -> list[dict[str, Any]]:
        """Parts and seconds of each reason, in the order of `LEFT_OUT`."""
        found = []
        for reason in LEFT_OUT:
            mine = [part.seconds for part in self.parts if part.reason == reason]
            if mine:
                found.append({"reason": reason, "parts": len(mine), "seconds": sum(mine)})
        return found


@dataclass(slots=True)
class _Found:
    """A clip that keeps the rules, with what the set as a whole is judged by."""

    clip: Clip
    candidate: Candidate
    facts: dict[str, float]


@dataclass(slots=True)
class _Gathered:
    found: list[_Found] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    account: Account = field(default_factory=Account)


def make_plan(held: Held, targets: Targets) -> ShapePlan:
    """Read the set once and decide; raises `UsageError` when its rows cannot be read or two clips would have one id."""
    return plan_of(without_audio(held), targets, anew_of(held), held.place.root)


def plan_of(rows: Iterable[tuple[int, int, Row]], targets: Targets, anew: Anew, where: str) -> ShapePlan:
    """The same for rows that are at hand, each with its shard and place; `where` is said in errors."""
    gathered = _Gathered()
    for shard, at, row in rows:
        _look(gathered, shard, at, row, targets, anew)
    found = gathered.found
    twice = [id for id, count in Counter(each.clip.id for each in found).items() if count > 1]
    if twice:
        raise UsageError(f"{where}: {len(twice)} rows would have the id of another, such as {min(twice)}")
    choice = choose([each.candidate for each in found], targets)
    clips, parts, account = [], gathered.parts, gathered.account
    for each, reason in zip(found, choice.reasons, strict=True):
        if reason is None:
            clips.append(each.clip)
            account.kept[each.clip.rate] += len(each.clip.window)
        else:
            parts.append(_part(gathered, each.clip, reason, each.facts))
    kept = Counter((clip.shard, clip.row) for clip in clips)
    account.whole = sum(clip.whole for clip in clips)
    account.cut = len(kept) - account.whole
    account.out = account.rows - len(kept)
    account.check()
    ordered = tuple(sorted(parts, key=lambda part: (part.row, part.start)))
    return ShapePlan(clips=tuple(_numbered(clips)), parts=ordered, goals=choice.goals, account=account)


def _look(gathered: _Gathered, shard: int, at: int, row: Row, targets: Targets, anew: Anew) -> None:
    """Sweep one row."""
    talk = talk_of_row(row)
    gathered.account.rows += 1
    gathered.account.came[row.rate] += talk.length
    number = 0
    for stretch in sweep(talk, targets):
        clip = _clip(shard, at, row, stretch.span, number)
        if stretch.reason is not None:
            gathered.parts.append(_part(gathered, clip, stretch.reason, _facts(talk, stretch)))
            continue
        number += 1
        stats = _stats(row, talk, clip, anew)
        facts = {"overlap_share": round(stats.overlap_share, 4), "backchannels_per_minute": round(stats.backchannels_per_minute, 3)}
        if targets.max_monologue is not None and stats.longest_monologue > targets.max_monologue + 0.5 / row.rate:
            # Without what lies outside the clip, an answer can count as taking the floor and one inside it no longer.
            gathered.parts.append(_part(gathered, clip, "monologue", {"longest_monologue": round(stats.longest_monologue, 3)}))
            continue
        backchannels = sum(each.backchannels for each in stats.channels)
        overlap = round(stats.overlap.seconds * 1e6)
        candidate = Candidate(clip.id, max(round(len(clip.window) * 1e6 / row.rate), 1), overlap, backchannels)
        gathered.found.append(_Found(clip, candidate, facts))


def _clip(shard: int, at: int, row: Row, window: Span, number: int) -> Clip:
    whole = len(window) == length_of(row)
    id = row.id if whole else f"{row.id}#shape-{number:04d}"
    native = len(window) * 4
    terms = (row.source.corpus, row.source.licence, row.source.consent, row.source.language)
    return Clip(shard, at, id, row.clip.recording, window, whole, row.clip.start + window.start / row.rate, row.rate, native, terms)


def _stats(row: Row, talk: Talk, clip: Clip, anew: Anew) -> Stats:
    if clip.whole and row.stats is not None:
        return row.stats
    transcript = None if talk.transcript is None else clip_transcript(talk.transcript, clip.window)
    return own_stats(clip_activity(talk.activity, clip.window), transcript, row, anew)


def _facts(talk: Talk, stretch: Stretch) -> dict[str, float]:
    if stretch.reason != "long_turn":
        return {}
    inside = [len(s) for spans in talk.turns for s in spans if s.start < stretch.span.end and stretch.span.start < s.end]
    return {"longest_turn": round(max(inside) / talk.rate, 3)}


def _part(gathered: _Gathered, clip: Clip, reason: str, facts: dict[str, float]) -> Part:
    start, end = clip.window.seconds(clip.rate)
    gathered.account.left[clip.rate] += len(clip.window)
    row = clip.id if clip.whole else clip.id.rpartition("#shape-")[0]
    return Part(row, clip.recording, start, end, len(clip.window) / clip.rate, reason, json.dumps(facts, sort_keys=True))


def _numbered(clips: Sequence[Clip]) -> Iterator[Clip]:
    """Each clip with its place among those of its recording that are in the set."""
    mine: dict[str, list[tuple[float, int]]] = {}
    for place, clip in enumerate(clips):
        mine.setdefault(clip.recording, []).append((clip.start, place))
    index = {place: number for group in mine.values() for number, (_, place) in enumerate(sorted(group))}
    for place, clip in enumerate(clips):
        yield replace(clip, index=index[place], count=len(mine[clip.recording]))
