"""pyannote.audio's own pipeline over the carried networks, on a stretch of a real call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording
from stages.diarize.annotation import annotation_of
from stages.diarize.carrier import import_pyannote
from stages.diarize.plain import LEAST, PlainDiarize, voice_model
from tests.stages.diarize.sound import SECONDS, SOURCE, call, call_truth, health, recording, verdict

FAST: dict[str, Any] = {"step": 0.25, "min_cluster_size": 4}


def of(stage: PlainDiarize, made: Recording) -> Diarization:
    return stage.load("cpu")(SOURCE, made, health(made))


def error_rate(found: Diarization, collar: float) -> float:
    """DER with overlap scored; `collar` in pyannote.metrics' sense, the total width."""
    import_pyannote()
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    return float(DiarizationErrorRate(collar=collar)(call_truth(), annotation_of(found), uem=Timeline([Segment(0.0, SECONDS)])))


@pytest.mark.parametrize("settings", [{}, FAST])
def test_a_real_call_is_told_apart(settings: dict[str, Any]) -> None:
    found = of(PlainDiarize(**settings), call())
    assert error_rate(found, 0.5) < 0.01
    assert error_rate(found, 0.0) < 0.10


@pytest.mark.parametrize("batch", [1, 3])
def test_the_batch_changes_nothing(batch: int) -> None:
    assert of(PlainDiarize(**FAST, batch=batch), call()) == of(PlainDiarize(**FAST), call())


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
@pytest.mark.slow
def test_shorter_numbers_work_on_a_cpu(precision: Any) -> None:
    assert error_rate(of(PlainDiarize(**FAST, precision=precision), call()), 0.5) < 0.05


def test_without_a_given_number_the_clustering_decides() -> None:
    found = of(PlainDiarize(**FAST, given_two=False), call())
    assert error_rate(found, 0.5) < 0.01
    made = call()
    alone = recording(made.samples[:, round(11.5 * 16000) :], 16000)
    one = verdict(PlainDiarize(**FAST, given_two=False).load("cpu"), alone)
    assert one.reason == "one_speaker"
    many = verdict(PlainDiarize(step=0.1, min_cluster_size=1, threshold=0.15, given_two=False).load("cpu"), made)
    assert many.reason == "too_many_speakers"
    assert len(many.facts["shares"]) > 2


def test_it_prints_nothing_where_it_finds_too_little(capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder) -> None:
    made = call()
    alone = recording(made.samples[:, round(11.5 * 16000) : round(14.0 * 16000)], 16000)
    assert verdict(PlainDiarize(**FAST).load("cpu"), alone).reason in ("one_speaker", "unsure")
    assert capfd.readouterr().out == ""
    assert not [warning for warning in recwarn if "speakers" in str(warning.message) or "empty slice" in str(warning.message)]


def test_an_embedding_hears_the_frames_of_its_mask_only() -> None:
    import torch

    model = voice_model("cpu", "float32")
    x = torch.from_numpy(call().samples[0, 11 * 16000 : 15 * 16000].astype(np.float32) / 32768)[None, None]
    mask = torch.zeros(1, 200)
    mask[:, 50:150] = 1.0
    other = x.clone()
    other[..., : round(0.95 * 16000)] = 0.0
    other[..., round(3.05 * 16000) :] = 0.5
    with torch.inference_mode():
        np.testing.assert_allclose(model(x, mask), model(other, mask), atol=1e-4)
        assert torch.isnan(model(x, torch.zeros(1, 200))).all()
        assert torch.isfinite(model(x)).all()
        both = model(torch.cat((x, x, other)), torch.cat((mask, torch.ones(1, 200), mask)))
        np.testing.assert_allclose(both[0], model(x, mask)[0], atol=1e-5)
        np.testing.assert_allclose(both[1], model(x)[0], atol=1e-5)
    with pytest.raises(ValueError, match="too few"):
        model(x[..., : LEAST - 1])


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"step": 0.0}, "share of a window"),
        ({"threshold": 2.1}, "use 0 to 2"),
        ({"min_cluster_size": 21}, "1 to 20"),
        ({"batch": 0}, "1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_told(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        PlainDiarize(**settings)
