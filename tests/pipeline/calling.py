"""The command line in the tests' own process, and what it published."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.cli import main

ENERGY = ("-c", "stereo_channels", "--set", "vad.backend=energy")
"""Options of a chain that needs no model."""
WITHOUT_WORDS = ("--set", "chain=[decode, health, diarize, separate, vad, turns, stats]")
"""The chain of `mono_calls` and `podcast_mono` without its recogniser and what comes after."""


class Cli:
    """`duologue` in this process."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def __call__(self, *arguments: object, code: int = 0) -> str:
        """Standard output of a command that must end with `code`; on failure standard error."""
        ended = 0
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ending:
            ended = int(ending.code or 0)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        out, err = self.capture.readouterr()
        assert ended == code, err or out
        return out if out else err

    def json(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(*arguments, "--json", code=code))
        return found

    def build(self, src: Path, out: Path, *more: str, code: int = 0) -> dict[str, Any]:
        return self.json("build", src, out, "--local", "--workers", "0", "-q", *ENERGY, *more, code=code)


def rows(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / "data").to_pylist()
    return found


def rejects(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(out / "rejects.parquet").to_pylist()
    return found
