"""Folders of one-byte files and probes that say what a test wants of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.errors import Reject
from stages.decode.stream import Header
from stages.sources import Listing, Probe, SourceSettings, list_sources


def header(channels: int, rate: int = 8000, frames: int | None = 8000) -> Header:
    return Header(container="WAV", encoding="PCM_16", rate=rate, channels=channels, frames=frames)


def probe_of(channels: Mapping[str, int], usual: int = 1) -> Probe:
    """Channel count by file name; 0 stands for a file that no decoder reads."""

    def probe(uri: str) -> Header:
        count = channels.get(uri.rpartition("/")[2], usual)
        if count == 0:
            raise Reject("unreadable", "no decoder")
        return header(count)

    return probe


def fill(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")


def listed(
    folder: Path, *paths: str, channels: Mapping[str, int] | None = None, usual: int = 1, named_only: bool = False, **settings: object
) -> Listing:
    fill(folder, *paths)
    probe = None if named_only else probe_of(channels or {}, usual)
    return list_sources(str(folder), SourceSettings(**settings), probe)  # type: ignore[arg-type]


def found(listing: Listing) -> dict[str, tuple[str, ...]]:
    return {source.id: source.uris for source in listing.sources}
