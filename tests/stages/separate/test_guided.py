"""The network that learns the recording's own voices: what it separates, what it never touches, and when it does not try."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from schemas.diarization import Conversation, OtherSound
from schemas.errors import UsageError
from schemas.span import Span
from schemas.tracks import Tracks
from stages.separate.guided.adapt import Schooling
from stages.separate.guided.learnt import Learnt
from stages.separate.guided.masks import cut, weights
from stages.separate.guided.reach import candidates, grown, reached, transfers
from stages.separate.guided.sampler import mixtures
from stages.separate.guided.separate import GuidedSeparate
from stages.separate.guided.solos import Solos, solo_spans, solos
from stages.separate.guided.spectra import Spectra, stretched
from stages.separate.guided.trust import Signs, confidence
from stages.separate.layout import lay_out
from tests.stages.separate.guided_talk import si_sdr, talk
from tests.stages.separate.mixtures import SOURCE, diarized, recording

QUICK: dict[str, Any] = {"steps": 40, "width": 32, "margin": 0.0, "least_confidence": 0.0}


def separated(rate: int = 8000, **settings: Any) -> Tracks:
    mixture, _, diarization = talk(rate)
    return GuidedSeparate(**{**QUICK, **settings}).load("cpu")(SOURCE, recording(mixture, rate), diarization)


def gains(made: Tracks, rate: int = 8000) -> list[float]:
    """Improvement of each channel over the mixture, in the overlaps together."""
    mixture, true, diarization = talk(rate)
    inside = np.zeros(len(mixture), bool)
    for span in diarization.overlaps:
        inside[span.start : span.end] = True
    return [
        si_sdr(made.samples[k, inside].astype(float), true[k, inside]) - si_sdr(mixture[inside].astype(float), true[k, inside])
        for k in (0, 1)
    ]


@pytest.fixture(scope="module")
def made() -> Tracks:
    return separated(residual=True)


def test_both_voices_come_out_on_their_own_channels(made: Tracks) -> None:
    assert min(gains(made)) > 3
    assert {o.kind for o in made.origins} == {"original", "separated", "silence"}


def test_channels_and_residual_are_the_mixture_and_solos_its_samples(made: Tracks) -> None:
    mixture, _, diarization = talk()
    assert made.residual is not None
    assert np.array_equal(made.samples.astype(np.int64).sum(axis=0) + made.residual[0], mixture)
    for origin in made.origins:
        if origin.kind == "original":
            assert np.array_equal(
                made.samples[origin.channel, origin.span.start : origin.span.end], mixture[origin.span.start : origin.span.end]
            )
    assert not made.residual[0, diarization.overlaps[0].start : diarization.overlaps[0].end].any()


def test_joins_make_no_step_and_no_click(made: Tracks) -> None:
    """Within 20 ms of a join no two samples of a channel are further apart than twice what they are anywhere near in the mixture."""
    _, true, diarization = talk()
    for span in diarization.overlaps:
        for at in (span.start, span.end):
            near = slice(at - 160, at + 160)
            for channel in (0, 1):
                jump = np.abs(np.diff(made.samples[channel, near].astype(float))).max()
                rough = np.abs(np.diff(true.sum(axis=0)[near] * 32767)).max()
                assert jump < 2 * rough


def test_equal_runs_give_equal_bytes_and_more_networks_give_others() -> None:
    one, again, two = separated(steps=3), separated(steps=3), separated(steps=3, networks=2)
    assert np.array_equal(one.samples, again.samples)
    assert one.origins == again.origins
    assert not np.array_equal(one.samples, two.samples)


@pytest.mark.parametrize("rate", [6000, 16000, 44100])
def test_the_rate_and_the_full_band_stay(rate: int) -> None:
    found = separated(rate, steps=15)
    mixture = talk(rate)[0]
    assert (found.rate, found.length) == (rate, len(mixture))
    assert np.array_equal(found.samples.astype(np.int64).sum(axis=0)[: 3 * rate], mixture[: 3 * rate])
    assert min(gains(found, rate)) > 0


def test_too_little_solo_speech_is_routed() -> None:
    mixture, _, diarization = talk()
    found = separated(least_solo=30.0)
    assert {o.kind for o in found.origins} == {"original", "routed", "silence"}
    for span in diarization.overlaps:
        inner = slice(span.start + found.crossfade, span.end - found.crossfade)
        assert np.array_equal(found.samples[:, inner], np.stack([mixture[inner]] * 2))
    assert {o.kind for o in separated(steps=1, least_confidence=1.0).origins} == {"original", "routed", "silence"}


def test_without_overlaps_nothing_is_learnt() -> None:
    mixture, _, _ = talk()
    alone = diarized(len(mixture), (0, 0, 40000), (1, 60000, 90000))
    found = GuidedSeparate(steps=10**9).load("cpu")(SOURCE, recording(mixture), alone)
    assert {o.kind for o in found.origins} == {"original", "silence"}


def test_solos_hold_one_sure_speaker_and_no_other_sound() -> None:
    spans = diarized(80000, (0, 0, 24000), (1, 20000, 40000), (1, 60000, 70000))
    spans = replace(spans, others=(OtherSound("music", Span(30000, 34000)),))
    assert solo_spans(spans) == ((Span(400, 19600),), (Span(24400, 29600), Span(34400, 39600), Span(60400, 69600)))
    first, second = solos(np.arange(80000, dtype=np.int32).astype(np.int16), 16, spans).voices
    assert (len(first), len(second)) == (19200, 5200 + 5200 + 9200)
    doubtful = replace(spans, segments=tuple(replace(s, sure=s.speaker == 0) for s in spans.segments))
    assert solo_spans(doubtful)[1] == ()


def test_mixtures_repeat_with_the_seed_and_stay_near_to_the_levels() -> None:
    rng = np.random.default_rng(0)
    known = Solos(8000, (rng.standard_normal(9000).astype(np.float32), 0.1 * rng.standard_normal(50000).astype(np.float32)))
    one, two, other = (next(mixtures(known, 12, seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert one.shape == (12, 2, 16000)
    levels = one.std(axis=2)
    heard = levels[(levels > 0).all(axis=1)]
    assert np.abs(20 * np.log10(heard[:, 1] / heard[:, 0]) + 20).max() < 4.5


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
def test_spectra_come_back_and_a_tone_has_one_level_and_place_at_every_rate(rate: int) -> None:
    import torch

    spectra = Spectra(rate)
    tone = torch.from_numpy(np.sin(2 * np.pi * 1000 * np.arange(rate) / rate).astype(np.float32))
    found = spectra.of(tone)
    assert torch.allclose(spectra.back(found, rate), tone, atol=1e-4)
    middle = found[:, found.shape[1] // 2].abs()
    assert int(middle.argmax()) == pytest.approx(64, abs=1)
    assert float((middle**2).sum()) == pytest.approx(0.375 * 0.5 / 2, rel=0.02)


def test_masks_reach_the_full_band() -> None:
    import torch

    low = torch.rand(2, 8, 5)
    high = stretched(low, 12)
    assert torch.equal(high[:, :8], low)
    assert torch.allclose(high[:, 8:], low[:, 6:].mean(1, keepdim=True).expand(2, 4, 5))
    assert torch.equal(stretched(low, 6), low[:, :6])


def test_long_overlaps_are_cut_without_a_gap() -> None:
    pieces = cut(Span(100, 100 + 40 * 8000), 8000)
    assert [p.start for p in pieces[1:]] == [p.end for p in pieces[:-1]]
    assert (pieces[0].start, pieces[-1].end, len(pieces)) == (100, 100 + 40 * 8000, 3)
    whole = np.zeros(40 * 8000)
    for piece in pieces:
        wide = Span(max(100, piece.start - 200), min(100 + 40 * 8000, piece.end + 200))
        whole[wide.start - 100 : wide.end - 100] += weights(piece, wide)
    assert np.abs(whole - 1).max() < 1e-6


def test_a_long_overlap_has_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut every half second, the same network gives nearly the same voice as in one piece."""
    mixture, _, diarization = talk()
    known = Learnt(mixture, 16, diarization, Schooling(steps=10, width=16, seed=0), 1, 6.0, "cpu")
    span = diarization.overlaps[0]
    one = known.voices(span)
    monkeypatch.setattr("stages.separate.guided.masks.LONGEST", 0.2)
    many = known.voices(span)
    assert one is not None
    assert many is not None
    assert len(cut(span, 8000)) == 3
    assert np.abs(one.first - many.first).max() < 0.05 * np.abs(one.first).max()


def test_overlaps_reach_into_speech_and_never_into_silence() -> None:
    spoken = diarized(80000, (0, 1000, 20000), (1, 18000, 30000), (0, 29900, 30100), (0, 50000, 60000))
    assert [reached(spoken, overlap, 1600) for overlap in spoken.overlaps] == [Span(16400, 21600), Span(28300, 30100)]
    wide = grown(spoken, [Span(16400, 21600), Span(28300, 30100)])
    assert wide.overlaps == (Span(16400, 21600), Span(28300, 30100))
    assert wide.of(0) == (Span(1000, 21600), Span(28300, 30100), Span(50000, 60000))
    assert wide.of(1) == (Span(16400, 30100),)
    assert grown(spoken, ()) == spoken


def test_where_the_floor_changes_without_a_gap_both_may_be_heard() -> None:
    spoken = diarized(80000, (0, 1000, 20000), (1, 20300, 30000), (0, 31000, 40000), (1, 39900, 60000))
    assert list(transfers(spoken, 1600)) == [Span(18400, 21900)]
    assert candidates(spoken, 1600) == (Span(18400, 21900), Span(38300, 41600))
    quick = diarized(80000, (0, 1000, 20000), (1, 20000, 20500), (0, 20500, 30000))
    assert list(transfers(quick, 1600)) == [Span(18400, 20500), Span(20000, 22100)]
    assert candidates(quick, 1600) == (Span(18400, 22100),)


def test_overlaps_that_diarization_missed_at_a_change_of_the_floor_are_separated() -> None:
    """Where each overlap is cut in its middle, both voices come nearer to the truth than if one and then the other had the mixture."""
    mixture, true, diarization = talk()
    middles = [(span.start + span.end) // 2 for span in diarization.overlaps]
    edges = [0, *middles, len(mixture)]
    found = diarized(len(mixture), *((index % 2, a, b) for index, (a, b) in enumerate(pairwise(edges))))
    assert not found.overlaps
    near, cut_off = (GuidedSeparate(**{**QUICK, "reach": reach}).load("cpu")(SOURCE, recording(mixture), found) for reach in (0.4, 0.0))
    inside = np.zeros(len(mixture), bool)
    for span in diarization.overlaps:
        inside[span.start : span.end] = True
    for k in (0, 1):
        own = true[k, inside]
        assert si_sdr(near.samples[k, inside].astype(float), own) > si_sdr(cut_off.samples[k, inside].astype(float), own) + 3


def test_what_was_found_trustworthy_is_never_routed_onto_solo_speech() -> None:
    """Even where, looked at again as a part of a longer overlap, it is trusted no more; overlaps that were not are routed."""
    mixture, _, diarization = talk()
    stage = GuidedSeparate(least_confidence=1.0)
    known = Learnt(mixture, 16, diarization, Schooling(steps=2, width=8, seed=0), 1, 6.0, "cpu")
    layout = lay_out(diarization, 40, "likely")
    first, *others = (overlap.span for overlap in layout.overlaps)
    found = stage._filling(mixture, layout, known, 16, (Span(first.start + 100, first.end - 100),))
    assert [filled.kind for filled in found.kinds] == ["separated", *("routed" for _ in others)]


def test_separated_overlaps_reach_no_further_than_they_are_told() -> None:
    _, _, diarization = talk()
    near, far = (separated(steps=2, reach=reach) for reach in (0.0, 0.2))
    apart = [[o.span for o in made.origins if (o.channel, o.kind) == (0, "separated")] for made in (near, far)]
    assert apart[0] == list(diarization.overlaps)
    for found, marked in zip(apart[1], diarization.overlaps, strict=True):
        assert marked.start - 1600 <= found.start <= marked.start < marked.end <= found.end <= marked.end + 1600
    assert apart[1] != apart[0]


def test_each_conversation_of_a_show_has_its_own_voices() -> None:
    """Where nothing can be learnt in one, the other is learnt all the same, and shorter for being short."""
    mixture, _, diarization = talk()
    length = 2 * len(mixture)
    late = tuple(replace(s, span=Span(s.span.start + len(mixture), s.span.end + len(mixture))) for s in diarization.segments)
    parts = tuple(Conversation(span, speakers=("A", "B")) for span in (Span(0, len(mixture)), Span(len(mixture), length)))
    show = replace(diarization, length=length, segments=(*diarization.segments[:2], *late), conversations=parts)
    known = Learnt(np.tile(mixture, 2), 16, show, Schooling(steps=8, width=4, seed=0), 1, 6.0, "cpu")
    assert known.voices(show.overlaps[0]) is None
    assert known.voices(show.overlaps[-1]) is not None
    assert [masker is None for masker in known.maskers.values()] == [True, False]


def test_confidence_rises_as_the_voices_part() -> None:
    signs = [Signs((own, own), error) for own, error in ((1.0, 1.0), (2.0, 0.5), (3.0, 0.1))]
    found = [confidence(each) for each in signs]
    assert found == sorted(found)
    assert found[0] < 0.5 < found[-1]
    assert confidence(Signs((0.0, 0.0), 0.0)) < 0.5


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"width": 0}, {"least_solo": 0.0}, {"least_confidence": 1.5}, {"crossfade": 9.0}])
def test_settings_that_make_no_sense_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        GuidedSeparate(**wrong)
