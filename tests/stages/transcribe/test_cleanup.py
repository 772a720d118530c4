"""What is taken for invented, what is left alone, and that nothing goes without a record."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.span import Span
from schemas.transcript import REMOVALS, Word
from stages.transcribe.cleanup import PHRASES, Recognised, Sureness, clean, plain

RATE = 1000
SURE = Sureness(-0.2, 0.01, False)


def piece(text: str, at: int = 0, each: int = 300, confidence: float = 0.9, speech: int | None = None) -> Recognised:
    words = tuple(
        Word(Span(at + index * each, at + (index + 1) * each), word, "attention", confidence) for index, word in enumerate(text.split())
    )
    span = Span(at, at + max(1, len(words)) * each)
    return Recognised(0, span, (Span(at, at + speech) if speech else span,), words)


def result(text: str, sure: Sureness = SURE, code: str = "en", **how: float) -> tuple[str, list[tuple[str, str]]]:
    kept, removed = clean([piece(text, **how)], sure, code, RATE)  # type: ignore[arg-type]
    return " ".join(word.text for word in kept[0]), [(each.text, each.reason) for each in removed]


WORDS = st.lists(st.sampled_from(["no", "yes", "so", "thanks", "for", "watching"]), max_size=30).map(" ".join)
SURENESS = st.builds(Sureness, st.floats(-3, 0), st.floats(0, 1), st.booleans())


@given(st.lists(WORDS, max_size=5), SURENESS, st.sampled_from(["en", "de"]), st.integers(5, 400), st.floats(0, 1))
def test_every_word_is_kept_or_recorded_with_a_reason(texts: list[str], sure: Sureness, code: str, each: int, confidence: float) -> None:
    pieces = [piece(text, 20000 * number, each, confidence) for number, text in enumerate(texts)]
    kept, removed = clean(pieces, sure, code, RATE)
    assert len(kept) == len(pieces)
    words = Counter(word.text for words in kept for word in words) + Counter(word for r in removed for word in r.text.split())
    assert words == Counter(" ".join(texts).split())
    for before, after in zip(pieces, kept, strict=True):
        assert [word for word in before.words if word in after] == list(after)
    for each_removed in removed:
        assert each_removed.reason in REMOVALS
        assert any(p.span.start <= each_removed.span.start and each_removed.span.end <= p.span.end for p in pieces)


@given(st.lists(WORDS, max_size=3))
def test_what_was_cleaned_once_stays(texts: list[str]) -> None:
    pieces = [piece(text, 20000 * number) for number, text in enumerate(texts)]
    kept, _ = clean(pieces, SURE, "en", RATE)
    again, removed = clean([Recognised(0, p.span, p.speech, words) for p, words in zip(pieces, kept, strict=True)], SURE, "en", RATE)
    assert (again, removed) == (kept, [])


def test_a_loop_keeps_its_first_round_and_its_odd_end_goes_too() -> None:
    loop = "and I said " * 6 + "and I"
    assert result(loop) == ("and I said", [(" ".join(loop.split()[3:]), "loop")])
    assert result("go " * 9 + "now") == ("go now", [("go " * 7 + "go", "loop")])


def test_what_people_repeat_is_no_loop_unless_the_block_is_stuck() -> None:
    for said in (
        "no no no no no no no",
        "yeah, yeah yeah. Yeah",
        "bye bye bye bye bye",
        "double three three three three",
        "I know I know I know",
    ):
        assert result(said) == (" ".join(said.split()), [])
    stuck = Sureness(-0.2, 0.01, True)
    assert result("no no no no no", stuck)[0] == "no"
    assert result("no no no", stuck)[0] == "no no no"


def test_a_loop_across_pieces_is_seen() -> None:
    pieces = [piece("a b a b", 0), piece("a b a b a b a b a b", 5000)]
    kept, removed = clean(pieces, SURE, "en", RATE)
    assert [" ".join(w.text for w in words) for words in kept] == ["a b", ""]
    assert [(r.text, r.reason) for r in removed] == [("a b", "loop"), ("a b a b a b a b a b", "loop")]


@pytest.mark.parametrize("code", sorted(PHRASES))
def test_known_phrases_go_when_they_are_all_that_a_piece_holds(code: str) -> None:
    for phrase in PHRASES[code]:
        assert plain(phrase) == phrase
        assert result(phrase, code=code)[1] == [(phrase, "known_phrase")]
        assert result(f"so {phrase}", code=code)[1] == []


def test_punctuation_and_letter_case_do_not_hide_a_phrase() -> None:
    assert result("Thanks for watching!")[1] == [("Thanks for watching!", "known_phrase")]
    assert result("Thank you.") == ("Thank you.", [])


def test_faster_than_anybody_speaks() -> None:
    fast = "one two three four five six seven"
    assert result(fast, each=20)[1] == [(fast, "rate")]
    assert result(fast, each=120) == (fast, [])
    assert result("yeah okay", each=60) == ("yeah okay", [])


def test_words_beyond_the_speech_and_in_empty_blocks() -> None:
    kept, why = result("here " + "x " * 4, speech=500)
    assert (kept, why) == ("here x x", [("x x", "no_speech")])
    empty = Sureness(-1.2, 0.9, False)
    assert result("hello", empty)[1] == [("hello", "no_speech")]
    assert result("hello", Sureness(-0.5, 0.9, False))[1] == []


def test_low_confidence_needs_an_unsure_block_too() -> None:
    unsure = Sureness(-1.5, 0.1, False)
    assert result("hello", unsure, confidence=0.5)[1] == [("hello", "low_confidence")]
    assert result("hello", unsure, confidence=0.6)[1] == []
    assert result("hello", confidence=0.1)[1] == []
