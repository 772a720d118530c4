"""A folder or an object-store prefix in which a file is either whole or absent.

On a local disk a file is written under a temporary name, synced, renamed, and its folder synced. On an object store a finished put
is the commit. Everything the engine keeps (results, shards, manifest, lock) is written through here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPORARY = ".tmp-"
"""Marks a file that is being written; never part of a committed name."""


class Place(ABC):
    """Files by relative name below one root. Names are made by the engine, never taken from data."""

    root: str

    @abstractmethod
    def writing(self, name: str) -> contextlib.AbstractContextManager[Path]:
        """A local path to write; on leaving without an exception the file becomes visible as `name`, whole."""

    @abstractmethod
    def reading(self, name: str) -> contextlib.AbstractContextManager[Path]:
        """A local path that holds the file `name`; raises `FileNotFoundError`."""

    @abstractmethod
    def opened(self, name: str, in_order: bool = False) -> contextlib.AbstractContextManager[Any]:
        """The file `name` as a binary file object to read parts of, of which alone an object store is asked; raises `FileNotFoundError`.

        `in_order` says that it will be read from front to back, so that reading ahead pays.
        """

    @abstractmethod
    def create(self, name: str, data: bytes) -> bool:
        """Make `name` hold `data` if there is no such file; False, with nothing changed, if there is."""

    @abstractmethod
    def names(self, folder: str = "") -> list[str]:
        """Names of the committed files directly in `folder`, sorted; empty when there is no such folder."""

    @abstractmethod
    def sizes(self, folder: str = "") -> dict[str, int]:
        """Bytes of each committed file directly in `folder`, by name, in one listing."""

    @abstractmethod
    def folders(self, folder: str = "") -> list[str]:
        """Names of the folders directly in `folder`, sorted."""

    @abstractmethod
    def size(self, name: str) -> int | None:
        """Bytes of `name`, None if absent."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Delete one file; absent is fine."""

    @abstractmethod
    def delete_folder(self, folder: str) -> None:
        """Delete a folder with all it holds; absent is fine."""

    @abstractmethod
    def move(self, name: str, to: str) -> None:
        """Give a committed file another name, replacing what is there."""

    @abstractmethod
    def sweep(self, folder: str = "") -> int:
        """Delete temporary files that earlier processes left directly in `folder`; returns how many."""

    def put(self, name: str, data: bytes) -> None:
        """Commit `data` as `name`, replacing what is there."""
        with self.writing(name) as path:
            path.write_bytes(data)

    def get(self, name: str) -> bytes:
        """The contents of `name`; raises `FileNotFoundError`."""
        with self.reading(name) as path:
            return path.read_bytes()

    def get_or_none(self, name: str) -> bytes | None:
        """The contents of `name`, None if absent."""
        try:
            return self.get(name)
        except FileNotFoundError:
            return None


class LocalPlace(Place):
    """A folder on a disk of this machine, or on one that all nodes mount."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)

    def _path(self, name: str) -> Path:
        return Path(self.root, name)

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        final = self._path(name)
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}{final.suffix}"
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, final)
        except BaseException as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno is not None and error.filename is None:
                raise OSError(error.errno, error.strerror, str(final)) from error
            raise
        _sync(final.parent)

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        path = self._path(name)
        if not path.is_file():
            raise FileNotFoundError(str(path))
        yield path

    @contextlib.contextmanager
    def opened(self, name: str, in_order: bool = False) -> Iterator[Any]:
        with self._path(name).open("rb") as file:
            yield file

    def create(self, name: str, data: bytes) -> bool:
        final = self._path(name)
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.parent / f"{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            temporary.write_bytes(data)
            _sync(temporary)
            os.link(temporary, final)
        except FileExistsError:
            return False
        except OSError as error:
            if final.exists():  # its owner swept our temporary file away
                return False
            raise OSError(error.errno, error.strerror, str(final)) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        _sync(final.parent)
        return True

    def names(self, folder: str = "") -> list[str]:
        return sorted(e.name for e in self._scan(folder) if not e.name.startswith(TEMPORARY) and e.is_file())

    def sizes(self, folder: str = "") -> dict[str, int]:
        return {e.name: e.stat().st_size for e in self._scan(folder) if not e.name.startswith(TEMPORARY) and e.is_file()}

    def folders(self, folder: str = "") -> list[str]:
        return sorted(e.name for e in self._scan(folder) if e.is_dir())

    def _scan(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._path(folder)) as entries:
                return list(entries)
        except FileNotFoundError:
            return []

    def size(self, name: str) -> int | None:
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def delete_folder(self, folder: str) -> None:
        path = self._path(folder)
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)

    def move(self, name: str, to: str) -> None:
        self._path(to).parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._path(name), self._path(to))
        _sync(self._path(to).parent)

    def sweep(self, folder: str = "") -> int:
        left = [e for e in self._scan(folder) if e.name.startswith(TEMPORARY)]
        for entry in left:
            Path(entry.path).unlink(missing_ok=True)
        return len(left)


def place_at(where: str) -> Place:
    """The place at a local path, a `file://` URL, or any fsspec URL."""
    protocol, separator, rest = where.partition("://")
    if not separator or protocol in ("file", "local"):
        return LocalPlace(rest if separator else where)
    from pipeline.object_store import RemotePlace

    return RemotePlace(where)


def expand(pattern: str) -> list[str]:
    """The places that match a pattern with `*`, sorted; a place without one is itself. Shells expand local patterns, but no URLs."""
    import fsspec

    if "*" not in pattern:
        return [pattern]
    fs, path = fsspec.core.url_to_fs(pattern)
    return [str(fs.unstrip_protocol(found)) for found in sorted(fs.glob(path))]


def join(where: str, name: str) -> str:
    """`name` below a local path or URL."""
    return f"{where.rstrip('/')}/{name}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
