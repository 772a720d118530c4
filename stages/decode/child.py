"""The decoding side of the sandbox: a small server that forks one short-lived process per file. Run as `python -m stages.decode.child FD`.

The server itself never reads audio; only its forks do, each under `limits.enter`. It speaks with `sandbox.Sandbox` over a Unix socket of
whole messages (JSON, file descriptors alongside) and ends when the other end of that socket or its parent is gone.
"""

from __future__ import annotations

import errno
import importlib
import io
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, NoReturn

from schemas.errors import Reject
from stages.decode import limits as bounds
from stages.decode.limits import Limits

MESSAGE_BYTES = 1 << 16
"""Longest message either way."""
_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ESTALE)
"""Errors of the machine, never of the data."""
_LEAST_RATE, _MOST_RATE = 4000, 384000
_FLAC_ANY_RATE = 65535


class SourceFile(io.RawIOBase):
    """A file descriptor as a seekable reader with a position of its own; it remembers the first fault of the disk beneath.

    Decoders take a failed read for the end of the data; `fault` lets the caller tell the two apart.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.at = descriptor, 0
        self.fault: OSError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            got = os.preadv(self.descriptor, [buffer], self.at)
        except OSError as error:
            self.fault = self.fault or error
            raise
        self.at += got
        return got

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self.at, os.fstat(self.descriptor).st_size)[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "seek before the start of the file")
        self.at = base + offset
        return self.at

    def tell(self) -> int:
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request, inside the process that carries it out."""

    kind: str
    """`probe` or `decode`."""
    source: BinaryIO
    spool: BinaryIO | None
    limits: Limits


def work(job: Job) -> dict[str, Any]:
    """The header of `job.source` for a probe; for a decode also the samples in `job.spool` and the facts of them. Raises `Reject`."""
    from stages.decode.finish import finish
    from stages.decode.open import open_stream

    stream = open_stream(job.source)
    header = stream.header
    if job.kind == "probe" or job.spool is None:
        return {"header": asdict(header)}
    if not _LEAST_RATE <= header.rate <= _MOST_RATE:
        detail = f"{header.rate} Hz; accepted are {_LEAST_RATE} to {_MOST_RATE} Hz"
        raise Reject("rate_out_of_range", detail, rate=header.rate)
    if header.rate > _FLAC_ANY_RATE and header.rate % 10:
        # The header of a FLAC frame has 16 bits for the rate in Hz or in tens of Hz (RFC 9639, section 9.1.2).
        raise Reject("rate_out_of_range", f"{header.rate} Hz; above {_FLAC_ANY_RATE} Hz FLAC holds only multiples of 10", rate=header.rate)
    if header.channels > 2:
        raise Reject("too_many_channels", f"{header.channels} channels; accepted are one or two", channels=header.channels)
    most = int(job.limits.max_hours * 3600 * header.rate)
    bounds.bound_output(most, header.channels)
    done = finish(stream, job.spool, most, bounds.allowance(job.limits, header.rate))
    facts = {"decoder": stream.decoder, "lossy": stream.lossy, "damaged": stream.damaged}
    return {"header": asdict(header), **facts, **asdict(done)}


def serve(control: socket.socket) -> None:
    """Carry out requests until the other end closes or the parent process is gone."""
    parent = os.getppid()
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    while os.getppid() == parent:
        if not waiting.poll(2000):
            continue
        data, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 4)
        if not data:
            return
        request = json.loads(data)
        if request.get("kind") == "stop":
            # The request it meant had already ended when it came.
            continue
        try:
            reply = _carry_out(control, request, descriptors)
        except Exception:
            # Nothing of the file has been decoded here: a kernel that does not compile or a fork that fails is the machine's fault.
            reply = {"broken": traceback.format_exc()[-4000:]}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        control.send(json.dumps(reply).encode())


def _carry_out(control: socket.socket, request: Mapping[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Fork, wait, and tell how the fork ended and what it wrote; a `stop` message or a closed socket kills it."""
    target = _target(request["target"])
    if _is_shorten(descriptors[0]):
        from stages.decode.shorten import warm_up

        warm_up()
    reading, writing = os.pipe()
    here = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            control.close()
            os.close(reading)
            _in_fork(target, request, descriptors, writing, here)
        finally:
            os._exit(1)
    os.close(writing)
    ended = os.pidfd_open(child)
    try:
        _wait(control, ended, child)
        _, status, used = os.wait4(child, 0)
        os.set_blocking(reading, False)
        try:
            text = os.read(reading, MESSAGE_BYTES // 2)
        except BlockingIOError:
            text = b""
    finally:
        os.close(ended)
        os.close(reading)
    signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    return {"signal": signalled, "cpu": used.ru_utime + used.ru_stime, "peak_kb": used.ru_maxrss, "text": text.decode("utf-8", "replace")}


def _wait(control: socket.socket, ended: int, child: int) -> None:
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    waiting.register(ended, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in waiting.poll()]
        if ended in ready:
            return
        gone = not control.recv(MESSAGE_BYTES)
        os.kill(child, signal.SIGKILL)
        if gone:
            os._exit(0)


def _in_fork(target: Callable[[Job], dict[str, Any]], request: Mapping[str, Any], descriptors: list[int], out: int, parent: int) -> None:
    os.setpgid(0, 0)
    os.dup2(1, 2)
    limits = Limits(**request["limits"])
    source = SourceFile(descriptors[0])
    spool = os.fdopen(descriptors[1], "r+b", buffering=1 << 18) if len(descriptors) > 1 else None
    result: dict[str, Any]
    try:
        bounds.enter(limits, parent)
    except OSError as error:
        _tell(out, {"errno": error.errno, "fault": str(error)})
    try:
        if spool is not None:
            spool.truncate(0)
        result = {"ok": target(Job(kind=request["kind"], source=source, spool=spool, limits=limits))}  # type: ignore[arg-type]
    except Reject as reject:
        result = {"reject": [reject.reason, reject.detail[:1000], dict(reject.facts)]}
    except MemoryError:
        result = {"memory": True}
    except OSError as error:
        result = {"fault": traceback.format_exc()[-4000:]}
        if error.errno in _DISK_FAULTS:
            result = {"errno": error.errno, "fault": f"writing decoded samples to scratch space: {error}"}
    except Exception:
        result = {"fault": traceback.format_exc()[-4000:]}
    if source.fault is not None:
        result = {"errno": source.fault.errno, "fault": f"reading the source: {source.fault}"}
    _tell(out, result)


def _tell(out: int, result: Mapping[str, Any]) -> NoReturn:
    os.write(out, json.dumps(result).encode()[: MESSAGE_BYTES // 2])
    os._exit(0)


def _is_shorten(descriptor: int) -> bool:
    """Whether the SPHERE header names shorten, whose kernel is compiled once, here, so that forks need not."""
    head = os.pread(descriptor, 4096, 0)
    return head.startswith(b"NIST_1A") and b"shorten" in head


def _target(name: str) -> Callable[[Job], dict[str, Any]]:
    module, _, function = name.partition(":")
    found: Callable[[Job], dict[str, Any]] = getattr(importlib.import_module(module), function)
    return found


def _preload() -> None:
    """Import what decoding needs and walk each decoder's path once, since a fork can open no file, not even a module's."""
    import struct

    from stages.decode import finish, sphere  # noqa: F401
    from stages.decode.open import open_stream

    size = 64
    for tag, width in ((1, 2), (17, 1)):
        fmt = struct.pack("<HHIIHHHH", tag, 1, 8000, 8000, 36 if tag == 17 else width, 4 if tag == 17 else 16, 2, 65)
        body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", size) + bytes(size)
        stream = open_stream(io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body))
        for _ in stream.blocks:
            pass


def main() -> None:
    """Entry point: the socket's descriptor is the one argument."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # What the caller ignores or blocks is inherited, and would hide how forks end.
    for number in (signal.SIGCHLD, signal.SIGXCPU, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _preload()
    control.send(json.dumps({"ready": os.getpid()}).encode())
    serve(control)


if __name__ == "__main__":
    main()
