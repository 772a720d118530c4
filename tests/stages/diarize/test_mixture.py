"""Which recordings are mixtures, and which channel of them is listened to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from schemas.errors import LawError, UsageError
from schemas.health import Finding, Health, Likeness, Side
from schemas.recording import Decoding, Recording
from stages.diarize.mixture import MIX, check_mix, mixture_channel

DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)
SIDE = Side(speech_s=1.0, own_speech_s=1.0, level_dbfs=-20.0, dc=0.0, zeros=0.0, clipping=0.0)


def recording(channels: int) -> Recording:
    return Recording(samples=np.ones((channels, 100), np.int16), rate=8000, bits=16, decoding=DECODING)


def health(levels: tuple[float | None, ...], found: tuple[str, ...] = (), **like: Any) -> Health:
    findings = tuple(Finding(name=name, channel=None, value=1.0, unit="x", limit=0.5) for name in found)
    likeness = Likeness(**like) if len(levels) == 2 else None
    return Health(sides=tuple(replace(SIDE, level_dbfs=level) for level in levels), likeness=likeness, findings=findings)


def test_mono_is_always_a_mixture() -> None:
    assert mixture_channel(recording(1), health((-20.0,)), ()) == 0


def test_two_voices_on_two_channels_are_none() -> None:
    assert mixture_channel(recording(2), health((-20.0, -10.0)), ("dual_mono", "one_scene")) is None
    assert mixture_channel(recording(2), health((-20.0, -10.0), ("leakage", "clipping")), ("dual_mono", "one_scene")) is None


@pytest.mark.parametrize("like", [{"copy": "inverted"}, {"copy": "delayed"}, {"same_samples": True}])
def test_copies_are_a_mixture_when_the_config_says_so(like: dict[str, Any]) -> None:
    assert mixture_channel(recording(2), health((-20.0, -21.0), **like), MIX) == 0
    assert mixture_channel(recording(2), health((-20.0, -21.0), **like), ("one_scene",)) is None


@pytest.mark.parametrize(
    ("levels", "channel"), [((-20.0, -10.0), 1), ((-10.0, -20.0), 0), ((-10.0, -10.0), 0), ((None, -10.0), 0), ((-10.0, None), 0)]
)
def test_the_louder_channel_is_listened_to(levels: tuple[float | None, ...], channel: int) -> None:
    assert mixture_channel(recording(2), health(levels, ("one_scene",)), ("dual_mono", "one_scene")) == channel
    assert mixture_channel(recording(2), health(levels, ("one_scene",)), MIX) is None


def test_health_of_another_recording_is_refused() -> None:
    with pytest.raises(LawError, match="Health of 2 sides"):
        mixture_channel(recording(1), health((-20.0, -20.0)))


def test_a_wrong_name_is_told_with_the_right_one() -> None:
    check_mix(("dual_mono", "one_scene"))
    with pytest.raises(UsageError, match="did you mean 'one_scene'"):
        check_mix(("onescene",))
