"""How well a chain that makes two channels out of one does on a call whose two true channels are known.

Shares are of time, 0 and up; levels are in dB. What cannot be told (no overlap to find, nothing said in it) is absent.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.overlaps import Excerpt, Overlaps


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerErrors:
    """The parts of the diarization error rate, in seconds: they add up over calls."""

    speech: float
    """Reference speech of both speakers, overlap counted twice."""
    miss: float
    false_alarm: float
    confusion: float

    @property
    def rate(self) -> float | None:
        """Diarization error rate (DER); absent without reference speech."""
        return (self.miss + self.false_alarm + self.confusion) / self.speech if self.speech else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Turn-taking of one call: seconds of each state, and counts."""

    ipu: float
    """Of both channels together."""
    pause: float
    gap: float
    overlap: float
    backchannels: int
    interruptions: int
    failed_interruptions: int
    fto_median: float | None
    """Seconds; absent when the floor never changes hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """What the shares of one call are made of, so that those of many calls can be pooled: seconds, and counts."""

    seconds: float
    """Of audio."""
    errors: SpeakerErrors
    """Speech activity of the made channels against that of the true ones."""
    errors_collar: SpeakerErrors
    """The same without a quarter of a second on either side of every end of reference speech."""
    errors_segments: SpeakerErrors | None
    """The diarization's own segments against the true activity; absent when it gave none."""
    overlap: float
    """Seconds in which both true speakers talk."""
    overlap_found: float
    """Seconds in which both made channels hold speech."""
    overlap_both: float
    """Seconds in which both is so."""
    backchannels: int
    """True utterances under 1 s, half of which or more lies inside the partner's speech."""
    backchannels_kept: int
    speech_kept: float
    """Seconds of `errors.speech` during which the right channel carries the recording."""
    swaps: int
    taking: Taking
    """Of the true channels."""
    taking_found: Taking
    processor: float
    """Processor seconds of the chain without decoding."""


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Counts of an alignment of least errors; they add up over texts."""

    words: int
    """Of the reference."""
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.words + other.words,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )

    @property
    def errors(self) -> int:
        """All errors together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors over words of the reference; None where it has none."""
        return self.errors / self.words if self.words else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlapWords:
    """Words that were said inside overlaps: each side in turn, errors counted in an alignment of all that the side says."""

    true: tuple[WordErrors, ...] | None
    """Heard on the true channels; absent where that is the reference itself."""
    made: tuple[WordErrors, ...]
    """Heard on the made channel that stands for each true one."""
    routed: tuple[WordErrors, ...]
    """Heard on the same channels with the mixture in place of all that was separated: what routing would have given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordScores:
    """Words heard on the channels of one call."""

    reference: str
    """What is compared with: `given`, the corpus's own transcript, or `true_channels`, what is heard on those."""
    true: tuple[WordErrors, ...] | None
    """Of each true channel; absent where it is the reference itself. So is `true_cp`."""
    true_cp: WordErrors | None
    """Of both together, under the better assignment of sides (cpWER)."""
    made: tuple[WordErrors, ...]
    """Of the made channel that stands for each true one."""
    made_cp: WordErrors
    mix: WordErrors
    """The mix heard as one channel, against the words of both sides in order of time."""
    unread: str | None = None
    """Why the transcript that the source names could not be the reference; absent where it is, or where none is named."""
    inside: OverlapWords | None = None
    """Of the words inside overlaps alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelScores:
    """One true channel against the channel that was made for it."""

    speech_kept: float | None
    """Share of the speaker's speech during which this channel carries the recording."""
    leakage_db: float | None
    """The other voice in this channel over this voice in it."""
    leakage_solo_db: float | None
    """The same for the stretches in which only the other speaker talks: what routing alone can avoid."""
    si_sdr_db: float | None
    si_sdr_solo_db: float | None
    """Where only this speaker talks."""
    si_sdr_overlap_db: float | None
    """Where both talk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingError:
    """Made against true turn-taking: `(made - true) / true`, absent where the true amount is 0."""

    ipu: float | None
    pause: float | None
    gap: float | None
    overlap: float | None
    backchannels: float | None
    interruptions: float | None
    failed_interruptions: float | None
    fto_median_s: float | None
    """Difference of the medians in seconds, no share."""
    largest: float
    """The largest of the first four without its sign, none divided by less than one second per minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCost:
    """Processor seconds of one stage per second of audio."""

    stage: str
    rtf: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Every score of one call under one condition. Law: two channels."""

    der: float | None
    miss: float | None
    false_alarm: float | None
    confusion: float | None
    der_collar_250ms: float | None
    miss_collar_250ms: float | None
    false_alarm_collar_250ms: float | None
    confusion_collar_250ms: float | None
    der_segments: float | None
    overlap_recall: float | None
    overlap_precision: float | None
    backchannel_recall: float | None
    speech_kept: float | None
    leakage_db: float | None
    """Mean of the two channels; so are the three below."""
    leakage_solo_db: float | None
    si_sdr_db: float | None
    si_sdr_solo_db: float | None
    si_sdr_overlap_db: float | None
    swaps_per_hour: float
    turn_taking_error: TakingError
    rtf: float
    """Processor seconds of the chain, without decoding and with its models loaded, per second of audio."""
    stages: tuple[StageCost, ...]
    confidence: float | None
    """What the diarization itself expects: `Diarization.confidence`."""
    channels: tuple[ChannelScores, ...]
    """In the order of the true channels."""
    mapping: tuple[int, int]
    """The made channel that stands for each true channel."""
    amounts: Amounts
    words: WordScores | None = None
    """Absent where the chain hears no words."""
    overlaps: Overlaps | None = None
    """What happens where both talk."""

    def __post_init__(self) -> None:
        if len(self.channels) != 2:
            raise LawError(f"Scores: {len(self.channels)} channels; wanted 2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The chain itself would not take the mixture: its verdict, as `schemas.errors.Reject` gives it."""

    stage: str
    reason: str
    detail: str
    facts: str
    """JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixScores:
    """How the chain did on one mixture. Law: either scores or a refusal."""

    condition: str
    gain_db: float
    """Gain applied to both sides so that their sum is not clipped; 0 when it was not needed."""
    scores: Scores | None = None
    refusal: Refusal | None = None
    excerpts: tuple[Excerpt, ...] = ()
    """Recorded speech: some of the worst overlaps, to be heard."""

    def __post_init__(self) -> None:
        if (self.scores is None) == (self.refusal is None):
            raise LawError(f"MixScores of {self.condition!r}: wanted either scores or a refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScores:
    """One call mixed under each condition."""

    length: int
    """Samples per channel."""
    rate: int
    """Hz."""
    mixes: tuple[MixScores, ...]
