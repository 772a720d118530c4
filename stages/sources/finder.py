"""Audio files that a manifest names, wherever they lie now."""

from __future__ import annotations

import posixpath
from functools import cached_property

from stages.sources.corpus import Tree
from stages.sources.gather import is_audio


class Finder:
    """Finds the files of a corpus by paths as they were where it was made."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def find(self, beside: str, written: str) -> str | None:
        """The audio file that `written` names in a manifest that lies at `beside`; None where there is none or there are several.

        A relative path is tried from the manifest's folder and from every one above it. After that corpora may have been moved: it is the
        one file whose path shares the most of its last parts with `written`, its name at least.
        """
        parts = [part for part in written.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        if not parts:
            return None
        folder = posixpath.dirname(beside)
        while True:
            path = posixpath.join(folder, *parts)
            if path in self.tree.files and is_audio(self.tree, path):
                return path
            if not folder:
                break
            folder = posixpath.dirname(folder)
        shared = [(_shared(path.split("/"), parts), path) for path in self._named.get(parts[-1], ())]
        most = max((count for count, _ in shared), default=0)
        best = [path for count, path in shared if count == most]
        return best[0] if len(best) == 1 else None

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.tree.files:
            if is_audio(self.tree, path):
                found.setdefault(posixpath.basename(path), []).append(path)
        return found


def _shared(path: list[str], parts: list[str]) -> int:
    count = 0
    while count < min(len(path), len(parts)) and path[-1 - count] == parts[-1 - count]:
        count += 1
    return count
