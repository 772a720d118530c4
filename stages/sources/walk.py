"""All files below a folder, local or remote, in one go, with size and fingerprint: audio, and everything else, which is counted too."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import UsageError
from stages.sources.places import file_system, fingerprint, is_url, local_fingerprint

_LONGEST_SUFFIX = 12


@dataclass(frozen=True, slots=True)
class File:
    """A file found below a folder."""

    path: str
    """Below the folder, `/` between its parts, exactly as the file system spells it."""
    fingerprint: str
    size: int


@dataclass(slots=True)
class Walk:
    """What lies below a folder: every file is one of `files`, one of `unnameable`, or counted in `ignored`."""

    files: list[File] = field(default_factory=list)
    """Audio, sorted by path."""
    others: list[File] = field(default_factory=list)
    """What of `ignored` can be named and opened: transcripts, tables, lists, documents, hidden files. Sorted by path."""
    odd: list[tuple[str, str]] = field(default_factory=list)
    """The rest of `ignored`: shown path, and the reason it is counted under."""
    unnameable: list[str] = field(default_factory=list)
    """Audio files whose names cannot be written as text or as a relative path; shown with the odd bytes escaped."""
    ignored: Counter[str] = field(default_factory=Counter)
    """Number of files by suffix, or by a reason in parentheses."""
    problems: list[str] = field(default_factory=list)


def walk(folder: str, suffixes: tuple[str, ...]) -> Walk:
    """List `folder` (a local path or URL). Files and folders whose names start with a dot are ignored.

    A link to a file inside the folder is followed; one to a folder is not, for its files are listed where they lie; one that leaves the
    folder is refused. Raises `UsageError` when the folder itself cannot be read.
    """
    wanted = {suffix.lower() for suffix in suffixes}
    found = _walk_remote(folder, wanted) if is_url(folder) else _LocalWalk(folder, wanted).run()
    found.files.sort(key=lambda file: file.path)
    found.others.sort(key=lambda file: file.path)
    found.odd.sort()
    found.unnameable.sort()
    _tell_links(found)
    return found


def suffix_of(path: str) -> str:
    """The last suffix of a path with its dot, as written; empty when there is none."""
    return os.path.splitext(path)[1]


def shown(text: str) -> str:
    """`text` with bytes that are no UTF-8 written as escapes, so that any report can hold it."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if not is_text(text) else text


def is_text(text: str) -> bool:
    """Whether `text` can be written as UTF-8: a file name that is not UTF-8 holds lone surrogates instead."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _ignored_as(path: str) -> str:
    suffix = suffix_of(path).lower()
    if len(suffix) <= 1:
        return "(no suffix)"
    return shown(suffix) if len(suffix) <= _LONGEST_SUFFIX else "(other)"


def _is_audio(path: str, wanted: set[str], ignored: Counter[str]) -> bool:
    """Whether the file is taken; when not, it is counted."""
    if path.startswith(".") or "/." in path:
        ignored["(hidden)"] += 1
    elif suffix_of(path).lower() not in wanted:
        ignored[_ignored_as(path)] += 1
    else:
        return True
    return False


class _LocalWalk:
    def __init__(self, folder: str, wanted: set[str]) -> None:
        self.folder = folder
        self.wanted = wanted
        self.real = os.path.realpath(folder)
        self.found = Walk()

    def run(self) -> Walk:
        waiting = [""]
        while waiting:
            below = waiting.pop()
            try:
                with os.scandir(os.path.join(self.folder, below)) as entries:
                    waiting.extend(path for entry in entries if (path := self._take(entry, below)) is not None)
            except OSError as error:
                if not below:
                    raise UsageError(f"{self.folder}: the folder cannot be read: {error.strerror}") from error
                self.found.problems.append(f"The folder {shown(below)} cannot be read ({error.strerror}); nothing in it was listed.")
        return self.found

    def _take(self, entry: os.DirEntry[str], below: str) -> str | None:
        """Put a file where it belongs; return a folder's path, to be listed."""
        path = f"{below}/{entry.name}" if below else entry.name
        if entry.is_symlink():
            odd = self._odd_link(entry)
        elif entry.is_dir(follow_symlinks=False):
            return path
        else:
            odd = None if entry.is_file(follow_symlinks=False) else "(not a regular file)"
        if odd:
            self._note(path, odd)
        else:
            self._add(entry, path)
        return None

    def _note(self, path: str, odd: str) -> None:
        self.found.ignored[odd] += 1
        self.found.odd.append((shown(path), odd))

    def _add(self, entry: os.DirEntry[str], path: str) -> None:
        audio = _is_audio(path, self.wanted, self.found.ignored)
        if not is_text(path):
            if audio:
                self.found.unnameable.append(shown(path))
            else:
                self.found.odd.append((shown(path), _ignored_as(path)))
            return
        try:
            stat = entry.stat()
        except OSError as error:
            if audio:
                self._note(path, "(cannot be opened)")
                self.found.problems.append(f"The file {path} cannot be opened ({error.strerror}); it was not listed.")
            else:
                self.found.odd.append((path, "(cannot be opened)"))
            return
        (self.found.files if audio else self.found.others).append(File(path, local_fingerprint(stat), stat.st_size))

    def _odd_link(self, entry: os.DirEntry[str]) -> str | None:
        target = os.path.realpath(entry.path)
        if not os.path.exists(target):
            return "(broken link)"
        if os.path.commonpath([self.real, target]) != self.real:
            return "(link out of the folder)"
        if os.path.isdir(target):
            return "(link to a folder)"
        return None if os.path.isfile(target) else "(not a regular file)"


def _tell_links(found: Walk) -> None:
    if count := found.ignored["(link out of the folder)"]:
        found.problems.append(
            f"{count} links lead out of the folder and were not followed; give a folder that holds what they point to, or a manifest."
        )
    if count := found.ignored["(broken link)"]:
        found.problems.append(f"{count} links point to nothing and were ignored.")
    found.ignored = +found.ignored


def _walk_remote(url: str, wanted: set[str]) -> Walk:
    fs, root = file_system(url)
    fs.invalidate_cache()
    try:
        entries: dict[str, dict[str, Any]] = fs.find(root, detail=True)
    except Exception as error:  # drivers raise types of their own (botocore, aiohttp)
        raise UsageError(f"{url}: the folder cannot be listed: {error}") from error
    found = Walk()
    for name, info in entries.items():
        path = name[len(root.rstrip("/")) + 1 :]
        if path.endswith("/") or not path:
            continue
        audio = _is_audio(path, wanted, found.ignored)
        if not is_text(path) or path.startswith("/") or "://" in path:
            if audio:
                found.unnameable.append(shown(path))
            else:
                found.odd.append((shown(path), _ignored_as(path)))
        else:
            (found.files if audio else found.others).append(File(path, fingerprint(info), int(info.get("size") or 0)))
    return found
