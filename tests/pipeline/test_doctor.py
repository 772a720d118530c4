"""What doctor says on a machine that works, and on one where a library is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.doctor import TRIED, WORDS, _check, _import, examine
from pipeline.show import text_of
from schemas.errors import UsageError


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return examine()


def test_everything_a_build_needs_works_here(found: dict[str, Any]) -> None:
    assert found["healthy"]
    checks = {check["name"]: check for check in found["checks"]}
    named = {
        "python",
        "decoding",
        "vad weights",
        "torchaudio",
        "diarization weights",
        "gpu",
        "recogniser on the gpu",
        "scratch",
        "backends",
    }
    assert named | set(WORDS) | {name for name, _, _ in TRIED} == set(checks)
    assert all(checks[name]["text"].count("sha256") == 1 for name in WORDS)
    assert checks["recogniser on the gpu"]["ok"] or "run.crews" in checks["recogniser on the gpu"]["text"]
    assert all(check["ok"] for check in checks.values() if check["needed"])
    assert "bit for bit" in checks["decoding"]["text"]
    assert "sha256" in checks["vad weights"]["text"]
    assert checks["torchaudio"]["ok"]
    assert checks["diarization weights"]["ok"]
    assert checks["diarization weights"]["text"].count("sha256") == 2
    assert "libsndfile" in checks["soundfile"]["text"]


def test_each_check_is_one_line(found: dict[str, Any]) -> None:
    lines = text_of(found).splitlines()
    assert len(lines) == len(found["checks"])
    assert all(line[:4] in ("ok  ", "BAD ", "no  ") for line in lines)


def test_a_library_that_cannot_be_imported_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('libx.so:\\n not there')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = _check("numba", True, lambda: _import("numba"), "pip install numba")
    assert not check["ok"]
    assert check["text"].endswith("not there; pip install numba")
    assert "\n" not in check["text"]


def test_a_library_that_takes_its_process_down_does_not_take_doctor_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numba.py").write_text("import os; os.abort()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = _check("numba", True, lambda: _import("numba"))
    assert not check["ok"]
    assert "ended with status -6" in check["text"]


@pytest.mark.parametrize("error", [UsageError("no weights"), OSError(28, "No space left"), RuntimeError("x"), ImportError("y")])
def test_a_check_that_fails_is_a_finding(error: Exception) -> None:
    def fail() -> str:
        raise error

    check = _check("it", True, fail)
    assert (check["ok"], check["needed"]) == (False, True)
    assert str(error) in check["text"]
