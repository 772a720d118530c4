"""Overlaps filled by networks that are perfect, odd or broken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.recording import as_float
from schemas.span import Span, subtract, union
from schemas.tracks import Tracks
from stages.diarize.carrier import EMBEDDING
from stages.diarize.rttm_file import read_rttm
from stages.separate.network.base import NetworkSeparate, Separator
from stages.separate.network.torchscript import TorchScriptSeparate
from stages.separate.network.voice import Voices
from stages.stage import Weights
from tests.shared import SHARED, needs_shared
from tests.stages.separate.contract import Dialogue, adds_up, check, dialogue, has_no_clicks, hears_who_is_who
from tests.stages.separate.mixtures import SOURCE, diarized, recording
from tests.stages.separate.network.networks import Remade, Splitter, lowpass, scripted

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands(NetworkSeparate):
    """The two voices of the contract, split by a filter; `how` says what is wrong with it."""

    backend: ClassVar[str] = "bands"
    version: ClassVar[int] = 1
    licence: str = "MIT"
    how: str = ""
    heard: list[tuple[int, ...]]
    """Shapes of what it was given."""

    def network_weights(self) -> tuple[Weights, ...]:
        return (Weights("bands", "1", "", self.licence),)

    def open(self, device: str) -> Separator:
        lengths = {"fixed": (40000,), "two_lengths": (16000, 40000)}.get(self.how, ())
        return Separator(self.run, 8000, 16000 if self.how == "other_rate" else 0, lengths=lengths)

    def run(self, sound: Floats) -> Floats:
        self.heard.append(sound.shape)
        low = np.stack([np.convolve(each, lowpass(8000), "same") for each in sound])
        both = np.stack([low, sound - low], axis=1)
        match self.how:
            case "turning":  # from window to window
                both[len(self.heard) % 2 :: 2] = both[len(self.heard) % 2 :: 2, ::-1]
            case "three":
                both = np.stack([both[:, 0], both[:, 1] * 0.5, both[:, 1] * 0.5 + 1e-5 * sound], axis=1)
            case "one_voice":
                both[:, 0], both[:, 1] = sound, 0.0
            case "halves":
                both[:] = sound[:, None] / 2
            case "nan":
                both[0, 0, 5] = np.nan
            case "short":
                both = both[..., : both.shape[2] // 2]
            case "alone":
                both = both[:, :1]
        return np.asarray(both, np.float32)


def bands(how: str = "", **settings: Any) -> Bands:
    return Bands(how=how, heard=[], **settings)


def made_of(stage: NetworkSeparate, talk: Dialogue) -> Tracks:
    return stage.load("cpu")(SOURCE, talk.sound, talk.diarization)


def kinds(made: Tracks) -> set[str]:
    return {o.kind for o in made.origins if o.kind in ("routed", "separated")}


def test_a_perfect_network_puts_the_right_voice_on_the_right_channel(tmp_path: Path) -> None:
    path = scripted(Splitter(16000, (0.2, -3.0)), tmp_path / "net.pt")
    check(TorchScriptSeparate(model=str(path), rate=16000, licence="MIT", residual=True), ears=True)


def test_a_restorer_only_says_who_is_loud_where(tmp_path: Path) -> None:
    path = scripted(Remade(8000), tmp_path / "net.pt")
    stage = TorchScriptSeparate(model=str(path), rate=8000, output_rate=16000, adds_up=False, licence="MIT")
    talk = dialogue(8000)
    made = made_of(stage, talk)
    adds_up(made, talk)
    has_no_clicks(made, talk)
    hears_who_is_who(made, talk)


@pytest.mark.parametrize("how", ["", "fixed", "two_lengths", "three", "turning"])
def test_windows_of_any_kind_will_do(how: str) -> None:
    talk = dialogue(16000)
    stage = bands(how, batch=2)
    made = made_of(stage, talk)
    hears_who_is_who(made, talk)
    if how == "fixed":
        assert {shape[1] for shape in stage.heard} == {40000}
    assert {shape[0] for shape in stage.heard} <= {1, 2}


@pytest.mark.parametrize("turning", ["", "turning"])
def test_an_overlap_longer_than_a_window_keeps_its_speakers(turning: str) -> None:
    talk = dialogue(8000, turns=((0, 0.5, 22.0), (1, 2.0, 23.5)), seconds=24.0)
    stage = bands(turning, window=6.0, context=1.5, batch=1)
    made = made_of(stage, talk)
    assert len(stage.heard) >= 5
    hears_who_is_who(made, talk)
    adds_up(made, talk)


@pytest.mark.parametrize("how", ["one_voice", "halves"])
def test_what_is_no_separation_is_routed(how: str) -> None:
    talk = dialogue(8000)
    made = made_of(bands(how), talk)
    assert kinds(made) == {"routed"}
    for overlap in talk.diarization.overlaps:
        inner = slice(overlap.start + made.crossfade, overlap.end - made.crossfade)
        assert np.array_equal(made.samples[:, inner], np.repeat(talk.sound.samples[:, inner], 2, 0))


def test_the_threshold_decides() -> None:
    talk = dialogue(8000)
    sure = [o.confidence for o in made_of(bands(), talk).origins if o.kind == "separated" and o.confidence is not None]
    assert min(sure) > 0.9
    assert kinds(made_of(bands(least_confidence=1.0), talk)) <= {"separated", "routed"}
    weak = dialogue(8000, turns=((0, 0.5, 8.0), (1, 3.0, 12.0)), seconds=12.5)
    voices = weak.voices.copy()
    voices[1] = voices[1] // 10  # 20 dB down
    quiet = Dialogue(voices, recording(voices.sum(axis=0).astype(np.int16)), weak.diarization)
    assert kinds(made_of(bands(), quiet)) == {"routed"}
    assert kinds(made_of(bands(least_confidence=0.05), quiet)) == {"separated"}


@pytest.mark.parametrize(
    ("how", "said"),
    [("nan", r"separate\.precision.*float32"), ("short", "about"), ("alone", "2 or more voices"), ("other_rate", "output_rate")],
)
def test_a_network_that_gives_nonsense_is_told(how: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made_of(bands(how), dialogue(8000))


def test_without_an_overlap_nothing_is_heard() -> None:
    stage = bands()
    made_of(stage, dialogue(8000, turns=((0, 1.0, 5.0), (1, 6.0, 9.0)), seconds=10.0))
    assert stage.heard == []


def test_only_overlaps_are_heard() -> None:
    stage = bands()
    made_of(stage, dialogue(8000, turns=((0, 100.0, 105.0), (1, 104.0, 108.0)), seconds=300.0))
    assert stage.heard == [(1, 8000 * 12)] or stage.heard == [(1, 8000 * 6)] or sum(math.prod(shape) for shape in stage.heard) <= 8000 * 12


@pytest.mark.parametrize("ends", [(0.0, 4.0), (18.0, 24.0)])
def test_overlaps_at_the_ends_of_a_recording(ends: tuple[float, float]) -> None:
    start, end = ends
    turns = ((0, 0.0, 4.0), (1, 0.0, 7.0), (0, 9.0, 16.0)) if start == 0 else ((0, 2.0, 9.0), (1, 11.0, 24.0), (0, 18.0, 24.0))
    talk = dialogue(8000, turns=turns)
    made = made_of(bands(), talk)
    hears_who_is_who(made, talk)
    assert talk.diarization.overlaps == (Span(round(start * 8000), round(end * 8000)),)


def test_a_recording_of_nothing_but_overlap_is_routed() -> None:
    assert kinds(made_of(bands(), dialogue(8000, turns=((0, 0.0, 3.0), (1, 0.0, 3.0)), seconds=3.0))) == {"routed"}


def test_full_scale_stays_inside_its_depth() -> None:
    """Opposite voices that leave a small mixture, and a network that gives them at ten times full scale."""
    talk = dialogue(8000)
    loud = np.clip(talk.voices * 40, -32768, 32767)
    mixture = np.clip(loud.sum(axis=0), -32768, 32767).astype(np.int16)
    clipped = Dialogue(loud, recording(mixture), talk.diarization)
    adds_up(made_of(bands(least_confidence=0.0, residual=True), clipped), clipped)


def test_digital_silence_is_routed() -> None:
    n = 80000
    silent = recording(np.zeros(n, np.int16))
    talk = Dialogue(np.zeros((2, n), np.int64), silent, diarized(n, (0, 0, 50000), (1, 30000, n)))
    assert kinds(made_of(bands(), talk)) == {"routed"}


def test_batches_and_blocks_leave_no_mark() -> None:
    talk = dialogue(8000)
    one, many = (made_of(bands(batch=batch), talk) for batch in (1, 16))
    assert np.array_equal(one.samples, many.samples)


def test_weights_name_the_network_and_the_voice_model() -> None:
    assert bands().weights() == (Weights("bands", "1", "", "MIT"), EMBEDDING)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"window": 0.5}, "window 0.5 s"),
        ({"window": 4.0, "context": 2.0}, "context 2.0 s"),
        ({"least_confidence": 1.5}, r"separate\.least_confidence"),
        ({"batch": 0}, r"separate\.batch"),
        ({"licence": " "}, r"separate\.licence.*NOASSERTION"),
        ({"crossfade": -1.0}, r"separate\.crossfade"),
    ],
)
def test_wrong_settings_are_told(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        bands(**settings)


@pytest.mark.parametrize("licence", ["CC-BY-NC-4.0", "cc-by-nc-sa-4.0"])
def test_a_licence_against_commercial_use_must_be_accepted_by_name(licence: str) -> None:
    for accepted in ("", "MIT", "yes"):
        with pytest.raises(UsageError, match=rf"separate\.accept_licence.*{licence}"):
            bands(licence=licence, accept_licence=accepted)
    assert bands(licence=licence, accept_licence=licence).weights()[0].licence == licence


@needs_shared
def test_voices_tell_speakers_apart() -> None:
    """Two speakers of a real call: known from their first solo stretches, told apart in later ones."""
    samples, rate = soundfile.read(SHARED / "pyannote" / "sample.wav", dtype="int16")
    turns = read_rttm((SHARED / "pyannote" / "sample.rttm").read_bytes(), "sample.rttm")
    names = sorted({turn.speaker for turn in turns})
    spoken = [
        union(Span(round(t.start * rate), round((t.start + t.duration) * rate)) for t in turns if t.speaker == name) for name in names
    ]
    first, second = (sorted(subtract(spoken[k], spoken[1 - k]), key=lambda span: -len(span)) for k in (0, 1))
    whole = recording(samples, rate)
    speakers = Voices("cpu").of(whole.samples[0], whole, (tuple(sorted(first[1:])), tuple(sorted(second[1:]))))
    length = round(1.2 * rate)
    outputs = np.stack(
        [as_float(samples[each[0].start : each[0].start + length], 16) for each in (second, first)] + [np.zeros(length, np.float32)]
    )
    likeness = speakers.likeness(outputs, np.array([0.5, 0.5, 0.0]))
    assert likeness is not None
    assert likeness[0] < -0.2 < 0.2 < likeness[1]
    assert likeness[2] == 0.0
    unknown = Voices("cpu").of(whole.samples[0], whole, (tuple(sorted(first)), (Span(0, rate),)))
    assert unknown.likeness(outputs, np.array([0.5, 0.5, 0.0])) is None
