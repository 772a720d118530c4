"""Laws of calibration values."""

from __future__ import annotations

import pytest

from schemas.calibration import CallScores, MixScores, Refusal, SpeakerErrors
from schemas.errors import LawError
from schemas.plain import from_plain, to_plain

REFUSAL = Refusal(stage="diarize", reason="unsure", detail="too little", facts="{}")


def test_a_mixture_has_either_scores_or_a_refusal() -> None:
    with pytest.raises(LawError, match="either scores or a refusal"):
        MixScores(condition="clean", gain_db=0.0)
    call = CallScores(length=10, rate=8000, mixes=(MixScores(condition="clean", gain_db=-1.5, refusal=REFUSAL),))
    assert from_plain(CallScores, to_plain(call)) == call


def test_the_error_rate_is_absent_without_speech() -> None:
    assert SpeakerErrors(speech=0.0, miss=0.0, false_alarm=1.0, confusion=0.0).rate is None
    assert SpeakerErrors(speech=10.0, miss=1.0, false_alarm=2.0, confusion=3.0).rate == pytest.approx(0.6)
