"""What stands in two splits at once: speakers, sources, copies and voices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stages.splits.assign import Member

ALIKE = 0.75
"""Cosine of two CAM++ embeddings above which two sides are taken for one voice."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing in two splits or more."""

    kind: Literal["speaker", "source", "copy", "voice"]
    what: str
    ids: tuple[str, ...]
    splits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """The voice of one side of a recording."""

    id: str
    side: int
    embedding: NDArray[np.float32]
    """[d], of any length above 0."""


def leaks(
    split: Mapping[str, str], members: Sequence[Member], copies: Iterable[tuple[str, str]] = (), voices: Sequence[Voice] = ()
) -> list[Leak]:
    """Every leak between the splits that recordings are in; recordings without one are left aside. Sorted by kind and name."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for member in members:
        for name in dict.fromkeys(member.speakers):
            if name:
                holders[("speaker", f"{member.corpus}: {name}" if member.corpus else name)].append(member.id)
        for source in dict.fromkeys(member.sources):
            holders[("source", source)].append(member.id)
    for one, two in copies:
        holders[("copy", f"{one} = {two}")] += [one, two]
    for first, second, cosine in _same_voices(voices, split):
        holders[("voice", f"{first.id} side {first.side} ~ {second.id} side {second.side} ({cosine:.2f})")] += [first.id, second.id]
    found = []
    for (kind, what), ids in sorted(holders.items()):
        known = sorted({id for id in ids if id in split})
        across = sorted({split[id] for id in known})
        if len(across) > 1:
            found.append(Leak(kind, what, tuple(known), tuple(across)))  # type: ignore[arg-type]
    return found


def _same_voices(voices: Sequence[Voice], split: Mapping[str, str]) -> list[tuple[Voice, Voice, float]]:
    """Pairs of sides in different splits whose voices are alike."""
    known = [voice for voice in voices if voice.id in split]
    if len(known) < 2:
        return []
    stacked = np.stack([voice.embedding / max(1e-9, float(np.linalg.norm(voice.embedding))) for voice in known])
    found = []
    for index, voice in enumerate(known[:-1]):
        cosines = stacked[index + 1 :] @ stacked[index]
        for other in np.flatnonzero(cosines >= ALIKE) + index + 1:
            if split[known[other].id] != split[voice.id]:
                found.append((voice, known[other], float(cosines[other - index - 1])))
    return found
