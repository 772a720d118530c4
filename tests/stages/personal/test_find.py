"""Laws of what is found, its measured recall held to a floor, and its cost."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import LawError
from schemas.personal import PERSONAL_KINDS, PersonalSpan, SpokenWord
from schemas.span import Span
from stages.personal.find import find_personal, merged
from stages.personal.lexicon import first_names, sure_first_names, surnames
from stages.personal.mask import masked
from stages.personal.sides import Candidate
from stages.personal.vocabulary import FUNCTION_WORDS
from tests.bench.personal import score_made, score_real, speed
from tests.bench.personal_real import real_calls
from tests.shared import needs_shared
from tests.stages.personal.said import RATE, SEEN, UNSEEN, conversation

CANDIDATES = st.lists(
    st.tuples(st.sampled_from(sorted(PERSONAL_KINDS)), st.integers(0, 40), st.integers(0, 6), st.sampled_from((0.5, 0.7, 0.9))), max_size=20
).map(lambda drawn: [Candidate(kind, first, first + more, f"{kind}:x", sure) for kind, first, more, sure in drawn])


@given(CANDIDATES)
def test_merged_stretches_are_disjoint_and_cover_the_same_words(candidates: list[Candidate]) -> None:
    found = merged(candidates)
    assert all(a.last < b.first for a, b in itertools.pairwise(found))
    words = {at for each in candidates for at in range(each.first, each.last + 1)}
    assert {at for each in found for at in range(each.first, each.last + 1)} == words
    for each in found:
        inside = [c for c in candidates if each.first <= c.first <= each.last]
        assert each.confidence == max(c.confidence for c in inside)
        assert (each.kind, each.confidence) in {(c.kind, c.confidence) for c in inside}
    assert merged(found) == found
    assert merged(random.Random(1).sample(candidates, len(candidates))) == found


SOME = (
    *("oh", "seven", "double", "nine", "0171", "at", "dot", "gmail", "com", "my", "name", "is", "cheryl", "Turner.", "street", "22"),
    *("born", "may", "s", "w", "one", "a", "date", "of", "birth", "i", "[x]", "—", "…", "flat", "hundred", "thousand", "spell", "for"),
    *("sierra", "your", "it's", "4111-1111-1111-1111"),
)
WORDS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(SOME), st.integers(0, 900)), max_size=40)


@given(WORDS, st.sampled_from((None, "en-GB", "fr", ("en", "de"))))
@settings(max_examples=150)
def test_whatever_is_said_the_laws_hold(drawn: list[tuple[int, str, int]], language: str | tuple[str | None, ...] | None) -> None:
    at, words = 0, []
    for channel, text, gap in drawn:
        words.append(SpokenWord(channel, Span(at, at + 300), text))
        at += 300 + gap * 10
    found = find_personal(words, 1000, language)
    for span in found:
        mine = [word for word in words[span.first : span.last + 1] if word.channel == span.channel]
        assert (mine[0].span.start, mine[-1].span.end) == (span.span.start, span.span.end)
    for channel in (0, 1):
        spans = sorted((s.first, s.last) for s in found if s.channel == channel)
        assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
    shuffled = random.Random(2).sample(words, len(words))
    assert {(s.kind, s.channel, s.span) for s in find_personal(shuffled, 1000, language)} == {(s.kind, s.channel, s.span) for s in found}


def test_recall_and_precision_of_generated_calls_stay_what_was_measured() -> None:
    """Floors a little below the figures of `python -m tests.bench.personal`."""
    for templates, seeds, recall, precision in ((SEEN, range(15), 0.98, 0.96), (UNSEEN, range(1000, 1030), 0.94, 0.92)):
        score = score_made(conversation(templates, seed) for seed in seeds)
        there, spans = sum(score.truth.values()), sum(score.spans.values())
        assert sum(score.whole.values()) >= recall * there
        assert spans - sum(score.false.values()) >= precision * spans
        assert there > 150


@needs_shared
def test_recall_on_real_transcripts_stays_what_was_measured() -> None:
    calls = real_calls()
    assert len(calls) == 25
    for half, recall, per_hour in (("seen", 0.9, 4.0), ("held out", 0.5, 4.0)):
        score = score_real(call for call in calls if call.half == half)
        assert sum(score.whole.values()) >= recall * sum(score.truth.values())
        assert sum(score.false.values()) / (score.seconds / 3600) <= per_hour


def test_ten_minutes_take_milliseconds() -> None:
    assert speed() < 40


def test_what_may_be_shown_holds_no_more_than_a_beginning() -> None:
    call = conversation(SEEN, 3)
    for span in find_personal(call.words, RATE):
        shown = masked(call.words, span)
        said = "".join(word.text for word in call.words[span.first : span.last + 1] if word.channel == span.channel)
        assert len(shown.partition("…")[0]) <= 2
        assert said not in shown


def test_the_lists_of_names_hold_no_word_of_every_day() -> None:
    assert len(first_names()) > 4000
    assert len(surnames()) > 8000
    assert {"james", "mary"} <= sure_first_names() <= first_names()
    for names in (first_names(), sure_first_names(), surnames()):
        assert not names & FUNCTION_WORDS
    assert not {"will", "may", "hope", "virginia", "austin"} & sure_first_names()


def test_broken_laws_are_told() -> None:
    right = {"kind": "name", "channel": 0, "span": Span(0, 1), "rule": "x", "confidence": 0.5, "first": 1, "last": 2}
    PersonalSpan(**right)  # type: ignore[arg-type]
    for wrong in ({"kind": "shoe_size"}, {"first": 3}, {"confidence": 0.0}, {"confidence": 1.5}):
        with pytest.raises(LawError, match="PersonalSpan"):
            PersonalSpan(**{**right, **wrong})  # type: ignore[arg-type]
