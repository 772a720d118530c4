"""How much there is, of what, and whose it is."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.columns import Floats, column, numbers, owners
from pipeline.report.tally import Tally

TERMS = ("source.corpus", "source.licence", "source.consent", "source.language")
FORMATS = ("rate", "decoding.container", "decoding.encoding", "decoding.exact")
Key = tuple[Any, ...]


@dataclass(slots=True)
class Amount:
    """Rows, the recordings they are of, and their duration in seconds."""

    rows: int = 0
    recordings: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One row's speech, for a timeline; spans of each channel in seconds, sorted."""

    id: str
    duration: float
    names: tuple[str, ...]
    speech: tuple[tuple[tuple[float, float], ...], ...]
    mixed: bool = False
    """Made from one channel."""


@dataclass(slots=True)
class Totals:
    """Sums over all rows, distributions of recordings, and the first rows by id."""

    wanted: int = 6
    """Rows kept for timelines."""
    whole: Amount = field(default_factory=Amount)
    speech: Floats = field(default_factory=lambda: np.zeros(2))
    """Seconds of speech on each channel."""
    cut_in_speech: int = 0
    """Rows whose end falls into speech."""
    terms: dict[Key, Amount] = field(default_factory=dict)
    formats: dict[Key, Amount] = field(default_factory=dict)
    duration: Tally = field(default_factory=lambda: Tally(np.geomspace(0.1, 1e6, 141), (1, 2, 4, 5, 10), logarithmic=True))
    """Seconds of each recording, up to the end of its last row."""
    balance: Tally = field(default_factory=lambda: Tally(np.linspace(0, 1, 101), (5,)))
    """Channel 0's share of all speech in each row."""
    samples: list[Sample] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Take in some rows."""
        seconds, index = numbers(table, "duration"), numbers(table, "clip.index")
        last = index == numbers(table, "clip.count") - 1
        self.whole.rows += table.num_rows
        self.whole.recordings += int((index == 0).sum())
        self.whole.seconds += float(seconds.sum())
        self.cut_in_speech += column(table, "clip.cut").to_pylist().count("speech")
        self.duration.add(numbers(table, "clip.end")[last])
        spoken = speech_seconds(table)
        self.speech += spoken.sum(axis=0)
        both = spoken.sum(axis=1)
        self.balance.add(np.divide(spoken[:, 0], both, out=np.full(len(both), np.nan), where=both > 0))
        for into, paths in ((self.terms, TERMS), (self.formats, FORMATS)):
            _group(into, table, paths, seconds, index == 0)
        self._keep(table, index == 0)

    def _keep(self, table: pa.Table, first: Any) -> None:
        """Hold on to the first rows by id that begin a recording."""
        ids = column(table, "id").to_pylist()
        mine = heapq.nsmallest(self.wanted, np.flatnonzero(first), key=lambda i: ids[i])
        found = [
            *self.samples,
            *(
                sample_of(row)
                for row in table.select(["id", "duration", "speakers", "speech"]).take(pa.array(mine, pa.int64())).to_pylist()
            ),
        ]
        self.samples = heapq.nsmallest(self.wanted, found, key=lambda sample: sample.id)


def speech_seconds(table: pa.Table) -> Floats:
    """Seconds of speech [rows, 2] on each channel."""
    spans = column(table, "speech")
    items = pc.list_flatten(spans)
    channel, start, end = (np.asarray(pc.struct_field(items, name).to_numpy(zero_copy_only=False)) for name in ("channel", "start", "end"))
    place = owners(spans) * 2 + channel.astype(np.int64)
    seconds = np.bincount(place, (end - start).astype(np.float64), 2 * len(spans))
    return seconds.astype(np.float64).reshape(-1, 2)


def sample_of(row: dict[str, Any]) -> Sample:
    """A row's plain values as a sample."""
    names = tuple(str(speaker["name"]) for speaker in sorted(row["speakers"], key=lambda s: s["channel"]))
    speech = tuple(tuple(sorted((s["start"], s["end"]) for s in row["speech"] if s["channel"] == channel)) for channel in (0, 1))
    mixed = all(speaker["recorded_channel"] is None for speaker in row["speakers"])
    return Sample(row["id"], row["duration"], names, speech, mixed)


def _group(into: dict[Key, Amount], table: pa.Table, paths: tuple[str, ...], seconds: Floats, first: Any) -> None:
    keys = [f"k{i}" for i in range(len(paths))]
    flat = pa.table([*(column(table, path) for path in paths), pa.array(seconds), pa.array(first.astype(np.int64))], [*keys, "s", "f"])
    # One thread, so that equal data add up in equal order to equal bytes.
    grouped = flat.group_by(keys, use_threads=False).aggregate([("s", "sum"), ("s", "count"), ("f", "sum")])
    for row in grouped.to_pylist():
        amount = into.setdefault(tuple(row[key] for key in keys), Amount())
        amount.rows += row["s_count"]
        amount.recordings += row["f_sum"]
        amount.seconds += row["s_sum"]


def by_hours(groups: dict[Key, Amount]) -> list[tuple[Key, Amount]]:
    """Most hours first, then by key with the absent last."""
    return sorted(groups.items(), key=lambda item: (-item[1].seconds, tuple((part is None, str(part)) for part in item[0])))
