"""Functions for a sandbox to run in place of the real decoder: each does what a hostile or broken file might make a decoder do."""

from __future__ import annotations

import ctypes
import errno
import os
import random
import socket
import struct
import time
from collections import Counter
from io import BytesIO
from typing import Any

from schemas.errors import Reject
from stages.decode.child import Job, work
from stages.decode.finish import finish
from stages.decode.open import open_stream


def segfault(job: Job) -> dict[str, Any]:
    ctypes.string_at(0)
    return {}


def segfault_on_bad(job: Job) -> dict[str, Any]:
    if job.source.read(3) == b"BAD":
        ctypes.string_at(0)
    return work(job)


def spin(job: Job) -> dict[str, Any]:
    while True:
        pass


def sleep(job: Job) -> dict[str, Any]:
    time.sleep(1000)
    return {}


def slow(job: Job) -> dict[str, Any]:
    """Writes something every tenth of a second, for two seconds."""
    assert job.spool is not None
    for _ in range(20):
        time.sleep(0.1)
        job.spool.write(b"x")
        job.spool.flush()
    return {"slow": True}


def eat_memory(job: Job) -> dict[str, Any]:
    held = []
    while True:
        held.append(bytearray(1 << 22))


def write_much(job: Job) -> dict[str, Any]:
    from stages.decode.limits import bound_output

    assert job.spool is not None
    bound_output(1000, 1)
    for _ in range(100):
        job.spool.write(bytes(1 << 20))
    return {}


def leave(job: Job) -> dict[str, Any]:
    os._exit(0)


def lie(job: Job) -> dict[str, Any]:
    return {"header": {"container": "WAV", "encoding": [], "rate": "8000", "channels": 2, "frames": None}}


def overstate(job: Job) -> dict[str, Any]:
    return {**work(job), "frames": 10**9}


def disk_full(job: Job) -> dict[str, Any]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def bug(job: Job) -> dict[str, Any]:
    raise ZeroDivisionError("a bug in a decoder")


def reach_out(job: Job) -> dict[str, Any]:
    """Tries what a compromised decoder would: open a file, a socket, a pipe."""
    found = {}
    for name, attempt in (("file", lambda: open("/etc/hostname")), ("socket", socket.socket), ("pipe", os.pipe)):
        try:
            attempt()
            found[name] = "opened"
        except OSError as error:
            found[name] = errno.errorcode[error.errno or 0]
    return found


def describe(job: Job) -> dict[str, Any]:
    return {"pid": os.getpid(), "server": os.getppid(), "environment": dict(os.environ), "group": os.getpgid(0)}


def fuzz(job: Job) -> dict[str, Any]:
    return _fuzz(job, 150)


def fuzz_long(job: Job) -> dict[str, Any]:
    return _fuzz(job, 1500)


def _fuzz(job: Job, count: int) -> dict[str, Any]:
    """Outcomes of the source and of `count` - 1 damaged copies, most of them damaged in the first bytes, where headers are."""
    assert job.spool is not None
    seed = job.source.read()
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    for trial in range(count):
        data = _damaged(seed, chance) if trial else seed
        job.spool.seek(0)
        job.spool.truncate(0)
        try:
            stream = open_stream(BytesIO(data))
            outcomes["decoded" if finish(stream, job.spool, 10_000_000).frames else "nothing"] += 1
        except Reject as reject:
            outcomes[reject.reason] += 1
        except MemoryError:
            outcomes["memory"] += 1
    return dict(outcomes)


def _damaged(seed: bytes, chance: random.Random) -> bytes:
    data = bytearray(seed)
    reach = len(data) if chance.random() < 0.2 else min(len(data), 128)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(min(reach, len(data)))
        kind = chance.randrange(4)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at] = chance.choice((0, 0xFF, 0x7F, 0x80, chance.randrange(256)))
        elif kind == 2:
            data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"))
        else:
            del data[at : at + chance.randrange(1, 9)]
    if seed.startswith(b"OggS") and chance.random() < 0.5:
        _sign_pages(data)
    return bytes(data) if chance.random() < 0.9 else bytes(data[: chance.randrange(len(data))])


def _sign_pages(data: bytearray) -> None:
    """Gives every Ogg page the checksum of what it now holds (RFC 3533 section 6), so that the damage reaches the codec."""
    at = data.find(b"OggS")
    while at >= 0:
        until = data.find(b"OggS", at + 4)
        page = data[at : until if until >= 0 else len(data)]
        page[22:26] = bytes(4)
        data[at + 22 : at + 26] = struct.pack("<I", _ogg_checksum(bytes(page)))
        at = until


def _ogg_checksum(page: bytes) -> int:
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x104C11DB7 if register & 0x80000000 else 0)
    return register
