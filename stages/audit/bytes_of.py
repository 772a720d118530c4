"""A source's files as bytes: their size and digests, and the sum that a SPHERE header carries."""

from __future__ import annotations

import hashlib
from typing import BinaryIO, cast

from schemas.errors import Reject
from schemas.source import Source
from stages.audit.audited import FileFacts
from stages.decode.fetch import open_uri
from stages.decode.sphere import checksum_matches

PIECE = 1 << 20


def file_facts(source: Source) -> tuple[FileFacts, ...]:
    """One entry for each file of the source. Raises `Reject` as `open_uri` does."""
    return tuple(_facts(uri, source.base) for uri in source.uris)


def _facts(uri: str, base: str) -> FileFacts:
    sums = [hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False), hashlib.sha256()]
    size = 0
    with open_uri(uri, base) as file:
        head = b""
        while piece := file.read(PIECE):
            head = head or piece[:8]
            size += len(piece)
            for each in sums:
                each.update(piece)
        sphere = _sphere_sum(cast(BinaryIO, file)) if head.startswith(b"NIST_1A") else None
    return FileFacts(uri=uri, bytes=size, digests=tuple(f"{each.name}:{each.hexdigest()}" for each in sums), sphere_sum=sphere)


def _sphere_sum(file: BinaryIO) -> bool | None:
    try:
        file.seek(0)
        return checksum_matches(file)
    except Reject:
        return None
