"""Conditions of a recording by name: how loud, how noisy, in which room, through which codec; and mixing two sides under one."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

import numpy as np

from schemas.errors import UsageError
from stages.acoustics.levels import Signal, gain
from stages.acoustics.line import check_codec, through
from stages.acoustics.noise import add_noise
from stages.acoustics.room import reverberate, room_response

PEAK = 0.98
"""A mixture that would go beyond this is turned down to it, sides and all, so that no codec clips it."""

KEYS = {"level": "level_db", "snr": "snr_db", "rt60": "rt60", "codec": "codec"}


@dataclass(frozen=True, slots=True)
class Condition:
    """What happens to two sides on their way into one channel; an absent value does nothing."""

    name: str
    level_db: float = 0.0
    """dB by which side 1 is made louder than it is by nature; side 0 stays as it is."""
    snr_db: float | None = None
    """dB of the mixture's active speech level (ITU-T P.56) over pink noise."""
    rt60: float | None = None
    """Seconds; each side is in a room of its own."""
    codec: str = "none"
    """One of `stages.acoustics.line.CODECS`."""

    def __post_init__(self) -> None:
        for field, value in (("level", self.level_db), ("snr", self.snr_db), ("rt60", self.rt60)):
            if value is not None and not math.isfinite(value):
                raise UsageError(f"condition {self.name!r}: {field} is {value}; wanted a finite number")
        if self.rt60 is not None and not 0 <= self.rt60 <= 10:
            raise UsageError(f"condition {self.name!r}: rt60 is {self.rt60} s; wanted 0 to 10")
        check_codec(self.codec)

    @staticmethod
    def parse(text: str) -> Condition:
        """A condition by its name in `NAMED`, or as written out: `level=-6,snr=20,rt60=0.4,codec=mp3:32`, any of the four.

        One that is written out has its text as its name. Raises `UsageError` for anything else, naming the nearest valid word.
        """
        if text in NAMED:
            return NAMED[text]
        if "=" not in text:
            raise UsageError(f"condition: no such name {text!r}{_near(text, [*NAMED])}")
        given: dict[str, str] = {}
        for part in text.split(","):
            key, found, value = (piece.strip() for piece in part.partition("="))
            if not found or key not in KEYS:
                raise UsageError(f"condition {text!r}: no such setting {key!r}{_near(key, [*KEYS])}")
            if key in given:
                raise UsageError(f"condition {text!r}: {key} is given twice")
            given[key] = value
        numbers = {KEYS[key]: _number(text, key, value) for key, value in given.items() if key != "codec"}
        return Condition(
            name=text,
            level_db=numbers.get("level_db", 0.0),
            snr_db=numbers.get("snr_db"),
            rt60=numbers.get("rt60"),
            codec=given.get("codec", "none"),
        )


NAMED: dict[str, Condition] = {
    "clean": Condition("clean"),
    "level": Condition("level", level_db=-6.0),
    "noise": Condition("noise", snr_db=20.0),
    "room": Condition("room", rt60=0.4),
    "mp3": Condition("mp3", codec="mp3:32"),
    "telephone": Condition("telephone", codec="telephone"),
}
"""Conditions that have names."""


def mix(channels: Signal, rate: int, condition: Condition, seed: int) -> tuple[Signal, Signal]:
    """One channel [n] made of two sides [2, n], and the two sides [2, n] as they are inside it, before noise and codec.

    Under a condition that changes nothing, the mixture is the plain sum. The same arguments give the same samples.
    """
    rng = np.random.default_rng(seed)
    sides = np.stack((channels[0], gain(channels[1], condition.level_db))).astype(np.float32, copy=False)
    if condition.rt60 is not None:
        for side in sides:
            side[:] = reverberate(side, room_response(rate, condition.rt60, rng))
    mixture: Signal = sides[0] + sides[1]
    if condition.snr_db is not None:
        mixture = add_noise(mixture, rate, condition.snr_db, rng)
    peak = float(np.abs(mixture).max(initial=0.0))
    if peak > PEAK:
        mixture *= np.float32(PEAK / peak)
        sides *= np.float32(PEAK / peak)
    return through(mixture, rate, condition.codec), sides


def _number(text: str, key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(f"condition {text!r}: {key} is {value!r}; wanted a number") from error


def _near(word: str, valid: list[str]) -> str:
    near = difflib.get_close_matches(word, valid, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(valid)}"
