"""What each stage reads, and the address its results live at."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from schemas.errors import UsageError
from stages.stage import Stage, what_fields, wired


@dataclass(frozen=True, slots=True)
class Step:
    """One stage in its place in the chain."""

    stage: Any
    address: str
    reads: tuple[int | None, ...]
    """Index of the step that gives each value the stage takes or may take; -1 for the `Source` itself, None for one that is absent."""

    @property
    def name(self) -> str:
        return str(self.stage.name)


@dataclass(frozen=True, slots=True)
class Plan:
    """The chain with its addresses: equal plans give equal results."""

    steps: tuple[Step, ...]

    def index(self, kind: str) -> int:
        """Position of the stage of one kind; raises `UsageError` when the chain has none."""
        for i, step in enumerate(self.steps):
            if step.name == kind:
                return i
        raise UsageError(f"the chain has no {kind} stage; it has {', '.join(s.name for s in self.steps)}")

    def giver(self, kind: type) -> int | None:
        """Position of the last step that gives a value of this type."""
        found = [i for i, step in enumerate(self.steps) if step.stage.gives is kind]
        return found[-1] if found else None


def make_plan(chain: tuple[Any, ...]) -> Plan:
    """Wire the stages: each takes the latest earlier value of each type it wants.

    Raises `UsageError` when a stage wants a value that nothing before it gives, or when a kind stands twice.
    """
    steps: list[Step] = []
    for stage, reads in zip(chain, wired(chain), strict=True):
        steps.append(Step(stage, _address(stage, [steps[i].address for i in reads if i is not None and i >= 0]), reads))
    return Plan(tuple(steps))


def _address(stage: Any, upstream: list[str]) -> str:
    digest = hashlib.sha256(json.dumps({**_what(stage), "reads": upstream}, sort_keys=True).encode()).hexdigest()
    return f"{stage.name}-{digest[:16]}"


def _what(stage: Any) -> dict[str, Any]:
    """What decides the output of a stage, whatever it reads; a stage inside another one's fields is told the same way."""
    cls = type(stage)
    return {
        "class": f"{cls.__module__}.{cls.__qualname__}",
        "version": stage.version,
        "fields": {name: _plain(value) for name, value in what_fields(stage).items()},
        "weights": [w.sha256 for w in stage.weights()],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Stage):
        return _what(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value
