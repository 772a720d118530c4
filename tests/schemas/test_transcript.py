"""Laws of a transcript, and its closed lists."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import LawError
from schemas.span import Span
from schemas.transcript import METHODS, REMOVALS, Piece, Recovered, Removed, Transcript, Word

ONE = Word(Span(2, 4), "one", "given")


def transcript(*pieces: Piece, **more: Any) -> Transcript:
    return Transcript(pieces=pieces, length=20, rate=8000, **more)


def test_words_are_those_of_a_channel_in_order() -> None:
    two = Word(Span(4, 5), "two", "spread")
    made = transcript(Piece(0, Span(0, 5), (ONE, two)), Piece(1, Span(1, 9), ()), Piece(0, Span(5, 9), (Word(Span(8, 9), "x", "ctc"),)))
    assert [word.text for word in made.words(0)] == ["one", "two", "x"]
    assert made.words(1) == ()


@pytest.mark.parametrize(
    ("pieces", "more", "said"),
    [
        ((Piece(0, Span(5, 9), ()), Piece(0, Span(0, 5), ())), {}, "not sorted"),
        ((Piece(0, Span(0, 5), ()), Piece(0, Span(4, 9), ())), {}, "pieces of channel 0"),
        ((Piece(0, Span(0, 21), ()),), {}, "pieces of channel 0"),
        ((Piece(2, Span(0, 5), ()),), {}, "a piece of channel 2"),
        ((Piece(0, Span(3, 9), (ONE,)),), {}, "outside its piece"),
        ((Piece(0, Span(0, 3), (ONE,)),), {}, "outside its piece"),
        ((Piece(0, Span(0, 9), (ONE, ONE)),), {}, "out of order"),
        ((Piece(0, Span(0, 9), (Word(Span(2, 2), "x", "given"),)),), {}, "is empty"),
        ((Piece(0, Span(0, 9), (Word(Span(2, 4), " x", "given"),)),), {}, "no word"),
        ((Piece(0, Span(0, 9), (Word(Span(2, 4), "x", "guessed"),)),), {}, "METHODS"),
        ((), {"removed": (Removed(0, Span(0, 1), "x", "dull"),)}, "REMOVALS"),
        ((), {"removed": (Removed(0, Span(0, 21), "x", "loop"),)}, "outside the recording"),
        ((), {"recovered": (Recovered(0, Span(3, 3), "uh", None, "test"),)}, "is empty or outside"),
        ((), {"recovered": (Recovered(2, Span(3, 4), "uh", None, "test"),)}, "of channel 2"),
        ((), {"languages": (None,)}, "one entry per channel"),
    ],
)
def test_what_breaks_a_law_is_refused(pieces: tuple[Piece, ...], more: dict[str, Any], said: str) -> None:
    with pytest.raises(LawError, match=said):
        transcript(*pieces, **more)


@pytest.mark.parametrize("listed", [METHODS, REMOVALS])
def test_every_method_and_reason_is_given_somewhere(listed: dict[str, str]) -> None:
    files = [path for kind in ("transcribe", "align") for path in Path(__file__).parents[2].joinpath("stages", kind).rglob("*.py")]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    named = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(listed) - named == set()
