"""Targets from a YAML file and from the command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeline.backends import did_you_mean
from schemas.errors import UsageError
from stages.shape.targets import RANGES, Range, Targets

MAX_BYTES = 1 << 16
NAMES = tuple(field.name for field in dataclasses.fields(Targets))
NONE = ("none", "null", "")


def targets_from(file: str | None, options: Mapping[str, Any]) -> Targets:
    """Targets of a YAML file, each of them replaced by the option of its name that is not None.

    Raises `UsageError` that names the file or option, the setting and what was wanted.
    """
    found = {} if file is None else {name: _value(f"{file}: {name}", name, value) for name, value in _read(file).items()}
    for name, value in options.items():
        if value is not None:
            found[name] = _value(f"--{name.replace('_', '-')}", name, value)
    try:
        return Targets(**found)
    except UsageError as error:
        raise UsageError(f"{file}: {error}" if file else str(error)) from error


def _read(file: str) -> dict[str, Any]:
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"{file}: no such file of targets")
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"{file}: {path.stat().st_size} bytes; a file of targets has at most {MAX_BYTES}")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{file}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{file}: wanted a mapping of targets, such as max_turn: 10")
    for name in data:
        if name not in NAMES:
            raise UsageError(f"{file}: {name}: no such target{did_you_mean(str(name), NAMES)}")
    return data


def _value(place: str, name: str, value: Any) -> Any:
    if name in RANGES:
        return _range(place, value)
    if name == "both_speak":
        if not isinstance(value, bool):
            raise UsageError(f"{place}: wanted true or false, got {value!r}")
        return value
    if value is None or (isinstance(value, str) and value.strip().lower() in NONE):
        if name in ("min_clip", "min_silence", "seed"):
            raise UsageError(f"{place}: wanted a number, got {value!r}")
        return None
    number = _number(place, value)
    if name != "seed":
        return number
    if not number.is_integer():
        raise UsageError(f"{place}: wanted a whole number, got {value!r}")
    return int(number)


def _number(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise UsageError(f"{place}: wanted a number, got {value!r}")
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(f"{place}: wanted a number, got {value!r}") from error


def _range(place: str, value: Any) -> Range | None:
    """`LOW:HIGH` with one of the two left out where it is open, or a list of two."""
    if value is None or (isinstance(value, str) and value.strip().lower() in NONE):
        return None
    ends = value.split(":") if isinstance(value, str) else value
    if not isinstance(ends, list) or len(ends) != 2:
        raise UsageError(f"{place}: wanted LOW:HIGH, such as 2:8, 2: or :8, got {value!r}")
    low, high = (None if end is None or end == "" else _number(place, end) for end in ends)
    try:
        return Range(low=low, high=high)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from error
