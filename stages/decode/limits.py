"""What one decoding may use, and the switches that hold it to that. Linux only."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass

from schemas.errors import UsageError

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
MOST_SAMPLE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one decoding."""

    max_hours: float = 24.0
    """Longest recording; decoding stops there."""
    memory_mb: int = 1024
    """Address space (MiB) beyond what the decoding process has when it starts."""
    cpu_seconds: float = 60.0
    """Processor time to start with, and again for every hour of audio decoded so far."""
    stall_seconds: float = 120.0
    """Wall time without a sample written after which the decoder counts as hung."""

    def __post_init__(self) -> None:
        for name in ("max_hours", "memory_mb", "cpu_seconds", "stall_seconds"):
            if not getattr(self, name) > 0:
                raise UsageError(f"decode: {name} is {getattr(self, name)}; wanted a positive number")

    @property
    def most_cpu(self) -> float:
        """Processor seconds that no decoding may pass."""
        return self.cpu_seconds * (1 + self.max_hours)

    @property
    def most_wall(self) -> float:
        """Wall seconds that no decoding may pass, however busy it looks: a shared machine gives it at least a quarter of a core."""
        return self.stall_seconds + 4 * self.most_cpu


def enter(limits: Limits, parent: int) -> None:
    """Put the calling process under `limits`: it dies with `parent`, leaves no core file, and can open no further file or socket."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_PDEATHSIG, signal.SIGKILL), (_PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl failed while entering the decoder's sandbox")
    if os.getppid() != parent:
        os._exit(1)
    with open("/proc/self/statm") as statm:
        present = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    _lower(resource.RLIMIT_AS, present + limits.memory_mb * (1 << 20))
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, 0)
    _lower(resource.RLIMIT_CPU, _ceil(limits.most_cpu))
    _grant_cpu(limits.cpu_seconds)


def bound_output(frames: int, channels: int) -> None:
    """Let the process write no more bytes to a file than `frames` samples of `channels` channels take, one block to spare."""
    _lower(resource.RLIMIT_FSIZE, (frames + (1 << 17)) * channels * MOST_SAMPLE_BYTES)


def allowance(limits: Limits, rate: int) -> Callable[[int], None]:
    """A function of the frames decoded so far that grants the processor time these have earned."""

    def grant(frames: int) -> None:
        _grant_cpu(limits.cpu_seconds * (1 + frames / rate / 3600))

    return grant


def _grant_cpu(seconds: float) -> None:
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (min(_ceil(seconds), hard), hard))


def _lower(which: int, value: int) -> None:
    """Set both limits of `which` to `value`, or to the present hard limit where that is lower."""
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _ceil(seconds: float) -> int:
    return max(1, -int(-seconds // 1))
