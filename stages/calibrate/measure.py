"""The stage that measures another chain: true channels are mixed, the chain is run on the mix, and both are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from schemas.activity import Activity
from schemas.calibration import CallScores, MixScores, Refusal
from schemas.errors import Reject, UsageError
from schemas.recording import Recording
from schemas.source import Source
from schemas.stats import Stats
from schemas.tracks import Tracks, view_of
from stages.acoustics.condition import NAMED, Condition
from stages.calibrate import chain as inner
from stages.calibrate.excerpts import excerpts
from stages.calibrate.heard import Ears, Heard, Made, ears_of, reference_files
from stages.calibrate.mixture import Mixture, mixture
from stages.calibrate.score import Words, score
from stages.calibrate.told import true_diarization
from stages.health.measure import ChannelHealth
from stages.scoring.overlaps import true_overlaps
from stages.scoring.speakers import check_metrics
from stages.stage import Weights, files_beside

TRUTH = ChannelHealth(reject=("silent", "dual_mono", "one_scene", "one_sided"))
"""What channels must not be to count as true ones."""
Whose = Literal["estimated", "true"]
"""Who speaks when: as the chain's diarization finds it, or as the true channels have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrate:
    """Scores of a chain on the mixes of a recording whose two channels are one true speaker each.

    What is compared with is the speech that the voice activity stage `reference` finds on the true channels: so *who* speaks is scored,
    not how the detector draws its edges. A chain that will not take a mixture has its verdict in the scores. Rejects recordings that are
    not two true channels: `not_two_channel`, or what `truth` rejects.
    """

    name: ClassVar[str] = "calibrate"
    backend: ClassVar[str] = "mixed"
    version: ClassVar[int] = 3
    takes: ClassVar[tuple[type, ...]] = (Source, Recording)
    gives: ClassVar[type] = CallScores

    chain: tuple[Any, ...]
    """The stages under test, from a decoded mono recording on."""
    reference: Any
    """Voice activity stage run on the true channels: that of the chain, or of the chain it is held against."""
    stats: Any
    """Turn-taking stage run on what `reference` found."""
    transcribe: Any | None = None
    """Stage that hears the words of the true channels, of the mix and of the made channels; None: words are not scored."""
    conditions: tuple[Condition, ...] = (NAMED["clean"],)
    seed: int = 0
    truth: ChannelHealth = TRUTH
    """Says whether the channels are true ones."""
    activity: Whose = "estimated"
    """`true`: what `reference` finds on the true channels stands for what the chain's diarization would have found in the mixture, so that
    what is scored is what comes after it."""
    excerpts: int = 4
    """Overlaps of each mixture that are kept to be heard, the worst ones."""

    def __post_init__(self) -> None:
        if self.activity not in get_args(Whose):
            raise UsageError(f"calibrate: activity {self.activity!r} is neither 'estimated' nor 'true'")
        inner.check(self.chain)
        names = [condition.name for condition in self.conditions]
        if not names or len(set(names)) < len(names):
            raise UsageError(f"calibrate: conditions {', '.join(names) or '(none)'}: wanted at least one, each once")

    def weights(self) -> tuple[Weights, ...]:
        """Of all stages inside, each once."""
        found = [weights for stage in self._stages() for weights in stage.weights()]
        return tuple(dict.fromkeys(found))

    def _stages(self) -> tuple[Any, ...]:
        return (*self.chain, self.reference, self.stats, *(() if self.transcribe is None else (self.transcribe,)))

    def files(self, source: Source) -> tuple[str, ...]:
        """What the stages inside read beside the recording."""
        found = tuple(file for stage in self.chain for file in files_beside(stage, source))
        return found if self.transcribe is None else (*found, *reference_files(source))

    def load(self, device: str) -> Callable[[Source, Recording], CallScores]:
        """The chain, loaded, as a function from a two-channel recording to its scores."""
        check_metrics()
        told = self.activity == "true"
        judge = self.truth.load(device)
        run = inner.load(self.chain, device, told)
        listen, count = self.reference.load(device), self.stats.load(device)
        ears = None if self.transcribe is None else Ears(self.transcribe, listen, device, self._own(listen, device))

        def measure(source: Source, recording: Recording) -> CallScores:
            if recording.channels != 2:
                raise Reject("not_two_channel", "a mono recording holds no true channels to compare with", channels=recording.channels)
            judge(recording)
            tracks = view_of(recording, (0, 1), ("A", "B"), ("", ""), "as_recorded")
            true: Activity = listen(tracks)
            truth = _Truth(true, count(true), ears, None if ears is None else ears.true(source, tracks, true))
            mixes = []
            for condition in self.conditions:
                mixed = mixture(recording, condition, source.id, self.seed)
                ran = run(source, mixed.recording, true_diarization(true) if told else None)
                mixes.append(self._scored(source, condition.name, mixed, ran, truth))
            return CallScores(length=recording.length, rate=recording.rate, mixes=tuple(mixes))

        return measure

    def _own(self, listen: Callable[[Tracks], Activity], device: str) -> Callable[[Tracks], Activity]:
        """The chain's own voice activity, loaded; a stage that is the reference too is loaded once."""
        own = inner.giver(self.chain, Activity)
        loaded: Callable[[Tracks], Activity] = listen if own == self.reference else own.load(device)
        return loaded

    def _scored(self, source: Source, condition: str, mixed: Mixture, ran: inner.Ran | Refusal, truth: _Truth) -> MixScores:
        if isinstance(ran, Refusal):
            return MixScores(condition=condition, gain_db=mixed.gain_db, refusal=ran)
        tracks: Tracks = ran.values[Tracks]
        scores = score(ran, mixed, truth.activity, truth.stats, truth.words(source, ran, mixed))
        found = () if scores.overlaps is None else scores.overlaps.found
        kept = excerpts(found, self.excerpts, tracks, scores.mapping, mixed)
        return MixScores(condition=condition, gain_db=mixed.gain_db, scores=scores, excerpts=kept)


@dataclass(frozen=True, slots=True)
class _Truth:
    """What a mixture of a call is held against."""

    activity: Activity
    stats: Stats
    ears: Ears | None
    heard: Heard | None

    def words(self, source: Source, ran: inner.Ran, mixed: Mixture) -> Words | None:
        """Scores the words of what the chain made; None where words are not scored."""
        if self.ears is None or self.heard is None:
            return None
        overlaps, _ = true_overlaps((self.activity.channels[0], self.activity.channels[1]), self.activity.rate)
        made = Made(tracks=ran.values[Tracks], activity=ran.values[Activity], mix=mixed.recording, overlaps=overlaps)
        return self.ears.scorer(source, self.heard, made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside(Calibrate):
    """The same for a second chain, measured beside the first one in the same run and against the same reference."""

    name: ClassVar[str] = "beside"


def calibrate_stages(
    chain: tuple[Any, ...], beside: tuple[Any, ...] | None, conditions: tuple[Condition, ...], activity: Whose = "estimated"
) -> tuple[Calibrate, ...]:
    """The stage for `chain`, and the one for the chain beside it when there is one; both chains without decoding.

    Of each chain, what gives nothing that is scored is left out; words are heard apart from the rest, by its `transcribe` stage.
    """
    inner.check(chain)
    truth = {"reference": inner.giver(chain, Activity), "stats": inner.giver(chain, Stats), "conditions": conditions, "activity": activity}
    first = Calibrate(chain=inner.scored(chain), transcribe=ears_of(chain), **truth)
    if beside is None:
        return (first,)
    return first, Beside(chain=inner.scored(beside), transcribe=ears_of(beside), **truth)
