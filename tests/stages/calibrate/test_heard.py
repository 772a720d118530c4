"""Words on true, mixed and made channels: each is compared with what it should be, and kinds of reference are not mixed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from schemas.activity import Activity
from schemas.calibration import WordErrors, WordScores
from schemas.recording import Decoding, Recording
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Origin, OriginKind, Tracks, view_of
from schemas.transcript import Piece, Transcript, Word
from stages.calibrate.heard import Ears, Made, alone, ears_of, pooled_inside, pooled_words, with_mixture
from stages.stage import Weights
from stages.transcribe.none import NoTranscribe

RATE, WORDS = 1000, ("", "red", "green", "blue", "black", "white")
DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """A recogniser for recordings in which every sample of a second is the number of a word, or 0 for silence."""

    name: ClassVar[str] = "transcribe"
    backend: ClassVar[str] = "reads"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks, Activity)
    gives: ClassVar[type] = Transcript

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Tracks, Activity], Transcript]:
        def hear(tracks: Tracks, activity: Activity) -> Transcript:
            pieces = []
            for second in range(tracks.length // RATE):
                for channel in (0, 1):
                    number, span = int(tracks.samples[channel, second * RATE]), Span(second * RATE, (second + 1) * RATE)
                    if number:
                        pieces.append(Piece(channel, span, (Word(span, WORDS[number], "attention"),)))
            return Transcript(pieces=tuple(pieces), length=tracks.length, rate=tracks.rate)

        return hear


def recording(*channels: list[int]) -> Recording:
    samples = np.repeat(np.array(channels, np.int16), RATE, axis=1)
    return Recording(samples=samples, rate=RATE, bits=16, decoding=DECODING)


def listen(tracks: Tracks) -> Activity:
    return Activity(channels=((Span(0, tracks.length),), (Span(0, tracks.length),)), length=tracks.length, rate=tracks.rate)


def scores(first: list[int], second: list[int], made: list[list[int]], order: tuple[int, int], transcript: str | None = None) -> WordScores:
    ears = Ears(Reads(), listen, "cpu")
    true = view_of(recording(first, second), (0, 1), ("A", "B"), ("", ""), "as_recorded")
    source = Source(id="x", uris=("x.wav",), transcript=transcript, language="en")
    heard = ears.true(source, true, listen(true))
    channels = view_of(recording(*made), (0, 1), ("A", "B"), ("", ""), "as_recorded")
    mix = recording([a or b for a, b in zip(first, second, strict=True)])
    return ears.scorer(source, heard, Made(tracks=channels, activity=listen(channels), mix=mix, overlaps=()))(order)


def test_swapped_channels_are_told_by_the_order_and_forgiven_by_cpwer() -> None:
    found = scores([1, 0, 3, 0], [0, 2, 0, 4], [[0, 2, 0, 4], [1, 0, 3, 0]], (1, 0))
    assert found.reference == "true_channels"
    assert (found.true, found.true_cp) == (None, None)
    assert [each.errors for each in found.made] == [0, 0]
    assert (found.made_cp.errors, found.mix.errors, found.mix.words) == (0, 0, 4)
    wrong = scores([1, 0, 3, 0], [0, 2, 0, 4], [[0, 2, 0, 4], [1, 0, 3, 0]], (0, 1))
    assert [each.errors for each in wrong.made] == [2, 2]
    assert wrong.made_cp.errors == 0


def test_a_word_in_the_wrong_channel_is_lost_in_one_and_too_many_in_the_other() -> None:
    found = scores([1, 0, 3, 0], [0, 2, 0, 4], [[1, 0, 3, 4], [0, 2, 0, 0]], (0, 1))
    assert [(each.words, each.deletions, each.insertions) for each in found.made] == [(2, 0, 1), (2, 1, 0)]
    assert found.mix.errors == 0


def test_the_corpus_s_own_transcript_is_the_reference(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    said = [("A", 0, "red"), ("B", 1, "green"), ("A", 2, "white"), ("B", 3, "black")]
    path.write_text(json.dumps([{"side": side, "start": at, "end": at + 1, "text": text} for side, at, text in said]))
    found = scores([1, 0, 3, 0], [0, 2, 0, 4], [[1, 0, 3, 0], [0, 2, 0, 4]], (0, 1), str(path))
    assert found.reference == "given"
    assert found.true is not None
    assert [each.substitutions for each in found.true] == [1, 0]
    assert [each.substitutions for each in found.made] == [1, 0]
    assert found.mix.substitutions == 1


def test_a_transcript_that_cannot_be_read_leaves_the_true_channels(tmp_path: Path) -> None:
    found = scores([1, 0], [0, 2], [[1, 0], [0, 2]], (0, 1), str(tmp_path / "nothing.json"))
    assert found.reference == "true_channels"
    assert found.unread is not None
    assert "nothing.json" in found.unread
    assert scores([1, 0], [0, 2], [[1, 0], [0, 2]], (0, 1)).unread is None


def separated(samples: Recording, start: int, end: int) -> Tracks:
    """Channels of their own, made of the mixture but from second `start` to `end`, where both were separated."""
    cuts = (0, start * RATE, end * RATE, samples.length)
    kinds: tuple[OriginKind, ...] = ("original", "separated", "original")
    origins = [Origin(c, Span(cuts[k], cuts[k + 1]), kinds[k]) for c in (0, 1) for k in range(3)]
    tracks = view_of(samples, (0, 1), ("A", "B"), ("", ""), "as_recorded")
    return replace(tracks, order=None, origins=tuple(origins))


def test_words_inside_overlaps_are_held_against_those_of_the_mixture() -> None:
    ears = Ears(Reads(), listen, "cpu")
    both = recording([1, 2, 3, 0], [0, 4, 5, 5])
    true = view_of(both, (0, 1), ("A", "B"), ("", ""), "as_recorded")
    source = Source(id="x", uris=("x.wav",), language="en")
    # The mixture of two words is heard as one of them: in seconds 1 and 2, where both talk, side 0 is lost to side 1.
    mix, overlaps = recording([1, 4, 5, 5]), (Span(RATE, 3 * RATE),)
    tracks = separated(both, 1, 3)
    made = Made(tracks=tracks, activity=listen(tracks), mix=mix, overlaps=overlaps)
    inside = ears.scorer(source, ears.true(source, true, listen(true)), made)((0, 1)).inside
    assert inside is not None
    assert inside.true is None
    assert inside.made == (WordErrors(2), WordErrors(2))
    assert inside.routed == (WordErrors(2, substitutions=2), WordErrors(2))
    found = pooled_inside(
        [WordScores(reference="true_channels", true=None, true_cp=None, made=(), made_cp=WordErrors(0), mix=WordErrors(0), inside=inside)]
    )
    assert found == {"words": 4, "wer_true": None, "wer": 0.0, "wer_routed": 0.5, "wer_change": -1.0}
    assert pooled_inside([])["wer_change"] is None


def test_what_was_not_separated_is_not_heard_twice() -> None:
    tracks = view_of(recording([1, 2], [0, 4]), (0, 1), ("A", "B"), ("", ""), "as_recorded")
    assert with_mixture(tracks, recording([1, 4])) is tracks
    apart = separated(recording([1, 2, 3], [0, 4, 5]), 1, 2)
    before = apart.samples.copy()
    mixed = with_mixture(apart, recording([1, 5, 3]))
    assert np.array_equal(apart.samples, before), "the made channels were changed"
    assert mixed.samples[:, ::RATE].tolist() == [[1, 5, 3], [0, 5, 5]]
    assert {origin.kind for origin in mixed.origins} == {"original", "routed"}


def rated(reference: str, errors: int) -> WordScores:
    side = WordErrors(10, substitutions=errors)
    true: Any = (side, side) if reference == "given" else None
    return WordScores(reference=reference, true=true, true_cp=side if true else None, made=(side, side), made_cp=side, mix=side)


def test_rates_against_two_kinds_of_reference_are_not_pooled() -> None:
    both = pooled_words([rated("given", 1), rated("given", 3), rated("true_channels", 9)])
    assert both == {"wer_true": 0.2, "wer": 0.2, "cpwer_true": 0.2, "cpwer": 0.2, "wer_mix": 0.2}
    alone_ = pooled_words([rated("true_channels", 9)])
    assert (alone_["wer_true"], alone_["wer"]) == (None, 0.9)
    assert set(pooled_words([]).values()) == {None}


def test_only_a_stage_that_hears_is_taken() -> None:
    assert ears_of([NoTranscribe()]) is None
    assert ears_of([NoTranscribe(), Reads()]) == Reads()


@pytest.mark.parametrize("bits", [16, 24])
def test_a_mix_stands_alone(bits: int) -> None:
    samples: Any = np.arange(5, dtype=np.int16 if bits == 16 else np.int32)[None]
    mono = Recording(samples=samples, rate=RATE, bits=bits, decoding=DECODING)
    found = alone(mono)
    assert np.array_equal(found.samples, np.stack((mono.samples[0], np.zeros(5))))
    assert found.samples.dtype == mono.samples.dtype
    assert found.origins == (Origin(0, Span(0, 5), "original"), Origin(1, Span(0, 5), "silence"))
