"""The score stage: each part's numbers on dialogues whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import build_config
from pipeline.plan import make_plan
from schemas.activity import Activity
from schemas.diarization import Diarization, Segment
from schemas.errors import LawError, UsageError
from schemas.health import Health, Leak, Side
from schemas.quality import Quality
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Origin, OriginKind, Tracks
from schemas.transcript import Piece, Recovered, Removed, Transcript, Word
from stages.score.channels import READS, ChannelScore
from stages.score.names import SCORES
from stages.stage import Stage, what_fields
from tests.stages.two_channels import tracks_of
from tests.stages.vad.talk import Talk, talk

RATE = 8000
LENGTH = 10 * RATE
PLAIN = tracks_of(np.ones((2, LENGTH), np.int16), RATE)
ACTIVITY = Activity(channels=((Span(0, 2 * RATE),), (Span(3 * RATE, 8 * RATE),)), length=LENGTH, rate=RATE)
SIDES = (
    Side(speech_s=2, own_speech_s=2, level_dbfs=-20.0, noise_dbfs=-60.0, bandwidth_hz=3400.0, dc=0.0, zeros=0.0, clipping=0.0),
    Side(speech_s=3, own_speech_s=3, level_dbfs=-30.0, noise_dbfs=None, dc=0.0, zeros=0.0, clipping=0.01),
)
LEAKS = (Leak(source=0, into=1, evidence_s=2.0, level_db=-25.0, detectable_db=-55.0), Leak(source=1, into=0, evidence_s=0.1))
HEALTH = Health(sides=SIDES, leaks=LEAKS)


def measured(parts: tuple[str, ...], tracks: Tracks = PLAIN, activity: Activity = ACTIVITY, **given: Any) -> Quality:
    """The quality from the named parts; `given` by the names of the types."""
    stage = ChannelScore(parts=parts)
    found = stage.load("cpu")(tracks, activity, *[given.get(kind.__name__) for kind in stage.may_take])
    for score in found.scores:
        unit, channels = SCORES[score.name]
        assert score.unit == unit
        assert score.channel is None or channels
        assert score.method
    return found


def numbers(quality: Quality) -> dict[tuple[str, int | None], Any]:
    return {(score.name, score.channel): pytest.approx(score.value) for score in quality.scores}


def test_is_a_stage() -> None:
    assert isinstance(ChannelScore(), Stage)
    assert "threads" not in what_fields(ChannelScore())
    assert [weights.licence for weights in ChannelScore().weights()] == ["MIT", "MIT", "Apache-2.0"]
    assert ChannelScore(parts=("signal", "words")).weights() == ()


def test_a_part_reads_only_what_it_needs() -> None:
    assert ChannelScore(parts=("dnsmos", "music")).may_take == ()
    assert [kind.__name__ for kind in ChannelScore(parts=("words", "signal")).may_take] == ["Health", "Diarization", "Transcript"]

    def address(parts: list[str], transcribe: str) -> str:
        data = {"chain": ["decode", "tracks", "vad", *([transcribe] if transcribe else []), "score"], "score": {"parts": parts}}
        return make_plan(build_config(data, "c").chain).steps[-1].address

    assert address(["signal"], "transcribe") == address(["signal"], "")
    assert address(["words"], "transcribe") != address(["words"], "")


def test_signal_takes_what_health_and_activity_know() -> None:
    assert numbers(measured(("signal",), Health=HEALTH)) == {
        ("snr", 0): 40,
        ("bandwidth", 0): 3400,
        ("clipping", 0): 0,
        ("clipping", 1): 0.01,
        ("leakage", 1): -25,
        ("speech_share", 0): 0.2,
        ("speech_share", 1): 0.5,
    }
    assert numbers(measured(("signal",))) == {("speech_share", 0): 0.2, ("speech_share", 1): 0.5}


def test_where_no_leak_was_found_it_is_at_most_what_could_have_been_seen() -> None:
    unseen = replace(HEALTH, leaks=(replace(LEAKS[0], level_db=None), LEAKS[1]))
    assert numbers(measured(("signal",), Health=unseen))["leakage", 1] == -55


def test_sides_are_those_of_the_tracks() -> None:
    turned = replace(PLAIN, order=(1, 0))
    found = numbers(measured(("signal",), turned, Health=HEALTH))
    assert (found["snr", 1], found["clipping", 0], found["leakage", 0]) == (40, 0.01, -25)


def test_of_a_mixture_there_is_one_signal() -> None:
    mixture = Diarization(length=LENGTH, rate=RATE, channel=0, confidence=0.9, similarity=0.3)
    found = numbers(measured(("signal", "separation"), Health=HEALTH, Diarization=mixture))
    assert found["snr", None] == 40
    assert ("leakage", 1) not in found
    assert (found["diarization_confidence", None], found["voice_similarity", None]) == (0.9, 0.3)


Stretch = tuple[int, float, float, OriginKind, float | None]


def made(*parts: Stretch) -> Tracks:
    origins = tuple(Origin(channel, Span(round(a * RATE), round(b * RATE)), kind, sure) for channel, a, b, kind, sure in parts)
    return replace(PLAIN, order=None, origins=origins, chosen="first_to_speak")


def test_separation_says_how_much_overlap_nothing_took_apart() -> None:
    channel0: list[Stretch] = [
        (0, 0, 4, "original", 0.5),
        (0, 4, 5, "routed", 0.8),
        (0, 5, 7, "separated", 0.5),
        (0, 7, 10, "silence", None),
    ]
    channel1: list[Stretch] = [
        (1, 0, 4, "silence", None),
        (1, 4, 5, "routed", None),
        (1, 5, 7, "separated", None),
        (1, 7, 10, "original", 0.9),
    ]
    both = Activity(channels=((Span(0, 7 * RATE),), (Span(4 * RATE, LENGTH),)), length=LENGTH, rate=RATE)
    found = numbers(measured(("separation",), made(*channel0, *channel1), both))
    assert found == {("separation.confidence", 0): (0.8 + 2 * 0.5) / 3, ("separation.routed", None): 1 / 3}
    assert numbers(measured(("separation",))) == {}


def said(
    *words: tuple[int, float, float, float | None], removed: tuple[str, ...] = (), recovered: tuple[Recovered, ...] = ()
) -> Transcript:
    pieces = [
        Piece(channel, Span(round(a * RATE), round(b * RATE)), (Word(Span(round(a * RATE), round(b * RATE)), "w", "ctc", sure),))
        for channel, a, b, sure in words
    ]
    ordered = sorted(pieces, key=lambda piece: (piece.span.start, piece.span.end, piece.channel))
    out = tuple(Removed(1, Span(0, 1), text, "loop") for text in removed)
    return Transcript(pieces=tuple(ordered), length=LENGTH, rate=RATE, removed=out, recovered=recovered)


def test_words_are_held_against_the_speech() -> None:
    transcript = said((0, 0.0, 1.0, 0.9), (0, 1.4, 3.0, 0.5), (0, 1.0, 1.2, None), removed=("thank you", "bye"))
    found = numbers(measured(("words",), Transcript=transcript))
    assert found == {
        ("words.confidence", 0): 0.7,
        ("words.coverage", 0): 1.0,
        ("words.rate", 0): 1.5,
        ("words.inside", 0): 2 / 3,
        ("words.removed", 0): 0,
        ("words.coverage", 1): 0,
        ("words.rate", 1): 0,
        ("words.removed", 1): 1,
    }
    assert numbers(measured(("words",))) == {}


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9)), max_size=8))
def test_shares_of_words_are_shares(starts: list[tuple[int, int]]) -> None:
    words, at = [], 0.0
    for start, tenths in sorted(starts):
        begin = max(at, start / 10)
        if begin + tenths / 10 <= 10:
            words.append((0, begin, begin + tenths / 10, 0.5))
            at = begin + tenths / 10
    for score in measured(("words",), Transcript=said(*words)).scores:
        assert 0 <= score.value <= 1 or score.name == "words.rate"


@pytest.fixture(scope="module")
def spoken() -> Talk:
    return talk(16000)


def test_music_is_heard_where_it_is(spoken: Talk) -> None:
    rate, seconds = 16000, 12
    t = np.arange(rate * seconds) / rate
    chords = [(220.0, 277.2, 329.6), (196.0, 246.9, 293.7), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7)]
    song = np.zeros(len(t))
    for index in range(seconds * 2):
        part = slice(index * rate // 2, (index + 1) * rate // 2)
        for pitch in chords[index // 4 % 4]:
            song[part] += sum(np.sin(2 * np.pi * pitch * k * t[part]) / k for k in (1, 2, 3)) * np.exp(-3 * (t[part] % 0.5))
    samples = np.stack((song / np.abs(song).max() * 12000, spoken.tracks.samples[0, : len(song)])).astype(np.int16)
    activity = Activity(channels=((), spoken.truth[0][:2]), length=len(song), rate=rate)
    found = measured(("music",), tracks_of(samples, rate), activity)
    shares = {(score.name, score.channel): score.value for score in found.scores}
    assert shares["music", 0] > 0.8
    assert shares["music", 1] == 0
    assert set(shares) == {("music", 0), ("music", 1), ("singing", 0), ("singing", 1)}
    short = rate // 2 - 1
    none = Activity(channels=((), ()), length=short, rate=rate)
    assert measured(("music",), tracks_of(samples[:, :short], rate), none).scores == (), "too short to be listened to is not without music"


def test_dnsmos_is_of_the_channels_that_speak_and_of_regions_where_asked(spoken: Talk) -> None:
    activity = Activity(channels=(spoken.truth[0], ()), length=spoken.tracks.length, rate=16000)
    found = ChannelScore(parts=("dnsmos",), regions=True).load("cpu")(spoken.tracks, activity)
    assert found == ChannelScore(parts=("dnsmos",), regions=True, threads=2).load("cpu")(spoken.tracks, activity)
    whole = {score.name: score.value for score in found.scores if score.span is None}
    regions = {score.name: score.value for score in found.scores if score.span is not None}
    assert {score.channel for score in found.scores} == {0}
    assert whole.pop("dnsmos.windows") == 1
    assert whole == regions
    assert set(whole) == {"dnsmos.sig", "dnsmos.bak", "dnsmos.ovrl", "dnsmos.p808"}
    assert {len(score.span) for score in found.scores if score.span} == {144160}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"parts": ("signal", "mos")}, "no part 'mos'"),
        ({"windows": 0}, "1 or more"),
        ({"window_every": 0.0}, "above 0"),
        ({"reference": "{id}.stm"}, "not among parts"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(UsageError, match=f"score: .*{wanted}"):
        ChannelScore(**settings)


def test_an_activity_of_another_recording_breaks_the_law() -> None:
    with pytest.raises(LawError, match="does not belong"):
        measured(("signal",), activity=replace(ACTIVITY, length=LENGTH + 1))


def test_only_a_mixture_has_one_signal_for_both() -> None:
    two = Diarization(length=LENGTH, rate=RATE, channel=None)
    spoken = Diarization(length=LENGTH, rate=RATE, channel=1, segments=(Segment(0, Span(0, 9)),))
    assert ("snr", 0) in numbers(measured(("signal",), Health=HEALTH, Diarization=two))
    assert ("clipping", None) in numbers(measured(("signal",), Health=HEALTH, Diarization=spoken))


def test_every_part_and_score_is_known() -> None:
    assert set(ChannelScore().parts) <= set(READS)


def test_words_are_held_against_the_corpus_own_transcript(tmp_path: Path) -> None:
    stm = "call A A 0.0 2.0 the quick brown fox\ncall B B 3.0 6.0 jumps over it\n"
    (tmp_path / "call.stm").write_text(stm)
    source = Source(id="call", uris=("call.wav",), base=str(tmp_path), transcript="call.stm")
    words = (("the", 0.0, 0.4), ("quick", 0.4, 0.8), ("fox", 1.0, 1.4))
    spoken = tuple(Word(Span(round(a * RATE), round(b * RATE)), word, "ctc") for word, a, b in words)
    other = tuple(
        Word(Span(round(a * RATE), round(b * RATE)), word, "ctc") for word, a, b in (("jumps", 3, 4), ("over", 4, 5), ("it", 5, 6))
    )
    heard = Transcript(pieces=(Piece(0, Span(0, 2 * RATE), spoken), Piece(1, Span(3 * RATE, 6 * RATE), other)), length=LENGTH, rate=RATE)
    errors = {("wer", 0): 0.25, ("wer", 1): 0, ("cpwer", None): 1 / 7, ("reference.compared", None): 1}
    assert numbers(measured(("reference",), Transcript=heard, Source=source)) == errors
    (tmp_path / "empty.stm").write_text("")
    (tmp_path / "sides.stm").write_text("call A A 0.0 2.0 the\ncall B B 2.0 3.0 quick\ncall C C 3.0 4.0 fox\n")
    (tmp_path / "broken.stm").write_text("the quick brown fox")
    unread = "missing, cannot be read or is of other sides"
    reasons = {None: "names no transcript", "nowhere.stm": unread, "sides.stm": unread, "broken.stm": unread, "empty.stm": "no words"}
    for named, reason in reasons.items():
        assert reason in not_compared(heard, replace(source, transcript=named))
    assert "writes down no words" in not_compared(None, source)


def not_compared(heard: Transcript | None, source: Source) -> str:
    """Why a recording has no word errors, as the only score says."""
    (only,) = measured(("reference",), Transcript=heard, Source=source).scores
    assert (only.name, only.value, only.channel) == ("reference.compared", 0, None)
    return only.method
