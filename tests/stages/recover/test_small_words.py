"""Small words that were left out: heard in generated answers, not in noise or long speech, and on a real call."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.errors import LawError, UsageError
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.recover.ears import OTHERS, SMALL
from stages.recover.small_words import SmallWordsRecover
from stages.recover.voicing import RATE, voiced_share
from stages.stage import Stage, may_take
from tests.shared import SHARED, needs_shared
from tests.stages.align.speech import Spoken, piece, spoken, tracks, transcript

ANSWERS = ("Okay.", "Yeah.", "We should begin.", "No.", "Thursday.", "Yes.")
SAME = {"yes": "yeah"}


@cache
def recover() -> Any:
    return SmallWordsRecover().load("cpu")


@cache
def call() -> Spoken:
    return spoken(ANSWERS, gap=1.0)


def activity(of: Tracks, spans: list[tuple[float, float]]) -> Activity:
    found = tuple(Span(round(start * of.rate), round(end * of.rate)) for start, end in spans)
    return Activity(channels=(found, ()), length=of.length, rate=of.rate)


@cache
def heard(tag: str | None = None, pieces: tuple[int, ...] = ()) -> Transcript:
    """What is recovered of the answers, those of `pieces` being in the transcript already."""
    both = tracks(call().x, rate=16000)
    speech = activity(both, [(start - 0.03, end + 0.03) for _, start, end in call().said])
    worded = [call().pieces(margin=0.0)[i] for i in pieces]
    found: Transcript = recover()(both, speech, transcript(both, worded, tag))
    return found


def test_is_a_stage() -> None:
    assert isinstance(SmallWordsRecover(), Stage)
    assert may_take(SmallWordsRecover()) == ()
    assert not set(SMALL) & set(OTHERS)
    with pytest.raises(UsageError, match="shortest"):
        SmallWordsRecover(shortest=2.0)
    with pytest.raises(UsageError, match=r"recover\.threshold"):
        SmallWordsRecover(threshold=1.5)


def test_answers_are_heard_and_nothing_else() -> None:
    found = heard("en").recovered
    right = 0
    for each in found:
        where = [text for text, start, end in call().said if start * 16000 < each.span.end and each.span.start < end * 16000]
        assert len(where) == 1
        told = where[0].lower().strip(".")
        assert told in SMALL, f"{each.text} was heard in {told}"
        right += SAME.get(told, told) == SAME.get(each.text, each.text)
        assert each.confidence is not None
        assert (each.channel, each.method, 0.8 <= each.confidence <= 1) == (0, "pocketsphinx", True)
    assert right >= 3
    assert right >= 0.8 * len(found)


def test_only_speech_without_words_is_listened_to() -> None:
    everything = tuple(range(len(ANSWERS)))
    assert heard("en", everything).recovered == ()
    first = heard("en").recovered
    index = next(i for i, (_, start, end) in enumerate(call().said) if start * 16000 < first[0].span.end <= end * 16000 + 8000)
    rest = heard("en", (index,)).recovered
    # The word that is there now takes the context of its neighbour, by which edges may move a little.
    assert [each.text for each in rest] == [each.text for each in first[1:]]
    assert all(abs(a.span.start - b.span.start) < 400 for a, b in zip(rest, first[1:], strict=True))


def test_other_languages_are_left_alone() -> None:
    assert heard("fr").recovered == ()
    assert heard(None).recovered == heard("en").recovered


def test_breath_and_clatter_are_no_words() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(11 * 8000) / 8000
    x = rng.standard_normal(len(t)) * 0.001
    speech = [(1.0 + i, 1.25 + i + 0.05 * (i % 5)) for i in range(9)]
    for i, (start, end) in enumerate(speech):
        inside = (t >= start) & (t < end)
        breath = np.convolve(rng.standard_normal(len(t)), np.ones(1 + i % 4), "same") * np.hanning(40)[i]
        x += inside * (breath * 0.1 if i % 3 else np.sign(np.sin(2 * np.pi * 3 * t)) * rng.standard_normal(len(t)) ** 3 * 0.05)
    both = tracks(x, rate=8000)
    assert recover()(both, activity(both, speech), transcript(both, [])).recovered == ()


def test_activity_of_another_recording_is_refused() -> None:
    both = tracks(np.zeros(16000), rate=8000)
    with pytest.raises(LawError, match="does not belong"):
        recover()(both, Activity(channels=((), ()), length=5, rate=8000), transcript(both, []))


@given(st.floats(80, 350), st.integers(0, 1000))
def test_a_voice_is_voiced_and_noise_is_not(pitch: float, seed: int) -> None:
    t = np.arange(RATE // 2) / RATE
    voice = sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 8))
    noise = np.random.default_rng(seed).standard_normal(len(t))
    assert voiced_share((voice + 0.1 * noise).astype(np.float32)) > 0.9
    assert voiced_share(noise.astype(np.float32)) < 0.1
    assert voiced_share(noise[:100].astype(np.float32)) == 0.0


@needs_shared
def test_a_real_answer_that_was_hidden_is_heard_again() -> None:
    import soundfile

    x, rate = soundfile.read(SHARED / "spokenwoz" / "MUL1423.wav", start=26 * 8000, stop=30 * 8000)
    both = tracks(x[:, 1], x[:, 0], rate)
    found = recover()(both, activity(both, [(1.1, 2.1)]), transcript(both, [piece(["and"], 0, 22000, 24000)])).recovered
    assert [each.text for each in found] == ["okay"]
    assert found[0].span.start / rate == pytest.approx(1.15, abs=0.15)
