"""Turns, overlap and backchannels against those that people marked in real talk.

A turn here is what one side says while it keeps the floor: references write an utterance as one stretch, whatever pauses are in it, so
neighbouring IPUs of one side that hold the floor are one turn on both sides of the comparison.
"""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.span import Span, Spans, intersect, total, union
from schemas.transcript import Piece, Transcript, Word
from stages.events.turn_taking import TurnTakingEvents
from stages.scoring.turns import TurnScore, overlap_seconds, turn_score
from stages.turns.stats import TurnTaking, turn_taking
from stages.turns.taken import take
from tests.shared import SHARED, needs_shared
from tests.stages.turns.spokenwoz import NAMES, spokenwoz
from tests.stages.turns.switchboard import AGREEMENT, BACKCHANNEL, NO_TURN, Call, read_calls

pytestmark = needs_shared

CONSTANTS = TurnTaking().constants()
NONE = TurnScore(0, 0, 0)
SHORT = r"(?i)(ok|okay|mm|mhm|hmm|yeah|yes|right|alright|uh|no|great|sure)\b"
"""How a short answer begins."""


def turns(activity: Activity, transcript: Transcript | None = None) -> list[list[Span]]:
    """Of each channel."""
    held = take(activity, transcript, CONSTANTS).floor.turns()
    spans = [Span(start, end) for start, end in zip(held.start.tolist(), held.end.tolist(), strict=True)]
    return [[span for span, mine in zip(spans, held.channel.tolist(), strict=True) if mine == channel] for channel in (0, 1)]


def margins(names: list[str]) -> tuple[int, int]:
    """Median silence that the utterances of these calls hold before and after the speech in them, in samples."""
    lead, tail = [], []
    for heard in map(spokenwoz, names):
        for utterances, speech in zip(heard.utterances, heard.activity.channels, strict=True):
            for utterance in utterances:
                inside = intersect((utterance,), speech)
                if inside:
                    lead.append(inside[0].start - utterance.start)
                    tail.append(utterance.end - inside[-1].end)
    return round(np.median(lead)), round(np.median(tail))


def without_margins(spans: Spans, lead: int, tail: int) -> Spans:
    return union(Span(s.start + lead, s.end - tail) if len(s) > lead + tail else s for s in spans)


def test_turns_and_overlap_of_spokenwoz() -> None:
    """Utterances begin 0.32 s before and end 0.22 s after their speech, in every call alike: those margins are measured on the other two
    calls and taken off. With them on, no start can agree to 0.2 s and three quarters of the overlap is silence of one side.
    """
    both, raw = NONE, NONE
    overlaps = np.zeros(3)
    for name in NAMES:
        heard = spokenwoz(name)
        lead, tail = margins([other for other in NAMES if other != name])
        rate, length = heard.activity.rate, heard.activity.length
        assert 0.25 < lead / rate < 0.4
        assert 0.15 < tail / rate < 0.3
        trimmed = tuple(without_margins(spans, lead, tail) for spans in heard.utterances)
        found = turns(heard.activity)
        for own, wanted, marked in zip(
            found,
            turns(Activity(channels=trimmed, length=length, rate=rate)),
            turns(Activity(channels=heard.utterances, length=length, rate=rate)),
            strict=True,
        ):
            both += turn_score(wanted, own, round(0.2 * rate))
            raw += turn_score(marked, own, round(0.5 * rate))
        overlaps += [overlap_seconds(each, rate) for each in (trimmed, heard.activity.channels, heard.utterances)]
    assert both.precision is not None
    assert both.recall is not None
    assert min(both.precision, both.recall) > 0.93, both
    assert raw.matched > 0.93 * raw.reference, raw
    assert overlaps[1] == pytest.approx(overlaps[0], rel=0.1)
    assert overlaps[2] > 2 * overlaps[0]


def test_words_of_spokenwoz_change_kinds_and_no_times() -> None:
    activity, words = spokenwoz("SNG0480").activity, spokenwoz("SNG0480").words
    pieces = []
    for channel, side in enumerate("AB"):
        said: list[Word] = []
        for word in words:
            if word["speaker"] == side:
                start = max(round(word["start"] * activity.rate), said[-1].span.end if said else 0)
                said.append(Word(Span(start, max(round(word["end"] * activity.rate), start + 1)), word["word"], "given"))
        pieces.append(Piece(channel, Span(0, activity.length), tuple(said)))
    transcript = Transcript(pieces=tuple(pieces), length=activity.length, rate=activity.rate)
    stats = turn_taking(activity, CONSTANTS, transcript)
    assert stats.transfers == turn_taking(activity, CONSTANTS).transfers
    assert sum(side.words or 0 for side in stats.channels) == len(words)
    assert stats.speech_rate is not None
    assert 2 < stats.speech_rate < 5
    assert all(side.unworded is not None and side.unworded < 0.03 * side.speech for side in stats.channels)


def switchboard(count: int) -> tuple[dict[str, float], int]:
    """Segments of the timed transcript as activity and words, against turns and dialogue acts of the other one."""
    score = NONE
    sums: dict[str, int] = defaultdict(int)
    for call in read_calls(SHARED / "nltk_switchboard", count):
        found = turns(call.activity, call.transcript)
        for channel, wanted in enumerate(_held(call)):
            score += turn_score(wanted, found[channel], round(0.2 * call.activity.rate), "start")
        _count_backchannels(call, sums)
    figures = {
        "start_precision": score.precision or 0.0,
        "start_recall": score.recall or 0.0,
        "backchannel_recall": sums["recalled"] / sums["wanted"],
        "backchannel_precision": sums["right"] / sums["events"],
    }
    return figures, score.reference


def _held(call: Call) -> list[list[Span]]:
    """The turns that are no backchannels, neighbouring ones of one side as one."""
    found: list[list[Span]] = [[], []]
    last = -1
    for turn in call.turns:
        if not turn.acts <= NO_TURN:
            mine = found[turn.channel]
            if last == turn.channel:
                mine[-1] = Span(mine[-1].start, max(mine[-1].end, turn.span.end))
            else:
                mine.append(turn.span)
            last = turn.channel
    return found


def _count_backchannels(call: Call, sums: dict[str, int]) -> None:
    events = TurnTakingEvents().load("cpu")(call.activity, call.transcript).events
    for channel in (0, 1):
        found = [e.span for e in events if e.kind == "backchannel" and e.channel == channel]
        partner = call.activity.channels[1 - channel]
        whole = [t for t in call.turns if t.channel == channel and t.acts & BACKCHANNEL and t.acts <= NO_TURN]
        inside = [t.span for t in whole if 2 * total(intersect((t.span,), partner)) >= len(t.span)]
        sums["wanted"] += len(inside)
        sums["recalled"] += sum(bool(intersect((span,), found)) for span in inside)
        right = [t.span for t in call.turns if t.channel == channel and t.acts & (BACKCHANNEL | AGREEMENT)]
        sums["events"] += len(found)
        sums["right"] += sum(any(intersect((span,), (other,)) for other in right) for span in found)


def test_turns_and_backchannels_of_switchboard() -> None:
    """Its segments reach into the silence around them and hold pauses: a turn spoken in the other's pause lies inside the other's segment
    and holds no floor for us. So these figures are those of the segments as much as of the events.
    """
    figures, count = switchboard(5)
    assert count > 200
    assert figures["start_precision"] > 0.65, figures
    assert figures["start_recall"] > 0.6, figures
    assert figures["backchannel_recall"] > 0.8, figures
    assert figures["backchannel_precision"] > 0.6, figures


@pytest.mark.slow
def test_all_of_switchboard() -> None:
    figures, count = switchboard(36)
    assert count > 1500
    assert min(figures.values()) > 0.6, figures


@pytest.mark.parametrize("name", ["day1_consultation05", "day4_consultation02"])
def test_primock(name: str) -> None:
    """There is no audio: the utterances of both sides are the activity, and what they say the words."""
    rate, channels, pieces = 1000, [], []
    for channel, side in enumerate(("doctor", "patient")):
        grid = (SHARED / "primock57" / f"{name}_{side}.TextGrid").read_text()
        found = re.findall(r"xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = \"([^\"]+)\"", grid)
        spans = [(Span(round(float(a) * rate), round(float(b) * rate)), re.sub(r"<[^>]*>", "", text).split()) for a, b, text in found]
        channels.append(union(span for span, _ in spans))
        words = []
        for span, texts in spans:
            cuts = np.linspace(span.start, span.end, len(texts) + 1).astype(int).tolist()
            words += [Word(Span(a, b), text, "given") for a, b, text in zip(cuts, cuts[1:], texts, strict=False)]
        pieces.append((channel, tuple(words)))
    length = max(spans[-1].end for spans in channels)
    transcript = Transcript(pieces=tuple(Piece(c, Span(0, length), words) for c, words in pieces), length=length, rate=rate)
    activity = Activity(channels=tuple(channels), length=length, rate=rate)
    events = TurnTakingEvents().load("cpu")(activity, transcript).events
    assert sum(len(e.span) for e in events if e.kind == "overlap") / rate == pytest.approx(overlap_seconds(channels, rate), rel=0.1)
    marked = turns(activity, transcript)
    score = sum((turn_score(c, m, round(0.2 * rate), "start") for c, m in zip(channels, marked, strict=True)), NONE)
    assert score.precision == 1.0, "a turn starts where an utterance does"
    answers = [e.text for e in events if e.kind == "backchannel" and e.text]
    assert len(answers) > 5
    assert sum(bool(re.match(SHORT, text)) for text in answers) > 0.7 * len(answers), answers
    fillers = [e.text for e in events if e.kind == "filler"]
    wanted = [w.text for piece in transcript.pieces for w in piece.words if re.fullmatch(r"(?i)(um|uh|er|erm|uhm|eh)[.,?!]*", w.text)]
    assert sorted(filter(None, fillers)) == sorted(wanted)
