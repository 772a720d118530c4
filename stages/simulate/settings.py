"""What a person may say about a simulation."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import UsageError
from stages.acoustics.line import check_codec
from stages.simulate.shape import Shape, shape_named

Range = tuple[float, float]
"""Lowest and highest; each dialogue draws its own value between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Everything that decides what the dialogues are, but the utterances, the hours and the seed."""

    shape: Shape
    minutes: float = 5.0
    """Length of a dialogue."""
    edge: float = 1.0
    """Seconds of silence at each end; a fiftieth of the dialogue at most."""
    spread: float = 0.15
    """Share by which one dialogue's turn-taking may differ from the shape; over pairs of dialogues it evens out."""
    rate: int | None = None
    """Hz; absent: 8000 under a codec that is a telephone line, else what most utterances have."""
    speech_dbfs: float = -26.0
    """Active speech level (ITU-T P.56) that each speaker is brought to before `level_db`."""
    level_db: Range = (0.0, 0.0)
    """dB by which side 1 is louder than side 0."""
    rt60: Range | None = None
    """Seconds; each side is in a room of its own."""
    direct_to_reverb_db: float = 6.0
    leakage_db: Range | None = None
    """Level at which each side is heard in the other's channel, such as -40..-20."""
    leakage_ms: Range = (0.5, 20.0)
    """Delay of that."""
    snr_db: Range | None = None
    """Speech level of each channel over its noise."""
    codec: tuple[str, ...] = ("none",)
    """One of these for each dialogue: see `stages.acoustics.line.CODECS`."""
    pattern: str | None = None
    """Where a speaker's name stands in a path below the folder, such as `{speaker}_*.wav` or `*/{speaker}/*`; absent: the first folder."""
    shortest: float = 0.2
    """Seconds; shorter utterances are rejected."""
    longest: float = 60.0
    licence: str | None = None
    """SPDX expression for the dialogues."""
    language: str | None = None
    """BCP 47 tag."""

    def __post_init__(self) -> None:
        for name in ("level_db", "rt60", "leakage_db", "leakage_ms", "snr_db"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value[0]) and math.isfinite(value[1]) and value[0] <= value[1]):
                raise UsageError(f"{name}: {value[0]:g}..{value[1]:g} is no range; wanted the lower number first")
        for name in ("rt60", "leakage_ms"):
            if (value := getattr(self, name)) is not None and value[0] < 0:
                raise UsageError(f"{name}: {value[0]:g} must be 0 or more")
        if self.rt60 is not None and self.rt60[1] > 10:
            raise UsageError(f"rt60: {self.rt60[1]:g} s; wanted 10 or less")
        if self.leakage_db is not None and self.leakage_db[1] > 0:
            raise UsageError(f"leakage_db: {self.leakage_db[1]:g} would be louder than the voice itself; wanted 0 or less")
        if not 0.1 <= self.minutes <= 600:
            raise UsageError(f"minutes: {self.minutes:g}; wanted 0.1 to 600")
        if not 0 <= self.edge < math.inf or not 0 <= self.spread <= 0.5:
            raise UsageError(f"edge: {self.edge:g} must be 0 or more, and spread: {self.spread:g} a share from 0 to 0.5")
        if self.rate is not None and not 4000 <= self.rate <= 192000:
            raise UsageError(f"rate: {self.rate} Hz; wanted 4000 to 192000")
        if not 0 <= self.shortest <= self.longest:
            raise UsageError(f"shortest: {self.shortest:g} s and longest: {self.longest:g} s leave no utterance")
        if not self.codec:
            raise UsageError("codec: wanted at least one, such as none")
        for codec in self.codec:
            check_codec(codec)
        if self.pattern is not None and self.pattern.count("{speaker}") != 1:
            raise UsageError(f"pattern: {self.pattern!r} must hold {{speaker}} once, such as '{{speaker}}_*.wav'")
        self.shape.factor(min(self.edge, self.minutes * 1.2) * 2 / self.minutes)


RANGES = ("level_db", "rt60", "leakage_db", "leakage_ms", "snr_db")
TEXTS = ("pattern", "licence", "language")


def read_settings(shape: str, overrides: Sequence[str]) -> Simulation:
    """The settings of a named shape with overrides such as `minutes=2`, `snr_db=10..30`, `codec=none,mp3:32`, `shape.gap=5`.

    Raises `UsageError` that names the setting and the nearest valid one.
    """
    fields: dict[str, Any] = {}
    shaped: dict[str, Any] = {}
    names = [f.name for f in dataclasses.fields(Simulation) if f.name != "shape"]
    shapes = [f"shape.{f.name}" for f in dataclasses.fields(Shape)]
    for override in overrides:
        name, found, text = override.partition("=")
        if not found:
            raise UsageError(f"--set {override}: wanted NAME=VALUE")
        if name in shapes:
            shaped[name.partition(".")[2]] = None if name == "shape.ipu" and text == "none" else _number(name, text)
        elif name in names:
            fields[name] = _value(name, text)
        else:
            near = difflib.get_close_matches(name, [*names, *shapes], 1)
            raise UsageError(f"{name}: no such setting; {f'did you mean {near[0]!r}?' if near else 'valid are ' + ', '.join(names)}")
    return Simulation(shape=dataclasses.replace(shape_named(shape), **shaped), **fields)


def _value(name: str, text: str) -> Any:
    if name in TEXTS:
        return text or None
    if name == "codec":
        return tuple(part.strip() for part in text.split(","))
    if text == "none" and name in ("rate", "rt60", "leakage_db", "snr_db"):
        return None
    if name in RANGES:
        low, found, high = text.partition("..")
        return (_number(name, low), _number(name, high if found else low))
    number = _number(name, text)
    if name == "rate" and number != int(number):
        raise UsageError(f"rate: {text!r} is no whole number of Hz")
    return int(number) if name == "rate" else number


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is no number") from error
    if not math.isfinite(number):
        raise UsageError(f"{name}: {text!r} is no finite number")
    return number
