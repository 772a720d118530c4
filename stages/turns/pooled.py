"""Turn-taking of many dialogues, pooled: seconds and counts are added up over all of them before anything is divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from schemas.errors import LawError
from schemas.plain import to_plain
from schemas.stats import FTO_EDGES, Stats
from schemas.tally import Counts, Floats, Tally

MEASURES = ("ipu", "pause", "gap", "overlap")
STATES = ("single", "silence", "edge_silence")
KINDS = ("ipus", "plain", "transitions", "backchannels", "interruptions", "failed_interruptions")
OVERLAPS = ("turn_final", "mid_turn", "simultaneous_start")
SPOKEN = ("words", "unworded", "fillers")


def shares() -> Tally:
    """An empty distribution of shares of time, in half percent."""
    return Tally(np.linspace(0, 1, 201), (1, 2, 4, 10, 20))


def rates() -> Tally:
    """An empty distribution of occurrences per minute, in quarters."""
    return Tally(np.linspace(0, 60, 241), (1, 2, 4, 8, 20))


def words_per_second() -> Tally:
    """An empty distribution of rates of speech, in tenths of a word per second."""
    return Tally(np.linspace(0, 12, 121), (1, 2, 5, 10))


class Columns(Protocol):
    """Statistics of some dialogues, each of them known, field by field; numbers that are absent in one are NaN."""

    def __len__(self) -> int: ...

    def number(self, *path: str) -> Floats:
        """A field of `Stats`, or of what it holds, [dialogues]."""

    def sides(self, name: str) -> Floats:
        """A field of `ChannelTaking`, [dialogues, 2]."""

    def bins(self) -> Counts:
        """`FloorTransfers.counts` of all dialogues, one after the other."""

    def constants(self) -> dict[str, Any]:
        """Those of the first dialogue."""


@dataclass(slots=True)
class Pooled:
    """Sums over the dialogues that have statistics; a row of a data set counts as a dialogue of its own."""

    rows: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    lasting: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MEASURES + STATES, 0.0))
    """Seconds of each measure and state."""
    kinds: dict[str, Floats] = field(default_factory=lambda: {name: np.zeros(2) for name in KINDS})
    """IPUs of each channel by kind."""
    speech: Floats = field(default_factory=lambda: np.zeros(2))
    """Seconds inside IPUs of each channel."""
    floor: Floats = field(default_factory=lambda: np.zeros(2))
    """Seconds in which only this channel takes the floor, of each channel."""
    longest: float = 0.0
    """Seconds of the longest monologue."""
    within_200ms: float = 0.0
    """Floor transfers with an offset from 0 to 0.2 s."""
    transfers: Tally = field(default_factory=lambda: Tally(np.array(FTO_EDGES), (1,)))
    overlap_share: Tally = field(default_factory=shares)
    """Share of each row's time in which both speak."""
    backchannels: Tally = field(default_factory=rates)
    """Per minute of each row, as the next."""
    interruptions: Tally = field(default_factory=rates)
    speech_dominance: Tally = field(default_factory=shares)
    """Share of each row's speech that is the more talkative side's."""
    floor_dominance: Tally = field(default_factory=shares)
    """Share of each row's time with the floor that is of the side that has it longer."""
    speech_rate: tuple[Tally, Tally] = field(default_factory=lambda: (words_per_second(), words_per_second()))
    """Words per second of each channel of each row."""
    overlaps: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OVERLAPS, 0))
    """Overlaps by kind."""
    worded_rows: int = 0
    """Rows whose statistics know of words."""
    worded_seconds: float = 0.0
    spoken: dict[str, Floats] = field(default_factory=lambda: {name: np.zeros(2) for name in SPOKEN})
    """Words, seconds of speech without any, and fillers of each channel, of those rows."""
    worded_speech: Floats = field(default_factory=lambda: np.zeros(2))
    """Seconds inside IPUs of each channel, of those rows."""
    constants: dict[str, Any] | None = None

    def take(self, batch: Sequence[Stats | None]) -> None:
        """Take in some dialogues; those without statistics count as absent. A few hundred at a time cost least."""
        known = [stats for stats in batch if stats is not None]
        self.fold(OfValues(known), len(batch) - len(known))

    def fold(self, columns: Columns, absent: int) -> None:
        """Take in the statistics of some dialogues, beside `absent` others that have none."""
        per_row = (
            *((self.overlap_share, "overlap_share"), (self.speech_dominance, "speech_dominance")),
            *((self.floor_dominance, "floor_dominance"), (self.backchannels, "backchannels_per_minute")),
            (self.interruptions, "interruptions_per_minute"),
        )
        for tally, name in per_row:
            tally.absent += absent
            if len(columns):
                tally.add(columns.number(name))
        if not len(columns):
            return
        self.rows += len(columns)
        self.seconds += _sum(columns, "duration")
        for name in MEASURES:
            self.counts[name] += int(_sum(columns, name, "count"))
            self.lasting[name] += _sum(columns, name, "seconds")
        for name in STATES:
            self.lasting[name] += _sum(columns, name)
        for name in OVERLAPS:
            self.overlaps[name] += int(_sum(columns, "overlaps", name))
        self._channels(columns)
        self._transfers(columns)
        if self.constants is None:
            self.constants = columns.constants()

    def _channels(self, columns: Columns) -> None:
        for name in KINDS:
            self.kinds[name] += np.nansum(columns.sides(name), axis=0)
        speech, seconds = columns.sides("speech"), columns.number("duration")
        self.speech += np.nansum(speech, axis=0)
        self.floor += np.nansum(columns.sides("floor"), axis=0)
        self.longest = max(self.longest, float(np.nanmax(columns.sides("longest_monologue"))))
        for name in SPOKEN:
            self.spoken[name] += np.nansum(columns.sides(name), axis=0)
        worded = ~np.isnan(columns.sides("words")).any(axis=1)
        self.worded_rows += int(worded.sum())
        self.worded_seconds += float(seconds[worded].sum())
        self.worded_speech += np.nansum(speech[worded], axis=0)
        rate = columns.sides("speech_rate")
        for channel, tally in enumerate(self.speech_rate):
            tally.add(rate[:, channel])

    def _transfers(self, columns: Columns) -> None:
        n, within, counts = columns.number("transfers", "n"), columns.number("transfers", "within_200ms"), columns.bins()
        self.within_200ms += float(np.nansum(np.round(n * within)))
        if len(counts) != len(n) * (len(FTO_EDGES) + 1):
            raise LawError(f"floor transfers: {len(counts)} bins in {len(n)} rows; wanted {len(FTO_EDGES) + 1} a row")
        pooled = counts.reshape(len(n), -1).sum(axis=0).astype(np.int64)
        self.transfers.below += int(pooled[0])
        self.transfers.counts += pooled[1:-1]
        self.transfers.above += int(pooled[-1])
        # Rows keep no offsets, so the extremes are known only as far as the edges.
        self.transfers.least, self.transfers.most = FTO_EDGES[0], FTO_EDGES[-1]

    @property
    def share_of_overlap(self) -> float | None:
        """Of all time, the share in which both speak."""
        return self.lasting["overlap"] / self.seconds if self.seconds else None

    @property
    def overlapped_speech(self) -> float | None:
        """Of the time with any speech, the share in which both speak."""
        speech = self.lasting["overlap"] + self.lasting["single"]
        return self.lasting["overlap"] / speech if speech else None

    def per_minute(self, amount: float) -> float:
        """An amount per minute of recording."""
        return 60 * amount / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class OfValues:
    """Statistics as they are made: `Columns` of `Stats`."""

    batch: Sequence[Stats]

    def __len__(self) -> int:
        return len(self.batch)

    def number(self, *path: str) -> Floats:
        values: list[Any] = list(self.batch)
        for name in path:
            values = [getattr(value, name) for value in values]
        return np.array(values, np.float64)

    def sides(self, name: str) -> Floats:
        return np.array([[getattr(each, name) for each in stats.channels] for stats in self.batch], np.float64)

    def bins(self) -> Counts:
        return np.array([count for stats in self.batch for count in stats.transfers.counts], np.int64)

    def constants(self) -> dict[str, Any]:
        plain: dict[str, Any] = to_plain(self.batch[0].constants)
        return plain


def _sum(columns: Columns, *path: str) -> float:
    return float(columns.number(*path).sum())
