"""Size and fingerprint of the files a manifest names, with as few calls to a remote store as may be."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from schemas.errors import Reject
from stages.decode.inside import parted, size_inside
from stages.sources.places import file_system, fingerprint, local_fingerprint, local_path

Measured = dict[str, tuple[str, int]]
"""Fingerprint and size in bytes by full path or URL; `("", 0)` for a file that is not there or cannot be asked about. Of what lies in a
container: the container's fingerprint, and the size of what was named where the container is on this machine, or else 0."""

_FEW = 3
_THREADS = 16
_UNLISTED = ("http:", "https:")


def measure(uris: Iterable[str], problems: list[str]) -> Measured:
    """Look at each file once; what goes wrong besides absence is added to `problems`. Raises `UsageError` when a package is missing."""
    asked = dict.fromkeys(uris)
    inside = {uri: parts for uri in asked if (parts := parted(uri)) is not None}
    measured = _measure([*(uri for uri in asked if uri not in inside), *(container for container, _ in inside.values())], problems)
    return {uri: _inside(measured[inside[uri][0]][0], *inside[uri]) if uri in inside else measured[uri] for uri in asked}


def _inside(mark: str, container: str, inner: str) -> tuple[str, int]:
    if not mark or local_path(container) is None:
        return mark, 0
    try:
        return mark, size_inside(container, inner)
    except (Reject, OSError):
        # decode opens it again and gives the verdict
        return mark, 0


def _measure(uris: Iterable[str], problems: list[str]) -> Measured:
    measured: Measured = {}
    remote: dict[str, list[str]] = defaultdict(list)
    for uri in dict.fromkeys(uris):
        path = local_path(uri)
        if path is None:
            remote[uri if uri.startswith(_UNLISTED) else uri.rpartition("/")[0]].append(uri)
        else:
            measured[uri] = _measure_local(path)
    failures: list[str] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for found, failed in pool.map(lambda item: _measure_remote(*item), remote.items()):
            measured.update(found)
            failures.extend(failed)
    if failures:
        problems.append(
            f"{len(failures)} remote files could not be asked for their size, so a replaced file will not be noticed: {failures[0]}"
        )
    return measured


def _measure_local(path: str) -> tuple[str, int]:
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        # decode opens the file again and gives the verdict `missing`, so nothing is lost here
        return "", 0
    return local_fingerprint(stat), stat.st_size


def _measure_remote(parent: str, uris: list[str]) -> tuple[Measured, list[str]]:
    """The files of one remote folder: one listing where the store has listings and several files are asked for."""
    fs, _ = file_system(uris[0])
    paths = {uri: str(fs._strip_protocol(uri)) for uri in uris}
    if len(uris) > _FEW:
        try:
            listed = {entry["name"]: entry for entry in fs.ls(fs._strip_protocol(parent), detail=True, refresh=True)}
        except FileNotFoundError:
            listed = {}
        except Exception as error:  # drivers raise types of their own (botocore, aiohttp); each is told to the person
            return dict.fromkeys(uris, ("", 0)), [f"{uri}: {error}" for uri in uris]
        return {uri: _entry(listed.get(path)) for uri, path in paths.items()}, []
    measured: Measured = {}
    failed = []
    for uri, path in paths.items():
        try:
            measured[uri] = _entry(fs.info(path))
        except FileNotFoundError:
            measured[uri] = _entry(None)
        except Exception as error:  # as above
            measured[uri] = _entry(None)
            failed.append(f"{uri}: {error}")
    return measured, failed


def _entry(info: dict[str, Any] | None) -> tuple[str, int]:
    return ("", 0) if info is None else (fingerprint(info), int(info.get("size") or 0))
