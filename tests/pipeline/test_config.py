"""Configs: every wrong setting is one sentence with the nearest valid choice."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.backends import table
from pipeline.build import crews_of
from pipeline.config import MAX_BYTES, build_config, load_config, ready_made
from pipeline.plan import make_plan
from pipeline.state import config_data
from schemas.errors import UsageError

CHAIN = "chain: [decode, tracks, vad, turns, stats]\n"


def written(folder: Path, text: str, name: str = "x.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def message(folder: Path, text: str, *overrides: str) -> str:
    """What is wrong with a config, without the folder's path."""
    with pytest.raises(UsageError) as caught:
        load_config(written(folder, text), overrides)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.mark.parametrize("name", sorted(ready_made()))
def test_every_ready_made_config_loads_and_plans(name: str) -> None:
    config = load_config(name)
    assert config.name == name
    plan = make_plan(config.chain)
    crews_of(config, plan, 1)


@pytest.mark.parametrize("name", sorted(ready_made()))
def test_a_config_spelled_out_gives_itself_back(name: str) -> None:
    config = load_config(name)
    text = yaml.safe_dump(config_data(config), sort_keys=False)
    assert build_config(yaml.safe_load(text), "again") == config


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ("vad: {treshold: 0.5}", "x.yaml: vad.treshold: no such setting; did you mean 'threshold'?"),
        ("vad: {backend: silerro}", "x.yaml: vad.backend: no backend 'silerro'; did you mean 'silero'?"),
        ("vad: {backend: zzz}", "x.yaml: vad.backend: no backend 'zzz'; valid are energy, silero"),
        ("vadd: {threshold: 0.5}", "x.yaml: vadd: no such setting; did you mean 'vad'?"),
        ("pack: {shard_gb: 1}", "x.yaml: pack.shard_gb: no such setting; did you mean 'shard_mb'?"),
        ("run: {wrokers: 1}", "x.yaml: run.wrokers: no such setting; did you mean 'workers'?"),
        ("source: {license: MIT}", "x.yaml: source.license: no such setting; did you mean 'licence'?"),
        ("run: 3", "x.yaml: run: wanted a mapping of settings, got 3"),
        ("vad: [a]", "x.yaml: vad: wanted a mapping of settings, got ['a']"),
        ("tracks: {first: role}", "x.yaml: tracks.first: 'role' does not choose a first side"),
        ("source: {sides: [a]}", "x.yaml: source.sides: wanted two different names"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest_valid_one(tmp_path: Path, settings: str, wrong: str) -> None:
    assert wrong in message(tmp_path, CHAIN + settings)


@pytest.mark.parametrize(
    ("settings", "start", "got"),
    [
        ("vad: {backend: energy, enter: loud}", "x.yaml: vad.enter: input should be a valid number", "got 'loud'"),
        ("pack: {shard_mb: 1.5}", "x.yaml: pack.shard_mb: input should be a valid integer", "got 1.5"),
        ("pack: {format: csv}", "x.yaml: pack.format: input should be 'parquet' or 'arrow'", "got 'csv'"),
        ("run: {crews: [{stages: [decode], worker: 2}]}", "x.yaml: run.crews.0.worker: no such setting; did you mean 'workers'?", ""),
        ("run: {failure_limit: null}", "x.yaml: run.failure_limit: input should be a valid number", "got None"),
        ("vad: {backend: 3}", "x.yaml: vad.backend: wanted a name", "got 3"),
        ("pack: {3: 4}", "x.yaml: pack.3: no such setting", "valid are"),
        ("3: {a: 4}", "x.yaml: 3: no such setting", ""),
    ],
)
def test_a_wrong_type_is_told_with_what_was_given(tmp_path: Path, settings: str, start: str, got: str) -> None:
    text = message(tmp_path, CHAIN + settings)
    assert text.startswith(start)
    assert got in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ("pack: {shard_mb: 0}", "pack.shard_mb"),
        ("pack: {shard_mb: -5}", "pack.shard_mb"),
        ("pack: {clip_minutes: 0}", "pack.clip_minutes"),
        ("pack: {clip_minutes: .nan}", "pack.clip_minutes"),
        ("pack: {clip_minutes: .inf}", "pack.clip_minutes"),
        ("pack: {group_mb: 0}", "pack.group_mb"),
        ("pack: {split: ../../up}", "pack.split"),
        ("pack: {split: ''}", "pack.split"),
        ("pack: {split: train-x}", "pack.split"),
        ("run: {workers: 0}", "run.workers"),
        ("run: {deadline: -1}", "run.deadline"),
        ("run: {failure_limit: 2}", "run.failure_limit"),
        ("run: {failure_after: -1}", "run.failure_after"),
        ("run: {crews: [{stages: [decode], workers: 0}]}", "run.crews.workers"),
    ],
)
def test_a_value_that_cannot_work_is_refused(tmp_path: Path, settings: str, wrong: str) -> None:
    assert message(tmp_path, CHAIN + settings).startswith(f"x.yaml: {wrong}: wanted ")


@pytest.mark.parametrize("text", ["", "vad: {}", "chain: []", "chain: decode", "chain: [1]"])
def test_a_chain_is_wanted(tmp_path: Path, text: str) -> None:
    assert "wanted a" in message(tmp_path, text)


@pytest.mark.parametrize(
    ("chain", "wrong"),
    [
        ("[tracks, decode]", "chain: tracks takes Recording, which no stage before it gives"),
        ("[decode, vad, tracks]", "chain: vad takes Tracks"),
        ("[decode, decode]", "chain: decode stands twice"),
    ],
)
def test_a_chain_out_of_order_is_told(tmp_path: Path, chain: str, wrong: str) -> None:
    config = load_config(written(tmp_path, f"chain: {chain}"))
    with pytest.raises(UsageError, match=wrong):
        make_plan(config.chain)


def test_an_unknown_kind_in_the_chain_is_told(tmp_path: Path) -> None:
    assert message(tmp_path, "chain: [decode, trakcs]") == "x.yaml: trakcs: no such kind of stage; did you mean 'tracks'?"


def test_a_config_that_is_not_there_names_the_ready_made() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.yaml: no such config file; ready-made are demo, .*stereo_calls"):
        load_config("nowhere.yaml")


def test_overrides_are_yaml_and_reach_every_section() -> None:
    config = load_config("stereo_calls", ["vad.threshold=0.7", "pack.format=arrow", "run.workers=3", "source.sides=[a, b]", "name=mine"])
    assert config.chain[3].threshold == 0.7
    assert (config.pack.format, config.run.workers, config.source.sides, config.name) == ("arrow", 3, ("a", "b"), "mine")


@pytest.mark.parametrize(
    "overrides", [["vad.backend=energy"], ["vad.enter=9", "vad.backend=energy"], ["vad.backend=energy", "vad.enter=9"]]
)
def test_another_backend_starts_from_its_own_defaults(overrides: list[str]) -> None:
    vad = load_config("stereo_calls", overrides).chain[3]
    assert (vad.backend, vad.enter) == ("energy", 9.0 if len(overrides) == 2 else 12.0)


def test_naming_the_backend_that_is_there_keeps_its_settings() -> None:
    assert load_config("demo", ["separate.backend=guided"]).chain[3].first == "role:agent"


@pytest.mark.parametrize(
    ("override", "wrong"),
    [
        ("vad", "--set vad: wanted a.b=value"),
        ("=3", "--set =3: wanted a.b=value"),
        ("vad.threshold.x=1", "--set vad.threshold.x=1: threshold is not a group of settings"),
        ("vad.threshold=[", "--set vad.threshold=[: the value is not valid YAML"),
        ("vad.treshold=1", "vad.treshold: no such setting; did you mean 'threshold'?"),
        ("chain.x=1", "--set chain.x=1: chain is not a group of settings"),
    ],
)
def test_a_wrong_override_is_told(override: str, wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_config("stereo_calls", [override])
    assert wrong in str(caught.value)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (CHAIN + BOMB, "no such setting"),
        (CHAIN + BOMB + "vad: {threshold: *i}", "no such setting"),
        (CHAIN + "# " + "x" * MAX_BYTES, "a config has at most"),
        (CHAIN + "vad: !!python/object/apply:os.system [id]", "not valid YAML"),
        ("[" * 4000, "not valid YAML"),
        (CHAIN + "vad: {threshold: 1", "not valid YAML"),
        ("- a", "wanted a mapping of settings, got list"),
        (CHAIN + "vad: {threshold: &x [*x]}", ""),
    ],
    ids=["bomb", "bomb used", "size", "object", "depth", "syntax", "list", "loop"],
)
def test_hostile_yaml_is_refused_in_one_short_sentence(tmp_path: Path, text: str, wrong: str) -> None:
    told = message(tmp_path, text)
    assert wrong in told
    assert len(told) < 2000


def test_a_bomb_inside_a_setting_is_refused_shortly(tmp_path: Path) -> None:
    text = CHAIN + "vad:\n  threshold:\n" + "".join(f"    {line}\n" for line in BOMB.splitlines())
    assert len(message(tmp_path, text)) < 2000


def test_a_config_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"chain: \xff\xfe")
    with pytest.raises(UsageError, match=r"x\.yaml: not"):
        load_config(str(tmp_path / "x.yaml"))


@given(st.text(max_size=60))
def test_any_override_loads_or_is_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert load_config("stereo_calls", [text]).chain


@pytest.fixture
def installed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path that can hold distributions; the table of backends forgets them afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    table.cache_clear()
    yield tmp_path
    table.cache_clear()


MODULE = """
from dataclasses import dataclass
from typing import ClassVar
from schemas.activity import Activity
from schemas.tracks import Tracks

@dataclass(frozen=True, slots=True, kw_only=True)
class AllVad:
    name: ClassVar[str] = "vad"
    backend: ClassVar[str] = "{backend}"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Activity
    share: float = 1.0
    def weights(self): return ()
    def load(self, device): return None
"""


def install(folder: Path, point: str, backend: str = "everything") -> None:
    info = folder / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[duologue.backends]\n{point} = outside_vad:AllVad\n")
    (folder / "outside_vad.py").write_text(MODULE.format(backend=backend))


def test_aninstalled_folder_package_adds_a_backend(installed_folder: Path) -> None:
    install(installed_folder, "vad.everything")
    config = load_config("stereo_calls", ["vad.backend=everything", "vad.share=0.5"])
    assert (type(config.chain[3]).__name__, config.chain[3].share) == ("AllVad", 0.5)
    assert make_plan(config.chain).steps[3].address.startswith("vad-")
    with pytest.raises(UsageError, match=r"vad\.backend: no backend 'everythin'; did you mean 'everything'\?"):
        load_config("stereo_calls", ["vad.backend=everythin"])


def test_aninstalled_folder_package_never_replaces_a_backend_of_ours(installed_folder: Path) -> None:
    install(installed_folder, "vad.energy", "energy")
    assert type(load_config("stereo_calls", ["vad.backend=energy"]).chain[3]).__name__ == "EnergyVad"


def test_an_entry_point_without_a_kind_is_told(installed_folder: Path) -> None:
    install(installed_folder, "everything")
    with pytest.raises(UsageError, match=r"entry point 'everything' of duologue\.backends: wanted a name of the form kind\.backend"):
        load_config("stereo_calls")


@pytest.mark.parametrize("value", ["outside_vad:Missing", "no_such_module:AllVad", "outside_vad"])
def test_a_broken_entry_point_is_told(installed_folder: Path, value: str) -> None:
    install(installed_folder, "vad.everything")
    (installed_folder / "outside-1.0.dist-info" / "entry_points.txt").write_text(f"[duologue.backends]\nvad.everything = {value}\n")
    with pytest.raises(UsageError, match=r"vad\.backend: .*everything.*cannot be loaded"):
        load_config("stereo_calls", ["vad.backend=everything"])


def test_loading_a_config_imports_no_model_library() -> None:
    code = "import sys; from pipeline.config import load_config; load_config('stereo_calls'); print([m for m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "ray", "silero_vad", "onnxruntime", "pyarrow", "scipy", "numba", "av"} & set(eval(done.stdout))
