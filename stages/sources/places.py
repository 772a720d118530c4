"""Local paths and fsspec URLs: which are accepted, and what tells two versions of a file apart."""

from __future__ import annotations

import os
import re
from typing import Any

from schemas.errors import UsageError
from stages.decode.inside import split

_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "hdfs", "webhdfs", "hf")
PROTOCOLS = frozenset(("file", "local", "memory", "http", "https", "ftp", "sftp", *_OBJECT_STORES))
"""Protocols of fsspec that only read bytes from a place. Those that run, unpack, cache or chain something are left out."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")


def refusal(uri: str) -> str | None:
    """Why a uri of a manifest is not accepted, as the end of a sentence; None when it is. It may name what lies in a container
    (`stages.decode.inside`)."""
    if not uri.strip():
        return "is empty"
    if "\0" in uri:
        return "holds a NUL character"
    if uri.strip().startswith("|") or uri.strip().endswith("|"):
        return "is a shell command; commands are never run, so decode to files first"
    if (parts := split(uri)) is not None:
        return "holds :// inside a container, where no name may" if "://" in parts[1] else refusal(parts[0])
    scheme = _SCHEME.match(uri)
    if scheme is None:
        return "holds :// but does not start with a protocol" if "://" in uri else None
    if scheme[1].lower() not in PROTOCOLS or not uri.startswith("//", scheme.end()):
        return f"has the protocol {scheme[1]}:, which is not accepted; use a path, s3:// or https:// (./ before a file name with a colon)"
    if "::" in uri:
        return "is a chain of URLs, which is not accepted; give the address of the file itself"
    return None


def is_url(text: str) -> bool:
    """Whether `text` starts with a protocol and `://`."""
    return _URL.match(text) is not None


def local_path(uri: str) -> str | None:
    """The path on this machine that `uri` names, or None when it lies elsewhere."""
    if uri.startswith(("file://", "local://")):
        return uri.split("://", 1)[1]
    return None if is_url(uri) else uri


def file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL and the path in it; raises `UsageError` when its package is missing or it cannot be set up."""
    import fsspec

    try:
        fs, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        hint = " (pip install 'duologue[s3]')" if url.startswith("s3") else ""
        raise UsageError(f"{url}: {error}{hint}") from error
    except ValueError as error:
        raise UsageError(f"{url}: {error}") from error
    return fs, path


def fingerprint(info: dict[str, Any]) -> str:
    """Size and etag (or time of change) of a remote file from what `fs.info` gave; the size alone when there is neither."""
    marks = [info[name] for name in ("ETag", "etag", "LastModified", "last_modified", "mtime", "updated", "created") if info.get(name)]
    size = info.get("size")
    return "-".join(str(part) for part in (size, *marks[:1]) if part is not None)


def local_fingerprint(stat: os.stat_result) -> str:
    """Size in bytes and time of change in nanoseconds."""
    return f"{stat.st_size}-{stat.st_mtime_ns}"
