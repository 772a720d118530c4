"""Dataclasses of plain fields as JSON objects and as Arrow structs, from their annotations alone.

A plain field is bool, int, `Int16`, float, str, bytes (in Arrow only), a `Literal` of strings, `X | None`, a tuple of plain fields, or a
dataclass of plain fields.
Health, statistics and every other value without samples are stored and published through here, so a new field needs no second place.
"""

from __future__ import annotations

import dataclasses
import math
import types
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

from schemas.errors import LawError

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

Int16 = NewType("Int16", int)
"""An int that Arrow stores in 16 bits."""


def to_plain(value: Any) -> Any:
    """`value` as JSON-ready objects; a float that is not finite is a broken law, because unknown is absent."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise LawError(f"{value} is not a finite number; leave an unknown value out")
    return value


def from_plain(cls: type[T], data: Any) -> T:
    """The dataclass `cls` from what `to_plain` gave; raises `LawError` for fields that do not fit."""
    hints = _hints(cls)  # type: ignore[arg-type]
    names = {f.name for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    if not isinstance(data, dict) or set(data) - names:
        raise LawError(f"{cls.__name__}: unknown fields {sorted(set(data) - names) if isinstance(data, dict) else data!r}")
    try:
        return cls(**{name: _read(hints[name], value) for name, value in data.items()})
    except LawError:
        raise
    except (TypeError, ValueError) as error:
        raise LawError(f"{cls.__name__}: {error}") from error


def arrow_type(annotation: Any) -> pa.DataType:
    """The Arrow type of a plain annotation: dataclasses become structs, tuples lists, Python numbers 64-bit."""
    import pyarrow as pa

    simple: dict[Any, pa.DataType] = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string(), bytes: pa.binary()}
    simple[Int16] = pa.int16()
    if annotation in simple:
        return simple[annotation]
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        hints = _hints(annotation)
        return pa.struct([pa.field(f.name, arrow_type(hints[f.name])) for f in dataclasses.fields(annotation) if f.init])
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return pa.string()
    if origin is tuple:
        return pa.list_(arrow_type(args[0]))
    if origin in (Union, types.UnionType):
        return arrow_type(_not_none(args))
    raise LawError(f"{annotation!r} is no plain annotation")


def _read(annotation: Any, value: Any) -> Any:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(_not_none(args), value)
    if origin is tuple:
        kinds = [args[0]] * len(value) if len(args) == 2 and args[1] is ... else list(args)
        return tuple(_read(kind, item) for kind, item in zip(kinds, value, strict=True))
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return from_plain(annotation, value)
    if annotation is float and isinstance(value, int):
        return float(value)
    return value


def _not_none(args: tuple[Any, ...]) -> Any:
    kinds = [arg for arg in args if arg is not type(None)]
    if len(kinds) != 1:
        raise LawError(f"{args} is no plain annotation: one type or None")
    return kinds[0]


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)
