"""Word times by forced alignment with the English model of pocketsphinx."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from schemas.errors import UsageError
from schemas.tracks import Tracks
from schemas.transcript import Piece, Transcript
from stages.align.pieces import Heard, align_pieces, filled, refined, timed
from stages.align.sphinx_model import BEAMS, FRAME, Arc, Said, Sphinx, model_weights
from stages.align.spoken import Readings, spoken
from stages.stage import Weights
from stages.transcribe.languages import code_of

OFFSET = 160
"""Samples at 16 kHz by which all boundaries are moved later. A frame stands for what lies around the middle of its window, 8 ms after its
start; the rest was measured: between utterances of a packaged voice put end to end without a pause, so that the boundary is known."""
LONGEST = 1200.0
"""Seconds of the longest piece that is aligned: the search through one takes 1.7 GB and a minute and a half."""
SURE = (4.26, 1283.0)
"""Confidence is 1 / (1 + exp(-a - b * score)) of these and of `Said.score`: fitted as the probability that a word was said, where half of
all words stand in place of another one. On sentences of packaged voices it tells the two apart with an area under the curve of 0.98 on a
clean line and 0.90 on a telephone line with 20 dB of noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PocketsphinxAlign:
    """Aligns English words, each in whichever of its spoken forms is heard (`stages.align.spoken`); the written ones are kept.

    Words beside a pause begin and end where the sound does (`stages.align.edges`). A piece that cannot be aligned, and every piece of a
    channel in another language, keeps the times it came with where those are believable, and has its words spread over it where not: the
    words say so in their method. A channel without a language is taken as English.
    """

    name: ClassVar[str] = "align"
    backend: ClassVar[str] = "pocketsphinx"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Tracks, Transcript)
    gives: ClassVar[type] = Transcript

    pad: float = 0.2
    """Seconds of sound around a piece that words may reach into while they are aligned, as far as no other piece lies there."""
    refine: bool = True
    """Move edges beside pauses to where sound begins and ends."""

    def __post_init__(self) -> None:
        if not 0 <= self.pad <= 1:
            raise UsageError(f"align.pad: {self.pad} s must be from 0 to 1")

    def weights(self) -> tuple[Weights, ...]:
        return model_weights()

    def load(self, device: str) -> Callable[[Tracks, Transcript], Transcript]:
        """The aligner as a function; runs on the CPU whatever `device`. Raises `UsageError` when the package or its model is not there."""
        sphinx = Sphinx("align: pocketsphinx")
        sphinx.decoder(0)

        def align(tracks: Tracks, transcript: Transcript) -> Transcript:
            return align_pieces(tracks, transcript, lambda heard: self._piece(sphinx, heard), english(transcript))

        return align

    def _piece(self, sphinx: Sphinx, heard: Heard) -> Piece | None:
        readings = [spoken(word.text, sphinx.known) for word in heard.piece.words]
        if not any(readings) or len(heard.piece.span) > LONGEST * heard.rate:
            return None
        arcs, last = grammar(readings)
        start, end = heard.within(self.pad)
        x = heard.x[start:end]
        for width in range(len(BEAMS)):
            said = sphinx.decode(arcs, last, x, width) if len(x) >= 4 * FRAME else []
            shares = grouped([each.word for each in said], readings)
            if shares is not None:
                return self._timed(heard, said, shares, start)
        return None

    def _timed(self, heard: Heard, said: Sequence[Said], shares: Sequence[int], start: int) -> Piece | None:
        spans: list[tuple[float, float] | None] = []
        sure: list[float | None] = []
        at = 0
        for share in shares:
            mine = said[at : at + share]
            at += share
            spans.append((start + mine[0].start + OFFSET, start + mine[-1].end + OFFSET) if mine else None)
            sure.append(confidence(mine))
        heard_spans = [each for each in spans if each is not None]
        moved = iter(refined(heard, heard_spans) if self.refine else heard_spans)
        pairs = filled([next(moved) if each is not None else None for each in spans], (0, len(heard.x)))
        return timed(heard, pairs, "pocketsphinx", sure) if pairs is not None else None


def english(transcript: Transcript) -> tuple[bool, bool]:
    """Which channels are in English, or in no stated language."""
    first, second = (language is None or code_of(language.tag) == "en" for language in transcript.languages)
    return first, second


def grammar(readings: Sequence[Readings]) -> tuple[list[Arc], int]:
    """Arcs of a grammar that says the written words in order, each in one of its readings, and its last state.

    Words without a reading take no place.
    """
    voiced = [each for each in readings if each]
    arcs: list[Arc] = []
    free = len(voiced) + 1
    for i, each in enumerate(voiced):
        for words in each:
            at = i
            for k, word in enumerate(words):
                to = i + 1 if k == len(words) - 1 else free
                free += to == free
                arcs.append((at, to, 1.0, word))
                at = to
    return arcs, len(voiced)


def grouped(said: Sequence[str], readings: Sequence[Readings]) -> list[int] | None:
    """How many of the words that were said belong to each written word; None when they cannot be its readings in order."""

    came: list[dict[int, int]] = [{0: 0}]
    for each in readings:
        came.append({})
        for at in came[-2]:
            for reading in each or ((),):
                if tuple(said[at : at + len(reading)]) == reading:
                    came[-1].setdefault(at + len(reading), at)
    at = len(said)
    if at not in came[-1]:
        return None
    shares = []
    for step in reversed(came[1:]):
        shares.append(at - step[at])
        at = step[at]
    return shares[::-1]


def confidence(said: Sequence[Said]) -> float | None:
    """In [0, 1], by the acoustic scores of a word's spoken parts, each weighted by its length."""
    if not said:
        return None
    frames = np.array([each.end - each.start for each in said], float)
    score = float(np.average([each.score for each in said], weights=frames))
    return 1.0 / (1.0 + math.exp(-min(50.0, max(-50.0, SURE[0] + SURE[1] * score))))
