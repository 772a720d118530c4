"""What every aligner shares: the sound of a piece, times that keep the laws, and what is done where nothing aligns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from schemas.recording import as_float
from schemas.tracks import Tracks
from schemas.transcript import Piece, Transcript, Word
from stages.align.edges import edges, sound
from stages.transcribe.timing import in_order

RATE = 16000
"""Hz at which aligners hear a piece."""
CONTEXT = 1.0
"""Seconds around a piece in which the channel's noise is heard, as far as no other piece of the channel lies there."""
NOISE_DB = -80.0
"""dB below full scale of the noise that is added to a piece, so that digital silence is no singular case; the same noise every time."""
PEAK = 0.5
"""Peak that a piece is brought to before that."""
LONGEST = 2.5
"""Seconds of the longest word whose given time is believed."""
BRIEFEST = 0.02
"""Seconds of the shortest one."""

Pairs = Sequence[tuple[float, float]]
"""Start and end of each word in samples at `RATE`, in order."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The sound of one piece with its context."""

    piece: Piece
    x: NDArray[np.float32]
    """[n] at `RATE` Hz, peak `PEAK`, with a little noise."""
    start: int
    """The sample of the recording that `x` starts at."""
    rate: int
    """Hz of the recording."""

    @property
    def span(self) -> tuple[int, int]:
        """Where the piece lies in `x`."""
        return self.at(self.piece.span.start), min(self.at(self.piece.span.end), len(self.x))

    def at(self, sample: int) -> int:
        """A sample of the recording as one of `x`."""
        return round((sample - self.start) * RATE / self.rate)

    def back(self, at: float) -> int:
        """A sample of `x` as one of the recording."""
        return self.start + round(at * self.rate / RATE)

    def within(self, pad: float) -> tuple[int, int]:
        """The part of `x` that is the piece with `pad` seconds of context."""
        start, end = self.span
        return max(0, start - round(pad * RATE)), min(len(self.x), end + round(pad * RATE))


def hear(tracks: Tracks, pieces: Sequence[Piece], index: int) -> Heard:
    """The sound of one of a channel's pieces, in order, with up to `CONTEXT` seconds around it that no other piece is in."""
    piece = pieces[index]
    context = round(CONTEXT * tracks.rate)
    start = max(piece.span.start - context, pieces[index - 1].span.end if index else 0)
    after = pieces[index + 1].span.start if index + 1 < len(pieces) else tracks.length
    end = min(piece.span.end + context, after)
    x = as_float(tracks.samples[piece.channel, start:end], tracks.bits)
    if tracks.rate != RATE:
        import soxr

        x = soxr.resample(x, tracks.rate, RATE, quality="HQ").astype(np.float32)
    peak = float(np.abs(x).max(initial=0.0))
    x = x * np.float32(PEAK / peak) if peak > 0 else x.copy()
    x += np.random.default_rng(0).standard_normal(len(x), np.float32) * np.float32(10 ** (NOISE_DB / 20))
    return Heard(piece, x, start, tracks.rate)


def refined(heard: Heard, pairs: Pairs) -> Pairs:
    """Times of a piece's words with edges beside pauses moved to where sound begins and ends; as they are where no noise can be heard."""
    whole = [(round(start), round(end)) for start, end in pairs]
    found = sound(heard.x, min(heard.rate, RATE) / 2 * 0.95, whole)
    return edges(found, whole, len(heard.x)) if found is not None else pairs


def timed(heard: Heard, pairs: Pairs, method: str, confidences: Sequence[float | None]) -> Piece:
    """The piece with new times: each end rounded once, then moved as little as the laws of `Transcript` ask for."""
    spans = in_order([(heard.back(start), heard.back(end)) for start, end in pairs], heard.piece.span)
    words = (
        Word(span, word.text, method, confidence) for word, span, confidence in zip(heard.piece.words, spans, confidences, strict=True)
    )
    return replace(heard.piece, words=tuple(words))


def otherwise(piece: Piece, rate: int) -> Piece:
    """The piece with the times it came with where they are believable, otherwise with its words spread over it by their letters."""
    given = [word for word in piece.words if word.method in ("attention", "given")]
    if len(given) == len(piece.words) and all(BRIEFEST * rate <= len(word.span) <= LONGEST * rate for word in given):
        return piece
    return spread(piece)


def spread(piece: Piece) -> Piece:
    """The piece with its words laid end to end over it, each as long as it has letters."""
    sizes = np.cumsum([0, *(max(1, sum(c.isalnum() for c in word.text)) for word in piece.words)])
    marks = [piece.span.start + round(len(piece.span) * float(at) / float(sizes[-1])) for at in sizes]
    spans = in_order(list(itertools.pairwise(marks)), piece.span)
    return replace(
        piece, words=tuple(Word(span, word.text, "spread", word.confidence) for word, span in zip(piece.words, spans, strict=True))
    )


def filled(spoken: Sequence[tuple[float, float] | None], inside: tuple[float, float]) -> list[tuple[float, float]] | None:
    """Times for all words where those that are not said, such as a dash, have None: they take the end of the word before them.

    At the head of a piece they take the start of the first word that is said. None when no word is said.
    """
    said = [i for i, each in enumerate(spoken) if each is not None]
    if not said:
        return None
    found: list[tuple[float, float]] = []
    for order, i in enumerate(said):
        start, end = spoken[i] or inside
        lead = i if not order else 0
        tail = (said[order + 1] if order + 1 < len(said) else len(spoken)) - i - 1
        step = (end - start) / (10 * (lead + tail)) if lead + tail else 0.0
        found += [(start + k * step, start + (k + 1) * step) for k in range(lead)]
        found.append((start + lead * step, end - tail * step))
        found += [(end - (tail - k) * step, end - (tail - k - 1) * step) for k in range(tail)]
    return found


def align_pieces(tracks: Tracks, transcript: Transcript, aligned: Callable[[Heard], Piece | None], spoken: tuple[bool, bool]) -> Transcript:
    """The transcript with every piece that has words aligned, channel by channel; a piece for which None is given falls back.

    `spoken` tells for each channel whether the aligner knows its language. Nothing of the other channel is looked at.
    """
    found: list[Piece] = [piece for piece in transcript.pieces if not piece.words]
    for channel in (0, 1):
        pieces = [piece for piece in transcript.pieces if piece.channel == channel]
        for index, piece in enumerate(pieces):
            if piece.words:
                made = aligned(hear(tracks, pieces, index)) if spoken[channel] else None
                found.append(made or otherwise(piece, tracks.rate))
    found.sort(key=lambda p: (p.span.start, p.span.end, p.channel))
    return replace(transcript, pieces=tuple(found))
