"""Graphs that torch.export saved, whatever device they were saved on, with their weights read as tensors alone."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from stages.error_text import short

TENSORS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
OBJECTS = ("/custom_obj", "/opaque_obj")


def load_graph(path: Path, device: str, stage: str) -> Any:
    """The graph in a file that a person named, as a function on `device`.

    Pickles in it are read as tensors or not at all. What remains is torch's own reader of graphs, which evaluates the expressions of sizes
    that a graph holds: like any program, a graph is to be had from those whom one trusts. Raises `UsageError`, with the setting of `stage`
    at its head, when the file is no such graph, or holds objects of Python.
    """
    try:
        import torch
        from torch.export.passes import move_to_device_pass
    except ImportError:
        raise UsageError(f"{stage}: graphs of torch.export need a package that is not installed: pip install torch") from None
    none = f"{stage}.model: {path} is no graph of torch.export that can be read here"
    try:
        with torch.no_grad(), _tensors_only():
            return move_to_device_pass(torch.export.load(_on_cpu(path)), device).module()
    except pickle.UnpicklingError as error:
        # torch's own words tell how to read it all the same.
        raise UsageError(f"{none}: a pickle in it holds more than tensors, and could run code") from error
    except Exception as error:
        # Of a damaged graph torch's reader raises whatever comes first, from many modules of its own.
        raise UsageError(f"{none}: {short(error)}") from error


@contextmanager
def _tensors_only() -> Iterator[None]:
    """`torch.export.load` asks `torch.load` for anything that a pickle may hold; by this variable it gets tensors alone."""
    before = os.environ.get(TENSORS_ONLY)
    os.environ[TENSORS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[TENSORS_ONLY]
        else:
            os.environ[TENSORS_ONLY] = before


def _on_cpu(path: Path) -> io.BytesIO:
    """The archive with all tensors on the CPU, which `torch.export.load` has no way to ask for."""
    import torch

    made = io.BytesIO()
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as taken:
        for name in given.namelist():
            held = given.read(name)
            # torch finds members whatever their letter case.
            if any(each in name.casefold() for each in OBJECTS):
                raise ValueError(f"{name} in it is an object of Python, and would run code")
            if held[:4] == b"PK\x03\x04":
                buffer = io.BytesIO()
                torch.save(torch.load(io.BytesIO(held), map_location="cpu", weights_only=True), buffer)
                held = buffer.getvalue()
            taken.writestr(name, held)
    made.seek(0)
    return made
