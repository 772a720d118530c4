"""Addresses inside containers: `container::inner` names one recording or transcript of a file that holds many.

    shard-000.tar::key.wav                    a member of a tar file (also .tar.gz, .tgz)
    x.parquet::row/17/audio                   a cell of a Parquet or Arrow file: the bytes of a binary cell or of a struct {bytes, path}
    x.parquet::row/17/words.json              a cell that is a list or a struct, as JSON
    data.json::MUL0001.json                   the value of a key of a JSON object
    supervisions.jsonl.gz::reco1.json         all lines about one recording, as one JSON list

The ending of an inner name says the format where it is not part of the name itself, so `data.json::MUL0001` is the same thing. What lies in
a container may be a container again: `shard.tar::key.json::words.json`. A plain file whose name holds `::` stays a plain file.

Nothing is ever unpacked to a place that has a name, and names inside a container are keys of an index and never paths.
"""

from __future__ import annotations

import os
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from gzip import BadGzipFile
from typing import IO, Any, Protocol

from schemas.errors import DuologueError, Reject
from stages.decode.fetch import copy_of, open_whole

SEPARATOR = "::"
KINDS = {".tar": "tar", ".tgz": "tar", ".parquet": "parquet", ".arrow": "arrow", ".json": "json", ".jsonl": "lines", ".ndjson": "lines"}
"""Containers by the ending of their names; tar and JSON may also end in `.gz`."""
MAX_UNPACKED = 1 << 36
"""Bytes that a gzipped container may have unpacked."""
MOST_OPEN = 8
"""Containers that stay open in a process, with their indexes."""
MAX_DEPTH = 3


class Container(Protocol):
    """A container open for reading."""

    def read(self, inner: str) -> Iterator[bytes]:
        """What lies at `inner`, piece by piece; `KeyError` when nothing does."""
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...


def kind_of(container: str) -> str | None:
    """The kind of a container by the end of its name, None for what is none."""
    name = (re.split(r"[?#]", container, maxsplit=1)[0] if container.startswith("http") else container).lower()
    plain = name.removesuffix(".gz")
    kind = next((kind for ending, kind in KINDS.items() if plain.endswith(ending)), None)
    return kind if plain == name or kind in ("tar", "json", "lines") else None


def split(uri: str) -> tuple[str, str] | None:
    """Container and inner address by the text alone, at the first `::` that follows a container's name; None where there is none."""
    return next(iter(_splits(uri)), None)


def parted(where: str) -> tuple[str, str] | None:
    """Container and inner address of a full path or URL, None for a plain file: what is there under the whole name is one."""
    found = _splits(where)
    if not found:
        return None
    local = _local(where)
    if local is None:
        return found[0]
    if ".." not in re.split(r"[/\\]", found[0][1]) and os.path.lexists(local):
        return None
    return next((each for each in found if os.path.isfile(_local(each[0]) or "")), found[0])


def open_inside(container: str, inner: str) -> IO[bytes]:
    """A temporary file without a name that holds what lies at `inner` of a container (full path or URL).

    Raises `Reject` missing when the container or what lies in it is not there, unreadable when the container is damaged; `OSError` and
    `UsageError` as `open_uri` does.
    """
    address = f"{container}{SEPARATOR}{inner}"
    try:
        with use(container) as held:
            return _taken(held, container, inner, 1)
    except Reject as reject:
        # named as the source names it, so that whoever asked can tell it as they were told
        detail = reject.detail if address in reject.detail else reject.detail.replace(container, address, 1)
        raise Reject(reject.reason, detail, **{**reject.facts, "file": address}) from reject


def size_inside(container: str, inner: str) -> int:
    """Bytes that audio at `inner` takes in a container, 0 when unknown. Raises as `open_inside` does."""
    if kind_of(container) in ("json", "lines"):
        return 0
    with use(container) as held:
        try:
            return int(held.size(inner))
        except KeyError:
            return 0


@contextmanager
def use(container: str) -> Iterator[Any]:
    """A container of this process, opened and indexed when it was not or has changed since. Only one thread uses containers at a time."""
    with _LOCK, faults_of(container):
        yield _OPEN.get(container)


@contextmanager
def faults_of(container: str) -> Iterator[None]:
    """Turn what readers raise for damaged data into `Reject` unreadable; faults of disk and network pass."""
    try:
        yield
    except (DuologueError, KeyError):
        raise
    except (BadGzipFile, EOFError, zlib.error, ValueError, RuntimeError) as error:
        raise _unreadable(container, error) from error
    except OSError as error:
        # pyarrow says of damaged data that it is an OSError; those of the machine have a number
        if error.errno is not None or _local(container) is None:
            raise
        raise _unreadable(container, error) from error


def _unreadable(container: str, error: BaseException) -> Reject:
    said = " ".join(str(error).split())[:200]
    return Reject("unreadable", f"{container}: the container is damaged: {said or type(error).__name__}", file=container)


def _taken(held: Container, container: str, inner: str, depth: int) -> IO[bytes]:
    try:
        pieces = held.read(inner)
        return copy_of(pieces)
    except KeyError:
        deeper = split(inner) if depth < MAX_DEPTH else None
        if deeper is None:
            raise Reject("missing", f"{container}{SEPARATOR}{inner}: the container holds nothing of that name") from None
    head, tail = deeper
    place = f"{container}{SEPARATOR}{head}"
    with faults_of(place):
        within = opened(_taken(held, container, head, depth + 1), kind_of(head) or "", head.lower().endswith((".gz", ".tgz")))
        try:
            return _taken(within, place, tail, depth + 1)
        finally:
            within.close()


def opened(file: IO[bytes], kind: str, packed: bool) -> Container:
    """The container of a kind that `file` is; it owns the file from here on. What is damaged raises as its reader does."""
    try:
        if packed:
            file = _unpacked(file)
        return _maker(kind)(file)
    except BaseException:
        file.close()
        raise


def _maker(kind: str) -> Callable[[IO[bytes]], Container]:
    if kind == "tar":
        from stages.decode.tar import Tar

        return Tar
    if kind == "parquet":
        from stages.decode.parquet_rows import ParquetRows

        return ParquetRows
    if kind == "arrow":
        from stages.decode.arrow_rows import ArrowRows

        return ArrowRows
    from stages.decode.json_members import JsonLines, JsonObject

    return JsonObject if kind == "json" else JsonLines


def _unpacked(file: IO[bytes]) -> IO[bytes]:
    import gzip

    def pieces() -> Iterator[bytes]:
        total = 0
        with file, gzip.open(file) as source:
            while piece := source.read(1 << 20):
                total += len(piece)
                if total > MAX_UNPACKED:
                    raise ValueError(f"it unpacks to more than {MAX_UNPACKED} bytes")
                yield piece

    return copy_of(pieces())


def _local(where: str) -> str | None:
    scheme, found, rest = where.partition("://")
    return where if not found else rest if scheme in ("file", "local") else None


def _splits(text: str) -> list[tuple[str, str]]:
    found = []
    at = text.find(SEPARATOR)
    while at >= 0:
        container, inner = text[:at], text[at + len(SEPARATOR) :]
        if inner and kind_of(container):
            found.append((container, inner))
        at = text.find(SEPARATOR, at + 1)
    return found


@dataclass
class _Open:
    """Open containers by their place, the one used last at the end; a place whose file has changed is opened anew."""

    held: OrderedDict[str, tuple[object, Container]] = field(default_factory=OrderedDict)

    def get(self, place: str) -> Container:
        file, stamp = _stamped(place)
        known = self.held.get(place)
        if known is not None and known[0] == stamp:
            file.close()
            self.held.move_to_end(place)
            return known[1]
        if known is not None:
            del self.held[place]
            known[1].close()
        container = opened(file, kind_of(place) or "", place.lower().endswith((".gz", ".tgz")))
        self.held[place] = (stamp, container)
        while len(self.held) > MOST_OPEN:
            self.held.popitem(last=False)[1][1].close()
        return container


def _stamped(place: str) -> tuple[IO[bytes], object]:
    """The file at a place and what tells two versions of it apart."""
    if _local(place) is None:
        from stages.decode.remote import open_remote

        return open_remote(place)
    file = open_whole(place)
    status = os.fstat(file.fileno())
    return file, (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


_OPEN = _Open()
_LOCK = threading.RLock()
