"""torchaudio comes up in every process, with its own extension wherever that loads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run(code: str, *options: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(str(each) for each in (path, ROOT) if each is not None), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *options, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=100
    )


def fake(folder: Path, extension: str, body: str = "") -> Path:
    """A package called torchaudio whose parts are imported in the order of the real one's."""
    package = folder / "torchaudio"
    (package / "_extension").mkdir(parents=True)
    (package / "_extension" / "__init__.py").write_text(f"from torchaudio import _internal\n{extension}\n")
    (package / "_internal.py").write_text("")
    (package / "__init__.py").write_text(f"from . import _extension\nfrom torchaudio._extension import fail_if_no_align\n{body}\n")
    return folder


ENSURE = "from stages.torch_audio import ensure_torchaudio\nprint(ensure_torchaudio())\n"


def test_it_works_whatever_the_wheel_is_linked_against() -> None:
    alone = run("import torchaudio")
    done = run(
        f"{ENSURE}import importlib.util, sys, torch, torchaudio\nbefore = dict(sys.modules)\nprint(ensure_torchaudio())\n"
        "print(all(sys.modules[name] is each for name, each in before.items()))\n"
        "import torchaudio.compliance.kaldi as kaldi\n"
        "from torchaudio.functional import resample\nfrom torchaudio.models import conv_tasnet_base\n"
        "print(tuple(kaldi.fbank(torch.zeros(1, 16000), num_mel_bins=80).shape), resample(torch.ones(800), 8, 16).numel())\n"
        "print(importlib.util.find_spec('torchaudio._extension') is not None)"
    )
    compiled = str(alone.returncode == 0)
    assert done.stdout.split("\n")[:5] == [compiled, compiled, "True", "(98, 80) 1600", "True"], done.stderr


def test_what_needs_the_extension_says_so(tmp_path: Path) -> None:
    done = run(
        f"{ENSURE}from torchaudio._extension import fail_if_no_align\n@fail_if_no_align\ndef forced_align(): return 1\nforced_align()",
        path=fake(tmp_path, "raise OSError('libcuda.so: not there')"),
    )
    assert done.stdout == "False\n"
    assert "forced_align needs torchaudio's compiled extension, which does not load here: libcuda.so: not there" in done.stderr


def test_an_extension_that_loads_is_kept(tmp_path: Path) -> None:
    done = run(f"{ENSURE}import torchaudio._extension as e; print(e.REAL)", path=fake(tmp_path, "REAL = 1\nfail_if_no_align = None"))
    assert done.stdout == "True\n1\n"


def test_nothing_half_imported_is_left(tmp_path: Path) -> None:
    code = (
        "import sys\ntry:\n    import torchaudio\nexcept OSError: print('torchaudio._internal' in sys.modules)\n"
        f"old = sys.modules.get('torchaudio._internal')\n{ENSURE}"
        "print(sys.modules['torchaudio']._extension.stands_in, sys.modules.get('torchaudio._internal') is old)"
    )
    done = run(code, path=fake(tmp_path, "raise OSError('not there')"))
    assert done.stdout == "True\nFalse\nTrue False\n", done.stderr


def test_a_torchaudio_that_is_broken_otherwise_is_told(tmp_path: Path) -> None:
    done = run(ENSURE, path=fake(tmp_path, "raise OSError('no library')", "raise ImportError('no soxr')"))
    assert "UsageError: torchaudio cannot be imported, with its extension (no library) or without it (no soxr): pip install" in done.stderr


def test_a_torchaudio_that_is_missing_is_told_with_the_command() -> None:
    done = run(ENSURE, "-S")
    assert "UsageError: torchaudio is not installed: pip install torch torchaudio" in done.stderr
