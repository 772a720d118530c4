"""What was made from recordings that hold both voices in one channel: how each stretch came about, and how sure it is who speaks."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.columns import Floats, as_floats, column, numbers, owners
from pipeline.report.tally import Tally
from pipeline.report.words import number, share
from schemas.tracks import OriginKind

MEANING = {
    "original": "the recording's own samples, where one speaks alone",
    "routed": "both voices, on both channels, because nothing separated them",
    "silence": "zeros, while the channel's speaker is silent",
    "room_tone": "noise like the recording's own background, while the channel's speaker is silent",
    "separated": "what a separator made of both voices",
    "cleaned": "what a crosstalk canceller made of the channel",
    "restored": "what an enhancer made of the channel",
    "redacted": "muted, because personal data was said",
}
OTHERS = {
    "third_voice": "a voice that is neither of the two speakers",
    "music": "music, such as on hold",
    "tone": "ring, busy and other signal tones",
}
UNKNOWN = "not measured"


@dataclass(slots=True)
class Heard:
    """Stretches of one kind of other sound."""

    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation made from a mixture; most recordings are one."""

    rank: tuple[float, str]
    """Least sure first: confidence (unknown last), id."""
    id: str
    """Of the recording; of a conversation further on in one, of its first row."""
    recorded: str
    """What it was: `one channel` or `two channels alike`."""
    confidence: float | None
    similarity: float | None


@dataclass(slots=True)
class Mixtures:
    """Sums over the rows that were made from a mixture; a conversation in several rows counts once."""

    wanted: int = 100
    """Conversations kept for the table."""
    recordings: int = 0
    conversations: int = 0
    mono: int = 0
    """Recordings whose source has one channel, of those with channel health."""
    seconds: float = 0.0
    kinds: dict[str, Floats] = field(default_factory=dict)
    """Seconds of each channel by kind of origin."""
    others: dict[str, Heard] = field(default_factory=dict)
    confidence: Tally = field(default_factory=lambda: Tally(np.linspace(0, 1, 201), (1, 2, 4, 10, 20)))
    similarity: Tally = field(default_factory=lambda: Tally(np.linspace(-1, 1, 201), (1, 2, 5, 10, 20)))
    least_sure: list[Line] = field(default_factory=list)
    ended: bool = False
    """The last row that was taken in ends a conversation inside its recording."""

    def add(self, table: pa.Table) -> None:
        """Take in some rows; those of a recording lie together, in order."""
        begins = self._begins(table)
        mixture = from_mixture(table)
        mixed = table.filter(pa.array(mixture))
        if not mixed.num_rows:
            return
        self.seconds += float(numbers(mixed, "duration").sum())
        self._origins(column(mixed, "origins"))
        self._others(column(mixed, "others"))
        self._conversations(table.filter(pa.array(mixture & begins)))

    def _begins(self, table: pa.Table) -> Any:
        """[rows]: the row is the first of its conversation."""
        ends = np.asarray([cut == "conversation" for cut in column(table, "clip.cut").to_pylist()], bool)
        begins = (numbers(table, "clip.index") == 0) | np.concatenate(([self.ended], ends[:-1]))
        self.ended = bool(ends[-1])
        return begins

    def _origins(self, lists: Any) -> None:
        items = pc.list_flatten(lists)
        kinds = np.asarray(pc.struct_field(items, "kind").to_pylist(), dtype=object)
        channels, start, end = (as_floats(pc.struct_field(items, name)) for name in ("channel", "start", "end"))
        for kind in sorted(set(kinds)):
            mine = kinds == kind
            seconds = np.bincount(channels[mine].astype(np.int64), (end - start)[mine], 2)
            self.kinds[kind] = self.kinds.get(kind, np.zeros(2)) + seconds

    def _others(self, lists: Any) -> None:
        for sound in pc.list_flatten(lists).to_pylist():
            heard = self.others.setdefault(sound["kind"], Heard())
            heard.count += 1
            heard.seconds += sound["end"] - sound["start"]

    def _conversations(self, first: pa.Table) -> None:
        heads = numbers(first, "clip.index") == 0
        self.recordings += int(heads.sum())
        self.conversations += first.num_rows
        confidence, similarity = (_scores(column(first, "quality"), name) for name in ("diarization_confidence", "voice_similarity"))
        self.confidence.add(confidence)
        self.similarity.add(similarity)
        sides = pc.list_value_length(column(first, "health.sides")).to_pylist()
        self.mono += [n for n, head in zip(sides, heads, strict=True) if head].count(1)
        words = {1: "one channel", 2: "two channels alike"}
        recordings, rows = (column(first, name).to_pylist() for name in ("clip.recording", "id"))
        ids = [recording if head else row for recording, row, head in zip(recordings, rows, heads, strict=True)]
        lines = [
            Line((np.inf if np.isnan(c) else float(c), id), id, words.get(n, UNKNOWN), _known(c), _known(s))
            for id, n, c, s in zip(ids, sides, confidence, similarity, strict=True)
        ]
        self.least_sure = heapq.nsmallest(self.wanted, [*self.least_sure, *lines], key=lambda line: line.rank)


def from_mixture(table: pa.Table) -> Any:
    """[rows]: no speaker of the row has a recorded channel of its own."""
    speakers = column(table, "speakers")
    recorded = as_floats(pc.struct_field(pc.list_flatten(speakers), "recorded_channel"))
    return np.bincount(owners(speakers)[~np.isnan(recorded)], minlength=len(speakers)) == 0


def _scores(lists: Any, name: str) -> Floats:
    """The score of that name of each row, NaN where it has none."""
    items = pc.list_flatten(lists)
    mine = np.asarray([each == name for each in pc.struct_field(items, "name").to_pylist()], bool)
    found = np.full(len(lists), np.nan)
    found[owners(lists)[mine]] = as_floats(pc.struct_field(items, "value"))[mine]
    return found


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def kinds(mixtures: Mixtures) -> list[dict[str, Any]]:
    """Kinds of origin in the order of `OriginKind`, with the seconds and share of each channel."""
    return [
        {
            "name": kind.replace("_", " "),
            "seconds": [float(s) for s in mixtures.kinds[kind]],
            "shares": [share(float(s) / mixtures.seconds) for s in mixtures.kinds[kind]],
            "meaning": MEANING[kind],
        }
        for kind in get_args(OriginKind)
        if kind in mixtures.kinds
    ]


def others(mixtures: Mixtures) -> list[dict[str, Any]]:
    """Other sounds, longest in all first."""
    ordered = sorted(mixtures.others.items(), key=lambda item: (-item[1].seconds, item[0]))
    return [
        {
            "name": kind.replace("_", " "),
            "count": heard.count,
            "seconds": heard.seconds,
            "share": share(heard.seconds / mixtures.seconds),
            "meaning": OTHERS.get(kind, ""),
        }
        for kind, heard in ordered
    ]


def lines(least_sure: Sequence[Line]) -> list[dict[str, str]]:
    """The table of recordings; empty text is an absent number."""
    return [
        {
            "id": line.id,
            "recorded": line.recorded,
            "confidence": share(line.confidence),
            "similarity": "" if line.similarity is None else number(line.similarity, 2),
        }
        for line in least_sure
    ]
