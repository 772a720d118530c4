"""Every registered backend of `separate`, and the one of the guide in CONTRIBUTING.md, against the contract."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.backends import backend_class, table
from schemas.tracks import Tracks
from stages.separate.route import RouteSeparate
from tests.stages.separate.contract import (
    Dialogue,
    adds_up,
    check,
    dialogue,
    has_no_clicks,
    hears_who_is_who,
    keeps_the_format,
    keeps_the_level,
    leaves_solos_alone,
)
from tests.stages.separate.mixtures import SOURCE
from tests.stages.separate.network.files import convtasnet, dialoguesidon, pixit, saved, sepformer
from tests.stages.separate.network.networks import Splitter, onnx, scripted

ROOT = Path(__file__).resolve().parents[3]
LINES = 30
"""Of code in the guide's example, at most."""

Settings = Callable[[Path], dict[str, Any]]

SETTINGS: dict[str, Settings] = {
    "route": lambda folder: {"residual": True},
    # Hardly taught, so that it is quick: the laws hold whatever it has learnt.
    "guided": lambda folder: {"steps": 3, "width": 4, "least_confidence": 0.0, "residual": True},
    "convtasnet": lambda folder: {"model": str(saved(convtasnet(), folder / "net.pt")), "layers": 2},
    "sepformer": lambda folder: {"model": str(sepformer(folder)), "window": 4.0, "context": 1.0},
    "onnx": lambda folder: {"model": str(onnx(folder / "net.onnx", 8000)), "rate": 8000, "licence": "MIT"},
    "torchscript": lambda folder: {"model": str(scripted(Splitter(8000), folder / "net.pt")), "rate": 8000, "licence": "MIT"},
    "pixit": lambda folder: {"model": str(pixit(folder, wavlm=False))},
    "dialoguesidon": lambda folder: {"model": str(dialoguesidon(folder)), "accept_licence": "CC-BY-NC-4.0", "steps": 2, "window": 8.0},
}
"""How to make each backend small. One that is not here is tried as it is."""
PERFECT = {"onnx", "torchscript"}
"""Those whose network here tells the contract's voices apart."""


@pytest.mark.parametrize("backend", sorted(table()["separate"]))
def test_it_keeps_the_contract(backend: str, tmp_path: Path) -> None:
    made = SETTINGS[backend](tmp_path) if backend in SETTINGS else {}
    stage = backend_class("separate", backend, "test")(**made)
    check(stage, ears=backend in PERFECT, rates=(8000, 44100) if backend in PERFECT or backend == "route" else (8000,))


def guide() -> str:
    """The example of a separator in CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("### A new separator")[2].partition("\n## ")[0]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_guide_shows_a_separator_that_keeps_the_contract(tmp_path: Path) -> None:
    code = guide()
    assert len([line for line in code.splitlines() if line.strip()]) <= LINES
    path = tmp_path / "bands.py"
    path.write_text(code)
    spec = importlib.util.spec_from_file_location("guide_bands", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["guide_bands"] = module
    try:
        spec.loader.exec_module(module)
        check(module.BandsSeparate(), ears=True)
    finally:
        del sys.modules["guide_bands"]


def test_the_contract_tells_what_is_wrong(tmp_path: Path) -> None:
    """Tracks that break one law each are caught by the check of that law."""
    talk = dialogue(8000)
    stage = backend_class("separate", "onnx", "test")(**SETTINGS["onnx"](tmp_path), residual=True)
    good: Tracks = stage.load("cpu")(SOURCE, talk.sound, talk.diarization)
    first = talk.diarization.overlaps[0]

    def broken(at: slice, change: Callable[[Any], Any]) -> Tracks:
        samples: Any = np.array(good.samples)
        samples[:, at] = change(samples[:, at])
        return replace(good, samples=samples)

    inner = slice(first.start + 400, first.end - 400)
    wrong: list[tuple[Callable[[Tracks, Dialogue], None], Tracks]] = [
        (adds_up, broken(slice(first.start + 50, first.start + 51), lambda x: x + 1)),
        (leaves_solos_alone, broken(slice(first.start - 2000, first.start - 1999), lambda x: x + 1)),
        (has_no_clicks, broken(slice(first.start + 5, first.start + 6), lambda x: x + 8000)),
        (hears_who_is_who, broken(inner, lambda x: x[::-1])),
        (hears_who_is_who, RouteSeparate().load("cpu")(SOURCE, talk.sound, talk.diarization)),
        (keeps_the_level, broken(slice(first.start, first.end), lambda x: (x * 0.8).astype(np.int16))),
        (keeps_the_format, replace(good, rate=16000)),
    ]
    for law, made in wrong:
        law(good, talk)
        with pytest.raises(AssertionError):
            law(made, talk)
