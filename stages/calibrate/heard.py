"""Words heard on the true channels, on their mix and on the channels made out of it, against one reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from schemas.activity import Activity
from schemas.calibration import OverlapWords, WordErrors, WordScores
from schemas.errors import Reject
from schemas.recording import Recording, Samples
from schemas.source import Source
from schemas.span import Span, Spans
from schemas.tracks import Origin, Tracks
from schemas.transcript import Transcript
from stages.scoring.overlaps import SEPARATED
from stages.scoring.words import cp_errors, side_errors, word_errors
from stages.scoring.words_inside import errors_inside, said

Listen = Callable[[Tracks], Activity]
Sides = tuple[str, str]
"""All that each of two channels says."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a chain made of a mixture."""

    tracks: Tracks
    activity: Activity
    mix: Recording
    overlaps: Spans
    """Where both true speakers talk."""


class Ears:
    """A `transcribe` stage, loaded, with the voice activity stage that goes before it on the true channels and that of the chain."""

    def __init__(self, stage: Any, listen: Listen, device: str, own: Listen | None = None) -> None:
        from stages.transcribe.given import GivenTranscribe

        self.takes, self.hear, self.listen, self.own = stage.takes, stage.load(device), listen, own or listen
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

    def scorer(self, source: Source, heard: Heard, made: Made) -> Callable[[tuple[int, int]], WordScores]:
        """From the made channel that stands for each true one to the word errors of the made channels and of the mix."""
        return lambda order: self._score(source, heard, made, order)

    def _score(self, source: Source, heard: Heard, made: Made, order: tuple[int, int]) -> WordScores:
        reference, language = heard.reference, _language(heard)
        sides, found = _sides(reference), _sides(self.words(source, made.tracks, made.activity))
        one = alone(made.mix)
        mixed = self.words(source, one, self.listen(one))
        return WordScores(
            reference="given" if heard.given else "true_channels",
            unread=heard.unread,
            true=side_errors(sides, _sides(heard.true), language) if heard.given else None,
            true_cp=cp_errors(sides, _sides(heard.true), language) if heard.given else None,
            made=side_errors(sides, (found[order[0]], found[order[1]]), language),
            made_cp=cp_errors(sides, found, language),
            mix=word_errors(_in_time(reference, (0, 1)), _in_time(mixed, (0,)), language),
            inside=self._inside(source, heard, made, found, order),
        )

    def _inside(self, source: Source, heard: Heard, made: Made, found: Sides, order: tuple[int, int]) -> OverlapWords:
        language = _language(heard)
        sides = [said(heard.reference.words(channel), made.overlaps) for channel in (0, 1)]

        def errors(texts: Sides, at: tuple[int, int]) -> tuple[WordErrors, ...]:
            return tuple(errors_inside(sides[channel], texts[at[channel]], language) for channel in (0, 1))

        def routed() -> Sides:
            tracks = with_mixture(made.tracks, made.mix)
            return found if tracks is made.tracks else _sides(self.words(source, tracks, self.own(tracks)))

        return OverlapWords(
            true=errors(_sides(heard.true), (0, 1)) if heard.given else None,
            made=errors(found, order),
            routed=errors(routed(), order) if any(word.inside for side in sides for word in side) else errors(found, order),
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


def with_mixture(tracks: Tracks, mix: Recording) -> Tracks:
    """The tracks as routing would have given them: the mixture wherever they were separated. The very same where nothing was."""
    apart = [origin for origin in tracks.origins if origin.kind == SEPARATED]
    if not apart:
        return tracks
    samples = tracks.samples.copy()
    for origin in apart:
        samples[origin.channel, origin.span.start : origin.span.end] = mix.samples[0, origin.span.start : origin.span.end]
    origins = tuple(replace(origin, kind="routed", confidence=None) if origin.kind == SEPARATED else origin for origin in tracks.origins)
    return replace(tracks, samples=samples, origins=origins, residual=None)


def _language(heard: Heard) -> str | None:
    return next((each.tag for each in (*heard.reference.languages, *heard.true.languages) if each is not None), None)


def _sides(transcript: Transcript) -> Sides:
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


def pooled_inside(scores: Iterable[WordScores]) -> dict[str, float | None]:
    """Word error rates inside overlaps, pooled alike; `wer_change` is how far the made channels' lies from that of routing, as a share."""
    every = list(scores)
    rows = [each for each in every if each.reference == "given"] or every
    inside = [each.inside for each in rows if each.inside is not None]
    made = _rate(side for each in inside for side in each.made)
    routed = _rate(side for each in inside for side in each.routed)
    return {
        "words": sum(side.words for each in inside for side in each.made),
        "wer_true": _rate(side for each in inside for side in each.true or ()),
        "wer": made,
        "wer_routed": routed,
        "wer_change": made / routed - 1 if made is not None and routed else None,
    }


def _rate(errors: Iterable[WordErrors]) -> float | None:
    return sum(errors, WordErrors(0)).rate
