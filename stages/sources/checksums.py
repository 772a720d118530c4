"""Lists of checksums that come with a delivery, and what they say of its files.

Read are the lists of `md5sum`, `sha1sum` and `sha256sum` of GNU coreutils (`<hex>  <path>`, `<hex> *<path>` for binary mode) and the
form that `--tag` and BSD's tools write (`MD5 (<path>) = <hex>`), with comments after `#` or `;`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping

LENGTHS = {32: "md5", 40: "sha1", 64: "sha256"}
"""The algorithm by the number of hexadecimal digits."""

_NAME = re.compile(
    r"(?:^|[/._-])(?:md5|sha1|sha256)(?:sums?)?(?:\.txt)?$|(?:^|/)checksums?[^/]*\.txt$|(?:^|/)(?:md5|sha1|sha256)[^/]*\.(?:txt|list)$",
    re.I,
)
_GNU = re.compile(r"^\\?([0-9a-fA-F]{32,64})[ \t]+\*?(.+?)\s*$")
_TAGGED = re.compile(r"^(?:MD5|SHA1|SHA256|SHA2-256) ?\((.+)\) ?= ?([0-9a-fA-F]{32,64})\s*$")
_BARE = re.compile(r"^([0-9a-fA-F]{32,64})\s*$")


def is_checksum_list(path: str) -> bool:
    """Whether a file is a list of checksums by its name: `md5sums`, `SHA256SUMS.txt`, `x.wav.md5`, `checksums.txt`, …"""
    return _NAME.search(path) is not None


def read_checksums(text: str, path: str) -> tuple[dict[str, str], list[str]]:
    """What a list says: `algorithm:hex` by path as the list writes it, and the lines that are no checksum.

    A file that holds one checksum and no name is about the file whose name it carries before its own ending.
    """
    found: dict[str, str] = {}
    odd: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        if match := _GNU.match(line):
            digest, name = match[1], match[2]
        elif match := _TAGGED.match(line):
            name, digest = match[1], match[2]
        elif match := _BARE.match(line):
            digest, name = match[1], posixpath.splitext(posixpath.basename(path))[0]
        else:
            odd.append(line.strip()[:80])
            continue
        if len(digest) not in LENGTHS:
            odd.append(line.strip()[:80])
            continue
        found[name] = f"{LENGTHS[len(digest)]}:{digest.lower()}"
    return found, odd


def placed(said: Mapping[str, str], list_path: str, files: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Checksums by path below the source folder, and the names in the list that no file bears.

    A list names files from its own folder or from one above it, as it was written there; a name is tried from every one of these.
    """
    there = frozenset(files)
    known: dict[str, str] = {}
    absent: list[str] = []
    folders = _upwards(posixpath.dirname(list_path))
    for name, digest in said.items():
        plain = posixpath.normpath(name.replace("\\", "/")).lstrip("/")
        path = next((candidate for folder in folders if (candidate := posixpath.join(folder, plain)) in there), None)
        if path is None:
            absent.append(name)
        else:
            known[path] = digest
    return known, absent


def _upwards(folder: str) -> list[str]:
    found = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        found.append(folder)
    return found
