"""Our own data sets, as `duologue build`, `pack`, `shape` and `redact` write them.

    manifest.json                              {"format": 1, "name", "rows", "shards": [{"name", "rows", "bytes", "sha256", …}], "chain", …}
    data/train-00000-of-000NN.parquet          rows of `schemas.row.Row`; `.arrow` for Arrow IPC streams
    rejects.parquet  README.md  report.html  croissant.json  …

A row is a recording: its audio has the address `<shard>::row/<n>/audio`, its words `<shard>::row/<n>/words.json`. Licence, consent,
language and corpus are the row's `source`; `rights`, `clip` and the licences of all weights that shaped the set (`weights`) go to `extra`.
A data set without `manifest.json` is not finished and is none.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from typing import Any

from schemas.errors import Reject, UsageError
from stages.decode.fetch import resolve
from stages.decode.inside import SEPARATOR, use
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.fields import about, source
from stages.sources.gather import Gather, outermost
from stages.sources.listing import Draft
from stages.sources.parquet import is_table, split_of

MANIFEST = "manifest.json"
COLUMNS = ("id", "source", "rights", "rate", "duration", "clip", "speakers")
"""Columns that are read to list a data set; those that it lacks are absent."""
_WANTED = ("id", "source", "audio", "speakers", "words")


def _recognise(tree: Tree) -> tuple[str, ...]:
    names = (path for path in tree.files if posixpath.basename(path) == MANIFEST)
    return outermost(posixpath.dirname(path) for path in names if _shards(tree, posixpath.dirname(path)) is not None)


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree)
    for folder in [posixpath.dirname(path) for path in tree.below(root) if posixpath.basename(path) == MANIFEST]:
        if (manifest := _shards(tree, folder)) is not None:
            _Set(gather, folder, manifest).read()
    return gather.found


READER = CorpusReader(name="duologue", recognise=_recognise, read=_read)


def _shards(tree: Tree, root: str) -> dict[str, Any] | None:
    """The manifest of the data set in a folder, None where there is none."""
    try:
        manifest = json.loads(tree.text(posixpath.join(root, MANIFEST)))
    except (CorpusError, ValueError, RecursionError):
        return None
    shards = manifest.get("shards") if isinstance(manifest, dict) and isinstance(manifest.get("format"), int) else None
    known = isinstance(shards, list) and all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in shards)
    return manifest if known and isinstance(manifest.get("rows"), int) and "chain" in manifest else None


class _Set:
    def __init__(self, gather: Gather, root: str, manifest: dict[str, Any]) -> None:
        self.gather, self.tree, self.root, self.manifest = gather, gather.tree, root, manifest
        self.weights = list(_weights(manifest.get("chain")))

    def read(self) -> None:
        """Draft the rows of all shards that are here, tell of those that are not, and claim what lies beside them."""
        self.gather.found.listed = (self.gather.found.listed or 0) + int(self.manifest["rows"])
        listed = {posixpath.join(self.root, shard["name"]): shard for shard in self.manifest["shards"]}
        for path, shard in listed.items():
            if path not in self.tree.files:
                self.gather.tell(f"{path}: the shard is not here; its {shard.get('rows')} rows are missing.")
                continue
            self.gather.claim("audio", path)
            size = self.tree.files[path].size
            if isinstance(shard.get("bytes"), int) and size != shard["bytes"]:
                self.gather.tell(f"{path}: the shard has {size} bytes, and the manifest says {shard['bytes']}; see duologue verify.")
            self._shard(path, shard.get("rows"))
        stray = [path for path in self.tree.below(self._below("data")) if is_table(path) and path not in listed]
        self.gather.claim("audio", *stray)
        self.gather.tell_of("{} shards are not in the data set's manifest and were not read", stray)
        self._claim()

    def _shard(self, path: str, said: Any) -> None:
        try:
            with use(resolve(path, self.tree.folder)) as rows:
                if lacking := [name for name in _WANTED if name not in rows.schema.names]:
                    raise Reject("unreadable", f"{path}: no column {lacking[0]}; it is of another version of duologue")
                if isinstance(said, int) and said != rows.rows:
                    self.gather.tell(f"{path}: the shard has {rows.rows} rows, and the manifest says {said}.")
                self._rows(path, rows)
        except (Reject, OSError, UsageError) as error:
            why = error.detail if isinstance(error, Reject) else str(error)
            self.gather.refuse("unreadable", why.replace(resolve(path, self.tree.folder), path), path, (path,))

    def _rows(self, path: str, rows: Any) -> None:
        from stages.decode.tables import plain

        words, there, mark = rows.lengths("words"), rows.present("audio"), self.tree.files[path].fingerprint
        for number, row in enumerate(rows.small([name for name in COLUMNS if name in rows.schema.names])):
            fields = plain(row)
            id = str(fields.pop("id"))
            address = f"{path}{SEPARATOR}row/{number}"
            if not there[number]:
                self.gather.refuse("no_audio", f"row {number} of {path} has no audio", id, (path,))
                continue
            fields |= {"split": split_of(path), "weights": self.weights or None}
            made = source(
                self.tree,
                id,
                (f"{address}/audio",),
                [(mark, rows.cell_bytes(number, ["audio", "bytes"]))],
                about(fields),
                transcript=f"{address}/words.json" if words[number] else None,
            )
            self.gather.found.drafts.append(Draft(made, None, f"row {number} of {path}", {"path": path, "row": number}))

    def _claim(self) -> None:
        """What duologue writes around the shards."""
        self.gather.claim("list", self._below(MANIFEST))
        for path in self.tree.files:
            if posixpath.dirname(path) == self.root and path not in self.gather.found.claimed:
                if path.endswith((".parquet", ".csv")):
                    self.gather.claim("table", path)
                elif path.endswith((".json", ".html", ".md", ".js", ".css", ".txt", ".yaml", ".png", ".svg")):
                    self.gather.claim("document", path)
        pages = [path.removesuffix(".html") for path in self.tree.files if posixpath.dirname(path) == self.root and path.endswith(".html")]
        for page in pages:
            self.gather.claim("document", *self.tree.below(f"{page}_files"))

    def _below(self, name: str) -> str:
        return posixpath.join(self.root, name)


def _weights(chain: Any) -> Iterator[dict[str, Any]]:
    """All weights of the stages in a manifest's chain, each once."""
    seen = set()
    for stage in chain if isinstance(chain, list) else []:
        for each in stage.get("weights") or [] if isinstance(stage, dict) else []:
            if isinstance(each, dict) and isinstance(each.get("name"), str) and each["name"] not in seen:
                seen.add(each["name"])
                yield {name: each[name] for name in ("name", "revision", "licence") if name in each}
