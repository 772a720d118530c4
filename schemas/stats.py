"""Turn-taking statistics of one dialogue, with the constants that defined them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from schemas.errors import LawError

FTO_EDGES: tuple[float, ...] = tuple(round(-3 + step / 10, 1) for step in range(61))
"""Seconds. Fixed edges of every histogram of floor transfer offsets, so that those of many dialogues can be added."""

FISHER_SHAPE: dict[str, float] = {"ipu": 51.1, "pause": 6.4, "gap": 4.2, "overlap": 3.3}
"""Seconds per minute in recorded telephone talk, the shape to hold a data set against: ground truth of the Fisher corpus as given in
the Moshi paper, arXiv 2410.00037, table 9. IPU seconds add up both channels."""

CANDOR_MEDIAN_FTO = 0.08
"""Seconds. Median between-speaker interval in video calls: the CANDOR corpus (Reece et al. 2023, Science Advances 9, eadf3197)."""

BACKCHANNEL_WORDS: tuple[str, ...] = (
    *("ah", "aha", "hm", "hmm", "huh", "mhm", "mhmm", "mm", "mm-hmm", "oh", "ooh", "uh-huh", "uh-hum", "um-hum", "wow"),
    *("alright", "all right", "ok", "okay", "right", "sure", "true", "yeah", "yep", "yes", "yup"),
    *("absolutely", "definitely", "exactly", "indeed", "cool", "good", "great", "nice", "really"),
    *("got it", "i know", "i see", "of course", "oh my", "that's right", "that's true", "you bet"),
)
"""English, spelled as recognisers and transcribers do; letter case, hyphens and other signs do not count."""
FILLER_WORDS: tuple[str, ...] = ("eh", "er", "erm", "uh", "uhm", "um")
"""English filled pauses."""
LAUGHTER_WORDS: tuple[str, ...] = ("laugh", "laughing", "laughs", "laughter")
"""What transcripts write in brackets, as `[laughter]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTakingConstants:
    """Seconds, except `backchannel_inside` and the lists. Their meaning is told where they are used, in `stages/turns/floor.py`,
    `stages/turns/said.py` and `stages/events/turn_taking.py`."""

    ipu_silence: float
    backchannel_longest: float
    backchannel_inside: float
    """Share of the utterance, 0 to 1."""
    floor_window: float
    barge_in: float
    give_up: float
    monologue_pause: float
    simultaneous_start: float
    listed_longest: float
    word_reach: float
    list_language: str
    """BCP 47; the lists are for channels of this language and of no known one."""
    backchannel_words: tuple[str, ...]
    filler_words: tuple[str, ...]
    laughter_words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapKinds:
    """How many overlaps are of each kind; see `stages.turns.floor.OverlapKind`."""

    turn_final: int
    mid_turn: int
    simultaneous_start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Occurrences of one kind: how many, how long together, and both per minute of recording."""

    count: int
    seconds: float
    per_minute: float
    seconds_per_minute: float
    mean: float | None
    """Seconds; absent when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorTransfers:
    """Floor transfer offsets (FTO), in seconds: start of the next speaker's turn minus end of the one before, negative in overlap."""

    n: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    within_200ms: float | None
    """Share of offsets from 0 to 0.2 s, both included."""
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    """`counts[0]` lies below `edges[0]`, `counts[i]` in `[edges[i-1], edges[i])`, the last at or above the last edge."""

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.edges) + 1 or sum(self.counts) != self.n:
            raise LawError(
                f"FloorTransfers: {len(self.counts)} bins of {sum(self.counts)} offsets for {len(self.edges)} edges and n = {self.n}"
            )
        known = {value is not None for value in (self.median, self.lower_quartile, self.upper_quartile, self.within_200ms)}
        if known != {self.n > 0}:
            raise LawError(f"FloorTransfers: the median, quartiles and share are known exactly when there is an offset, and n = {self.n}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTaking:
    """What one channel did. Every IPU has exactly one of the five kinds, so their counts add up to `ipus`."""

    ipus: int
    speech: float
    """Seconds inside IPUs."""
    speech_share: float
    """Of the recording's time, 0 to 1."""
    mean_ipu: float | None
    """Seconds."""
    longest_monologue: float
    """Seconds, inner pauses included; 0 when the channel never takes the floor."""
    plain: int
    """IPUs that start while the partner is silent or says a backchannel, and are no backchannels themselves."""
    transitions: int
    """IPUs that start in the last instant of the partner's and outlast it: quick turn changes."""
    backchannels: int
    interruptions: int
    failed_interruptions: int
    floor: float
    """Seconds of all stretches in which only this channel takes the floor, pauses of up to `monologue_pause` included."""
    words: int | None = None
    """Marks of laughter are no words; absent without a transcript, as the next three."""
    speech_rate: float | None = None
    """Words per second of the IPUs that have words; absent too where none has."""
    unworded: float | None = None
    """Seconds of speech that got no words."""
    fillers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Turn-taking of one dialogue of two channels; durations in seconds.

    Laws: `duration == single + overlap.seconds + silence`; `silence == pause.seconds + gap.seconds + edge_silence`; each channel's
    kinds of IPU add up, and so do the kinds of overlap; words are known on both channels or on neither.
    """

    duration: float
    ipu: Measure
    """Of both channels together: seconds of overlap count twice."""
    pause: Measure
    gap: Measure
    overlap: Measure
    single: float
    """Exactly one channel speaks."""
    silence: float
    """Neither channel speaks."""
    edge_silence: float
    """The part of `silence` before the first IPU and after the last; all of it when there is no IPU."""
    overlap_share: float
    """Of the recording's time, 0 to 1."""
    overlapped_speech: float | None
    """Share of the time with any speech in which both speak."""
    overlaps: OverlapKinds
    transfers: FloorTransfers
    backchannels_per_minute: float
    interruptions_per_minute: float
    failed_interruptions_per_minute: float
    longest_monologue: float
    speech_dominance: float | None
    """Share of all speech that is the more talkative side's, 0.5 to 1; absent without speech."""
    floor_dominance: float | None
    """Share of all time with the floor that is of the side that has it longer, 0.5 to 1; absent when nobody takes it."""
    speech_rate: float | None = None
    """Words per second of the IPUs that have words, of both channels together; absent where there are none."""
    channels: tuple[ChannelTaking, ...]
    """Two, in the recording's order."""
    constants: TurnTakingConstants

    def __post_init__(self) -> None:
        if len(self.channels) != 2:
            raise LawError(f"Stats: {len(self.channels)} channels; wanted 2")
        if not _same(self.single + self.overlap.seconds + self.silence, self.duration):
            raise LawError("Stats: speech of one, of both and silence do not add up to the duration")
        if not _same(self.pause.seconds + self.gap.seconds + self.edge_silence, self.silence):
            raise LawError("Stats: pauses, gaps and silence at the edges do not add up to the silence")
        if not _same(sum(each.speech for each in self.channels), self.ipu.seconds):
            raise LawError("Stats: the channels' speech does not add up to that of all IPUs")
        for each in self.channels:
            kinds = each.plain + each.transitions + each.backchannels + each.interruptions + each.failed_interruptions
            if kinds != each.ipus:
                raise LawError(f"Stats: {kinds} IPUs by kind, {each.ipus} in all")
        overlaps = self.overlaps.turn_final + self.overlaps.mid_turn + self.overlaps.simultaneous_start
        if overlaps != self.overlap.count:
            raise LawError(f"Stats: {overlaps} overlaps by kind, {self.overlap.count} in all")
        if len({each.words is None for each in self.channels}) != 1:
            raise LawError("Stats: words are known on one channel and not on the other")


def _same(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-6)
