"""Tar files that depend on their contents alone: no times, owners or modes of the machine that wrote them."""

from __future__ import annotations

import contextlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path


class Tar:
    """A tar file being written."""

    def __init__(self, file: tarfile.TarFile) -> None:
        self._file = file

    def add(self, name: str, data: bytes) -> None:
        """Append one member."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mode = 0o644
        self._file.addfile(member, io.BytesIO(data))


@contextlib.contextmanager
def tar_at(path: Path) -> Iterator[Tar]:
    """Write a tar file to `path`."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as file:
        yield Tar(file)
