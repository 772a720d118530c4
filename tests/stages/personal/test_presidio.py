"""Presidio beside the rules: its findings stand at the words that hold them. Needs the extra `personal`."""

from __future__ import annotations

import importlib.util

import pytest

from schemas.errors import UsageError
from schemas.personal import SpokenWord
from schemas.span import Span
from stages.personal import presidio
from stages.personal.sides import sides_of

installed = importlib.util.find_spec("presidio_analyzer") is not None
RATE = 1000
TEXT = "Hello my name is Margaret Thompson and you can write to m.thompson@example.com or call 212-555-0147 thank you"


def spoken(text: str, channel: int = 0) -> list[SpokenWord]:
    return [SpokenWord(channel, Span(at * 300, at * 300 + 250), word) for at, word in enumerate(text.split())]


@pytest.mark.skipif(not installed, reason="the extra `personal` is not installed")
def test_findings_stand_at_their_words() -> None:
    words = [*spoken(TEXT), *spoken("okay Margaret I have that", 1)]
    found = presidio.load_presidio()(words, RATE)
    texts = {(span.kind, " ".join(words[at].text for at in range(span.first, span.last + 1))) for span in found}
    assert {("name", "Margaret Thompson"), ("email", "m.thompson@example.com"), ("phone", "212-555-0147")} <= texts
    for span in found:
        assert (span.span.start, span.span.end) == (words[span.first].span.start, words[span.last].span.end)
        assert {words[at].channel for at in range(span.first, span.last + 1)} == {span.channel}


@pytest.mark.skipif(installed, reason="the extra `personal` is installed")
def test_a_missing_extra_is_one_sentence_with_the_command() -> None:
    with pytest.raises(UsageError, match=r"--presidio: .*; run: pip install 'duologue\[personal\]'"):
        presidio.load_presidio()


def test_long_talks_are_cut_into_texts_that_hold_every_word_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presidio, "CHARS", 60)
    words = spoken("one two three. " * 40)
    (side,) = sides_of(words, RATE)
    parts = list(presidio.texts_of(side))
    assert " ".join(text for text, _, _ in parts).split() == [word.text for word in words]
    assert [first for _, _, first in parts] == [sum(len(s) for _, s, _ in parts[:n]) for n in range(len(parts))]
    for text, starts, first in parts:
        assert len(text) <= 66
        assert [text[start:].split()[0] for start in starts] == [words[first + n].text for n in range(len(starts))]
    assert len(parts) > 5
