"""Decoding where a hostile or broken file cannot hurt: the caller's side.

A `Sandbox` owns one small server process (`stages.decode.child`), started once, which forks a fresh process per file under hard limits of
memory, processor time and output. Only file descriptors and short JSON messages cross; samples go straight to the caller's scratch file.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, TypeVar, get_type_hints

from schemas.errors import DuologueError, Reject
from stages.decode.child import MESSAGE_BYTES
from stages.decode.finish import Finished
from stages.decode.limits import Limits
from stages.decode.stream import Header

T = TypeVar("T")
TARGET = "stages.decode.child:work"
log = logging.getLogger("duologue")
_START_SECONDS = 120.0
_GRACE_SECONDS = 10.0
_KEPT_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "NUMBA_CACHE_DIR", "SYSTEMROOT")


class SandboxError(DuologueError, RuntimeError):
    """The sandbox itself does not work on this machine; never the data's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One decoded file: its samples are in the scratch file it was decoded to, interleaved, int16 for 16 bits and int32 for 24."""

    header: Header
    decoder: str
    lossy: bool
    damaged: int
    finished: Finished


class _ServerDied(Exception):
    pass


class Sandbox:
    """Decodes files one at a time in processes of their own; safe to share between threads, and across `os.fork`.

    `target` names the function that does the work inside, as `module:function`; tests put hostile ones there.
    """

    def __init__(self, limits: Limits | None = None, target: str = TARGET) -> None:
        self.limits = limits or Limits()
        self.target = target
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def probe(self, source: IO[bytes]) -> Header:
        """What the file says of itself; nothing is decoded. Raises `Reject` for files that `decode` would not open, `OSError`."""
        return _made(Header, self.run("probe", source).get("header"))

    def decode(self, source: IO[bytes], spool: IO[bytes]) -> Decoded:
        """Decode `source` into `spool`, an empty scratch file open for reading and writing.

        Raises `Reject`: whatever the file deserves, decoder_crash when decoding died or passed a limit. Raises `OSError` when the disk
        under either file fails or is full, `SandboxError` when no decoding process can be started.
        """
        result = self.run("decode", source, spool)
        header = _made(Header, result.pop("header", None))
        finished = _made(Finished, {name: result.pop(name, None) for name in Finished.__dataclass_fields__})
        decoded = _made(Decoded, {**result, "header": header, "finished": finished})
        wanted = finished.frames * header.channels * (2 if finished.bits == 16 else 4)
        if os.fstat(spool.fileno()).st_size != wanted:
            raise Reject("decoder_crash", "the decoder left other samples than it told of")
        return decoded

    def run(self, kind: str, source: IO[bytes], spool: IO[bytes] | None = None) -> dict[str, Any]:
        """What the target returned for `source` and `spool`; raises as `decode` does."""
        descriptors = [source.fileno()] + ([spool.fileno()] if spool is not None else [])
        with self._lock:
            outcome = self._once(kind, descriptors)
            if outcome.retry:
                outcome = self._once(kind, descriptors)
        return outcome.result()

    def close(self) -> None:
        """End the server process; a later call starts another."""
        with self._lock:
            self._drop()

    def _once(self, kind: str, descriptors: Sequence[int]) -> _Outcome:
        if self._server is None or not self._server.usable():
            self._drop()
            self._server = _Server()
        request = {"kind": kind, "target": self.target, "limits": asdict(self.limits)}
        try:
            return self._server.ask(request, descriptors, self.limits)
        except _ServerDied:
            self._drop()
            return _Outcome({"signal": None, "text": ""}, self.limits, late=False, wall=0.0)
        except BaseException:
            # Interrupted before its reply came: the next request must not take that reply for its own.
            self._drop()
            raise

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


class _Server:
    """The server process and the socket to it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.errors = tempfile.TemporaryFile(prefix="duologue-")
        root = str(Path(__file__).resolve().parents[2])
        kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        paths = [root, *(path for path in sys.path if path and path != root)]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "stages.decode.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.errors,
                pass_fds=[theirs.fileno()],
                env={**kept, **threads, "PYTHONPATH": os.pathsep.join(paths), "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
        self.close = weakref.finalize(self, _end, self.owner, self.process, self.control, self.errors)
        if not self._readable(_START_SECONDS) or not self.control.recv(MESSAGE_BYTES):
            self.errors.seek(0)
            said = self.errors.read()[-2000:].decode("utf-8", "replace").strip()
            self.close()
            raise SandboxError(f"the decoding process did not start: {said or 'it said nothing'}")

    def usable(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def ask(self, request: dict[str, Any], descriptors: Sequence[int], limits: Limits) -> _Outcome:
        """Send one request and wait for its reply, past the wall limits for that of the killed fork; raises `_ServerDied`."""
        started = moved = time.monotonic()
        seen: tuple[int, int] | None = None
        stopped = 0.0
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], list(descriptors))
            while not self._readable(min(1.0, limits.stall_seconds / 4)):
                now = time.monotonic()
                written = os.fstat(descriptors[-1])
                if (written.st_size, written.st_mtime_ns) != seen:
                    seen, moved = (written.st_size, written.st_mtime_ns), now
                if stopped and now - stopped > _GRACE_SECONDS:
                    raise _ServerDied
                if not stopped and (now - moved > limits.stall_seconds or now - started > limits.most_wall):
                    stopped = now
                    self.control.send(b'{"kind": "stop"}')
            data = self.control.recv(MESSAGE_BYTES)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _ServerDied from error
        if not data:
            raise _ServerDied
        reply = json.loads(data)
        if "broken" in reply:
            raise SandboxError(f"no decoding process could be started:\n{reply['broken']}")
        return _Outcome(reply, limits, late=bool(stopped), wall=time.monotonic() - started)

    def _readable(self, seconds: float) -> bool:
        waiting = select.poll()
        waiting.register(self.control, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))


def _end(owner: int, process: subprocess.Popen[bytes], control: socket.socket, errors: IO[bytes]) -> None:
    control.close()
    errors.close()
    if owner != os.getpid():
        return
    try:
        process.wait(_GRACE_SECONDS / 2)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


class _Outcome:
    """How one fork ended, and what that means."""

    def __init__(self, reply: dict[str, Any], limits: Limits, *, late: bool, wall: float) -> None:
        self.limits, self.late, self.wall = limits, late, wall
        self.signal: int | None = reply.get("signal")
        self.cpu, self.peak_mb = float(reply.get("cpu", 0.0)), int(reply.get("peak_kb", 0)) // 1024
        try:
            said = json.loads(reply["text"]) if reply["text"] else {}
        except ValueError:
            said = {}
        self.said: dict[str, Any] = said if isinstance(said, dict) else {}

    @property
    def out_of_cpu(self) -> bool:
        return self.signal == signal.SIGXCPU or (self.signal == signal.SIGKILL and self.cpu >= self.limits.most_cpu)

    @property
    def retry(self) -> bool:
        """Whether it may have been the machine, not the file: died without a word and within its limits."""
        return not self.said and not self.late and not self.out_of_cpu

    def result(self) -> dict[str, Any]:
        """What the target returned, or the error that stands for how it ended."""
        if isinstance(self.said.get("ok"), dict) and not self.late:
            found: dict[str, Any] = self.said["ok"]
            return found
        if "reject" in self.said:
            raise _reject(self.said["reject"])
        if "errno" in self.said:
            raise OSError(self.said["errno"], str(self.said.get("fault", "")))
        raise self._crash()

    def _crash(self) -> Reject:
        # What was measured goes to the log and not into the facts: it differs from run to run, and rejects are part of the data set.
        log.warning("a decoder was lost after %.1f s of processor and %.1f s of wall time, with %d MB", self.cpu, self.wall, self.peak_mb)
        facts: dict[str, Any] = {}
        if self.said.get("memory"):
            limit, detail = "memory", f"decoding wanted more than {self.limits.memory_mb} MiB of memory"
        elif self.late:
            limit, detail = "wall", f"decoding hung: nothing was written for {self.limits.stall_seconds:g} s, or it took too long in all"
        elif self.out_of_cpu:
            limit, detail = "cpu", f"decoding took more than {self.limits.cpu_seconds:g} s of processor time per hour of audio"
        elif self.signal:
            limit, detail = "", f"the decoder died of {_signal_name(self.signal)}"
        elif "fault" in self.said:
            limit, detail = "", f"the decoder failed: {str(self.said['fault']).strip().splitlines()[-1]}"
            facts["fault"] = str(self.said["fault"])
        else:
            limit, detail = "", "the decoder ended without a result"
        if limit:
            facts["limit"] = limit
        if self.signal:
            facts["signal"] = _signal_name(self.signal)
        return Reject("decoder_crash", detail, **facts)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _reject(said: Any) -> Reject:
    try:
        reason, detail, facts = said
        return Reject(str(reason), str(detail), **facts)
    except (TypeError, ValueError):
        return Reject("decoder_crash", "the decoder gave a verdict that makes no sense")


def _made(kind: type[T], data: Any) -> T:
    """`data` from the fork as a value of `kind`, or a crash verdict when names or types are not those of `kind`: a fork is not trusted."""
    hints = get_type_hints(kind)
    if not isinstance(data, dict) or set(data) != set(hints) or not all(isinstance(data[name], hints[name]) for name in hints):
        raise Reject("decoder_crash", f"the decoder gave no {kind.__name__.lower()} that makes sense")
    return kind(**data)
