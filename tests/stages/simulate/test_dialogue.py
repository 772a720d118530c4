"""One dialogue as sound and truth: what is said to be there is there, and every condition is at its number."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from schemas.errors import LawError
from schemas.plain import from_plain, to_plain
from schemas.span import Span
from schemas.truth import Truth, TruthEvent
from stages.acoustics.levels import Signal, active_level
from stages.simulate.dialogue import make_dialogue
from stages.simulate.material import SaidWord, Utterance
from stages.simulate.settings import Simulation, read_settings
from stages.simulate.shape import budget
from stages.simulate.sound import Sound
from tests.stages.simulate.bursts import Bursts

RATE = 8000


def made(*overrides: str, seed: int = 1, minutes: float = 1.0, supply: Bursts | None = None) -> tuple[Sound, Truth, Simulation]:
    settings = read_settings("fisher", overrides)
    asked = budget(settings.shape, minutes * 60, settings.edge, 0.0, 0, 2, RATE, 0)
    return *make_dialogue("d", asked, supply or Bursts(RATE, seed), ("anna", "bert"), RATE, seed, settings), settings


def mask(truth: Truth, channel: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    found = np.zeros(truth.length, np.bool_)
    for span in truth.activity.channels[channel]:
        found[span.start : span.end] = True
    return found


def test_activity_is_where_the_samples_are() -> None:
    sound, truth, _ = made()
    np.testing.assert_array_equal(sound.channels, sound.tracks)
    np.testing.assert_array_equal(sound.mono, sound.tracks[0] + sound.tracks[1])
    for channel in (0, 1):
        np.testing.assert_array_equal(sound.channels[channel] != 0, mask(truth, channel))


def test_placements_give_the_sound_back() -> None:
    heard: dict[str, Utterance] = {}

    class Kept(Bursts):
        def talk(self, channel: int) -> Utterance:
            given = super().talk(channel)
            heard[given.name] = given
            return given

        def short(self, channel: int, near: int, longest: int) -> tuple[Utterance, Span] | None:
            given = super().short(channel, near, longest)
            assert given is not None
            heard[given[0].name] = given[0]
            return given

    sound, truth, _ = made("level_db=-5..5", supply=Kept(RATE, 3))
    for placed in truth.placements:
        source = heard[placed.utterance].samples[placed.offset : placed.offset + len(placed.span)]
        track = sound.tracks[placed.channel, placed.span.start : placed.span.end]
        inner = slice(round(0.002 * RATE), -round(0.01 * RATE))
        np.testing.assert_allclose(track[inner], source[inner] * 10 ** (placed.gain_db / 20), rtol=1e-4)
        assert abs(track[-1]) < 0.15 * abs(source[-1]) * 10 ** (placed.gain_db / 20)
    cut = [placed for placed in truth.placements if placed.cut]
    assert cut


def test_interruptions_cut_off_what_they_interrupt() -> None:
    _, truth, _ = made(minutes=5)
    ends = {(placed.channel, placed.span.end) for placed in truth.placements if placed.cut}
    found = [event for event in truth.events if event.kind == "interruption"]
    assert found
    for event in found:
        other = [span for span in truth.turns.of(1 - event.channel) if span.start < event.span.start < span.end]
        assert len(other) == 1
        assert (1 - event.channel, other[0].end) in ends
        assert event.span.end > other[0].end


def test_the_same_seed_gives_the_same_dialogue() -> None:
    loud = ("snr_db=10..20", "rt60=0.1..0.3", "leakage_db=-30..-20", "codec=mulaw,mp3:32")
    (first, one, _), (again, same, _), (_, other, _) = made(*loud), made(*loud), made(*loud, seed=2)
    assert one == same
    assert one != other
    for name in ("channels", "tracks", "mono"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def rms_db(samples: Signal) -> float:
    return float(10 * np.log10(np.mean(samples.astype(np.float64) ** 2)))


def test_levels_are_what_was_asked_for() -> None:
    sound, truth, settings = made("level_db=-8", minutes=3)
    levels = [active_level(track, RATE) for track in sound.tracks]
    assert levels[0] is not None
    assert levels[1] is not None
    assert levels[0] == pytest.approx(settings.speech_dbfs, abs=1.5)
    loud = [rms_db(sound.tracks[channel][mask(truth, channel)]) for channel in (0, 1)]
    assert loud[1] - loud[0] == pytest.approx(-8, abs=0.5)
    assert truth.conditions.level_db == -8


def test_noise_is_what_was_asked_for() -> None:
    sound, truth, _ = made("snr_db=15")
    for heard, clean in [*zip(sound.channels, sound.tracks, strict=True), (sound.mono, sound.tracks.sum(axis=0))]:
        level = active_level(clean, RATE)
        assert level is not None
        assert level - rms_db(heard - clean) == pytest.approx(15, abs=0.5)
    assert truth.conditions.snr_db == 15


def test_leakage_is_what_was_asked_for() -> None:
    sound, truth, _ = made("leakage_db=-25", "leakage_ms=3")
    assert truth.conditions.leakage_delay == 24
    for channel in (0, 1):
        leaked = sound.channels[channel] - sound.tracks[channel]
        np.testing.assert_allclose(leaked[24:], sound.tracks[1 - channel, :-24] * 10 ** (-25 / 20), atol=1e-6)
        assert not leaked[:24].any()


def test_rooms_ring_after_the_speech() -> None:
    sound, truth, _ = made("rt60=0.3..0.5")
    assert len(truth.conditions.rt60) == 2
    assert all(0.3 <= rt60 <= 0.5 for rt60 in truth.conditions.rt60)
    for channel in (0, 1):
        before = truth.activity.channels[channel][0].start
        assert np.abs(sound.tracks[channel, : before - 1]).max() < 1e-5
        for early, late in zip(truth.activity.channels[channel], truth.activity.channels[channel][1:], strict=False):
            if late.start - early.end > RATE // 2:
                assert rms_db(sound.tracks[channel, early.end : early.end + RATE // 10]) > -60


def test_codecs_and_full_scale() -> None:
    sound, truth, _ = made("codec=telephone", "speech_dbfs=0")
    assert truth.conditions.codec == "telephone"
    assert truth.conditions.scale_db < 0
    assert np.abs(sound.tracks).max() <= 0.951
    spectrum = np.abs(np.fft.rfft(sound.channels[0]))
    hz = np.fft.rfftfreq(truth.length, 1 / RATE)
    assert spectrum[hz < 200].mean() < 0.05 * spectrum[(hz > 500) & (hz < 3000)].mean()


def test_words_go_where_their_utterances_go() -> None:
    class Speaking(Bursts):
        def talk(self, channel: int) -> Utterance:
            given = super().talk(channel)
            words = tuple(SaidWord(Span(piece.start, piece.end), f"w{i}") for i, piece in enumerate(given.pieces))
            return dataclasses.replace(given, text=" ".join(word.text for word in words), words=words)

    _, truth, _ = made(supply=Speaking(RATE, 5))
    assert truth.words
    whole = {(placed.channel, placed.span) for placed in truth.placements if not placed.cut}
    assert {(word.channel, word.span) for word in truth.words} <= whole
    assert {placed.text for placed in truth.placements if placed.text} >= {"w0"}


def test_truth_is_stored_and_read_back() -> None:
    _, truth, _ = made("rt60=0.2", "leakage_db=-30", "snr_db=20", "codec=alaw")
    assert from_plain(Truth, json.loads(json.dumps(to_plain(truth)))) == truth


def test_truth_keeps_its_laws() -> None:
    _, truth, _ = made()
    for broken in (
        {"length": truth.length + 1},
        {"speakers": ("anna", "anna")},
        {"placements": truth.placements[1:]},
        {"events": (TruthEvent("backchannel", 0, Span(0, 1)),)},
    ):
        with pytest.raises(LawError):
            dataclasses.replace(truth, **broken)
