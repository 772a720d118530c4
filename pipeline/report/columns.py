"""Nested Arrow columns as NumPy arrays, absent values as NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def column(table: pa.Table, path: str) -> Any:
    """One column as one array; `a.b` goes into structs. Where a struct is null its fields are."""
    first, *rest = path.split(".")
    array = table.column(first).combine_chunks()
    return pc.struct_field(array, rest) if rest else array


def numbers(table: pa.Table, path: str) -> Floats:
    """A numeric column as float64 [rows]."""
    return as_floats(column(table, path))


def as_floats(array: Any) -> Floats:
    """An Arrow array of numbers as float64, null as NaN."""
    return np.asarray(array.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def owners(lists: Any) -> NDArray[np.int64]:
    """For every item of a list column, the row it belongs to."""
    return np.asarray(pc.list_parent_indices(lists).to_numpy(zero_copy_only=False), np.int64)


def places(lists: Any) -> NDArray[np.int64]:
    """For every item of a list column, its place in its own list."""
    owner = owners(lists)
    return np.arange(len(owner)) - np.searchsorted(owner, owner, "left")


def matrix(lists: Any, field: str, width: int = 2, key: str | None = None) -> Floats:
    """A numeric field of a column of lists of structs as float64 [rows, width].

    Its place in the row is the item's place in the list, or the item's own integer field `key`; missing items are NaN.
    """
    items = pc.list_flatten(lists)
    place = places(lists) if key is None else as_floats(pc.struct_field(items, key)).astype(np.int64)
    found = np.full((len(lists), width), np.nan)
    inside = place < width
    found[owners(lists)[inside], place[inside]] = as_floats(pc.struct_field(items, field))[inside]
    return found
