"""The demo's calls: a packaged voice speaks both sides, with overlaps, backchannels and telephone lines; no network needed.

They are made, not recorded, and say so in their licence and consent fields. Beside them lies one real call in mono, copied from the
installed pyannote.audio package, which the manifest tells apart; and the usual bad ones, so that the report has something to tell.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.demo_lines import FRIENDS, GARAGE, HOTEL, INTERNET, Line
from schemas.errors import UsageError

VOICE_RATE = 24000
SIDES = ("agent", "caller")
LOWER = 1.19
"""The second voice is the first one played slower by this factor, and speaking faster by it: lower in pitch and formants alike."""
NOISE_DBFS = -68.0
REAL_CALL = "real_mono_call.wav"
REAL_TERMS = {
    "corpus": "pyannote.audio sample",
    "licence": "MIT",
    "consent": "not stated; a real telephone call that the pyannote.audio package publishes as its sample",
    "language": "en-US",
}
"""What is known of the real call: the licence is that of the package it lies in."""
MANIFEST = "calls.jsonl"

TEXTS = {"hotel": "hotel", "garage": "garage", "friends": "friends", "internet": "internet", "mono": "friends", "one_microphone": "garage"}
"""Calls and whose lines they hold."""

Speak = Callable[[int, str], NDArray[np.float32]]
"""Speech of one side, float32 [n] at `VOICE_RATE`."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A call as it was spoken."""

    tracks: NDArray[np.float32]
    """[2, n] at `VOICE_RATE`."""
    said: tuple[tuple[float, float, int, str], ...]
    """Start and end in seconds, side and text of each line, in order of time."""


def make_calls(folder: Path) -> list[Path]:
    """Write the demo's calls and their manifest `MANIFEST` into `folder`; paths of the audio, the same files every time."""
    speak = _voices()
    folder.mkdir(parents=True, exist_ok=True)
    calls = {"hotel": HOTEL, "internet": INTERNET, "garage": GARAGE, "friends": FRIENDS}
    spoken = {name: lay(lines, speak) for name, lines in calls.items()}
    hotel, internet, garage, friends = (spoken[name].tracks for name in calls)
    phone = telephone(hotel, 1)
    sides = _sides(folder, "internet", telephone(internet, 4))
    muted = telephone(garage, 5) * np.array([[1.0], [0.0]], np.float32)
    alone = [
        _write(folder / "hotel.wav", phone, 8000, "ULAW"),
        _write(folder / "garage.sph", telephone(garage, 2), 8000, "ULAW", "NIST"),
        _write(folder / "friends.flac", _noisy(friends, 3), VOICE_RATE, "PCM_24"),
        _write(folder / "mono.wav", telephone(friends, 6).mean(axis=0, keepdims=True), 8000, "PCM_16"),
        _write(folder / "one_microphone.wav", np.tile(telephone(garage, 7).mean(axis=0), (2, 1)), 8000, "PCM_16"),
        _write(folder / "bad" / "muted_side.wav", muted, 8000, "PCM_16"),
        _write(folder / "bad" / "one_voice.wav", phone[:1], 8000, "PCM_16"),
        _cut(_write(folder / "bad" / "cut_short.wav", phone, 8000, "PCM_16")),
    ]
    texts = [_text(folder / f"{name}.json", call.said) for name, call in spoken.items()]
    real = real_call(folder / REAL_CALL)
    names = [path.relative_to(folder).as_posix() for path in alone]
    lines: list[dict[str, Any]] = [{"id": name.rsplit(".", 1)[0], "uris": [name], **_transcript(name)} for name in names]
    lines.append({"id": "internet", "uris": [path.name for path in sides], "roles": list(SIDES), **_transcript("internet.")})
    lines.append({"id": REAL_CALL.removesuffix(".wav"), "uris": [REAL_CALL], **REAL_TERMS})
    (folder / MANIFEST).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return [*alone, *sides, *texts, real]


def real_call(path: Path) -> Path:
    """Copy the real mono call out of the installed pyannote.audio, which is found and not imported; raises `UsageError` without it."""
    try:
        package = importlib.util.find_spec("pyannote.audio")
    except ModuleNotFoundError:
        package = None
    places = package.submodule_search_locations if package is not None else None
    sample = next((found for place in places or () if (found := Path(place, "sample", "sample.wav")).is_file()), None)
    if sample is None:
        raise UsageError("the demo needs the sample call that lies in pyannote.audio: pip install 'pyannote.audio>=4.0.7,<4.1'")
    shutil.copyfile(sample, path)
    return path


def lay(lines: Sequence[Line], speak: Speak) -> Spoken:
    """Lay lines on two channels by their start times, with half a second of silence at both ends."""
    placed: list[tuple[int, int, NDArray[np.float32], str]] = []
    floor = VOICE_RATE // 2
    for side, text, start in lines:
        backchannel = text.startswith("+")
        voice = speak(side, text.removeprefix("+"))
        at = floor - int(start * VOICE_RATE) if backchannel else floor + int(start * VOICE_RATE)
        placed.append((side, at, voice, text.removeprefix("+")))
        floor = floor if backchannel else at + len(voice)
    length = max(at + len(voice) for _, at, voice, _ in placed) + VOICE_RATE // 2
    tracks = np.zeros((2, length), np.float32)
    for side, at, voice, _ in placed:
        tracks[side, at : at + len(voice)] += voice
    said = sorted((at / VOICE_RATE, (at + len(voice)) / VOICE_RATE, side, text) for side, at, voice, text in placed)
    return Spoken(tracks, tuple(said))


def _text(path: Path, said: Sequence[tuple[float, float, int, str]]) -> Path:
    """What is said on each side, in the form that the `given` transcriber reads."""
    entries = [{"side": "AB"[side], "start": round(start, 3), "end": round(end, 3), "text": text} for start, end, side, text in said]
    path.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    return path


def _transcript(name: str) -> dict[str, str]:
    """The transcript of a call that holds what was said and nothing else."""
    of = TEXTS.get(name.rsplit(".", 1)[0])
    return {} if of is None else {"transcript": f"{of}.json"}


def telephone(tracks: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """The same through a telephone line: 8 kHz, 300 to 3400 Hz, with line noise; float32 [2, n]."""
    import soxr
    from scipy.signal import butter, sosfilt

    narrow = np.stack([soxr.resample(track, VOICE_RATE, 8000) for track in tracks])
    band = butter(4, (300, 3400), "bandpass", fs=8000, output="sos")
    return _noisy(sosfilt(band, narrow, axis=1).astype(np.float32), seed)


def _noisy(tracks: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal(tracks.shape).astype(np.float32)
    mixed: NDArray[np.float32] = tracks * np.float32(0.5 / max(1e-6, float(np.abs(tracks).max()))) + noise * np.float32(
        10 ** (NOISE_DBFS / 20)
    )
    return mixed


def _voices() -> Speak:
    try:
        from hibari import Hibari
    except ImportError as error:
        raise UsageError("the demo needs its voice: pip install 'duologue[demo]'") from error
    import soxr

    model: Any = Hibari()

    def speak(side: int, text: str) -> NDArray[np.float32]:
        if side == 0:
            return trimmed(np.asarray(model(text, seed=0), np.float32))
        fast = np.asarray(model(text, speed=LOWER, seed=0), np.float32)
        return trimmed(np.asarray(soxr.resample(fast, VOICE_RATE, round(VOICE_RATE * LOWER)), np.float32))

    return speak


def trimmed(voice: NDArray[np.float32], floor_db: float = -40.0) -> NDArray[np.float32]:
    """Speech [n] without the silence before and after it (below `floor_db` of its peak), so that lines start when they say."""
    loud = np.flatnonzero(np.abs(voice) > np.abs(voice).max(initial=0.0) * 10 ** (floor_db / 20))
    return voice[loud[0] : loud[-1] + 1] if len(loud) else voice


def _write(path: Path, tracks: NDArray[np.float32], rate: int, subtype: str, format: str | None = None) -> Path:
    import soundfile

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tracks.T, rate, subtype, format=format)
    return path


def _sides(folder: Path, name: str, tracks: NDArray[np.float32]) -> list[Path]:
    return [_write(folder / f"{name}_{side}.wav", tracks[i : i + 1], 8000, "PCM_16") for i, side in enumerate(SIDES)]


def _cut(path: Path) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path
