"""Utterances of packaged voices, for who has none: spoken once into a folder that is then read like any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.demo import VOICE_RATE, trimmed
from pipeline.demo_lines import FRIENDS, GARAGE, HOTEL, INTERNET
from pipeline.place import Place
from schemas.errors import UsageError

VOICES: dict[str, float] = {"bright": 0.87, "plain": 1.0, "low": 1.15, "deep": 1.32}
"""Voices by the factor by which the packaged one is played slower while it speaks faster: lower in pitch and formants alike."""

BACKCHANNELS = ("Mhm.", "Uh huh.", "Yeah.", "Right.", "Okay.", "Oh.", "Really?", "I see.", "Sure.", "Wow.", "Hmm.", "Exactly.")
LICENCE = "Apache-2.0"
LANGUAGE = "en-US"


def texts() -> tuple[str, ...]:
    """What each voice says: the demo's lines once each, then backchannels."""
    lines = [text for call in (HOTEL, INTERNET, GARAGE, FRIENDS) for _, text, _ in call if not text.startswith("+")]
    return tuple(dict.fromkeys((*lines, *BACKCHANNELS)))


def speak_all(place: Place, folder: str) -> str:
    """Make `folder` of a place hold every text in every voice, `<voice>/<number>.flac` with its text beside; returns the folder's path.

    What is there already is not spoken again. Raises `UsageError` when the voice is not installed.
    """
    missing = [(voice, number, text) for voice, number, text in _wanted() if place.size(f"{folder}/{voice}/{number:03d}.txt") is None]
    if missing:
        import soundfile

        for voice in VOICES:
            place.sweep(f"{folder}/{voice}")
        model = _model()
        for voice, number, text in missing:
            name = f"{folder}/{voice}/{number:03d}"
            with place.writing(f"{name}.flac") as path:
                soundfile.write(path, _said(model, text, VOICES[voice]), VOICE_RATE, "PCM_16")
            place.put(f"{name}.txt", f"{text}\n".encode())
    return f"{place.root}/{folder}"


def _wanted() -> Iterator[tuple[str, int, str]]:
    for voice in VOICES:
        for number, text in enumerate(texts()):
            yield voice, number, text


def _model() -> Any:
    try:
        from hibari import Hibari
    except ImportError as error:
        raise UsageError("no utterances were given, and the packaged voice is not installed: pip install 'duologue[demo]'") from error
    return Hibari()


def _said(model: Any, text: str, factor: float) -> NDArray[np.float32]:
    import soxr

    fast = np.asarray(model(text, speed=factor, seed=0), np.float32)
    if factor != 1.0:
        fast = np.asarray(soxr.resample(fast, VOICE_RATE, round(VOICE_RATE * factor)), np.float32)
    return trimmed(fast) * np.float32(0.5 / max(1e-6, float(np.abs(fast).max(initial=0.0))))
