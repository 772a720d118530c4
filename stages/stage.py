"""What a stage is: a frozen description of work on one dialogue, the function it loads, and how stages read one another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from schemas.errors import UsageError
from schemas.source import Source


@dataclass(frozen=True, slots=True)
class Weights:
    """A model file that shaped a result, for the row's provenance."""

    name: str
    revision: str
    """Package version or hub revision."""
    sha256: str
    licence: str
    """SPDX expression of the weights' own licence."""


@runtime_checkable
class Stage(Protocol):
    """One backend of one kind, as a frozen keyword-only dataclass.

    Fields are exactly what can change the output; a field made with `speed(...)` changes only speed and stays out of the address.
    """

    name: ClassVar[str]
    """The kind: `decode`, `vad`, …"""
    backend: ClassVar[str]
    """This implementation among its kind: `silero`, `energy`, …"""
    version: ClassVar[int]
    """Raised by hand when equal fields and inputs give new output."""
    takes: ClassVar[tuple[type, ...]]
    """Types of the values it reads, in the order its function takes them; `Source` is always at hand.

    A class variable `may_take` beside it names types that it reads where a stage before it gives them; its function takes those after the
    others, and None for each that is absent.
    """
    gives: ClassVar[type]

    def weights(self) -> tuple[Weights, ...]:
        """The model files it uses, with licences; empty when it uses none. Cheap: reads no weights."""
        ...

    def load(self, device: str) -> Callable[..., Any]:
        """Import libraries, load weights once, and return the function from what it takes to what it gives.

        The function keeps no state between dialogues and draws no unseeded number; it raises `Reject` for a verdict on the data.
        Raises `UsageError` naming the command that installs a missing package. `device` is `cpu`, `cuda` or `cuda:<n>`.
        """
        ...


def speed(default: Any) -> Any:
    """A dataclass field that changes speed only, such as a batch size: left out of the stage's address."""
    return dataclasses.field(default=default, metadata={"speed": True})


def what_fields(stage: Any) -> dict[str, Any]:
    """The fields of a stage that can change its output, by name."""
    return {f.name: getattr(stage, f.name) for f in dataclasses.fields(stage) if not f.metadata.get("speed")}


def may_take(stage: Any) -> tuple[type, ...]:
    """Types of the values that a stage reads where they are there."""
    return tuple(getattr(stage, "may_take", ()))


def files_beside(stage: Any, source: Source) -> tuple[str, ...]:
    """Full paths or URLs of files that a stage reads beside the recording, such as an RTTM; most stages have no method `files`."""
    files: Callable[[Source], tuple[str, ...]] | None = getattr(stage, "files", None)
    return () if files is None else files(source)


def wired(chain: Sequence[Any], given: tuple[type, ...] = (Source,)) -> tuple[tuple[int | None, ...], ...]:
    """For each stage of a chain, where each value it takes and may take comes from: the latest stage before it that gives one of that type.

    A number counts stages from 0; -1 is the first of `given`, the values that are there before the chain starts, -2 the second, and so on.
    None stands for a value that a stage may take and that nothing gives.
    Raises `UsageError` when a stage wants a value that nothing gives, or when a kind stands twice.
    """
    found: list[tuple[int | None, ...]] = []
    for position, stage in enumerate(chain):
        if any(other.name == stage.name for other in chain[:position]):
            raise UsageError(f"chain: {stage.name} stands twice")
        needed = [(wanted, _giver(wanted, chain[:position], given)) for wanted in stage.takes]
        for wanted, at in needed:
            if at is None:
                raise UsageError(f"chain: {stage.name} takes {wanted.__name__}, which no stage before it gives")
        found.append((*(at for _, at in needed), *(_giver(wanted, chain[:position], given) for wanted in may_take(stage))))
    return tuple(found)


def _giver(wanted: type, before: Sequence[Any], given: tuple[type, ...]) -> int | None:
    for position in reversed(range(len(before))):
        if before[position].gives is wanted:
            return position
    return -1 - given.index(wanted) if wanted in given else None
