"""Members of a tar file by their names, read where they lie: an index of headers, and no extraction.

POSIX ustar and pax, GNU (long names) and old V7, as Python's `tarfile` reads them (IEEE Std 1003.1, pax; GNU tar manual, "Basic Tar
Format"). Only regular members count. Links, devices and sparse members are in `odd`: what they would mean depends on what surrounds them.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_BLOCK = 512
_PIECE = 1 << 20
_MAX_HEADER = 1 << 22
"""Bytes of one header with its extensions: names and pax records, never contents."""
MAX_MEMBERS = 5_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """A regular member."""

    name: str
    """As the tar file has it; bytes that are no UTF-8 are lone surrogates."""
    offset: int
    """Where its bytes begin."""
    size: int


class Tar:
    """An indexed tar file. Where a name stands twice, the first member has it."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read all headers. Raises `ValueError` when `file` is no tar file; one that breaks off is read up to there."""
        self.file = file
        self.length = file.seek(0, os.SEEK_END)
        self.members: dict[str, Member] = {}
        self.again: list[Member] = []
        """Members whose name an earlier one has."""
        self.odd: list[tuple[str, str]] = []
        """Names of members that are no regular files, and what they are."""
        self.damage: str | None = None
        """Why the file cannot be read to its end, as the end of a sentence."""
        self._index()

    def read(self, inner: str) -> Iterator[bytes]:
        """The bytes of a member. Raises `KeyError` when there is none, `EOFError` when the file ends inside it."""
        member = self.members[inner]
        self.file.seek(member.offset)
        left = member.size
        while left:
            piece = self.file.read(min(left, _PIECE))
            if not piece:
                raise EOFError(f"it ends {left} bytes before the member {inner!r} does")
            left -= len(piece)
            yield piece

    def head(self, inner: str, length: int) -> bytes:
        """The first bytes of a member, at most `length`."""
        member = self.members[inner]
        self.file.seek(member.offset)
        return self.file.read(min(length, member.size))

    def size(self, inner: str) -> int:
        """Bytes of a member."""
        return self.members[inner].size

    def close(self) -> None:
        self.file.close()

    def _index(self) -> None:
        self.file.seek(0)
        try:
            tar = tarfile.open(fileobj=_Headers(self.file), mode="r:")  # type: ignore[call-overload]
        except (tarfile.TarError, OverflowError, RecursionError) as error:
            raise ValueError(f"it is no tar file ({error})") from error
        last = -1
        try:
            while (info := tar.next()) is not None:
                tar.members.clear()
                # a negative size would lead back, and round for ever
                if info.size < 0 or tar.offset <= last:
                    raise tarfile.ReadError(f"a member of {info.size} bytes")
                last = tar.offset
                self._take(info)
        except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
            self.damage = self.damage or f"breaks off after {len(self.members)} members ({error})"
            return
        self.file.seek(tar.offset)
        # `tarfile` also takes a damaged header for the end
        if self.damage is None and (rest := self.file.read(_BLOCK)).strip(b"\0"):
            self.damage = f"holds {len(rest)} bytes at byte {tar.offset} that are no header; what follows cannot be found"

    def _take(self, info: tarfile.TarInfo) -> None:
        if not info.isreg() or info.issparse():
            if not info.isdir():
                self.odd.append(
                    (info.name, "a sparse file" if info.issparse() else "a link" if info.islnk() or info.issym() else "a device")
                )
            return
        if len(self.members) >= MAX_MEMBERS:
            raise ValueError(f"it has more than {MAX_MEMBERS} members")
        member = Member(info.name, info.offset_data, info.size)
        if self.members.setdefault(info.name, member) is not member:
            self.again.append(member)
        if member.offset + member.size > self.length:
            self.damage = f"ends inside the member {info.name!r}"


class _Headers:
    """What `tarfile` reads of a file: a header that asks for more than headers have is damage, and nothing is allocated for it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MAX_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        held = b""
        while len(held) < size and (piece := self.file.read(size - len(held))):
            held += piece
        return held

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()
