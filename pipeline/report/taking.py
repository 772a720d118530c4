"""Turn taking of the whole set, pooled: seconds and counts are added up over all rows before anything is divided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.columns import Floats, as_floats, column, matrix, numbers
from pipeline.report.tally import Tally
from schemas.errors import LawError
from schemas.stats import FTO_EDGES

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


@dataclass(slots=True)
class Taking:
    """Sums over the rows that have statistics."""

    rows: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    lasting: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MEASURES + STATES, 0.0))
    """Seconds of each measure and state."""
    kinds: dict[str, Floats] = field(default_factory=lambda: {name: np.zeros(2) for name in KINDS})
    """IPUs of each channel by kind."""
    speech: Floats = field(default_factory=lambda: np.zeros(2))
    """Seconds inside IPUs of each channel."""
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

    def add(self, table: pa.Table) -> None:
        """Take in some rows; those without statistics count as absent."""
        stats = column(table, "stats")
        self.overlap_share.add(numbers(table, "stats.overlap_share"))
        self.backchannels.add(numbers(table, "stats.backchannels_per_minute"))
        self.interruptions.add(numbers(table, "stats.interruptions_per_minute"))
        self.speech_dominance.add(numbers(table, "stats.speech_dominance"))
        self.floor_dominance.add(numbers(table, "stats.floor_dominance"))
        stats = stats.filter(pc.is_valid(stats))
        if not len(stats):
            return
        self.rows += len(stats)
        self.seconds += _sum(stats, "duration")
        for name in MEASURES:
            self.counts[name] += int(_sum(stats, name, "count"))
            self.lasting[name] += _sum(stats, name, "seconds")
        for name in STATES:
            self.lasting[name] += _sum(stats, name)
        channels = pc.struct_field(stats, "channels")
        for name in KINDS:
            self.kinds[name] += np.nansum(matrix(channels, name), axis=0)
        speech = matrix(channels, "speech")
        self.speech += np.nansum(speech, axis=0)
        for name in OVERLAPS:
            self.overlaps[name] += int(_sum(stats, "overlaps", name))
        self._spoken(channels, speech, as_floats(pc.struct_field(stats, "duration")))
        self.longest = max(self.longest, float(np.nanmax(matrix(channels, "longest_monologue"))))
        self._transfers(pc.struct_field(stats, "transfers"))
        if self.constants is None:
            self.constants = pc.struct_field(stats, "constants")[0].as_py()

    def _spoken(self, channels: Any, speech: Floats, seconds: Floats) -> None:
        """What channels [rows, 2] with `speech` seconds said, in rows of so many `seconds`."""
        for name in SPOKEN:
            self.spoken[name] += np.nansum(matrix(channels, name), axis=0)
        worded = ~np.isnan(matrix(channels, "words")).any(axis=1)
        self.worded_rows += int(worded.sum())
        self.worded_seconds += float(seconds[worded].sum())
        self.worded_speech += np.nansum(speech[worded], axis=0)
        rate = matrix(channels, "speech_rate")
        for channel, tally in enumerate(self.speech_rate):
            tally.add(rate[:, channel])

    def _transfers(self, transfers: Any) -> None:
        n, within = as_floats(pc.struct_field(transfers, "n")), as_floats(pc.struct_field(transfers, "within_200ms"))
        self.within_200ms += float(np.nansum(np.round(n * within)))
        counts = pc.list_flatten(pc.struct_field(transfers, "counts")).to_numpy(zero_copy_only=False)
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


def _sum(stats: Any, *path: str) -> float:
    return float(as_floats(pc.struct_field(stats, list(path))).sum())
