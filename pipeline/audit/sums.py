"""Files that a list of checksums names and that no recording was measured from: transcripts, tables, and containers of recordings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pipeline.audit.items import Item
from schemas.errors import Reject
from stages.decode.fetch import open_uri
from stages.sources.delivery import Delivery

PIECE = 1 << 20


def wrong_sums(delivery: Delivery, items: Iterable[Item], folder: str) -> dict[str, str]:
    """By path below the source folder: a sentence on each such file that is not the one its checksum was made of, or cannot be read."""
    held = {uri for item in items if item.measured is not None for uri in item.uris}
    found = {}
    for path, wanted in sorted(delivery.checksums.items()):
        if path in held:
            continue
        kind, _, digest = wanted.partition(":")
        try:
            is_now = _digest(path, folder, kind)
        except (Reject, OSError) as error:
            found[path] = f"its checksum cannot be made: {error}"
            continue
        if is_now != digest:
            found[path] = f"the list says {wanted}, the file is {kind}:{is_now}"
    return found


def _digest(path: str, folder: str, kind: str) -> str:
    made = hashlib.new(kind, usedforsecurity=False)
    with open_uri(path, folder) as file:
        while piece := file.read(PIECE):
            made.update(piece)
    return made.hexdigest()
