"""Generated speech with exact times: sentences of a packaged voice, cut to their sound, on a clean or a telephone line."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Language, Piece, Transcript, Word
from tests.stages.two_channels import tracks_of

VOICE_RATE = 24000
FLOOR_DB = -30.0
"""Sound is cut where it stays this far below its peak, at the rate of the line, so that what is silent on it does not count."""
SENTENCES = (
    "Good morning, this is Anna speaking.",
    "I'd like to book a room for the second weekend in June.",
    "Yes.",
    "Two adults, and we would be bringing a small dog.",
    "What is the price for two nights?",
    "Thank you so much.",
    "My internet has been down since last night.",
    "Okay, it is starting again.",
    "We changed the bearing, and the mirror should come in tomorrow morning.",
    "Right.",
    "It will be ready on Thursday at four.",
    "I never understood why anybody would drive there.",
)
PITCH = (0.87, 1.0, 1.15, 1.32)
"""Factors by which the voice is played slower while it speaks faster: four voices of one."""


@cache
def _model() -> Any:
    from hibari import Hibari

    return Hibari()


@cache
def say(text: str, factor: float = 1.0) -> NDArray[np.float32]:
    """A sentence [n] at `VOICE_RATE`, peak 0.5."""
    import soxr

    fast = np.asarray(_model()(text, speed=factor, seed=0), np.float32)
    if factor != 1.0:
        fast = np.asarray(soxr.resample(fast, VOICE_RATE, round(VOICE_RATE * factor)), np.float32)
    return fast * np.float32(0.5 / np.abs(fast).max())


def cut(x: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """`x` without what is silent before and after it on a line of that rate."""
    import soxr

    heard = soxr.resample(x, VOICE_RATE, rate) if rate < VOICE_RATE else x
    at = min(rate, VOICE_RATE)
    loud = np.flatnonzero(np.abs(heard) > np.abs(heard).max() * 10 ** (FLOOR_DB / 20))
    return x[round(loud[0] * VOICE_RATE / at) : round((loud[-1] + 1) * VOICE_RATE / at)]


def line(x: NDArray[np.float64], rate: int, snr_db: float | None, seed: int) -> NDArray[np.float64]:
    """A channel at `rate`: with noise `snr_db` below the speech and mu-law coded, or, for None, with noise at -70 dBFS."""
    import soxr

    y: NDArray[np.float64] = soxr.resample(x, VOICE_RATE, rate)
    noise = np.random.default_rng(seed).standard_normal(len(y))
    if snr_db is None:
        return np.clip(y + noise * 10 ** (-70 / 20), -1, 1)
    speech = np.mean(x[np.abs(x) > 0.01] ** 2)
    y = np.clip(y + noise * np.sqrt(speech / 10 ** (snr_db / 10)), -1, 1)
    coded = np.round((np.sign(y) * np.log1p(255 * np.abs(y)) / np.log(256) + 1) * 127.5) / 127.5 - 1
    decoded: NDArray[np.float64] = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
    return decoded


@dataclass(frozen=True)
class Spoken:
    """One channel of sentences and when each begins and ends, in seconds."""

    x: NDArray[np.float64]
    rate: int
    said: tuple[tuple[str, float, float], ...]

    def pieces(self, channel: int = 0, margin: float = 0.1) -> list[Piece]:
        """A piece for every sentence, grown by `margin` seconds, with its words spread over it."""
        return [
            piece(text.split(), channel, round((start - margin) * self.rate), round((end + margin) * self.rate))
            for text, start, end in self.said
        ]


def spoken(sentences: tuple[str, ...] = SENTENCES, rate: int = 16000, snr_db: float | None = None, gap: float = 0.7) -> Spoken:
    """Sentences one after the other, in four voices."""
    parts, said, at = [np.zeros(VOICE_RATE // 2)], [], VOICE_RATE // 2
    for number, text in enumerate(sentences):
        voice = cut(say(text, PITCH[number % len(PITCH)]), rate)
        said.append((text, at / VOICE_RATE, (at + len(voice)) / VOICE_RATE))
        pause = np.zeros(round(gap * VOICE_RATE) + 137 * number)
        parts += [voice.astype(np.float64), pause]
        at += len(voice) + len(pause)
    return Spoken(line(np.concatenate(parts), rate, snr_db, 7), rate, tuple(said))


def piece(words: list[str], channel: int, start: int, end: int, method: str = "spread") -> Piece:
    """Words laid end to end over a piece."""
    marks = np.linspace(start, end, len(words) + 1).astype(int)
    spans = (Span(int(a), int(b)) for a, b in itertools.pairwise(marks))
    return Piece(channel, Span(start, end), tuple(Word(span, word, method) for span, word in zip(spans, words, strict=True)))


def tracks(first: NDArray[np.float64], second: NDArray[np.float64] | None = None, rate: int = 16000) -> Tracks:
    """Two channels, the second silent where none is given."""
    other = np.zeros(1) if second is None else second
    samples = np.zeros((2, max(len(first), len(other))), np.int16)
    for channel, x in enumerate((first, other)):
        samples[channel, : len(x)] = np.clip(np.round(x * 32767), -32768, 32767)
    return tracks_of(samples, rate)


def transcript(of: Tracks, pieces: list[Piece], tag: str | None = None) -> Transcript:
    """Pieces as the transcript of tracks; `tag` is the language of both channels."""
    language = None if tag is None else Language(tag, "fixed")
    ordered = sorted(pieces, key=lambda p: (p.span.start, p.span.end, p.channel))
    return Transcript(pieces=tuple(ordered), length=of.length, rate=of.rate, languages=(language, language))
