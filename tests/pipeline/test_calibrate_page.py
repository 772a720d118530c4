"""The calibration's page: hostile text, absent numbers, many calls, and a real browser."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.calibrate.figures import distributions
from pipeline.calibrate.page import SHOWN_CALLS, page
from pipeline.calibrate.summary import Account, Measured, summarise
from pipeline.config import load_config
from pipeline.report.charts import RIGHT
from schemas.calibration import (
    Amounts,
    CallScores,
    ChannelScores,
    MixScores,
    Refusal,
    Scores,
    SpeakerErrors,
    StageCost,
    Taking,
    WordErrors,
    WordScores,
)
from schemas.errors import Reject, RejectRecord
from schemas.source import Source
from stages.scoring.pool import pooled_taking_error, shares
from tests.browser import CHROMIUM, dom

HOSTILE = '<script>alert("1")</script>\u202e{{ 7*7 }}'
CONFIG = load_config("stereo_channels", ["vad.backend=energy"])
TAKING = Taking(ipu=40.0, pause=5.0, gap=5.0, overlap=2.0, backchannels=4, interruptions=2, failed_interruptions=0, fto_median=0.2)


def scores(confusion: float, confidence: float | None) -> Scores:
    errors = SpeakerErrors(speech=50.0, miss=0.5, false_alarm=0.5, confusion=confusion)
    amounts = Amounts(
        seconds=60.0,
        errors=errors,
        errors_collar=errors,
        errors_segments=None,
        overlap=2.0,
        overlap_found=4.0,
        overlap_both=1.0,
        backchannels=0,
        backchannels_kept=0,
        speech_kept=50.0 - confusion,
        swaps=0,
        taking=TAKING,
        taking_found=TAKING,
        processor=1.2,
    )
    levels: dict[str, float | None] = {"leakage_db": -20.0 + confusion, "leakage_solo_db": -30.0, "si_sdr_db": 20.0 - confusion}
    levels |= {"si_sdr_solo_db": 25.0, "si_sdr_overlap_db": None}
    channel = ChannelScores(speech_kept=1 - confusion / 50, **levels)
    named: dict[str, Any] = {**shares([amounts]), **levels}
    return Scores(
        **named,
        turn_taking_error=pooled_taking_error([amounts]),
        stages=(StageCost(stage="vad", rtf=0.02),),
        confidence=confidence,
        channels=(channel, channel),
        mapping=(0, 1),
        amounts=amounts,
    )


def measured(name: str, count: int, worse: float = 0.0, confident: bool = True) -> Measured:
    calls = []
    for number in range(count):
        confusion = worse + number % 7
        mix = MixScores(condition="clean", gain_db=0.0, scores=scores(confusion, 1 - confusion / 100 if confident else None))
        source = Source(id=f"call {number:03d}", uris=(f"{number}.wav",))
        calls.append((source, CallScores(length=480_000, rate=8000, mixes=(mix,))))
    refusal = Refusal(stage="diarize", reason="unsure", detail=HOSTILE, facts='{"cosine": 0.9}')
    refused = MixScores(condition="clean", gain_db=0.0, refusal=refusal)
    calls.append((Source(id=HOSTILE, uris=("x.wav",)), CallScores(length=8000, rate=8000, mixes=(refused,))))
    return Measured(name, CONFIG, tuple(calls))


def data(count: int = 12, beside: bool = True, confident: bool = True) -> dict[str, Any]:
    inputs = {"inputs": count + 3, "results": count + 1, "rejects": 1, "errors": 1, "pending": 0}
    reject = RejectRecord.of(Reject("one_sided", HOSTILE, level=3), HOSTILE, "k", "calibrate", ("y.wav",))
    errors = ({"id": HOSTILE, "stage": "calibrate", "error": f"Traceback\nValueError: {HOSTILE}"},)
    account = Account("calls", inputs, (reject,), errors)
    second = measured(HOSTILE, count, worse=3.0) if beside else None
    return summarise(account, ["clean"], measured("mono", count, confident=confident), second)


def test_contents_are_json_and_the_page_is_the_same_from_them() -> None:
    contents = data()
    again = json.loads(json.dumps(contents, sort_keys=True))
    assert page(again) == page(contents)


def test_foreign_text_is_shown_and_never_markup() -> None:
    text = page(data())
    assert "<script" not in text
    assert "{{ 7*7 }}" in text
    assert "\u202e" not in text
    assert text.count("U+202E") >= 5


def test_confidence_orders_the_errors_and_the_page_says_so() -> None:
    contents = data()
    assert contents["overall"]["rank_correlation"]["der"] == pytest.approx(1.0)
    assert "rank correlation of 1 − confidence with DER 1.00" in page(contents)
    assert "gives no confidence" in page(data(confident=False))


def test_pooled_levels_are_medians_over_channels_and_the_worst_is_named() -> None:
    overall = data(count=7)["overall"]
    assert overall["si_sdr_db"] == pytest.approx(17.0)
    assert overall["worst"]["si_sdr_db"] == {"value": 14.0, "id": "call 006", "channel": 0}
    assert overall["worst"]["der"]["value"] == pytest.approx(7 / 50)
    assert overall["si_sdr_overlap_db"] is None
    assert overall["confusion"] == pytest.approx(21 / 350)


@pytest.mark.parametrize("beside", [False, True])
def test_no_axis_of_a_share_goes_beyond_all(beside: bool) -> None:
    contents = data(count=7, beside=beside)
    drawn = {figure.title: str(figure.svg) for figure in distributions([contents, *([contents["beside"]] if beside else [])])}
    labels = [float(text) for text in re.findall(r'text-anchor="middle">([\d.]+)</text>', drawn["Speech kept by channel"])]
    assert max(labels) == 100.0
    ends = [float(x) + float(w) for x, w in re.findall(r'<rect [^>]*x="([\d.]+)"[^>]* width="([\d.]+)"', drawn["Speech kept by channel"])]
    assert max(ends) <= 430 - RIGHT


def test_a_transcript_that_could_not_be_read_is_told() -> None:
    sides = WordErrors(9)
    words = WordScores(reference="true_channels", true=None, true_cp=None, made=(sides, sides), made_cp=sides, mix=sides, unread=HOSTILE)
    scored = dataclasses.replace(scores(0.0, None), words=words)
    call = CallScores(length=480_000, rate=8000, mixes=(MixScores(condition="clean", gain_db=0.0, scores=scored),))
    inputs = {"inputs": 1, "results": 1, "rejects": 0, "errors": 0, "pending": 0}
    calls = Measured("mono", CONFIG, ((Source(id="call", uris=("x.wav",)), call),))
    contents = summarise(Account("calls", inputs, (), ()), ["clean"], calls, None)
    assert contents["overall"]["transcripts_unread"] == 1
    assert contents["calls"][0]["words"]["unread"] == HOSTILE
    assert "The transcript of 1\u00a0mixture could not be read" in page(contents)
    assert "could not be read" not in page(data())


def test_nothing_scored_is_said_without_numbers() -> None:
    contents = data(count=0, beside=False)
    assert contents["overall"]["der"] is None
    assert "Nothing to draw." in page(contents)


def test_many_calls_are_cut_short_and_counted() -> None:
    text = page(data(count=SHOWN_CALLS + 5, beside=False))
    assert f"The first {SHOWN_CALLS} of {SHOWN_CALLS + 6} mixtures" in text
    assert text.count('<th scope="row" rowspan="1">') == SHOWN_CALLS


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_shows_it_and_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "calibration.html").write_text(page(data()), encoding="utf-8")
    shown = dom(tmp_path / "calibration.html", tmp_path / "profile")
    assert "<title>mono: calibration</title>" in shown
    assert "<footer>" in shown
    assert shown.count("<svg") == 4
    assert not re.search(r"<(script|img|iframe)\b", shown)
    assert not re.search(r'(src|srcset)="', shown)
