"""What a format is, and what it writes into."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar

from pipeline.exports.item import Item
from pipeline.place import Place
from pipeline.shards import hash_range
from schemas.errors import LawError
from stages.rights.policy import Policy

SUMS = "SHA256SUMS"
"""Every file of an export but `export.json`, as `sha256sum --check` reads it."""
TRAIN = "train"
"""The split of every row that no other split takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person can ask of an export. Formats read what means something to them."""

    main: tuple[int, ...] = (0,)
    """Channels that play the model, each in an item of its own."""
    splits: tuple[tuple[str, float], ...] = ()
    """Name and share of the recordings of every split beside `train`."""
    allowed: tuple[str, ...] = ()
    """Licences that the person answers for."""
    tokenizer: str | None = None
    """Path of a SentencePiece model."""
    text: str | None = None
    """A mode of `stages.text_stream`; each format has its own default."""
    policy: Policy | None = None
    """Rows that it rejects are left out."""

    def plain(self, tokenizer_sha256: str | None) -> dict[str, Any]:
        """For fingerprints and the manifest; a tokenizer is named by its content, not by where it lies."""
        data = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "policy"}
        return {**data, "tokenizer": tokenizer_sha256, **({} if self.policy is None else {"policy": self.policy.plain()})}


@dataclass(slots=True)
class Tally:
    """How much: rows, seconds of dialogue, words of both speakers, codec frames per channel."""

    rows: int = 0
    seconds: float = 0.0
    words: int = 0
    frames: int = 0

    def add(self, other: Tally) -> None:
        """Add another."""
        for name in ("rows", "seconds", "words", "frames"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def tally_of(item: Item) -> Tally:
    """All of one row."""
    return Tally(1, item.duration, len(item.words), item.frames)


TALLIES = ("left_out", "licences", "rights", "weights")
"""Fields of an account that tell amounts by name."""


@dataclass(slots=True)
class Account:
    """What came in and what became of it. Law: `came == written + left_out + lost`, in what the format carries.

    The terms are counted apart: `came` from the rows, `written` from what was made of them, and the others where something was given up.
    """

    came: Tally = field(default_factory=Tally)
    written: Tally = field(default_factory=Tally)
    """Words and frames are 0 where the format does not carry them."""
    left_out: dict[str, Tally] = field(default_factory=dict)
    """Whole rows by reason."""
    lost: dict[str, dict[str, float]] = field(default_factory=dict)
    """Parts of written rows, `seconds`, `words` or `frames`, by reason."""
    licences: dict[str, Tally] = field(default_factory=dict)
    """What came, by licence."""
    rights: dict[str, Tally] = field(default_factory=dict)
    """What went on to the format, by the licences of data and model weights together."""
    weights: dict[str, Tally] = field(default_factory=dict)
    """What of that is under stricter terms than the data's own, by the weights whose licence made it so."""
    refused: dict[str, str] = field(default_factory=dict)
    """Why a policy rejected a row, by its id."""
    sums: dict[str, float] = field(default_factory=dict)
    """What the format itself counts, such as tokens."""
    items: int = 0
    """What the format calls one: files, examples, utterances."""

    def add(self, other: Account) -> None:
        """Add another."""
        self.came.add(other.came)
        self.written.add(other.written)
        self.items += other.items
        for name in TALLIES:
            mine: dict[str, Tally] = getattr(self, name)
            for key, tally in getattr(other, name).items():
                mine.setdefault(key, Tally()).add(tally)
        self.refused.update(other.refused)
        for reason, parts in other.lost.items():
            for kind, amount in parts.items():
                self.lose(reason, **{kind: amount})
        for name, amount in other.sums.items():
            self.sums[name] = self.sums.get(name, 0) + amount

    def lose(self, reason: str, **parts: float) -> None:
        """Parts of a written row that the format has no place for."""
        held = self.lost.setdefault(reason, {})
        for kind, amount in parts.items():
            held[kind] = held.get(kind, 0) + amount

    def check(self, carries: Iterable[str], where: str) -> None:
        """Raise `LawError` where something came in that was neither written nor accounted for."""
        for kind in ("rows", *carries):
            left = sum(getattr(tally, kind) for tally in self.left_out.values()) + sum(each.get(kind, 0) for each in self.lost.values())
            gone = getattr(self.came, kind) - getattr(self.written, kind) - left
            if abs(gone) > (1e-3 if kind == "seconds" else 0):
                raise LawError(f"{where}: {gone} {kind} came in and are neither written nor accounted for")

    def plain(self) -> dict[str, Any]:
        """For the manifest, with names sorted and seconds to the microsecond."""
        data: dict[str, Any] = _rounded(dataclasses.asdict(self))
        return {name: dict(sorted(value.items())) if isinstance(value, dict) else value for name, value in data.items()}


def account_of(data: dict[str, Any]) -> Account:
    """The account that `plain` gave."""
    tallies: dict[str, Any] = {name: {key: Tally(**tally) for key, tally in data.get(name, {}).items()} for name in TALLIES}
    account = Account(Tally(**data["came"]), Tally(**data["written"]), **tallies)
    account.refused = data.get("refused", {})
    account.lost, account.sums, account.items = data["lost"], data["sums"], data["items"]
    return account


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    return {name: _rounded(each) for name, each in value.items()} if isinstance(value, dict) else value


class Sink:
    """Where a format writes what it makes of the rows of one shard and split.

    Files are whole or absent, and hashed. `line` adds to a file that all shards share, such as a list of all items: its parts are kept
    beside the export and joined at the end, in order.
    """

    def __init__(self, out: Place, options: Options, split: str, index: int, count: int, account: Account) -> None:
        self.options = options
        self.split = split
        self.index = index
        """Number of the shard of the data set, from 0."""
        self.count = count
        self.account = account
        self.sums: dict[str, str] = {}
        self._out = out
        self._parts: dict[str, IO[bytes]] = {}

    @property
    def folder(self) -> str:
        """A folder of this shard and split, for files of single rows: hubs and disks dislike ten thousand in one."""
        return f"{self.split}/{self.index:05d}"

    def shard(self, suffix: str) -> str:
        """The name of a file that holds all of this shard and split: `train-00000-of-00042.tar`."""
        return f"{self.split}-{self.index:05d}-of-{self.count:05d}.{suffix}"

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[Path]:
        """A local path to write the file `name` to."""
        if name in self.sums:
            raise LawError(f"export: two files are called {name}")
        with self._out.writing(name) as path:
            yield path
            digest = hash_range(path)
        self.sums[name] = digest

    def put(self, name: str, data: bytes | str) -> None:
        """Write the file `name`."""
        with self.file(name) as path:
            path.write_bytes(data.encode() if isinstance(data, str) else data)

    def line(self, name: str, value: Any) -> None:
        """Add one line to the shared file `name`: text as it is, anything else as JSON. A `.json` file becomes a list of its lines,
        which are objects."""
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if "\n" in text:
            raise LawError(f"export: a line of {name} holds a line break: {text!r}")
        if name not in self._parts:
            self._parts[name] = tempfile.TemporaryFile(prefix="duologue-")
        self._parts[name].write(text.encode() + b"\n")

    def wrote(self, item: Item, items: int = 1, *, words: int = 0, frames: int = 0) -> None:
        """Count a row as written, as `items` of what the format calls one; `words` and `frames` are counted in what was written of it."""
        self.account.written.add(Tally(1, item.duration, words, frames))
        self.account.items += items

    def lose(self, reason: str, **parts: float) -> None:
        """Count parts of a written row as not written."""
        self.account.lose(reason, **parts)

    def leave_out(self, item: Item, reason: str) -> None:
        """Count a row as left out."""
        self.account.left_out.setdefault(reason, Tally()).add(tally_of(item))

    def count_up(self, **amounts: float) -> None:
        """Add to the format's own counts."""
        for name, amount in amounts.items():
            self.account.sums[name] = self.account.sums.get(name, 0) + amount

    def pair(self, name: str, key: str, value: Any) -> None:
        """Add one entry to the shared `.json` file `name`, which becomes an object and takes no lines."""
        self.line(name, f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}")

    def parts(self) -> dict[str, IO[bytes]]:
        """The lines for shared files so far, by name; each an open file at its start."""
        for file in self._parts.values():
            file.seek(0)
        return self._parts


def join_parts(name: str, parts: Sequence[IO[bytes]], path: Path) -> None:
    """Write the shared file `name` from its parts; the same parts always give the same bytes."""
    with path.open("wb") as raw, contextlib.ExitStack() as stack:
        sink: Any = raw
        if name.endswith(".gz"):
            sink = stack.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
        if not name.endswith(".json"):
            for part in parts:
                while data := part.read(1 << 20):
                    sink.write(data)
            return
        before, after = b"", b"[]"
        for part in parts:
            for line in part:
                if not before:
                    before, after = (b"{\n", b"\n}") if line.startswith(b'"') else (b"[\n", b"\n]")
                sink.write(before + line.rstrip(b"\n"))
                before = b",\n"
        sink.write(after + b"\n")


class Format(ABC):
    """One format. Its objects hold nothing: what a shard becomes depends on its rows and the options alone."""

    version: ClassVar[int] = 1
    """Raised by hand when equal rows and options give other files."""
    serves: ClassVar[str]
    """Who reads it, for people."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Heavy columns it needs: `audio`, `codes`."""
    carries: ClassVar[tuple[str, ...]] = ("seconds",)
    """What of a row's content it holds, so that it must come out again: `seconds`, `words`, `frames`; `Sink.wrote` is told the last two."""
    understands: ClassVar[tuple[str, ...]] = ()
    """Options beside splits and licences that mean something here: `main`, `tokenizer`, `text`."""

    def check(self, options: Options) -> None:
        """Raise `UsageError` for options that the format cannot follow."""
        return

    @abstractmethod
    def write(self, items: Iterable[Item], sink: Sink) -> None:
        """Write the rows of one shard and split, and count each as written or left out."""

    def finish(self, sink: Sink, account: Account, about: dict[str, Any]) -> None:
        """Write files about the export as a whole, after all shards; `about` is the data set's manifest."""
        return
