"""SHA-256 of model files and folders that a person names."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path


def folder_sha256(folder: str) -> str:
    """SHA-256 over the paths and contents of all files of a folder; hidden ones do not count. The same files give the same anywhere."""
    root = Path(folder).expanduser()
    files = sorted(
        (path.relative_to(root).as_posix(), path)
        for path in root.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(root).parts)
    )
    digest = hashlib.sha256()
    for name, path in files:
        digest.update(f"{name}\0{file_sha256(path)}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, which is read again only when its size or its time of change is another."""
    status = path.stat()
    return _file_sha256(str(path), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _file_sha256(path: str, size: int, changed: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
