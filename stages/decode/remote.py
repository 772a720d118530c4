"""A remote container opened for reading here and there, without fetching all of it where its store can give parts."""

from __future__ import annotations

from typing import IO, Any

from schemas.errors import Reject
from stages.decode.fetch import open_whole, reading

_BLOCK = 1 << 18
_MARKS = ("size", "ETag", "etag", "LastModified", "last_modified", "mtime", "updated", "created")


def open_remote(url: str) -> tuple[IO[bytes], object]:
    """The file at `url`, open for seeking and reading, and what tells two versions of it apart. Raises as `open_uri` does."""
    import fsspec

    with reading(url):
        fs, path = fsspec.core.url_to_fs(url)
        fs.invalidate_cache()
        info: dict[str, Any] = fs.info(path)
        if info.get("type") == "directory":
            raise Reject("not_audio", f"{url} is a folder, not a file", file=url)
        stamp = tuple(str(info.get(name)) for name in _MARKS)
        # the size of what a server streams may be unknown, and then nothing can be sought in it
        if info.get("size") is None:
            return open_whole(url), stamp
        handle: Any = fs.open(path, "rb", block_size=_BLOCK, cache_type="readahead")
    if not handle.seekable():
        handle.close()
        return open_whole(url), stamp
    return handle, stamp
