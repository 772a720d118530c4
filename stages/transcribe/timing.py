"""Times of words made lawful: in order, inside their piece, positive in length."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.span import Span, Spans, intersect
from stages.transcribe.pack import Block


def words_to_pieces(block: Block, spans: Sequence[Span]) -> list[list[int]]:
    """For each piece of a block the numbers of the words that belong to it; `spans` are in block time, in order and disjoint."""
    found: list[list[int]] = [[] for _ in block.placed]
    at = 0
    for number, span in enumerate(spans):
        # Words never go back to an earlier piece, even where a recogniser's times overlap.
        at = max(at, block.piece_at(span))
        found[at].append(number)
    return found


def on_speech(span: Span, speech: Spans) -> Span:
    """A word's stretch without the silence at its ends, which attention counts to it; as it is where it touches no speech."""
    shared = intersect((span,), speech) if len(span) else ()
    return Span(shared[0].start, shared[-1].end) if shared else span


def in_order(pairs: Sequence[tuple[int, int]], bounds: Span) -> tuple[Span, ...]:
    """Starts and ends as disjoint stretches of at least a sample inside `bounds`, which is long enough, each moved as little as that needs.

    Stretches that are so already stay as they are.
    """
    found: list[Span] = []
    at = bounds.start
    for left, (first, last) in zip(range(len(pairs), 0, -1), pairs, strict=True):
        start = min(max(first, at), bounds.end - left)
        at = min(max(last, start + 1), bounds.end - left + 1)
        found.append(Span(start, at))
    return tuple(found)
