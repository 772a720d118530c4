"""Graphs that torch.export saved, whatever device they were saved on, with their weights read as tensors alone."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from stages.error_text import short


def load_graph(path: Path, device: str, stage: str) -> Any:
    """The graph as a function on `device`.

    Raises `UsageError`, with the setting of `stage` at its head, when the file is no such graph, or would run code when it is read.
    """
    try:
        import torch
        from torch.export.passes import move_to_device_pass
    except ImportError:
        raise UsageError(f"{stage}: graphs of torch.export need a package that is not installed: pip install torch") from None
    try:
        with torch.no_grad():
            return move_to_device_pass(torch.export.load(_on_cpu(path)), device).module()
    except (RuntimeError, ValueError, OSError, LookupError, AssertionError, TypeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise UsageError(f"{stage}.model: {path} is no graph of torch.export that can be read here: {short(error)}") from error


def _on_cpu(path: Path) -> io.BytesIO:
    """The archive with all tensors on the CPU: `torch.export.load` has no way to say so, and falls back to pickles that run code."""
    import torch

    made = io.BytesIO()
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as taken:
        for name in given.namelist():
            held = given.read(name)
            if "/custom_obj" in name:
                raise ValueError(f"{name} in it is an object of Python, and would run code")
            if held[:4] == b"PK\x03\x04":
                buffer = io.BytesIO()
                torch.save(torch.load(io.BytesIO(held), map_location="cpu", weights_only=True), buffer)
                held = buffer.getvalue()
            taken.writestr(name, held)
    made.seek(0)
    return made
