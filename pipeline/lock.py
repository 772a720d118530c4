"""One writer per output folder: a lock that names its owner and can be told from one whose owner is gone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.place import Place
from schemas.errors import UsageError

NAME = "lock"
BEAT = 60.0
"""Seconds between signs of life of an owner."""
STALE = 600.0
"""Seconds without a sign of life after which an owner on another machine counts as gone."""


@contextlib.contextmanager
def locked(place: Place, beat: float = BEAT, stale: float = STALE, lost: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of a place; raises `UsageError` naming the owner when somebody else holds it.

    A lock is taken over when its owner is a process of this machine that no longer lives, or has given no sign of life for `stale`
    seconds. `lost` is called, from another thread, when that happened to us: the machine slept, and somebody else is the owner now.
    """
    owner = _me()
    _acquire(place, NAME, owner, stale)
    for claim in place.names():
        if claim.startswith(NAME + "."):
            place.delete(claim)
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(place, owner, beat, done, lost), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        # On a disk that has just become read-only the lock stays, and is taken over like that of a killed process.
        with contextlib.suppress(OSError):
            if _read(place, NAME).get("token") == owner["token"]:
                place.delete(NAME)


def _acquire(place: Place, name: str, owner: dict[str, Any], stale: float) -> None:
    """Make `name` ours; raises `UsageError` when a living process has it.

    Who wants to replace a dead owner's file first acquires a claim that names that owner, in the same way, and looks again: of many that
    saw the same dead owner exactly one finds it still there, however slow they are.
    """
    while not place.create(name, _dump(owner)):
        holder = _read(place, name)
        if not holder:
            continue
        if _alive(holder, stale):
            raise UsageError(
                f"{place.root}: in use by process {holder['pid']} on {holder['host']} since {holder['since']}; "
                f"wait for it, or use another output folder"
            )
        claim = f"{name}.{holder['token']}"
        _acquire(place, claim, owner, stale)
        try:
            if _read(place, name).get("token") == holder["token"]:
                place.put(name, _dump(owner))
                return
        finally:
            place.delete(claim)


def _read(place: Place, name: str) -> dict[str, Any]:
    """The owner that a lock names; empty when there is no lock. A lock torn by a power cut has an owner that does not live."""
    data = place.get_or_none(name)
    if data is None:
        return {}
    try:
        holder: dict[str, Any] = json.loads(data)
        return {key: holder[key] for key in ("host", "boot", "pid", "started", "since", "beat", "token")}
    except (ValueError, KeyError, TypeError):
        return {"host": "", "boot": "", "pid": 0, "started": 0.0, "since": "", "beat": 0.0, "token": "torn"}


def _alive(holder: dict[str, Any], stale: float) -> bool:
    if holder["host"] == socket.gethostname() and holder["boot"] == _boot():
        return bool(_started(int(holder["pid"])) == holder["started"])
    return time.time() - float(holder["beat"]) < stale


def _keep(place: Place, owner: dict[str, Any], beat: float, done: threading.Event, lost: Callable[[], None] | None) -> None:
    while not done.wait(beat):
        with contextlib.suppress(OSError):
            if _read(place, NAME).get("token") != owner["token"]:
                if lost is not None:
                    lost()
                return
            place.put(NAME, _dump({**owner, "beat": time.time()}))


def _me() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "boot": _boot(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "since": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "beat": time.time(),
        "token": secrets.token_hex(8),
    }


def _dump(owner: dict[str, Any]) -> bytes:
    return json.dumps(owner).encode()


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _started(pid: int) -> float | None:
    """When a living process of this machine was started, None if there is none: a reused number is another process.

    A zombie does not live: in a container whose first process reaps nobody, a killed process stays one for ever.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None
