"""Every name that a gate may ask for, and what each stands for.

Names are those of a row's columns: `stats.overlap_share`, `health.likeness.correlation`. What a row holds for each side or channel has
one number per channel (`stats.channels.speech_share`; `sides` may be left out, as in `health.level_dbfs`).
"""

from __future__ import annotations

import dataclasses
import difflib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.health import Health
from schemas.quality import Quality
from schemas.stats import Stats
from schemas.transcript import Transcript
from stages.filter.language import Truth, names
from stages.score.names import SCORES


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name stands for."""

    kind: type
    """The value that it is read from."""
    path: tuple[str, ...]
    """Fields, from the value on; of a score its name, and for what is worked out one word."""
    channels: bool
    """One number for each channel."""
    also: tuple[type, ...] = ()
    """What else it is worked out from."""


LEAKAGE = "leakage_db"
"""Of each channel, what the other side leaks into it at most: the level of the leak, or the weakest that could have been seen."""
OTHERS: dict[str, Meaning] = {
    "duration": Meaning(Activity, ("duration",), False),
    f"health.{LEAKAGE}": Meaning(Health, (LEAKAGE,), True),
    "diarization.confidence": Meaning(Diarization, ("confidence",), False),
    "diarization.similarity": Meaning(Diarization, ("similarity",), False),
    "transcript.words": Meaning(Transcript, ("words",), True),
    "transcript.confidence": Meaning(Transcript, ("confidence",), True),
    "transcript.removed": Meaning(Transcript, ("removed",), True),
    "transcript.unworded": Meaning(Transcript, ("unworded",), True, (Activity,)),
}
"""Names that are no field: seconds of recording, leakage, what the diarization says of itself, and per channel the number of words, their
mean confidence, the number of stretches of text taken out again, and the seconds of speech without words."""
LEFT_OUT = ("constants", "findings", "source", "into")


@cache
def meanings() -> dict[str, Meaning]:
    """All names that are known before any data is."""
    found = dict(OTHERS)
    for head, kind in (("health", Health), ("stats", Stats)):
        for path, channels in _numbers(kind):
            found[".".join((head, *path))] = Meaning(kind, path, channels)
            if path[0] == "sides":
                found[".".join((head, *path[1:]))] = Meaning(kind, path, channels)
    for name, (_, channels) in SCORES.items():
        found[f"quality.{name}"] = Meaning(Quality, (name,), channels)
    return found


def _numbers(kind: type) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Path to each number in a dataclass and those inside it, and whether there is one for each channel."""
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if field.name in LEFT_OUT:
            continue
        hint = _bare(hints[field.name])
        inside = get_args(hint)[0] if get_origin(hint) is tuple else hint
        if hint in (int, float, bool):
            yield (field.name,), False
        elif dataclasses.is_dataclass(inside) and isinstance(inside, type):
            for path, channels in _numbers(inside):
                yield (field.name, *path), channels or inside is not hint


def _bare(hint: Any) -> Any:
    """`X` of `X | None`."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    return next(each for each in get_args(hint) if each is not type(None))


def meaning(name: str, more: tuple[str, ...] = ()) -> Meaning | None:
    """What a name stands for; None for one that is none. `more` are scores beside ours."""
    score = name.removeprefix("quality.")
    other = Meaning(Quality, (score,), True) if score != name and score in more else None
    return meanings().get(name, other)


def check(expression: Truth, place: str, more: tuple[str, ...] = ()) -> None:
    """Raise `UsageError`, with the nearest valid name, for a name that is none or a channel of what has no channels."""
    for each in names(expression):
        found = meaning(each.name, more)
        if found is None:
            valid = [*meanings(), *(f"quality.{name}" for name in more)]
            raise UsageError(f"{place}: {each.name}: no such number{_nearest(each.name, valid)}")
        if each.channel is not None and not found.channels:
            raise UsageError(f"{place}: {each.name}[{each.channel}]: it is one number of the recording, not one for each channel")


def _nearest(wrong: str, valid: list[str]) -> str:
    """The likest name, those that end in the same word first; the groups of names where none is like it."""
    last = wrong.rpartition(".")[2]
    same = [name for name in valid if name.rpartition(".")[2] == last]
    near = difflib.get_close_matches(wrong, same, n=1, cutoff=0) or difflib.get_close_matches(wrong, valid, n=1)
    groups = sorted({name.partition(".")[0] for name in valid})
    return f"; did you mean {near[0]!r}?" if near else f"; names begin with {', '.join(groups)}"
