"""Held-out real voices laid over each other, with the truth kept: what separators of overlaps are compared on.

Each case is a made dialogue. Both speakers' solo speech comes from true channels of one side each; seven tenths of it stand as solos, by
turns, and the rest, which nothing can learn from, is laid over each other in overlaps of one to three seconds, spread evenly between the
solos. So every overlap has a truth, and the solo speech beside it is what a separator may learn from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization, Segment
from schemas.recording import Decoding, Recording
from schemas.span import Span, subtract
from schemas.tracks import view_of
from stages.vad.silero import SileroVad
from tests.shared import SHARED

Floats = NDArray[np.float64]
RATE = 8000
SHORTEST = 0.4
"""Seconds of a solo stretch below which it is left out."""
LEAST = 20.0
"""Seconds of solo speech that each speaker must have."""
PIECES = (1.6, 2.4, 1.0, 3.0, 1.3)
"""Seconds of the overlaps, by turns."""
LONGEST_OVERLAPPED = 15.0
"""Seconds of overlap in a case."""
DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="bench", exact=True)


@dataclass(frozen=True)
class Voice:
    """One speaker's solo stretches as recorded on a side of its own."""

    name: str
    stretches: tuple[Floats, ...]
    pitch: float
    """Median fundamental frequency in Hz."""

    @property
    def seconds(self) -> float:
        """Solo speech in all."""
        return sum(map(len, self.stretches)) / RATE


@dataclass(frozen=True)
class Case:
    """A made dialogue: its mixture, its true channels [2, n] and who speaks when."""

    name: str
    kind: str
    """`call` (both sides of one real call) or `composed` (sides of two calls)."""
    alike: bool
    """The voices' median pitches are within three semitones."""
    true: Floats
    diarization: Diarization

    @property
    def recording(self) -> Recording:
        """The mixture in 16 bits."""
        mixed = np.clip(np.rint(self.true.sum(axis=0) * 32768), -32768, 32767).astype(np.int16)
        return Recording(samples=mixed[None], rate=RATE, bits=16, decoding=DECODING)


def pitch_of(samples: Floats, rate: int = RATE) -> float:
    """Median fundamental frequency in Hz of the voiced 40 ms frames, by the peak of the autocorrelation from 60 to 400 Hz."""
    n = round(0.04 * rate)
    frames = samples[: len(samples) // n * n].reshape(-1, n)
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(frames, 2 * n, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, :n]
    low, high = rate // 400, min(n - 1, rate // 60)
    part = correlation[:, low:high] / np.maximum(correlation[:, :1], 1e-12)
    voiced = part.max(axis=1) > 0.5
    return float(np.median(rate / (low + part[voiced].argmax(axis=1)))) if voiced.any() else float("nan")


def voices_of(name: str, samples: NDArray[Any]) -> tuple[Voice, Voice]:
    """Solo stretches of both sides of a two-channel call, [2, n] int16 at `RATE`, by Silero on each side."""
    recording = Recording(samples=samples, rate=RATE, bits=16, decoding=DECODING)
    activity = SileroVad().load("cpu")(view_of(recording, (0, 1), ("A", "B"), ("", ""), "as_recorded"))
    sides = samples / 32768
    made = []
    for side in (0, 1):
        alone = [s for s in subtract(activity.channels[side], activity.channels[1 - side]) if len(s) >= SHORTEST * RATE]
        stretches = tuple(sides[side, s.start : s.end] for s in alone)
        made.append(Voice(f"{name}/{'AB'[side]}", stretches, pitch_of(np.concatenate(stretches))))
    return made[0], made[1]


def case(name: str, kind: str, voices: tuple[Voice, Voice], level_db: float | None = None) -> Case:
    """A dialogue of two voices; `level_db` brings the second to that level against the first, None leaves levels as they are."""
    if level_db is not None:
        powers = [float(np.mean(np.concatenate(voice.stretches) ** 2)) for voice in voices]
        gain = np.sqrt(powers[0] / powers[1]) * 10 ** (level_db / 20)
        voices = (voices[0], Voice(voices[1].name, tuple(s * gain for s in voices[1].stretches), voices[1].pitch))
    peak = max(float(np.abs(s).max()) for voice in voices for s in voice.stretches)
    solos, held = zip(*(_split(voice, 0.45 / peak) for voice in voices), strict=True)
    semitones = 12 * abs(np.log2(voices[0].pitch / voices[1].pitch))
    true, diarization = _laid(solos, _pieces(held))
    return Case(name, kind, bool(semitones < 3), true, diarization)


def _split(voice: Voice, gain: float) -> tuple[list[Floats], Floats]:
    """Stretches to stand alone, and the held-out rest in one: each third stretch from the second on, to three tenths of all."""
    whole = sum(map(len, voice.stretches))
    solos, held, size = [], [], 0
    for index, stretch in enumerate(voice.stretches):
        if index % 3 == 1 and size < min(0.3 * whole, LONGEST_OVERLAPPED * RATE):
            held.append(stretch * gain)
            size += len(stretch)
        else:
            solos.append(stretch * gain)
    return solos, np.concatenate(held)


def _pieces(held: Sequence[Floats]) -> list[Floats]:
    """Both held-out parts cut into overlaps, each [2, m]."""
    length = min(min(map(len, held)), round(LONGEST_OVERLAPPED * RATE))
    both = np.stack([part[:length] for part in held])
    at, found = 0, []
    for seconds in cycle(PIECES):
        size = round(seconds * RATE)
        if at + size > length:
            break
        found.append(both[:, at : at + size])
        at += size
    return found


def _laid(solos: Sequence[list[Floats]], overlaps: list[Floats]) -> tuple[Floats, Diarization]:
    """Solos by turns with 0.3 s between, an overlap after every so many of them, joined to a solo of either speaker on both sides."""
    turns = [(who, stretch) for pair in _by_turns(solos[0], solos[1]) for who, stretch in pair]
    every = max(1, len(turns) // (len(overlaps) + 1))
    parts: list[Floats] = []
    segments: list[tuple[int, int, int]] = []
    at, left = 0, list(overlaps)
    for index, (who, stretch) in enumerate(turns):
        part = np.zeros((2, len(stretch)))
        part[who] = stretch
        parts.append(part)
        segments.append((who, at, at + len(stretch)))
        at += len(stretch)
        if left and (index + 1) % every == 0:
            both = left.pop(0)
            parts.append(both)
            segments += [(speaker, at, at + both.shape[1]) for speaker in (0, 1)]
            at += both.shape[1]
        else:
            parts.append(np.zeros((2, round(0.3 * RATE))))
            at += parts[-1].shape[1]
    ordered = sorted((Segment(who, Span(a, b)) for who, a, b in segments), key=lambda s: (s.span.start, s.span.end, s.speaker))
    return np.concatenate(parts, axis=1), Diarization(length=at, rate=RATE, channel=0, segments=tuple(ordered))


def _by_turns(first: list[Floats], second: list[Floats]) -> Iterator[list[tuple[int, Floats]]]:
    for index in range(max(len(first), len(second))):
        yield [(who, own[index]) for who, own in ((0, first), (1, second)) if index < len(own)]


def real_calls() -> dict[str, NDArray[Any]]:
    """The shared two-channel calls, [2, n] int16 at `RATE`, by name; empty when they are not there."""
    import soundfile

    found = {name: soundfile.read(SHARED / "spokenwoz" / f"{name}.wav", dtype="int16")[0].T for name in ("MUL1423", "SNG0072", "SNG0480")}
    sides = [soundfile.read(SHARED / "aws_lca" / f"Auto_Repairs_40_UTC_{who}.wav", dtype="int16")[0] for who in ("agent", "caller")]
    length = min(map(len, sides))
    return {**found, "auto40": np.stack([side[:length] for side in sides])}


def cases() -> list[Case]:
    """All cases that the shared data allow, in a fixed order."""
    calls = {name: voices_of(name, samples) for name, samples in real_calls().items()} if SHARED.is_dir() else {}
    made = [case(name, "call", voices) for name, voices in calls.items() if min(v.seconds for v in voices) >= LEAST]
    sides = [voice for voices in calls.values() for voice in voices if voice.seconds >= LEAST]
    pairs = [(a, b) for i, a in enumerate(sides) for b in sides[i + 1 :] if a.name.split("/")[0] != b.name.split("/")[0]]
    for number, (a, b) in enumerate(pairs):
        made.append(case(f"{a.name}+{b.name}", "composed", (a, b), (0.0, -3.0, 3.0)[number % 3]))
    return made
