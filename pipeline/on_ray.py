"""Workers as Ray actors, on this machine or on a cluster. The only file that imports Ray."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import traceback
from importlib import metadata
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayTaskError

from pipeline.environment import QUIET, worker_environment
from pipeline.pools import Event, Needs, Work
from schemas.errors import DuologueError, UsageError

VERSION = metadata.version("duologue")
OBJECT_STORE = 80 * 1024 * 1024
"""Bytes; only ids and outcomes cross processes, so the smallest store Ray accepts is enough."""


class RayPool:
    """One actor per slot. Actors are never restarted by Ray: the driver replaces them, so a poisonous dialogue cannot loop."""

    def __init__(self, address: str | None, cpus: int | None = None) -> None:
        os.environ.update(QUIET)
        options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False}
        self._owned = not ray.is_initialized()
        if self._owned:
            if address is not None:
                _reach(address)
            try:
                if address is None:
                    # Without an address Ray joins whatever cluster was last started on this machine.
                    ray.init("local", num_cpus=cpus, include_dashboard=False, object_store_memory=OBJECT_STORE, **options)
                else:
                    ray.init(address=address, **options)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise UsageError(f"Ray at {address or 'this machine'}: {error}") from error
        self._actor = ray.remote(_Actor)
        self._actors: dict[int, Any] = {}
        self._pending: dict[Any, tuple[int, str]] = {}

    def start(self, slot: int, work: Work, needs: Needs) -> None:
        actor = self._actor.options(
            num_cpus=needs.cpus,
            num_gpus=needs.gpus,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        ).remote()
        self._actors[slot] = actor
        self._pending[actor.build.remote(VERSION, max(1, int(needs.cpus)), pickle.dumps(work))] = (slot, "ready")

    def give(self, slot: int, job: Any) -> None:
        self._pending[self._actors[slot].take.remote(job)] = (slot, "outcome")

    def wait(self, timeout: float) -> list[Event]:
        if not self._pending:
            return []
        first, _ = ray.wait(list(self._pending), num_returns=1, timeout=timeout)
        if not first:
            return []
        ready, _ = ray.wait(list(self._pending), num_returns=len(self._pending), timeout=0)
        return [self._event(ref) for ref in ready]

    def _event(self, ref: Any) -> Event:
        slot, kind = self._pending.pop(ref)
        try:
            value = ray.get(ref, timeout=60)
        except (RayActorError, GetTimeoutError) as error:
            self.kill(slot)
            return Event(slot, "died", detail=_one_line(error))
        except RayTaskError as error:
            self.kill(slot)
            return Event(slot, "died", detail=str(error))
        if kind == "ready":
            return Event(slot, "failed", detail=value) if value else Event(slot, "ready")
        return Event(slot, "outcome", value)

    def kill(self, slot: int) -> None:
        actor = self._actors.pop(slot, None)
        if actor is not None:
            ray.kill(actor, no_restart=True)
        self._pending = {ref: (at, kind) for ref, (at, kind) in self._pending.items() if at != slot}

    def close(self) -> None:
        for slot in list(self._actors):
            self.kill(slot)
        if self._owned:
            ray.shutdown()


class _Actor:
    """A worker behind Ray's call interface."""

    def build(self, version: str, threads: int, work: bytes) -> str:
        """Load; returns why it could not, or an empty text. The recipe comes from our own driver.

        The environment is set here, before the recipe imports anything numeric: a runtime environment would cost seconds for each worker.
        """
        os.environ.update(worker_environment(threads))
        if version != VERSION:
            return f"this node has duologue {VERSION} and the driver has {version}; install one version on every node"
        try:
            self.function = pickle.loads(work).build()  # noqa: S301
        except DuologueError as error:
            return str(error)
        except Exception:
            return traceback.format_exc()
        return ""

    def take(self, job: Any) -> Any:
        """Do one job."""
        return self.function(job)


def cores() -> int:
    """CPU cores of the whole cluster that this process is connected to."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _reach(address: str) -> None:
    """Raise `UsageError` when nothing answers at `host:port`: Ray itself would go on trying for minutes, and say so in many lines."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except OSError as error:
        raise UsageError(f"Ray at {address}: {error.strerror or error}; is the cluster running, and the address right?") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]
