"""A place on an fsspec file system whose put is atomic, such as an object store."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.place import Place, join
from schemas.errors import UsageError


class RemotePlace(Place):
    """A prefix of an fsspec file system whose put is atomic, such as an object store."""

    def __init__(self, root: str) -> None:
        import fsspec

        self.root = root.rstrip("/")
        self.fs: Any
        try:
            self.fs, self._prefix = fsspec.core.url_to_fs(self.root, use_listings_cache=False, skip_instance_cache=True)
        except ImportError as error:
            raise UsageError(f"{self.root}: {error}; for S3: pip install 'duologue[s3]'") from error
        except ValueError as error:
            raise UsageError(f"{self.root}: {error}") from error

    def _path(self, name: str) -> str:
        return f"{self._prefix}/{name}" if name else self._prefix

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="duologue-") as scratch:
            path = Path(scratch, "file" + Path(name).suffix)
            yield path
            with self._reported(name):
                self.fs.put_file(str(path), self._path(name))

    @contextlib.contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="duologue-") as scratch:
            path = Path(scratch, "file" + Path(name).suffix)
            with self._reported(name):
                self.fs.get_file(self._path(name), str(path))
            yield path

    @contextlib.contextmanager
    def opened(self, name: str, in_order: bool = False) -> Iterator[Any]:
        with self._reported(name):
            file = self.fs.open(self._path(name), "rb", cache_type="readahead" if in_order else "none")
        with file:
            yield file

    def create(self, name: str, data: bytes) -> bool:
        try:
            with self._reported(name):
                self.fs.pipe_file(self._path(name), data, mode="create")
        except FileExistsError:
            return False
        return True

    def names(self, folder: str = "") -> list[str]:
        return sorted(self.sizes(folder))

    def sizes(self, folder: str = "") -> dict[str, int]:
        return {base_name(e["name"]): int(e["size"]) for e in self._ls(folder) if e["type"] == "file"}

    def folders(self, folder: str = "") -> list[str]:
        return sorted(base_name(e["name"]) for e in self._ls(folder) if e["type"] == "directory")

    def _ls(self, folder: str) -> list[dict[str, Any]]:
        try:
            with self._reported(folder):
                entries: list[dict[str, Any]] = self.fs.ls(self._path(folder), detail=True)
        except FileNotFoundError:
            return []
        return [e for e in entries if e["name"].rstrip("/") != self._path(folder)]

    def size(self, name: str) -> int | None:
        try:
            with self._reported(name):
                return int(self.fs.info(self._path(name))["size"])
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError), self._reported(name):
            self.fs.rm_file(self._path(name))

    def delete_folder(self, folder: str) -> None:
        with contextlib.suppress(FileNotFoundError), self._reported(folder):
            self.fs.rm(self._path(folder), recursive=True)

    def move(self, name: str, to: str) -> None:
        with self._reported(name):
            self.fs.cp_file(self._path(name), self._path(to))
            self.fs.rm_file(self._path(name))

    @contextlib.contextmanager
    def _reported(self, name: str) -> Iterator[None]:
        """Make an `OSError` that names the place of whatever the store's library raises: no credentials, no bucket, no connection."""
        try:
            yield
        except FileExistsError:
            raise
        except Exception as error:
            code = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
            code = errno.ENOENT if isinstance(error, FileNotFoundError) else code
            raise OSError(code, " ".join(str(error).split()), join(self.root, name)) from error

    def sweep(self, folder: str = "") -> int:
        return 0


def base_name(path: str) -> str:
    """The last part of a path or key."""
    return path.rstrip("/").rsplit("/", 1)[-1]
