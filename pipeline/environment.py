"""What every process of a run sets before it imports a library: no telemetry, and threads that do not fight."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile

QUIET = {
    "OTEL_SDK_DISABLED": "true",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "PYANNOTE_METRICS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Telemetry off for every library we may load."""

PR_SET_PDEATHSIG = 1


def quiet() -> None:
    """Turn telemetry off in this process and the ones it starts."""
    os.environ.update(QUIET)


def show_ray_token() -> None:
    """Have Ray's client present the person's token, when there is one: a cluster asks for it by default, the client keeps it unasked."""
    named = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    if named or os.path.exists(os.path.expanduser("~/.ray/auth_token")):
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def worker_environment(threads: int) -> dict[str, str]:
    """Environment of a worker process: telemetry off, and `threads` for each numeric library."""
    counts = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), str(threads))
    return {**QUIET, **counts}


def use_scratch(folder: str | None) -> None:
    """Make `folder` the place of unnamed scratch files of this process."""
    if folder:
        os.makedirs(folder, exist_ok=True)
        tempfile.tempdir = folder
        os.environ["TMPDIR"] = folder


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (Linux; elsewhere a closed pipe does it later)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
