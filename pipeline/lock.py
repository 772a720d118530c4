"""One writer per output folder: a lock that names its owner and can be told from one whose owner is gone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
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
def locked(place: Place, beat: float = BEAT, stale: float = STALE) -> Iterator[None]:
    """Hold the lock of a place; raises `UsageError` naming the owner when somebody else holds it.

    A lock is taken over when its owner is a process of this machine that no longer lives, or has given no sign of life for `stale`
    seconds. Should two take it over at once, the later reads its own token back and sees that it lost.
    """
    owner = _me()
    if not place.create(NAME, _dump(owner)):
        _take_over(place, owner, stale)
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(place, owner, beat, done), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        place.delete(NAME)


def _take_over(place: Place, owner: dict[str, Any], stale: float) -> None:
    data = place.get_or_none(NAME)
    holder = json.loads(data) if data else None
    if holder is not None and _alive(holder, stale):
        raise UsageError(
            f"{place.root}: in use by process {holder['pid']} on {holder['host']} since {holder['since']}; "
            f"wait for it, or use another output folder"
        )
    place.put(NAME, _dump(owner))
    time.sleep(0.2)
    if json.loads(place.get(NAME))["token"] != owner["token"]:
        raise UsageError(f"{place.root}: another process took the lock at the same moment; try again when it is done")


def _alive(holder: dict[str, Any], stale: float) -> bool:
    if holder["host"] == socket.gethostname() and holder["boot"] == _boot():
        return bool(_started(int(holder["pid"])) == holder["started"])
    return time.time() - float(holder["beat"]) < stale


def _keep(place: Place, owner: dict[str, Any], beat: float, done: threading.Event) -> None:
    while not done.wait(beat):
        with contextlib.suppress(OSError):
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
    """When a process of this machine was started, None if there is none: a reused number is another process."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
