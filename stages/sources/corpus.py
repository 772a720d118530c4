"""What a corpus reader is: it knows one corpus's folders, file names and tables, and says which files are which recording."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.errors import Reject, RejectRecord
from stages.decode.fetch import open_uri, resolve
from stages.decode.stream import Header
from stages.sources.listing import Draft, Prober
from stages.sources.settings import SourceSettings
from stages.sources.walk import File

LDC_LICENCE = "LicenseRef-LDC-User-Agreement"
"""Of every corpus that the Linguistic Data Consortium sells: an agreement between it and the buyer, which SPDX does not list."""

MAX_TABLE = 1 << 30
"""Bytes of a table or transcript that are read, unpacked."""


class CorpusError(ValueError):
    """A table or transcript of a corpus that cannot be read; the text is a sentence that names the file and what was wanted."""


@dataclass(frozen=True, slots=True)
class Tree:
    """All files below a source folder, and how to read them."""

    folder: str
    """Absolute local path, or URL without a slash at its end."""
    files: Mapping[str, File]
    """Every file that can be named, audio or not, by its path below the folder, in the order of paths."""
    settings: SourceSettings
    prober: Prober | None = None

    def below(self, root: str) -> list[str]:
        """Paths of the files in the folder `root` (empty: all), at any depth."""
        return [path for path in self.files if not root or path.startswith(f"{root}/")]

    def data(self, path: str) -> bytes:
        """The contents of a file, unpacked when its name ends in `.gz`. Raises `CorpusError`."""
        try:
            with open_uri(path, self.folder) as file:
                opened = gzip.open(file) if path.endswith(".gz") else file
                held = opened.read(MAX_TABLE + 1)
        except (Reject, OSError, EOFError) as error:
            raise CorpusError(f"{path}: cannot be read: {error}") from error
        if len(held) > MAX_TABLE:
            raise CorpusError(f"{path}: more than {MAX_TABLE} bytes; no table of a corpus is as long")
        return held

    def text(self, path: str) -> str:
        """The contents of a text file: UTF-8, with or without a byte order mark, or else Latin-1. Raises `CorpusError`."""
        held = self.data(path)
        try:
            text = held.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = held.decode("latin-1")
        return io.IncrementalNewlineDecoder(None, translate=True).decode(text, final=True)

    def header(self, path: str) -> Header | Reject | None:
        """The header of an audio file, the verdict on it, or None when nothing opens files."""
        return None if self.prober is None else self.prober.look(resolve(path, self.folder))


@dataclass(slots=True)
class Corpus:
    """What a reader made of the files below one root."""

    drafts: list[Draft] = field(default_factory=list)
    rejects: list[RejectRecord] = field(default_factory=list)
    """A side without its other (`side_missing`), an id that stands twice (`duplicate_id`), a call that a table or a transcript names and
    whose audio is not there (`no_audio`)."""
    claimed: dict[str, str] = field(default_factory=dict)
    """What each file is, by its path below the source folder: `audio`, `transcript`, `table` (calls, speakers), `list` (the corpus's own
    list of files, checksums), `document`. A file that is not here is left to others."""
    problems: list[str] = field(default_factory=list)
    """Sentences on what a person may want to look at: what a table names and nothing holds, transcripts without audio, lines that cannot
    be read."""
    listed: int | None = None
    """Recordings that the corpus's own tables or lists name, whether or not their audio is here; absent when it has no such list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusReader:
    """One corpus's layout. The module that holds it documents that layout, with its source."""

    name: str
    """`fisher`, `switchboard`, …: what `source.layout` calls it."""
    recognise: Callable[[Tree], tuple[str, ...]]
    """The folders (below the source folder; empty for itself) in which this layout lies; none when it is not there. Looks at names, and
    opens as few and as small files as may be; never takes what another layout or a plain folder of recordings could be."""
    read: Callable[[Tree, str], Corpus]
    """The recordings in one of those folders. What a person says in the settings goes before what the corpus is known by. A file that
    cannot be read is a problem told, never an exception."""
