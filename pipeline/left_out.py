"""What became no row of recordings that are in the data set: pieces that are no conversation, and the silence between pieces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.diarization import DROPPED, Diarization
from schemas.span import total


@dataclass(frozen=True, slots=True)
class DroppedPieces:
    """Pieces dropped for one reason of `schemas.diarization.DROPPED`."""

    reason: str
    pieces: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was left out of some recordings. Law of the packing: seconds of rows + dropped pieces + silence are those of the recordings."""

    recordings: int = 0
    """Recordings that were cut into conversations, whether or not anything was left out of them."""
    dropped: tuple[DroppedPieces, ...] = ()
    """In the order of `DROPPED`; no entry without a piece."""
    silence: float = 0.0
    """Seconds in no piece."""

    @property
    def pieces(self) -> int:
        """Pieces dropped for any reason."""
        return sum(each.pieces for each in self.dropped)

    @property
    def seconds(self) -> float:
        """Seconds of dropped pieces."""
        return sum(each.seconds for each in self.dropped)


NOTHING = LeftOut()


def left_out(diarization: Diarization | None) -> LeftOut:
    """What is left out of one recording."""
    if diarization is None or not diarization.conversations:
        return NOTHING
    found = []
    for reason in DROPPED:
        spans = [each.span for each in diarization.conversations if each.dropped == reason]
        if spans:
            found.append(DroppedPieces(reason, len(spans), total(spans) / diarization.rate))
    silence = diarization.length - total(each.span for each in diarization.conversations)
    return LeftOut(1, tuple(found), silence / diarization.rate)


def together(parts: Iterable[LeftOut]) -> LeftOut:
    """The sum of several."""
    held = list(parts)
    found = []
    for reason in DROPPED:
        mine = [each for part in held for each in part.dropped if each.reason == reason]
        if mine:
            found.append(DroppedPieces(reason, sum(each.pieces for each in mine), sum(each.seconds for each in mine)))
    return LeftOut(sum(part.recordings for part in held), tuple(found), sum(part.silence for part in held))
