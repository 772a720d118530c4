"""Where workers run: in this process, in child processes, or (in `on_ray`) in Ray actors. The driver sees no difference."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Literal, Protocol

from pipeline.environment import die_with_parent, worker_environment
from schemas.errors import DuologueError


class Work(Protocol):
    """A recipe that can be sent to another process and made into a function there."""

    def build(self) -> Callable[[Any], Any]:
        """Load what is needed; the function then takes one job at a time."""
        ...


@dataclass(frozen=True, slots=True)
class Needs:
    """What one worker reserves."""

    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something a pool noticed about one slot."""

    slot: int
    kind: Literal["ready", "outcome", "died", "failed"]
    """`failed`: the worker could not be built and says why; `died`: its process is gone."""
    outcome: Any = None
    detail: str = ""


class Pool(Protocol):
    """Slots that each hold at most one worker, which does one job at a time."""

    def start(self, slot: int, work: Work, needs: Needs) -> None:
        """Begin to start a worker; a `ready`, `failed` or `died` event follows."""
        ...

    def give(self, slot: int, job: Any) -> None:
        """Hand a job to an idle worker; an `outcome` or `died` event follows."""
        ...

    def wait(self, timeout: float) -> list[Event]:
        """Events since the last call; waits up to `timeout` seconds for the first."""
        ...

    def kill(self, slot: int) -> None:
        """End a worker at once; no event follows."""
        ...

    def close(self) -> None:
        """End all workers."""
        ...


class InProcess:
    """One worker in this very process, for debuggers: no protection against a stage that hangs or kills its process."""

    def __init__(self) -> None:
        self._function: Callable[[Any], Any] | None = None
        self._events: list[Event] = []

    def start(self, slot: int, work: Work, needs: Needs) -> None:
        self._function = work.build()
        self._events.append(Event(slot, "ready"))

    def give(self, slot: int, job: Any) -> None:
        if self._function is None:
            raise RuntimeError(f"slot {slot} has no worker")
        self._events.append(Event(slot, "outcome", self._function(job)))

    def wait(self, timeout: float) -> list[Event]:
        events, self._events = self._events, []
        return events

    def kill(self, slot: int) -> None:
        self._function = None

    def close(self) -> None:
        self._function = None


class Processes:
    """Workers in child processes of this machine."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[int, tuple[Any, Connection]] = {}

    def start(self, slot: int, work: Work, needs: Needs) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, work, max(1, int(needs.cpus))), daemon=False)
        with _environment(worker_environment(max(1, int(needs.cpus)))), _interrupts_held():
            process.start()
        theirs.close()
        self._workers[slot] = (process, ours)

    def give(self, slot: int, job: Any) -> None:
        try:
            self._workers[slot][1].send(job)
        except (BrokenPipeError, ConnectionResetError):
            return  # the process is gone; `wait` finds the closed pipe and says so

    def wait(self, timeout: float) -> list[Event]:
        by_pipe = {pipe: slot for slot, (_, pipe) in self._workers.items()}
        ready: list[Any] = wait(list(by_pipe), timeout) if by_pipe else []
        events = []
        for pipe in ready:
            slot = by_pipe[pipe]
            try:
                kind, value = pipe.recv()
            except (EOFError, ConnectionResetError):
                process, _ = self._workers[slot]
                process.join(5)
                events.append(Event(slot, "died", detail=_cause(process.exitcode)))
                self.kill(slot)
                continue
            events.append(Event(slot, kind, value if kind == "outcome" else None, value if kind == "failed" else ""))
        return events

    def kill(self, slot: int) -> None:
        process, pipe = self._workers.pop(slot, (None, None))
        if process is not None and pipe is not None:
            process.kill()
            process.join()
            pipe.close()

    def close(self) -> None:
        for slot in list(self._workers):
            self.kill(slot)


def _serve(pipe: Connection, work: Work, threads: int) -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    try:
        function = work.build()
    except DuologueError as error:
        pipe.send(("failed", str(error)))
        return
    except Exception:
        pipe.send(("failed", traceback.format_exc()))
        return
    pipe.send(("ready", None))
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        pipe.send(("outcome", function(job)))


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process started inside does not see Ctrl-C, which a terminal sends to all, before it can say that it ignores it."""
    resource_tracker.ensure_running()  # or it would lift the block while it is started by the first process
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _environment:
    """Environment variables that a process started inside the block inherits."""

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self.before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self.before = {name: os.environ.get(name) for name in self.values}
        os.environ.update(self.values)

    def __exit__(self, *_: object) -> None:
        for name, value in self.before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _cause(code: int | None) -> str:
    if code is None:
        return "its process closed its pipe"
    if code < 0:
        return f"its process was killed by {signal.Signals(-code).name}"
    return f"its process exited with status {code}"
