"""The player's file: safe to run, the same for the same values, its sound where and as it was, and never said to be more than it is."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.player import player_file, policy, script
from pipeline.player.sound import AROUND, FIRST, opus, windows
from tests.pipeline.player.made_played import HOSTILE, PITCHES, RATE, SPEECH, played, tones


def contents(data: bytes) -> dict[str, Any]:
    text = data.decode("ascii")
    assert text.startswith("duologue.recording({")
    assert text.endswith("});\n")
    found: dict[str, Any] = json.loads(text[len("duologue.recording(") : -3])
    return found


def heard(text: str) -> tuple[NDArray[np.float64], int]:
    return soundfile.read(io.BytesIO(base64.b64decode(text)))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    samples = tones()
    return contents(player_file(played(samples), samples, RATE))


def test_equal_values_give_equal_bytes() -> None:
    samples = tones()
    assert player_file(played(samples), samples, RATE) == player_file(played(samples), samples, RATE)


def test_no_text_gets_out_of_its_string(made: dict[str, Any]) -> None:
    samples = tones()
    data = player_file(replace(played(samples), id=HOSTILE, sides=(HOSTILE, "\ud800"), source=HOSTILE), None)
    assert not set(b"<>&\x00") & set(data)
    assert contents(data)["id"] == HOSTILE
    assert contents(data)["sides"][1] == "\ud800"
    assert HOSTILE in {word[3] for word in made["words"]}


def test_times_are_those_given_and_overlap_is_where_both_speak(made: dict[str, Any]) -> None:
    assert made["speech"] == [[500, 4000, 9000, 12000], [3500, 8000, 14000, 18000]]
    assert made["overlaps"] == [3500, 4000]
    assert [word[1] for word in made["words"]] == sorted(word[1] for word in made["words"])
    assert made["duration"] == 20_000
    assert made["findings"][0]["stretches"] == [[14_000, 18_000, 1]]


def test_each_side_is_heard_alone_and_at_its_time(made: dict[str, Any]) -> None:
    (clip,) = made["audio"]
    assert (clip["start"], clip["end"], made["whole"]) == (0, 20_000, True)
    for side, text in enumerate(clip["sides"]):
        sound, rate = heard(text)
        assert abs(len(sound) / rate - 20) < 0.001
        at = np.arange(len(sound)) / rate
        truth = np.zeros(len(sound), bool)
        for start, end in SPEECH[side]:
            truth |= (at >= start) & (at < end)
        loud = np.abs(sound) > 0.05
        smeared = np.convolve(loud, np.ones(rate // 200), "same") > 0
        assert (smeared == truth).mean() > 0.995, "the sound is not where it was"
        power = np.abs(np.fft.rfft(sound * truth)) ** 2
        own, other = (
            power[round(pitch * len(sound) / rate) - 30 : round(pitch * len(sound) / rate) + 30].sum()
            for pitch in (PITCHES[side], PITCHES[1 - side])
        )
        assert own > 1000 * other, "the other side is heard here"


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100])
def test_every_rate_becomes_one_that_opus_takes(rate: int) -> None:
    samples = tones(2.0, rate)
    sound, coded = soundfile.read(io.BytesIO(opus(samples[0], rate, 16)))
    assert abs(len(sound) / coded - 2) < 0.002


@given(
    seconds=st.floats(0.5, 4000),
    most=st.floats(5, 300),
    stretches=st.lists(st.tuples(st.floats(0, 3990), st.floats(0, 60)), max_size=12),
)
def test_what_is_heard_is_bounded_sorted_apart_and_inside(seconds: float, most: float, stretches: list[tuple[float, float]]) -> None:
    inside = sorted((min(start, seconds), min(seconds, start + length)) for start, length in stretches)
    found = windows(seconds, inside, most)
    assert all(0 <= a < b <= seconds for a, b in found)
    assert all(left[1] < right[0] for left, right in pairwise(found))
    assert sum(b - a for a, b in found) <= most + 1e-6
    if seconds <= most:
        assert found == ((0.0, seconds),)
    elif inside and most > FIRST + (inside[0][1] - inside[0][0]) + 2 * AROUND + 1:
        first = inside[0]
        assert any(a <= first[0] and first[1] <= b for a, b in found), "the first finding cannot be heard"


def test_a_long_recording_is_never_called_whole() -> None:
    samples = tones(300.0)
    found = contents(player_file(played(samples), samples, RATE, most=60.0))
    assert found["whole"] is False
    assert sum(clip["end"] - clip["start"] for clip in found["audio"]) <= 60_000
    assert contents(player_file(played(samples), samples[:, : 30 * RATE], RATE))["whole"] is False
    assert contents(player_file(played(samples)))["audio"] == []


def test_only_the_given_script_may_run() -> None:
    assert policy("a") != policy("b")
    assert "unsafe-inline" not in policy(script()).partition("script-src")[2]
    assert "</script" not in script().lower()
