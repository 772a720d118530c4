"""One worker: holds the loaded stages of its crew and takes one dialogue at a time through them."""

from __future__ import annotations

import errno
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.environment import quiet, use_scratch
from pipeline.ledger import Ledger
from pipeline.place import place_at
from pipeline.plan import Plan, Step
from schemas.activity import Activity
from schemas.errors import Reject
from schemas.source import Source

Ending = tuple[Literal["reject", "error", "halt"], str, bool]
"""How a dialogue ended before its last step, why, and whether the worker met a device fault."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
"""Faults of the disk, not of the dialogue that met them."""


@dataclass(frozen=True, slots=True)
class Job:
    """One dialogue to take through the crew's stages."""

    source: Source
    done: int
    """How many steps of the chain already have their result."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; crosses processes, so it holds no samples."""

    end: Literal["passed", "reject", "error", "halt"]
    """`halt`: the store or scratch disk cannot be written, so the run must stop."""
    step: int
    """The step that ended it, or the last one done."""
    seconds: float = 0.0
    """Duration of the recording, 0 when it was never decoded."""
    computed: int = 0
    """Steps computed by this job."""
    spent: tuple[tuple[int, float], ...] = ()
    """Each of those, and the seconds that it took, storing included."""
    detail: str = ""
    sick: bool = False
    """The worker met a device fault and must be replaced; nothing was stored for the step."""


@dataclass(frozen=True, slots=True)
class CrewWork:
    """The recipe of a worker, small enough to send anywhere: which stages, which store, which device."""

    plan: Plan
    work: str
    first: int
    last: int
    device: str = "cpu"
    scratch: str | None = None

    def build(self) -> Callable[[Job], Outcome]:
        """Load the crew's stages in this process."""
        quiet()
        use_scratch(self.scratch)
        return Worker(self).take


class Worker:
    """The stages `first` to `last` of a plan, loaded."""

    def __init__(self, recipe: CrewWork) -> None:
        self.recipe = recipe
        self.plan = recipe.plan
        self.ledger = Ledger(place_at(recipe.work), recipe.plan)
        self.functions = {i: self.plan.steps[i].stage.load(recipe.device) for i in range(recipe.first, recipe.last)}

    def take(self, job: Job) -> Outcome:
        """Compute and store each missing result of one dialogue, in order, until all are there or one stage says no."""
        first = max(job.done, self.recipe.first)
        dialogue = _Dialogue(self.ledger, job.source, first)
        spent: list[tuple[int, float]] = []
        for step in range(first, self.recipe.last):
            started = time.perf_counter()
            ending = self._step(step, dialogue)
            if ending is not None:
                end, detail, sick = ending
                return Outcome(end, step, dialogue.seconds, step - first, tuple(spent), detail, sick)
            spent.append((step, time.perf_counter() - started))
        return Outcome("passed", self.recipe.last - 1, dialogue.seconds, self.recipe.last - first, tuple(spent))

    def _step(self, index: int, dialogue: _Dialogue) -> Ending | None:
        """Compute and store one result; how the dialogue ended if it did."""
        step, source = self.plan.steps[index], dialogue.source
        try:
            value = self.functions[index](*[None if i is None else dialogue.value(i) for i in step.reads])
        except Reject as reject:
            return self._verdict(step, source, reject)
        except Exception as error:
            return self._fault(step, source, error)
        dialogue.values[index] = value
        try:
            self.ledger.commit(step, source.key, value)
        except OSError as error:
            return self._unwritable(error)
        except Exception as error:
            return self._fault(step, source, error)
        return None

    def _verdict(self, step: Step, source: Source, reject: Reject) -> Ending:
        try:
            self.ledger.commit_reject(step, source, reject)
        except OSError as error:
            return self._unwritable(error)
        return "reject", reject.reason, False

    def _fault(self, step: Step, source: Source, error: Exception) -> Ending:
        """Store the fault of the exception being handled; one of the disk or device is not the dialogue's and is not stored."""
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return "halt", f"{step.name} of {source.id}: {error}; scratch space is set by run.scratch or TMPDIR", False
        text = traceback.format_exc()
        if is_device_fault(error):
            return "error", text, True
        try:
            self.ledger.commit_error(step, source, text, 1)
        except OSError as unwritten:
            return self._unwritable(unwritten)
        return "error", text, False

    def _unwritable(self, error: OSError) -> Ending:
        place = self.ledger.place.root
        return "halt", f"{place}: cannot be written: {error}; free some space or mend the place, then run the same command again", False


class _Dialogue:
    """The values of one dialogue, read back from the ledger only when a stage asks for them."""

    def __init__(self, ledger: Ledger, source: Source, done: int) -> None:
        self.ledger = ledger
        self.source = source
        self.done = done
        self.values: dict[int, Any] = {-1: source}

    def value(self, index: int) -> Any:
        if index not in self.values:
            step = self.ledger.plan.steps[index]
            self.values[index] = self.ledger.load(step, self.source.key, self.need)
        return self.values[index]

    def need(self, kind: type) -> Any:
        index = self.ledger.plan.giver(kind)
        if index is None:
            raise LookupError(f"no stage of the chain gives {kind.__name__}")
        return self.value(index)

    @property
    def seconds(self) -> float:
        """Duration of the recording, from any value that knows it; 0 when it was never decoded."""
        activity = self.ledger.plan.giver(Activity)
        known = list(self.values.values())
        if not any(map(_knows, known)) and activity is not None and activity < self.done:
            # A gate alone may read nothing that knows it; the activity is the smallest value that does.
            known.append(self.value(activity))
        return next((float(value.length / value.rate) for value in known if _knows(value)), 0.0)


def _knows(value: Any) -> bool:
    return hasattr(value, "length") and hasattr(value, "rate")


def read_values(ledger: Ledger, source: Source) -> Callable[[type], Any]:
    """A function that gives a dialogue's stored value of a type, reading each at most once."""
    return _Dialogue(ledger, source, len(ledger.plan.steps)).need


def is_device_fault(error: BaseException) -> bool:
    """True for a CUDA fault that leaves the process unusable; out of memory is not one."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    fault = getattr(torch, "AcceleratorError", None)
    return fault is not None and isinstance(error, fault) and not isinstance(error, torch.OutOfMemoryError)
