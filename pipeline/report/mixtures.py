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
}
OTHERS = {
    "third_voice": "a voice that is neither of the two speakers",
    "music": "music, such as on hold",
    "tone": "ring, busy and other signal tones",
    "noise": "noise that is no background",
}
UNKNOWN = "not measured"


@dataclass(slots=True)
class Heard:
    """Stretches of one kind of other sound."""

    count: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One recording made from a mixture."""

    rank: tuple[float, str]
    """Least sure first: confidence (unknown last), id."""
    id: str
    recorded: str
    """What it was: `one channel` or `two channels alike`."""
    confidence: float | None
    similarity: float | None


@dataclass(slots=True)
class Mixtures:
    """Sums over the rows that were made from a mixture; a recording in several rows counts once."""

    wanted: int = 100
    """Recordings kept for the table."""
    recordings: int = 0
    mono: int = 0
    """Recordings whose source has one channel, of those with channel health."""
    seconds: float = 0.0
    kinds: dict[str, Floats] = field(default_factory=dict)
    """Seconds of each channel by kind of origin."""
    others: dict[str, Heard] = field(default_factory=dict)
    confidence: Tally = field(default_factory=lambda: Tally(np.linspace(0, 1, 201), (1, 2, 4, 10, 20)))
    similarity: Tally = field(default_factory=lambda: Tally(np.linspace(-1, 1, 201), (1, 2, 5, 10, 20)))
    least_sure: list[Line] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Take in some rows."""
        mixed = table.filter(pa.array(from_mixture(table)))
        if not mixed.num_rows:
            return
        self.seconds += float(numbers(mixed, "duration").sum())
        self._origins(column(mixed, "origins"))
        self._others(column(mixed, "others"))
        self._recordings(mixed.filter(pa.array(numbers(mixed, "clip.index") == 0)))

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

    def _recordings(self, first: pa.Table) -> None:
        self.recordings += first.num_rows
        confidence, similarity = (_scores(column(first, "quality"), name) for name in ("diarization_confidence", "voice_similarity"))
        self.confidence.add(confidence)
        self.similarity.add(similarity)
        sides = pc.list_value_length(column(first, "health.sides")).to_pylist()
        self.mono += sides.count(1)
        words = {1: "one channel", 2: "two channels alike"}
        ids = column(first, "clip.recording").to_pylist()
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
