"""Opening what a source names: a local path as it is, a remote URL or what lies inside a container as a local copy without a name."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from schemas.errors import Reject, UsageError

_PIECE = 1 << 20
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG)


def open_uri(uri: str, base: str = "") -> IO[bytes]:
    """The file at `uri` (relative to `base`), open for reading from its start, with a descriptor; `stages.decode.inside` says how `uri` may
    name what lies in a container.

    Raises `Reject` missing when it is not there or may not be read, not_audio when it is a directory, pipe or device; `UsageError` for a
    kind of URL that no installed package reads; `OSError` for faults of disk or network, and when scratch space is full.
    """
    where = resolve(uri, base)
    if "::" in where:
        from stages.decode import inside

        if (parts := inside.parted(where)) is not None:
            return inside.open_inside(*parts)
    return open_whole(where)


def open_whole(where: str) -> IO[bytes]:
    """The file at a full path or URL, as `open_uri` gives it, whatever its name looks like."""
    scheme, found, rest = where.partition("://")
    if not found:
        return _open_local(where)
    if scheme in ("file", "local"):
        return _open_local(rest)
    return _copy(where)


def resolve(uri: str, base: str = "") -> str:
    """`uri` itself when absolute or a URL, else below `base`."""
    if not base or "://" in uri or os.path.isabs(uri):
        return uri
    return f"{base.rstrip('/')}/{uri}" if "://" in base else os.path.join(base, uri)


def _open_local(path: str) -> IO[bytes]:
    try:
        descriptor = _open_regular(path)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        raise Reject("missing", f"{path}: {error.strerror}", file=path) from error
    except ValueError as error:
        raise Reject("missing", f"{path!r} is no possible path: {error}", file=path) from error
    return os.fdopen(descriptor, "rb", buffering=0)


def _open_regular(path: str) -> int:
    # Looked at before it is opened: opening a device or pipe can already have effects. Looked at again after, in case it was swapped.
    _check_regular(os.stat(path), path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        _check_regular(os.fstat(descriptor), path)
    except Reject:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(status: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "directory" if stat.S_ISDIR(status.st_mode) else "pipe, socket or device"
        raise Reject("not_audio", f"{path} is a {kind}, not a file", file=path)


def _copy(url: str) -> IO[bytes]:
    with reading(url) as source:
        return copy_of(iter(lambda: source.read(_PIECE), b""))


@contextlib.contextmanager
def reading(url: str, **how: Any) -> Iterator[Any]:
    """A remote file open for reading; raises as `open_uri` does, also for what goes wrong while it is read."""
    import fsspec

    try:
        opened = fsspec.open(url, "rb", **how)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url}: no installed package reads this kind of URL ({error}); `pip install` the one it names") from error
    try:
        with opened as source:
            yield source
    except (FileNotFoundError, PermissionError) as error:
        raise Reject("missing", f"{url}: it is not there or may not be read", file=url) from error
    except IsADirectoryError as error:
        raise Reject("not_audio", f"{url} is a folder, not a file", file=url) from error


def copy_of(pieces: Iterable[bytes]) -> IO[bytes]:
    """A temporary file without a name that holds `pieces`, at its start."""
    copy: IO[bytes] = tempfile.TemporaryFile(prefix="duologue-")
    try:
        for piece in pieces:
            copy.write(piece)
        copy.flush()
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy
