"""What works on this machine, found by trying it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from pipeline.backends import table
from pipeline.environment import QUIET
from schemas.errors import DuologueError

TRIED = (
    ("numpy", True, ""),
    ("soundfile", True, ""),
    ("av", True, ""),
    ("pyarrow", True, ""),
    ("onnxruntime", True, ""),
    ("numba", True, ""),
    ("ray", True, ""),
    ("datasets", True, ""),
    ("torch", False, "pip install torch"),
    ("s3fs", False, "for s3:// places: pip install 'duologue[s3]'"),
)
"""Module, whether a build of two-channel calls needs it, and how to get it."""


_TELL = "print(', '.join(f'{w.name} ({w.licence}), sha256 {w.sha256[:12]}' for w in stage.weights()[:1]))"
WORDS = {
    "recogniser": f"from stages.transcribe.whisper import WhisperTranscribe as S; stage = S(); stage.load('cpu'); {_TELL}",
    "aligner": f"from stages.align.pocketsphinx import PocketsphinxAlign as S; stage = S(); stage.load('cpu'); {_TELL}",
    "scores": f"from stages.score.channels import ChannelScore as S; stage = S(); stage.load('cpu'); {_TELL}",
}
"""What the ready-made chains need after turns, each loaded in a process of its own."""
GPU_WORDS = (
    "import ctranslate2\n"
    "if not ctranslate2.get_cuda_device_count(): raise SystemExit('CTranslate2 finds no CUDA device')\n"
    "import torch; torch.zeros(1, device='cuda')\n"
    "from stages.transcribe.whisper import WhisperTranscribe\n"
    "WhisperTranscribe().load('cuda'); print('loads beside torch in one process')"
)
"""CTranslate2 and torch may want CUDA libraries of different versions; then a crew of its own gives the recogniser its own processes."""
CREWS = "where it fails beside torch, give transcribe a crew of its own (run.crews, as in the config ray_cluster)"


def examine() -> dict[str, Any]:
    """Run every check; `healthy` is true when all that a build of two-channel calls needs works."""
    checks = [
        _check("python", True, lambda: f"{sys.version.split()[0]}, {os.cpu_count()} cores"),
        *(_check(module, needed, lambda m=module: _import(m), hint) for module, needed, hint in TRIED),  # type: ignore[misc]
        _check("decoding", True, _decode),
        _check("vad weights", True, _vad),
        *(_check(name, True, lambda code=code: _alone(code)) for name, code in WORDS.items()),  # type: ignore[misc]
        _check("torchaudio", False, _torchaudio, "for mono recordings"),
        _check("diarization weights", False, _diarization, "for mono recordings"),
        _check("gpu", False, _gpu),
        _check("recogniser on the gpu", False, lambda: _alone(GPU_WORDS), CREWS),
        _check("scratch", True, _scratch),
        _check("backends", True, lambda: ", ".join(f"{kind}: {'|'.join(backends)}" for kind, backends in table().items())),
    ]
    return {"command": "doctor", "healthy": all(c["ok"] or not c["needed"] for c in checks), "checks": checks}


def _check(name: str, needed: bool, run: Callable[[], str], hint: str = "") -> dict[str, Any]:
    try:
        return {"name": name, "needed": needed, "ok": True, "text": run()}
    except (DuologueError, ImportError, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
        text = " ".join(str(error).split())[:300]
        return {"name": name, "needed": needed, "ok": False, "text": f"{text}; {hint}" if hint else text}


def _import(module: str) -> str:
    """Import in a process of its own: a broken native library can end a process."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, timeout=120, env={**os.environ, **QUIET}, check=False
    )
    if done.returncode:
        raise ImportError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with status {done.returncode}")
    return version(module) + (f" with libsndfile {_libsndfile()}" if module == "soundfile" else "")


def _libsndfile() -> str:
    import soundfile

    return str(soundfile.__libsndfile_version__)


def _decode() -> str:
    """Write a small stereo file, and decode it through the sandbox."""
    import numpy as np
    import soundfile

    from schemas.source import Source
    from stages.decode.file import FileDecode

    samples = (np.arange(16000, dtype=np.int16).reshape(8000, 2) % 997).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "probe.wav")
        soundfile.write(path, samples, 8000)
        recording = FileDecode().load("cpu")(Source(id="probe", uris=(path,)))
    if not np.array_equal(recording.samples.T, samples):
        raise ValueError("a WAV file came back with other samples than were written")
    return "a file went through the sandboxed decoder and came back bit for bit"


def _vad() -> str:
    from stages.vad.silero import SileroVad

    stage = SileroVad()
    stage.load("cpu")
    return ", ".join(f"{w.name} {w.revision} ({w.licence}), sha256 {w.sha256[:12]}" for w in stage.weights())


def _torchaudio() -> str:
    from stages.torch_audio import ensure_torchaudio

    extension = "compiled" if ensure_torchaudio() else "a stand-in (none of it is needed here)"
    return f"{version('torchaudio')}, its extension {extension}"


def _diarization() -> str:
    """Build both networks and fill them from the carried weights."""
    return _alone(
        "from stages.diarize import carrier\n"
        "carrier.segmentation_model(), carrier.embedding_model()\n"
        "for w in (carrier.SEGMENTATION, carrier.EMBEDDING): print(f'{w.name} ({w.licence}), sha256 {w.sha256[:12]}')"
    )


def _alone(code: str) -> str:
    """What a program prints, in a process of its own: what models import takes hundreds of megabytes, and may end a process."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env={**os.environ, **QUIET}, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with status {done.returncode}")
    return ", ".join(done.stdout.split("\n")).strip(", ")


def _gpu() -> str:
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("none that torch can use; everything runs on CPU")
    return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))


def _scratch() -> str:
    folder = tempfile.gettempdir()
    return f"{folder}, {shutil.disk_usage(folder).free / 1e9:.0f} GB free (decoded audio of the dialogues being worked on; set TMPDIR)"
