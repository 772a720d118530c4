"""Words heard on the true channels, on their mix and on the channels made out of it, against one reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemas.activity import Activity
from schemas.calibration import WordErrors, WordScores
from schemas.errors import Reject
from schemas.recording import Recording, Samples
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Origin, Tracks
from schemas.transcript import Transcript
from stages.scoring.words import cp_errors, side_errors, word_errors

NO_EARS = ("given", "none")
"""Backends of `transcribe` that hear nothing, so that their words tell nothing of the channels."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The true channels of a call, and what is compared with."""

    reference: Transcript
    given: bool
    """The reference is the corpus's own transcript, not what was heard on the true channels."""
    true: Transcript
    unread: str | None = None
    """Why the corpus's own transcript is not the reference although the source names one."""


class Ears:
    """A `transcribe` stage, loaded, with the voice activity stage that goes before it."""

    def __init__(self, stage: Any, listen: Callable[[Tracks], Activity], device: str) -> None:
        from stages.transcribe.given import GivenTranscribe

        self.takes, self.hear, self.listen = stage.takes, stage.load(device), listen
        self.read = GivenTranscribe().load("cpu")

    def words(self, source: Source, tracks: Tracks, activity: Activity) -> Transcript:
        """What is heard on two channels."""
        at_hand = {Source: source, Tracks: tracks, Activity: activity}
        found: Transcript = self.hear(*[at_hand[kind] for kind in self.takes])
        return found

    def true(self, source: Source, tracks: Tracks, activity: Activity) -> Heard:
        """The reference: the transcript that the source names where it can be read, else what is heard on the true channels."""
        heard = self.words(source, tracks, activity)
        if source.transcript is None:
            return Heard(heard, False, heard)
        try:
            return Heard(self.read(source, tracks, activity), True, heard)
        except Reject as unread:
            return Heard(heard, False, heard, unread.detail)

    def scorer(self, source: Source, heard: Heard, values: dict[type, Any], mix: Recording) -> Callable[[tuple[int, int]], WordScores]:
        """From the made channel that stands for each true one to the word errors of the made channels in `values` and of the mix."""
        return lambda order: self._score(source, heard, values[Tracks], values[Activity], mix, order)

    def _score(self, source: Source, heard: Heard, made: Tracks, activity: Activity, mix: Recording, order: tuple[int, int]) -> WordScores:
        reference, language = heard.reference, _language(heard)
        sides, found = _sides(reference), _sides(self.words(source, made, activity))
        one = alone(mix)
        mixed = self.words(source, one, self.listen(one))
        return WordScores(
            reference="given" if heard.given else "true_channels",
            unread=heard.unread,
            true=side_errors(sides, _sides(heard.true), language) if heard.given else None,
            true_cp=cp_errors(sides, _sides(heard.true), language) if heard.given else None,
            made=side_errors(sides, (found[order[0]], found[order[1]]), language),
            made_cp=cp_errors(sides, found, language),
            mix=word_errors(_in_time(reference, (0, 1)), _in_time(mixed, (0,)), language),
        )


def ears_of(chain: Iterable[Any]) -> Any:
    """The chain's stage that hears words, or None."""
    return next((stage for stage in chain if stage.name == "transcribe" and stage.backend not in NO_EARS), None)


def reference_files(source: Source) -> tuple[str, ...]:
    """The transcript that the reference is read from, where the source names one."""
    from stages.transcribe.given import GivenTranscribe

    return GivenTranscribe().files(source)


def alone(mix: Recording) -> Tracks:
    """A mono recording on channel 0 beside a silent one."""
    whole = Span(0, mix.length)
    samples: Samples = np.zeros((2, mix.length), mix.samples.dtype)
    samples[0] = mix.samples[0]
    return Tracks(
        samples=samples,
        rate=mix.rate,
        bits=mix.bits,
        speakers=("mix", "nobody"),
        roles=("", ""),
        order=None,
        chosen="as_recorded",
        origins=(Origin(0, whole, "original"), Origin(1, whole, "silence")),
    )


def _language(heard: Heard) -> str | None:
    return next((each.tag for each in (*heard.reference.languages, *heard.true.languages) if each is not None), None)


def _sides(transcript: Transcript) -> tuple[str, str]:
    return _in_time(transcript, (0,)), _in_time(transcript, (1,))


def _in_time(transcript: Transcript, channels: tuple[int, ...]) -> str:
    words = sorted((word.span.start, channel, word.text) for channel in channels for word in transcript.words(channel))
    return " ".join(text for _, _, text in words)


def pooled_words(scores: Iterable[WordScores]) -> dict[str, float | None]:
    """Word error rates of some mixtures together, by name: counts are summed before they are divided.

    Where the corpus's own transcript is the reference of any, only those count: rates against two kinds of reference are no one rate.
    """
    every = list(scores)
    rows = [each for each in every if each.reference == "given"] or every
    return {
        "wer_true": _rate(side for each in rows for side in each.true or ()),
        "wer": _rate(side for each in rows for side in each.made),
        "cpwer_true": _rate(each.true_cp for each in rows if each.true_cp is not None),
        "cpwer": _rate(each.made_cp for each in rows),
        "wer_mix": _rate(each.mix for each in rows),
    }


def _rate(errors: Iterable[WordErrors]) -> float | None:
    return sum(errors, WordErrors(0)).rate
