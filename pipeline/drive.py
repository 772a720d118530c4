"""The driver's loop: idle workers pull tasks; the dead and the late are replaced; a task is tried twice.

It knows nothing of dialogues or shards: tasks have a key and a job, groups have a recipe for their workers, and a handler is told
what became of each task.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pipeline.pools import Event, Needs, Pool, Work
from schemas.errors import DuologueError

log = logging.getLogger("duologue")

TRIES = 2
"""Times a task may take its worker down before it is given up."""
FAILED_STARTS = 3
"""Workers of one slot that may die while loading before the slot is left empty."""


class Halt(DuologueError):
    """The run cannot go on; everything stored so far stays and a later run continues from it."""


@dataclass(slots=True)
class Task:
    """One unit of work on its way through the groups."""

    key: str
    job: Any
    deadline: float
    """Seconds one try may take."""
    tries: int = 0


@dataclass(slots=True)
class Group:
    """Slots whose workers follow one recipe, and the tasks that wait for them."""

    work: Work
    slots: range
    needs: Needs
    queue: deque[Task] = field(default_factory=deque)


class Handler(Protocol):
    """What the loop reports to; it may raise `Halt`."""

    def finished(self, group: int, task: Task, outcome: Any) -> Task | None:
        """A worker returned an outcome; a task that is returned goes on to the next group."""
        ...

    def sick(self, outcome: Any) -> bool:
        """True when the worker that gave this outcome must be replaced and the task tried again."""
        ...

    def lost(self, group: int, task: Task, cause: str) -> None:
        """A task was tried twice and took its worker down each time."""
        ...

    def tick(self, busy: int) -> None:
        """Called a few times a second."""
        ...


class Stop:
    """How urgently to stop: 0 go on, 1 finish what is being worked on, 2 at once."""

    def __init__(self) -> None:
        self.level = 0


@dataclass(slots=True)
class _Slot:
    group: int
    state: Literal["empty", "starting", "idle", "busy"] = "empty"
    until: float = 0.0
    task: Task | None = None
    failed_starts: int = 0


class Driver:
    """Runs the tasks of some groups on one pool to the end."""

    def __init__(self, pool: Pool, groups: list[Group], handler: Handler, stop: Stop, load_deadline: float) -> None:
        self.pool = pool
        self.groups = groups
        self.handler = handler
        self.stop = stop
        self.load_deadline = load_deadline
        self.slots = {i: _Slot(g) for g, group in enumerate(groups) for i in group.slots}

    def run(self) -> None:
        """Return when no task is left, or when stopped; raises `Halt` when the run cannot go on."""
        while True:
            if self.stop.level >= 2:
                return
            if self.stop.level == 0:
                self._fill()
            busy = sum(slot.state == "busy" for slot in self.slots.values())
            if busy == 0 and (self.stop.level or not any(group.queue for group in self.groups)):
                return
            for event in self.pool.wait(0.1):
                self._on(event)
            self._enforce_deadlines()
            self._check_alive()
            self.handler.tick(busy)

    def _fill(self) -> None:
        """Give waiting tasks to idle workers, and start workers while there are more tasks than workers to come."""
        for g, group in enumerate(self.groups):
            coming = sum(1 for i in group.slots if self.slots[i].state == "starting")
            for i in group.slots:
                slot = self.slots[i]
                if not group.queue:
                    break
                if slot.state == "idle":
                    task = group.queue.popleft()
                    task.tries += 1
                    slot.state, slot.task, slot.until = "busy", task, time.monotonic() + task.deadline
                    self.pool.give(i, task.job)
                elif slot.state == "empty" and slot.failed_starts < FAILED_STARTS and coming < len(group.queue):
                    slot.state, slot.group, slot.until = "starting", g, time.monotonic() + self.load_deadline
                    coming += 1
                    self.pool.start(i, group.work, group.needs)

    def _on(self, event: Event) -> None:
        slot = self.slots[event.slot]
        if event.kind == "ready":
            slot.state, slot.failed_starts = "idle", 0
        elif event.kind == "failed":
            raise Halt(f"a worker could not be loaded: {event.detail}")
        elif event.kind == "died":
            self._bury(event.slot, event.detail)
        elif slot.task is not None:
            task, slot.task, slot.state = slot.task, None, "idle"
            if self.handler.sick(event.outcome):
                self.pool.kill(event.slot)
                slot.state = "empty"
                if task.tries < TRIES:
                    self.groups[slot.group].queue.appendleft(task)
                    return
            onward = self.handler.finished(slot.group, task, event.outcome)
            if onward is not None:
                self.groups[slot.group + 1].queue.append(onward)

    def _bury(self, index: int, cause: str) -> None:
        slot = self.slots[index]
        task, slot.task = slot.task, None
        if slot.state == "starting":
            slot.failed_starts += 1
            log.warning("worker %d died while loading: %s", index, cause)
        slot.state = "empty"
        if task is None:
            return
        log.warning("worker %d was lost with %s, try %d: %s", index, task.key, task.tries, cause)
        if task.tries < TRIES:
            self.groups[slot.group].queue.appendleft(task)
        else:
            self.handler.lost(slot.group, task, cause)

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        for index, slot in self.slots.items():
            if slot.state == "busy" and slot.task is not None and now > slot.until:
                self.pool.kill(index)
                self._bury(index, f"it was still at work after its deadline of {slot.task.deadline:.0f} s")
            elif slot.state == "starting" and now > slot.until and any(s.state in ("idle", "busy") for s in self.slots.values()):
                slot.until = now + self.load_deadline
                log.warning("worker %d is still waiting to start; the others go on", index)

    def _check_alive(self) -> None:
        """Raise `Halt` when a group has tasks and no worker that could ever take them."""
        now = time.monotonic()
        for group in self.groups:
            slots = [self.slots[i] for i in group.slots]
            if group.queue and all(s.state == "empty" and s.failed_starts >= FAILED_STARTS for s in slots):
                raise Halt(f"every worker died {FAILED_STARTS} times while loading; the log above says why")
            if group.queue and all(s.state == "starting" and now > s.until for s in slots):
                raise Halt(
                    f"no worker could start within {self.load_deadline:.0f} s; are there free CPUs and GPUs for what one worker reserves?"
                )
