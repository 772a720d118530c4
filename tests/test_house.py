"""The rules of the house, read from the syntax tree: arrows, lazy imports, sizes, errors, and a command line that starts at once."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pipeline.config import load_config, ready_made
from schemas.diarization import DROPPED
from schemas.errors import REASONS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "stages", "pipeline", "configs")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

MAY_IMPORT = {"schemas": {"schemas"}, "stages": {"schemas", "stages"}, "pipeline": {"schemas", "stages", "pipeline"}, "configs": set()}
MEETS_STAGES = {
    "pipeline/audit/accounts.py": {"stages.rights", "stages.sources"},
    "pipeline/audit/commands.py": {"stages.audit", "stages.decode", "stages.sources", "stages.stage"},
    "pipeline/audit/contents.py": {"stages.rights", "stages.sources"},
    "pipeline/audit/copies.py": {"stages.audit"},
    "pipeline/audit/items.py": {"stages.audit", "stages.rights"},
    "pipeline/audit/listed.py": {"stages.sources"},
    "pipeline/audit/players.py": {"stages.audit", "stages.rights"},
    "pipeline/audit/request.py": {"stages.rights", "stages.sources"},
    "pipeline/audit/run.py": {"stages.audit"},
    "pipeline/audit/splits.py": {"stages.splits"},
    "pipeline/audit/sums.py": {"stages.decode", "stages.sources"},
    "pipeline/audit/together.py": {"stages.audit", "stages.rights"},
    "pipeline/build.py": {"stages.sources"},
    "pipeline/calibrate/overlaps.py": {"stages.calibrate", "stages.scoring"},
    "pipeline/calibrate/run.py": {"stages.acoustics", "stages.calibrate"},
    "pipeline/calibrate/summary.py": {"stages.calibrate", "stages.scoring"},
    "pipeline/calibrate/words.py": {"stages.scoring"},
    "pipeline/calibrate/words_inside.py": {"stages.scoring"},
    "pipeline/card/front.py": {"stages.rights"},
    "pipeline/card/shaped.py": {"stages.shape"},
    "pipeline/card/talk.py": {"stages.audit"},
    "pipeline/card/terms.py": {"stages.rights"},
    "pipeline/codecs.py": {"stages.spool"},
    "pipeline/commands.py": {"stages.sources", "stages.decode"},
    "pipeline/config.py": {"stages.sources"},
    "pipeline/doctor.py": {"stages.decode", "stages.torch_audio", "stages.vad"},
    "pipeline/funnel.py": {"stages.filter"},
    "pipeline/funnel_columns.py": {"stages.filter"},
    "pipeline/exports/card.py": {"stages.rights"},
    "pipeline/exports/format.py": {"stages.rights"},
    "pipeline/exports/item.py": {"stages.rights"},
    "pipeline/exports/licence.py": {"stages.rights"},
    "pipeline/exports/rights.py": {"stages.rights"},
    "pipeline/exports/text.py": {"stages.text_stream"},
    "pipeline/plan.py": {"stages.stage"},
    "pipeline/policy.py": {"stages.rights", "stages.sources"},
    "pipeline/report/players.py": {"stages.audit"},
    "pipeline/report/taking.py": {"stages.turns"},
    "pipeline/redact/fill.py": {"stages.separate"},
    "pipeline/redact/found.py": {"stages.personal"},
    "pipeline/redact/run.py": {"stages.personal"},
    "pipeline/rows.py": {"stages.rights"},
    "pipeline/said.py": {"stages.stage", "stages.transcribe"},
    "pipeline/shape/cut.py": {"stages.turns"},
    "pipeline/shape/plan.py": {"stages.shape"},
    "pipeline/shape/reading.py": {"stages.rights", "stages.stage"},
    "pipeline/shape/run.py": {"stages.shape"},
    "pipeline/shape/settings.py": {"stages.shape"},
    "pipeline/shape/values.py": {"stages.shape", "stages.turns"},
    "pipeline/shape/write.py": {"stages.shape"},
    "pipeline/simulate.py": {"stages.acoustics", "stages.simulate"},
    "pipeline/simulate_report.py": {"stages.simulate"},
    "pipeline/simulate_supply.py": {"stages.simulate"},
    "pipeline/simulate_utterances.py": {"stages.decode", "stages.simulate", "stages.sources"},
    "pipeline/state.py": {"stages.sources", "stages.stage"},
}
"""Where the engine knows stages beyond the table of backends: the listing of sources (which runs before the chain), the stage protocol,
the spool, the sandbox that probes files, doctor's two trials, the terms of licences, the outline of a waveform, and calibration, whose one
stage holds a chain and whose sums are scores."""

HEAVY = {
    *("torch", "torchaudio", "pyannote", "silero_vad", "faster_whisper", "transformers", "ctranslate2", "onnxruntime", "ray", "datasets"),
    *("pocketsphinx", "scipy", "numba", "soundfile", "av", "soxr", "hibari", "pandas", "polars", "duckdb", "jinja2", "s3fs", "pyarrow"),
}
AT_THE_TOP = {
    "pipeline/on_ray.py": {"ray"},
    "stages/decode/shorten_kernel.py": {"numba"},
    "pipeline/shards.py": {"pyarrow"},
    "pipeline/publish.py": {"pyarrow"},
    "pipeline/merge.py": {"pyarrow"},
    "pipeline/verify.py": {"pyarrow"},
    "pipeline/shape/reading.py": {"pyarrow"},
    "pipeline/exports/tokens_dataset.py": {"torch"},
}
"""Modules that are themselves imported late, and the library each is about; so are those of the report, which read shards."""


@cache
def tree(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), name)


def imports(nodes: Iterator[ast.AST] | list[ast.stmt]) -> set[str]:
    """Full names of modules that these nodes import; relative imports are against the rules and show as a dot."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else str(node.module))
    return found


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported; those under `if TYPE_CHECKING` do not."""
    for node in body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        for inner in ("body", "orelse", "finalbody", "handlers"):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from at_import(getattr(node, inner, []))


def functions(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def allowed_heavy(name: str) -> set[str]:
    report = {"pyarrow"} if name.startswith("pipeline/report") else set()
    kernel = {"numba"} if name.endswith("_kernel.py") else set()
    return AT_THE_TOP.get(name, set()) | report | kernel


@pytest.mark.parametrize("name", NAMES)
def test_arrows_point_one_way(name: str) -> None:
    package = name.split("/")[0]
    found = imports(ast.walk(tree(name)))
    ours = {module.split(".")[0] for module in found} & {*PACKAGES, "tests"}
    assert ours <= MAY_IMPORT[package]
    assert "." not in found


def test_the_engine_meets_stages_in_few_places() -> None:
    met: dict[str, set[str]] = {}
    for name in NAMES:
        if name.startswith("pipeline/"):
            for module in imports(ast.walk(tree(name))):
                if module.split(".")[0] == "stages":
                    met.setdefault(name, set()).add(".".join(module.split(".")[:2]))
    assert {name: modules for name, modules in met.items() if not modules <= MEETS_STAGES.get(name, set())} == {}


@pytest.mark.parametrize("name", NAMES)
def test_no_heavy_library_at_the_top_of_a_module(name: str) -> None:
    found = {module.split(".")[0] for module in imports(list(at_import(tree(name).body)))}
    assert found & HEAVY <= allowed_heavy(name)


def test_ray_is_imported_in_one_file() -> None:
    users = [name for name in NAMES if "ray" in {module.split(".")[0] for module in imports(ast.walk(tree(name)))}]
    assert users == ["pipeline/on_ray.py"]


def test_kernels_are_imported_inside_functions_only() -> None:
    for name in NAMES:
        top = imports(list(at_import(tree(name).body)))
        assert not [module for module in top if module.endswith("_kernel")], name


@pytest.mark.parametrize("name", NAMES)
def test_files_and_functions_stay_short(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 320
    long = {node.name: size for node in functions(tree(name)) if (size := (node.end_lineno or 0) - node.lineno + 1) > 60}
    assert long == {}


@pytest.mark.parametrize("name", NAMES)
def test_no_exception_is_swallowed(name: str) -> None:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"
            only = node.body[0]
            silent = len(node.body) == 1 and (
                isinstance(only, ast.Pass) or (isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant))
            )
            assert not silent, f"an exception is dropped in line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called == "suppress":
                assert not {ast.unparse(arg) for arg in node.args} & {"Exception", "BaseException"}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_do(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not [word for word in ("TODO", "FIXME", "XXX", "NotImplementedError", "breakpoint(") if word in text]
    assert "/work/" not in text
    assert "/home/" not in text


def test_every_module_says_what_it_is_for() -> None:
    assert [name for name in NAMES if not name.startswith("configs/") and not ast.get_docstring(tree(name))] == []


def literals(name: str) -> set[str]:
    return {node.value for node in ast.walk(tree(name)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_reasons_in_the_code_and_in_the_list_are_the_same() -> None:
    raised = set()
    for name in NAMES:
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reject" and node.args:
                first = node.args[0]
                raised |= {first.value} if isinstance(first, ast.Constant) else set()
    assert raised <= set(REASONS)
    named = set().union(*(literals(name) for name in NAMES if name != "schemas/errors.py"))
    assert set(REASONS) - named == set(), "reasons that nothing raises"


def test_reasons_for_dropping_a_piece_are_all_given_somewhere() -> None:
    named = set().union(*(literals(name) for name in NAMES if name.startswith("stages/diarize/")))
    assert set(DROPPED) - named == set()


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "configs").glob("*.yaml")))
def test_every_config_in_the_folder_is_ready_made_and_loads(name: str) -> None:
    assert name in ready_made()
    assert load_config(name).chain


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


LOADED = "import sys, json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"


def test_help_answers_in_under_half_a_second() -> None:
    command = [sys.executable, "-m", "pipeline.cli", "--help"]
    times = []
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - start)
        assert "build" in done.stdout
    assert min(times) < 0.5


@pytest.mark.parametrize(
    "module", ["pipeline.cli", "pipeline.backends", "pipeline.config", "pipeline.worker", "pipeline.pools", "stages.sources"]
)
def test_what_a_run_starts_with_imports_nothing_heavy(module: str) -> None:
    loaded = set(json.loads(run(f"import {module}; {LOADED}")))
    assert loaded & HEAVY == set()
