"""One YAML file, checked whole before anything runs."""

from __future__ import annotations

import dataclasses
import math
import re
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Literal

import yaml

from pipeline.backends import backend_class, did_you_mean, table
from schemas.errors import UsageError
from stages.sources.settings import SourceSettings

MAX_BYTES = 1 << 20
SPLIT = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
"""Split names that `datasets` accepts."""


def _law(good: bool, setting: str, value: Any, wanted: str) -> None:
    if not good:
        raise UsageError(f"{setting}: wanted {wanted}, got {short(value)}")


def _laws_of_counts(section: str, value: Any, **least: float) -> None:
    """Each named setting is a finite number, at or above its least; None is left to the type check."""
    for name, low in least.items():
        number = getattr(value, name)
        _law(number is None or (low <= number and math.isfinite(number)), f"{section}.{name}", number, f"{low} or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A group of workers that take dialogues through some consecutive stages."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    # Pydantic ignores unknown names in a nested dataclass unless told otherwise.

    stages: tuple[str, ...]
    """Kinds, in chain order; crews together name every stage of the chain once."""
    workers: int = 1
    cpus: float = 1.0
    """CPU cores each worker reserves on Ray."""
    gpus: float = 0.0
    """GPUs each worker reserves; a fraction lets several share one."""
    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:<n>`."""

    def __post_init__(self) -> None:
        _laws_of_counts("run.crews", self, workers=1, cpus=0, gpus=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How the work is spread; nothing here changes the output."""

    workers: int | None = None
    """Workers of the single default crew; None is one per core on Ray, and one with `--local`."""
    device: str = "cpu"
    crews: tuple[Crew, ...] = ()
    """Empty: one crew with the whole chain."""
    deadline: float = 300.0
    """Seconds a dialogue may take, plus `deadline_per_mb` for each megabyte of its files."""
    deadline_per_mb: float = 120.0
    load_deadline: float = 900.0
    """Seconds a worker may take to start and load its models."""
    failure_limit: float = 0.05
    """Share of dialogues that may end as errors before the run stops, once `failure_after` have ended."""
    failure_after: int = 50
    scratch: str | None = None
    """Folder for decoded audio while a dialogue is worked on; None is the system's temporary folder."""

    def __post_init__(self) -> None:
        _laws_of_counts("run", self, workers=1, deadline=0, deadline_per_mb=0, load_deadline=0, failure_after=0)
        _law(0 <= self.failure_limit <= 1, "run.failure_limit", self.failure_limit, "a share from 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSettings:
    """How rows are laid out in shards."""

    format: Literal["parquet", "arrow"] = "parquet"
    split: str = "train"
    shard_mb: int = 500
    """Native audio (before FLAC) in one shard, at most, unless one row alone is larger."""
    clip_minutes: float = 30.0
    """Longest row; longer recordings are cut where both sides are silent."""
    group_mb: int = 32
    """Encoded audio after which a row group is closed; groups stay under 100 MB."""

    def __post_init__(self) -> None:
        _law(SPLIT.fullmatch(self.split) is not None, "pack.split", self.split, "letters, digits and underscores, such as 'train'")
        _laws_of_counts("pack", self, shard_mb=1, group_mb=1)
        _law(0 < self.clip_minutes < math.inf, "pack.clip_minutes", self.clip_minutes, "a number above 0")


@dataclass(frozen=True, slots=True)
class Config:
    """A checked config: the chain as stage values, and the settings around it."""

    name: str
    chain: tuple[Any, ...]
    """Stage values in running order."""
    source: SourceSettings = field(default_factory=SourceSettings)
    pack: PackSettings = field(default_factory=PackSettings)
    run: RunSettings = field(default_factory=RunSettings)


SECTIONS: dict[str, type[Any]] = {"source": SourceSettings, "pack": PackSettings, "run": RunSettings}


def load_config(where: str | None, overrides: Sequence[str] = ()) -> Config:
    """Read a config file, or one of the ready-made ones by name, and apply `a.b=value` overrides (values are YAML).

    An override that chooses another backend drops the file's settings of that stage, which belong to the backend it had.

    Raises `UsageError` that names the file, the setting and the nearest valid choice.
    """
    place = where or "stereo_calls"
    data = read_settings(place, ready_made(), "config")
    for override in sorted(overrides, key=lambda each: not _chooses_backend(each)):
        _apply(data, override)
    return build_config(data, place)


def build_config(data: dict[str, Any], place: str) -> Config:
    """A `Config` from the plain contents of a YAML file called `place`."""
    name = str(data.pop("name", Path(place).stem))
    chain = data.pop("chain", None)
    if not isinstance(chain, list) or not all(isinstance(kind, str) for kind in chain) or not chain:
        raise UsageError(f"{place}: chain: wanted a list of stage kinds in running order, such as {list(table())}")
    for key, value in data.items():
        if key not in SECTIONS and key not in table():
            raise UsageError(f"{place}: {key}: no such setting{did_you_mean(str(key), [*SECTIONS, *table(), 'chain', 'name'])}")
        if value is not None and not isinstance(value, dict):
            raise UsageError(f"{place}: {key}: wanted a mapping of settings, got {short(value)}")
    stages = []
    for kind in chain:
        settings = dict(data.get(kind) or {})
        backend = settings.pop("backend", None)
        if backend is not None and not isinstance(backend, str):
            raise UsageError(f"{place}: {kind}.backend: wanted a name, got {short(backend)}")
        cls = backend_class(kind, backend, place)
        stages.append(_make(cls, settings, f"{place}: {kind}"))
    made = {key: _make(cls, dict(data.get(key) or {}), f"{place}: {key}") for key, cls in SECTIONS.items()}
    return Config(name=name, chain=tuple(stages), **made)


def ready_made(below: str = "") -> dict[str, Any]:
    """Ready-made configs by name, or what else lies ready in a folder below them."""
    folder = resources.files("configs").joinpath(below) if below else resources.files("configs")
    return {entry.name.removesuffix(".yaml"): entry for entry in folder.iterdir() if entry.name.endswith(".yaml")}


def read_settings(where: str, ready: dict[str, Any], what: str) -> dict[str, Any]:
    """The contents of a YAML file, or of one of the `ready` ones by name; `what` is what such a file is called.

    Raises `UsageError` that names the file.
    """
    path = Path(where)
    if path.is_file():
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{where}: {path.stat().st_size} bytes; a {what} has at most {MAX_BYTES}")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"{where}: not UTF-8 text: {error}") from error
    elif where in ready:
        text = ready[where].read_text(encoding="utf-8")
    else:
        raise UsageError(f"{where}: no such {what} file; ready-made are {', '.join(sorted(ready))}")
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"{where}: not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise UsageError(f"{where}: not valid YAML for a {what}: nested too deeply") from error
    if not isinstance(data, dict):
        raise UsageError(f"{where}: wanted a mapping of settings, got {type(data).__name__}")
    return data


def _apply(data: dict[str, Any], override: str) -> None:
    path, separator, text = override.partition("=")
    if not separator or not path.strip():
        raise UsageError(f"--set {override}: wanted a.b=value")
    at = data
    *parents, last = path.strip().split(".")
    for parent in parents:
        child = at.setdefault(parent, {})
        if child is None:
            child = at[parent] = {}
        if not isinstance(child, dict):
            raise UsageError(f"--set {override}: {parent} is not a group of settings")
        at = child
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"--set {override}: the value is not valid YAML") from error
    if _chooses_backend(override) and value != at.get("backend", next(iter(table().get(parents[0], {})), None)):
        at.clear()
    at[last] = value


def _chooses_backend(override: str) -> bool:
    path = override.partition("=")[0].strip()
    return path.endswith(".backend") and path.count(".") == 1


def _make(cls: type[Any], settings: dict[str, Any], place: str) -> Any:
    """An instance of a settings dataclass, with every name and type checked."""
    from pydantic import TypeAdapter, ValidationError

    valid = _names(cls)
    for name in settings:
        if name not in valid:
            raise UsageError(f"{place}.{name}: no such setting{did_you_mean(str(name), valid)}")
    try:
        return TypeAdapter(cls).validate_python(settings)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, UsageError):
            raise UsageError(f"{place.partition(': ')[0]}: {cause}") from error
        name = ".".join([place, *(str(part) for part in first["loc"])])
        if first["type"] == "unexpected_keyword_argument":
            raise UsageError(f"{name}: no such setting{did_you_mean(str(first['loc'][-1]), _names(Crew))}") from error
        raise UsageError(f"{name}: {first['msg'][0].lower()}{first['msg'][1:]}, got {short(first['input'])}") from error


def _names(cls: type[Any]) -> list[str]:
    return [f.name for f in dataclasses.fields(cls) if f.init]


def short(value: Any) -> str:
    """`repr(value)` in at most a line or so: a few kilobytes of YAML aliases can stand for gigabytes."""
    brief = reprlib.Repr()
    brief.maxlevel, brief.maxstring, brief.maxother = 2, 100, 100
    return brief.repr(value)
