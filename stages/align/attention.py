"""The times that the recogniser gave itself: the last resort, for languages and machines where nothing aligns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from schemas.tracks import Tracks
from schemas.transcript import Piece, Transcript, Word
from stages.align.pieces import BRIEFEST, LONGEST, Heard, align_pieces, refined, spread
from stages.stage import Weights
from stages.transcribe.timing import in_order


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionAlign:
    """Keeps the times that words came with, and their methods; edges beside pauses are moved to where sound begins and ends.

    Whisper's attention places words a tenth of a second early and lets them swallow pauses; the second of these is mended here. A piece
    in which a word is still longer than anybody says one, or most are shorter, has its words spread over it and labelled so.
    """

    name: ClassVar[str] = "align"
    backend: ClassVar[str] = "attention"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks, Transcript)
    gives: ClassVar[type] = Transcript

    refine: bool = True
    """Move edges beside pauses to where sound begins and ends."""

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks, Transcript], Transcript]:
        """The mending as a function; `device` does not matter."""

        def align(tracks: Tracks, transcript: Transcript) -> Transcript:
            return align_pieces(tracks, transcript, self._piece, (True, True))

        return align

    def _piece(self, heard: Heard) -> Piece:
        piece = heard.piece
        pairs = [(float(heard.at(word.span.start)), float(heard.at(word.span.end))) for word in piece.words]
        if self.refine:
            moved = refined(heard, pairs)
            # An edge that stays keeps its very sample: at 16 kHz and back it may be another one.
            kept = [
                (word.span.start if new[0] == old[0] else heard.back(new[0]), word.span.end if new[1] == old[1] else heard.back(new[1]))
                for word, new, old in zip(piece.words, moved, pairs, strict=True)
            ]
            spans = in_order(kept, piece.span)
            piece = replace(
                piece, words=tuple(Word(span, w.text, w.method, w.confidence) for span, w in zip(spans, piece.words, strict=True))
            )
        return piece if _believable(piece, heard.rate) else spread(piece)


def _believable(piece: Piece, rate: int) -> bool:
    brief = sum(len(word.span) < BRIEFEST * rate for word in piece.words)
    return 2 * brief <= len(piece.words) and all(len(word.span) <= LONGEST * rate for word in piece.words)
