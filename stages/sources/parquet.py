"""Hugging Face data sets of audio, as `datasets` writes them: Parquet or Arrow files whose rows hold the audio.

Layout (huggingface.co/docs/datasets, "Audio" under "Dataset features", and docs/hub/datasets-audio):
`data/train-00000-of-00004.parquet`, `<config>/test-00000-of-00001.parquet`, or `data-00000-of-00001.arrow` with `dataset_info.json` and
`state.json` (`save_to_disk`), beside a `README.md` whose YAML front matter may name `license` and `language`. An `Audio` column is stored
as a struct `{bytes: binary, path: string}`; the schema's metadata `huggingface` names its features. Where `bytes` is null, `path` names a
file beside the table.

Read here: one audio column, or two as one per side (`audio_left` and `audio_right`); of more, the one that is called `audio`. The id,
licence, language, consent and speakers come from columns of the usual names (`stages.sources.fields`), the words from a list of timed
entries with a channel or speaker; other columns that are no bytes or long lists go to `extra`. No audio is read to list it.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.errors import Reject, UsageError
from stages.decode.fetch import resolve
from stages.decode.inside import SEPARATOR, use
from stages.sources.corpus import Corpus, CorpusError, CorpusReader, Tree
from stages.sources.fields import IDS, SPLITS, SPOKEN, about, in_channel_order, is_spoken_entry, source
from stages.sources.finder import Finder
from stages.sources.gather import Gather, outermost, stem
from stages.sources.listing import Draft

TABLES = (".parquet", ".arrow")
_LOOKS = 3
_SHARD = re.compile(r"(.+?)[-._][0-9]{3,}(?:[-_]of[-_][0-9]+)?(?:\..*)?")


def _recognise(tree: Tree) -> tuple[str, ...]:
    looked: Counter[str] = Counter()
    found = set()
    for path in tree.files:
        folder = posixpath.dirname(path)
        if is_table(path) and folder not in found and looked[folder] < _LOOKS:
            looked[folder] += 1
            if _audio_of(tree, path):
                found.add(folder)
    return outermost({posixpath.dirname(folder) if posixpath.basename(folder) == "data" else folder for folder in found})


def _read(tree: Tree, root: str) -> Corpus:
    gather = Gather(tree)
    card, finder = _card(gather, root), Finder(tree)
    tables = [path for path in tree.below(root) if is_table(path)]
    with_audio = {posixpath.dirname(path) for path in tables if _audio_of(tree, path)}
    for path in tables:
        try:
            with use(resolve(path, tree.folder)) as rows:
                if columns := audio_columns(rows.schema):
                    gather.claim("audio", path)
                    _Table(gather, path, rows, card, finder).read(columns)
        except (Reject, OSError, UsageError) as error:
            if posixpath.dirname(path) in with_audio:
                gather.claim("audio", path)
                why = error.detail if isinstance(error, Reject) else str(error)
                gather.refuse("unreadable", why.replace(resolve(path, tree.folder), path), path, (path,))
    for folder in with_audio:
        beside = ("dataset_info.json", "state.json", "dataset_dict.json", "dataset_infos.json")
        gather.claim("document", *(each for name in beside if (each := posixpath.join(folder, name)) in tree.files))
    return gather.found


READER = CorpusReader(name="parquet", recognise=_recognise, read=_read)


def is_table(path: str) -> bool:
    """Whether a file is a Parquet or Arrow file by its name, and not a hidden one."""
    return path.lower().endswith(TABLES) and not path.startswith(".") and "/." not in path


def audio_columns(schema: Any) -> list[str]:
    """The columns that hold audio, in their order."""
    from stages.decode.tables import is_audio as holds_audio

    return [field.name for field in schema if holds_audio(field.type)]


def spoken_column(schema: Any) -> str | None:
    """The column that holds timed text with channels or speakers."""
    import pyarrow as pa

    for name in (each for each in SPOKEN if each in schema.names):
        kind = schema.field(name).type
        if (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type):
            fields = [kind.value_type.field(index).name for index in range(kind.value_type.num_fields)]
            if is_spoken_entry(fields):
                return name
    return None


def light_columns(schema: Any, audio: list[str]) -> list[str]:
    """Columns that hold neither bytes nor long lists, and the path of each of `audio`."""
    return [f"{field.name}.path" if field.name in audio else field.name for field in schema if field.name in audio or _is_light(field)]


def split_of(path: str) -> str | None:
    """The split that a shard's name or folder stands for."""
    match = _SHARD.fullmatch(stem(path))
    names = [match[1] if match else stem(path), *reversed(posixpath.dirname(path).split("/"))]
    return next((SPLITS[name.lower()] for name in names if name.lower() in SPLITS), None)


def _is_light(field: Any) -> bool:
    import pyarrow as pa

    kind = field.type
    if pa.types.is_struct(kind):
        return all(_is_light(kind.field(index)) for index in range(kind.num_fields))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        return field.name == "speakers" or pa.types.is_string(inner) or pa.types.is_large_string(inner)
    return not (
        pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def _audio_of(tree: Tree, path: str) -> list[str]:
    try:
        with use(resolve(path, tree.folder)) as rows:
            return audio_columns(rows.schema)
    except (Reject, OSError, UsageError):
        # told when the folder is read, where another of its files is such a table
        return []


class _Table:
    def __init__(self, gather: Gather, path: str, rows: Any, card: Mapping[str, Any], finder: Finder) -> None:
        self.gather, self.path, self.rows, self.card, self.finder = gather, path, rows, card, finder
        self.file = gather.tree.files[path]

    def read(self, columns: list[str]) -> None:
        """Draft every row, or reject it."""
        from stages.decode.tables import plain

        columns, roles = self._sides(columns)
        there = {column: self.rows.present(column) for column in columns}
        spoken = spoken_column(self.rows.schema)
        lengths = self.rows.lengths(spoken) if spoken else []
        table = [plain(row) for row in self.rows.small(light_columns(self.rows.schema, columns))]
        ids = list(self._ids(table, columns[0]))
        split = split_of(self.path)
        for number, fields in enumerate(table):
            written = [(fields.pop(column, None) or {}).get("path") for column in columns]
            uris = [self._uri(number, column, there[column][number], path) for column, path in zip(columns, written, strict=True)]
            id, long = ids[number]
            if absent := [column for column, uri in zip(columns, uris, strict=True) if uri is None]:
                names = ", ".join(
                    f"{name} ({path})" if path else name for name, path in zip(columns, written, strict=True) if name in absent
                )
                self.gather.refuse("no_audio", f"row {number} of {self.path} has no audio in {names}", id, (self.path,))
                continue
            if split and not isinstance(fields.get("split"), str):
                fields["split"] = split
            address = f"{self.path}{SEPARATOR}row/{number}/{spoken}.json" if spoken and lengths[number] else None
            said = about(fields if "language" in fields or not self.card.get("language") else {**fields, "language": self.card["language"]})
            files = [self._measured(number, column, uri or "") for column, uri in zip(columns, uris, strict=True)]
            made = source(
                self.gather.tree,
                id,
                tuple(uri or "" for uri in uris),
                files,
                said,
                transcript=address,
                roles=roles,
                licence=self.card.get("license"),
            )
            self.gather.found.drafts.append(Draft(made, long, f"row {number} of {self.path}", {"path": self.path, "row": number}))

    def _sides(self, columns: list[str]) -> tuple[list[str], tuple[str, ...]]:
        """The column of whole recordings, or those of the two sides in channel order with their roles."""
        if len(columns) > 1 and "audio" in columns:
            others = ", ".join(name for name in columns if name != "audio")
            self.gather.tell(f"{self.path}: the column audio is read, and not {others}.")
            return ["audio"], ()
        if len(columns) > 2:
            self.gather.tell(f"{self.path}: of its {len(columns)} audio columns, {columns[0]} is read; call the one that is wanted audio.")
            return columns[:1], ()
        if len(columns) == 2 and (known := in_channel_order(columns)):
            return list(known[0]), known[1]
        return columns, ()

    def _ids(self, table: list[dict[str, Any]], column: str) -> Iterator[tuple[str, str | None]]:
        """Each row's id, and the one to fall back on where the data set gave none."""
        name = next((name for name in IDS if any(isinstance(row.get(name), (str, int)) for row in table)), None)
        stems = [stem(path) if isinstance(path := (row.get(column) or {}).get("path"), str) else "" for row in table]
        named = len(set(stems)) == len(stems) and all(stems)
        for number, row in enumerate(table):
            given = row.get(name or "")
            place = f"{self.path[: -len(posixpath.splitext(self.path)[1])]}/{number}"
            if isinstance(given, (str, int)) and not isinstance(given, bool) and str(given).strip():
                del row[name or ""]
                yield str(given), None
            else:
                yield (stems[number], place) if named else (place, place)

    def _uri(self, number: int, column: str, there: bool, path: str | None) -> str | None:
        if there:
            return f"{self.path}{SEPARATOR}row/{number}/{column}"
        found = self.finder.find(self.path, path) if isinstance(path, str) else None
        if found:
            self.gather.claim("audio", found)
        return found

    def _measured(self, number: int, column: str, uri: str) -> tuple[str, int]:
        if not uri.startswith(f"{self.path}{SEPARATOR}"):
            file = self.gather.tree.files[uri]
            return file.fingerprint, file.size
        return self.file.fingerprint, self.rows.cell_bytes(number, [column, "bytes"])


def _card(gather: Gather, root: str) -> dict[str, Any]:
    """Licence and language of the YAML front matter of the data set's card, where it names one of each."""
    import yaml

    gather.documents(root)
    path = posixpath.join(root, "README.md")
    if path not in gather.tree.files:
        return {}
    try:
        parts = gather.tree.text(path).split("---\n", 2)
        front = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
    except (CorpusError, yaml.YAMLError, ValueError, RecursionError) as error:
        gather.tell(f"{path}: its front matter cannot be read ({' '.join(str(error).split())[:120]}).")
        return {}
    if not isinstance(front, dict):
        return {}
    found: dict[str, Any] = {}
    for name in ("license", "language"):
        value = front.get(name)
        only = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(only, str) and only not in ("other", "unknown"):
            found[name] = only
    return found
