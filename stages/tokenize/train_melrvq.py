"""Makes the codebooks of `melrvq` from a packaged voice that speaks sentences put together at random.

Run with `python -m stages.tokenize.train_melrvq [file]`, and pin the file's SHA-256 in `stages/tokenize/rvq.py`. It takes five minutes.
Another run gives the same components and codebooks as good (3.05 dB against 3.04 on a telephone call), but not the same entries: k-means
makes much of the last bit of a sum, which depends on the number of threads.
The voice (hibari, Apache-2.0) is played at several speeds and pitches, at levels 40 dB apart, through wide and telephone bands, with
noise of several levels and digital silence. Nothing else is heard: no recording of a person and none of the test data.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stages.tokenize.mel import BANDS, FRAMES, HOP, RATE, SIDE, log_mel
from stages.tokenize.rvq import BINS, BOOKS, DIMENSIONS, FILE, Codebooks

SENTENCES = 900
VOICES = (0.82, 0.91, 1.0, 1.1, 1.22, 1.36)
"""Factors by which the voice is played slower: lower in pitch and formants alike."""
ROUNDS = 25
"""Of k-means, for each codebook."""

WHO = "the driver|my sister|our neighbour|a young doctor|the old teacher|somebody|the whole team|your manager|Peter|Julia|nobody"
DID = "called about|looked for|forgot|wanted to change|asked me about|paid for|lost|finally found|could not open|is waiting for"
WHAT = "the yellow keys|a cheaper ticket|the garden house|her first album|fresh vegetables|the other invoice|a quiet room"
WHEN = "on Thursday|before lunch|this morning|in the year two thousand and six|at half past eight|years ago|every winter"
SHORT = "Mhm.|Yeah.|Oh, really?|I see.|Okay then.|Uh huh.|Right, right.|Wow!|Sure.|No, not at all.|Thank you very much.|Why?"
THEN = "and I thought it was such a joke|but she usually chooses fish|so we just shook hands|which is a huge pleasure|though Joey avoids it"


def sentences(count: int) -> Iterator[str]:
    """Sentences put together from parts, the same every time; every fifth is a short reply, and some name a number."""
    draw = np.random.default_rng(0)
    for index in range(count):
        if index % 5 == 4:
            yield _one(draw, SHORT)
            continue
        who, did, what, when, then = (_one(draw, parts) for parts in (WHO, DID, WHAT, WHEN, THEN))
        number = f"number {draw.integers(10_000)} " if index % 7 == 0 else ""
        yield f"{who[0].upper()}{who[1:]} {did} {what} {number}{when}, {then}."


def _one(draw: np.random.Generator, parts: str) -> str:
    return str(draw.choice(parts.split("|")))


def speech() -> Iterator[NDArray[np.float32]]:
    """Sentences as float32 [n] at 24 kHz, each in its own voice, level, band and noise."""
    import soxr
    from hibari import Hibari

    model = Hibari()
    draw = np.random.default_rng(1)
    for index, text in enumerate(sentences(SENTENCES)):
        factor = VOICES[index % len(VOICES)]
        voice = np.asarray(model(text, speed=factor, seed=index), np.float32)
        voice = np.asarray(soxr.resample(voice, RATE, round(RATE * factor)), np.float32)
        voice *= np.float32(10 ** (draw.uniform(-40, -3) / 20) / max(1e-6, float(np.abs(voice).max())))
        noise = np.float32(10 ** (draw.uniform(-90, -45) / 20)) if draw.random() < 0.8 else np.float32(0)
        sound = np.pad(voice, (0, int(draw.integers(RATE))))
        sound = sound + noise * draw.standard_normal(len(sound)).astype(np.float32)
        if draw.random() < 0.5:
            sound = np.asarray(soxr.resample(soxr.resample(sound, RATE, 8000), 8000, RATE), np.float32)
        yield np.ascontiguousarray(sound)


def vectors() -> NDArray[np.float32]:
    """Tokens' log-mel, [n, 640], at two offsets of every sentence."""
    found = []
    for sound in speech():
        for offset in (0, HOP // 2):
            whole = (len(sound) - offset - 2 * SIDE) // HOP
            if whole > 0:
                found.append(log_mel(sound[None, offset : offset + 2 * SIDE + whole * HOP])[0].reshape(-1, FRAMES * BANDS))
    return np.concatenate(found)


def k_means(points: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """`BINS` centres of points [n, d]; a centre that nothing is nearest to moves to a point that lies far from its own."""
    centres = points[draw.choice(len(points), BINS, replace=False)]
    for _ in range(ROUNDS):
        nearest, distance = _nearest(points, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, points)
        count = np.bincount(nearest, minlength=BINS)
        empty = np.flatnonzero(count == 0)
        centres = (sums / np.maximum(count, 1)[:, None]).astype(np.float32)
        centres[empty] = points[np.argsort(distance)[len(points) - len(empty) :]]
    return centres


def _nearest(points: NDArray[np.float32], centres: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    found, distances = [], []
    for start in range(0, len(points), 8192):
        part = points[start : start + 8192]
        squares = (centres**2).sum(axis=1) - 2 * part @ centres.T
        found.append(squares.argmin(axis=1))
        distances.append(squares.min(axis=1) + (part**2).sum(axis=1))
    return np.concatenate(found), np.concatenate(distances)


def train(points: NDArray[np.float32]) -> Codebooks:
    """Principal components of points [n, 640], then one codebook after another for what the ones before leave."""
    draw = np.random.default_rng(2)
    mean = points.mean(axis=0)
    centred = points - mean
    _, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    basis = np.ascontiguousarray(vectors[:, ::-1][:, :DIMENSIONS].T).astype(np.float16)
    left = centred @ basis.T.astype(np.float32)
    books = []
    for _ in range(BOOKS):
        books.append(k_means(left, draw).astype(np.float16))
        nearest, _ = _nearest(left, books[-1].astype(np.float32))
        left = left - books[-1].astype(np.float32)[nearest]
        print(f"codebook {len(books)}: rms of what is left {float(np.sqrt((left**2).mean())):.3f}", file=sys.stderr)
    return Codebooks(mean.astype(np.float16), basis, np.stack(books))


if __name__ == "__main__":
    made = train(vectors())
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    np.savez_compressed(path, mean=made.mean, basis=made.basis, books=made.books)
