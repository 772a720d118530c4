"""Do transcript and sound belong together: word by word, side by side, and in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.audit import Stretch
from schemas.span import Span, Spans, subtract, total, union
from schemas.transcript import Transcript

GRID = 0.1
"""Seconds between the points at which words and speech are compared."""
REACH = 0.5
"""Seconds by which times of transcripts may miss: speech so near a word has words, and a word so near speech is heard."""
LEAST_UNWORDED = 0.4
"""Seconds; shorter speech without words (a breath, a click taken for speech) is left out of account."""
SHOWN = 12
"""Longest stretches that are kept, each way."""
AWAY = 3.0
"""Seconds that a transcript is moved at least to see what it fits by chance."""
SHORTEST = 5.0
"""Seconds of speech and of words below which nothing is said of their fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideAccord:
    """One channel's words against its speech."""

    words: int
    speech_s: float
    unworded_s: float
    """Seconds of speech further than `REACH` from any word."""
    unheard_words: int
    """Words further than `REACH` from any speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accord:
    """A recording's transcript against its sound.

    The fits are correlations of who has words and who speaks, point by point on a grid of 0.1 s, over both channels; absent where either
    has too little.
    """

    sides: tuple[SideAccord, SideAccord]
    fit: float | None
    """As the transcript stands."""
    crossed: float | None
    """With its sides the other way round."""
    shift_s: float | None
    """Seconds by which the transcript would have to be moved to fit best."""
    shifted: float | None
    """The fit then."""
    chance: float | None
    """The best fit of the transcript moved round the recording by 3 s and more: what another call's words could reach."""
    last_word_s: float | None
    """When the last word ends; absent without words."""
    beyond_s: float
    """Seconds by which the transcript's text goes on after the end of the sound; 0 when it does not."""
    tail_s: float
    """Seconds of speech after the last word, of both channels together."""
    unworded: tuple[Stretch, ...]
    unheard: tuple[Stretch, ...]


def accord(transcript: Transcript, activity: Activity, ends_s: float | None) -> Accord:
    """`ends_s` is when the transcript's file says its last text ends; what lies beyond the sound is no longer in `transcript`."""
    rate, length = activity.rate, activity.length
    words = [_covered(transcript, channel) for channel in (0, 1)]
    reach = round(REACH * rate)
    near_words = [_grown(words[channel], reach, length) for channel in (0, 1)]
    near_speech = [_grown(activity.channels[channel], reach, length) for channel in (0, 1)]
    unworded = [_lasting(subtract(activity.channels[c], near_words[c]), rate) for c in (0, 1)]
    unheard = [_outside(transcript, channel, near_speech[channel]) for channel in (0, 1)]
    fits = _fits(words, activity)
    last = max((word.span.end for channel in (0, 1) for word in transcript.words(channel)), default=None)
    after = 0 if last is None else sum(total(subtract(spans, (Span(0, min(last, length)),))) for spans in activity.channels)
    first, second = (
        SideAccord(
            words=len(transcript.words(c)),
            speech_s=total(activity.channels[c]) / rate,
            unworded_s=total(unworded[c]) / rate,
            unheard_words=len(unheard[c]),
        )
        for c in (0, 1)
    )
    return Accord(
        sides=(first, second),
        fit=fits.straight,
        crossed=fits.crossed,
        shift_s=fits.shift_s,
        shifted=fits.shifted,
        chance=fits.chance,
        last_word_s=None if last is None else last / rate,
        beyond_s=0.0 if ends_s is None else max(0.0, ends_s - length / rate),
        tail_s=after / rate,
        unworded=_longest(unworded, rate),
        unheard=_longest([union(spans, reach) for spans in unheard], rate),
    )


def _covered(transcript: Transcript, channel: int) -> Spans:
    """Where a channel has words; an utterance counts whole, for the times inside it may be made up."""
    return union(piece.span for piece in transcript.pieces if piece.channel == channel and piece.words)


def _grown(spans: Sequence[Span], by: int, length: int) -> Spans:
    return union(Span(max(0, span.start - by), min(length, span.end + by)) for span in spans)


def _lasting(spans: Spans, rate: int) -> Spans:
    return tuple(span for span in spans if len(span) >= LEAST_UNWORDED * rate)


def _outside(transcript: Transcript, channel: int, near: Spans) -> Spans:
    """Spans of the words that touch none of `near`."""
    starts = np.array([span.start for span in near])
    ends = np.array([span.end for span in near])
    found = []
    for word in transcript.words(channel):
        at = int(np.searchsorted(ends, word.span.start, side="right")) if len(near) else 0
        if at >= len(near) or starts[at] >= max(word.span.end, word.span.start + 1):
            found.append(word.span)
    return tuple(found)


def _longest(channels: Sequence[Spans], rate: int) -> tuple[Stretch, ...]:
    every = [(span, channel) for channel, spans in enumerate(channels) for span in spans]
    chosen = sorted(every, key=lambda each: (-len(each[0]), each[0].start, each[1]))[:SHOWN]
    return tuple(Stretch(*span.seconds(rate), channel) for span, channel in sorted(chosen, key=lambda each: (each[0].start, each[1])))


@dataclass(frozen=True, slots=True)
class _Fits:
    straight: float | None = None
    crossed: float | None = None
    shift_s: float | None = None
    shifted: float | None = None
    chance: float | None = None


def _fits(words: Sequence[Spans], activity: Activity) -> _Fits:
    enough = SHORTEST * activity.rate
    if sum(map(total, words)) < enough or sum(map(total, activity.channels)) < enough:
        return _Fits()
    said = np.stack([_sampled(spans, activity) for spans in words])
    heard = np.stack([_sampled(spans, activity) for spans in activity.channels])
    said, heard = said - said.mean(axis=1, keepdims=True), heard - heard.mean(axis=1, keepdims=True)
    scale = float(np.sqrt((said**2).sum() * (heard**2).sum()))
    if not scale:
        return _Fits()
    count = said.shape[1]
    moved = _moved(said, heard, 1 << (2 * count - 1).bit_length()) / scale
    best = int(np.argmax(moved))
    round_ = _moved(said, heard, count)[round(AWAY / GRID) : count - round(AWAY / GRID)] / scale
    return _Fits(
        straight=float((said * heard).sum()) / scale,
        crossed=float((said[::-1] * heard).sum()) / scale,
        shift_s=(best if best < len(moved) // 2 else best - len(moved)) * GRID,
        shifted=float(moved[best]),
        chance=float(round_.max()) if len(round_) else None,
    )


def _moved(said: NDArray[np.float64], heard: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Products of both, summed over channels and time, for every circular shift of `said` in a window of `size` points."""
    spectrum = (np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))).sum(axis=0)
    return np.asarray(np.fft.irfft(spectrum, size))


def _sampled(spans: Spans, activity: Activity) -> NDArray[np.float64]:
    """1 where a span lies over a point of the grid, 0 elsewhere."""
    step = GRID * activity.rate
    found = np.zeros(int(activity.length // step) + 1)
    for span in spans:
        found[int(np.ceil(span.start / step)) : int(np.ceil(span.end / step))] = 1
    return found
