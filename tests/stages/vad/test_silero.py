from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.recording import Samples
from stages.stage import Stage, what_fields
from stages.vad.segment import RATE, segments
from stages.vad.silero import SileroVad, open_session, probabilities
from stages.vad.windows import at_rate, windows
from tests.shared import SHARED, needs_shared
from tests.stages.two_channels import tracks_of
from tests.stages.vad.talk import talk

ROOT = Path(__file__).parents[3]
SESSION = open_session("cpu", 1)


def stock_spans(samples: NDArray[np.float32], onnx: bool, **settings: Any) -> list[tuple[int, int]]:
    """The package's own frame-by-frame loop at 16 kHz."""
    import torch

    threads = torch.get_num_threads()
    from silero_vad import get_speech_timestamps, load_silero_vad

    found = get_speech_timestamps(torch.from_numpy(samples), load_silero_vad(onnx=onnx), **settings)
    torch.set_num_threads(threads)
    return [(each["start"], each["end"]) for each in found]


def spans_of(stage: SileroVad, samples: Samples, rate: int = RATE) -> list[list[tuple[int, int]]]:
    activity = stage.load("cpu")(tracks_of(samples, rate))
    return [[(span.start, span.end) for span in channel] for channel in activity.channels]


def call(name: str, seconds: float) -> tuple[NDArray[np.int16], int]:
    import soundfile

    samples, rate = soundfile.read(SHARED / "spokenwoz" / name, dtype="int16")
    return samples[: round(seconds * rate)].T, rate


def test_is_a_stage() -> None:
    assert isinstance(SileroVad(), Stage)
    assert "threads" not in what_fields(SileroVad())
    assert SileroVad().weights()[0].licence == "MIT"


@pytest.mark.parametrize("onnx", [True, False])
def test_equals_the_stock_loop_on_generated_talk(onnx: bool) -> None:
    samples = talk(RATE).tracks.samples
    for extra in ({}, {"max_speech_duration_s": 1.0}, {"threshold": 0.3, "neg_threshold": 0.2}):
        stage = SileroVad(
            min_speech=0.25,
            max_speech=extra.get("max_speech_duration_s"),
            threshold=extra.get("threshold", 0.5),
            neg_threshold=extra.get("neg_threshold"),
        )
        wanted = [stock_spans(channel.astype(np.float32) / 32768, onnx, **extra) for channel in samples]
        assert spans_of(stage, samples) == wanted
        assert all(wanted)


@needs_shared
@pytest.mark.parametrize("name", ["MUL1423.wav", "SNG0480.wav"])
def test_equals_the_stock_loop_on_a_real_call(name: str) -> None:
    import soxr

    samples, rate = call(name, 40)
    wide = soxr.resample(samples.T.astype(np.float32) / 32768, rate, RATE).T
    whole = np.clip(np.round(wide * 32768), -32768, 32767).astype(np.int16)
    assert spans_of(SileroVad(min_speech=0.25), whole) == [stock_spans(channel.astype(np.float32) / 32768, True) for channel in whole]


def test_any_rate_is_the_whole_resampled_then_rounded_once() -> None:
    import soxr

    for rate in (8000, 11025, 44100):
        made = talk(rate).tracks
        stage = SileroVad()
        wide = soxr.resample(made.samples.T.astype(np.float32) / 32768, rate, RATE).T
        probs, length = probabilities(open_session("cpu", 1), [wide], 2)
        wanted = tuple(at_rate(segments(each, length, stage.rule), RATE, rate, made.length) for each in probs)
        assert stage.load("cpu")(made).channels == wanted


@given(cuts=st.lists(st.integers(0, 40000), max_size=12), length=st.integers(1, 40000))
@settings(max_examples=25)
def test_blocks_do_not_matter(cuts: list[int], length: int) -> None:
    rng = np.random.default_rng(length)
    samples = (rng.standard_normal((2, length)) * np.sin(np.arange(length) / 900) * 0.3).astype(np.float32)
    whole, count = probabilities(SESSION, [samples], 2)
    edges = sorted({0, length, *(cut for cut in cuts if cut < length)})
    parts, same = probabilities(SESSION, [samples[:, a:b] for a, b in pairwise(edges)], 2)
    assert count == same == length
    assert len(whole[0]) == -(-length // 512)
    for left, right in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(left, right)


def test_threads_do_not_matter() -> None:
    made = talk(8000).tracks
    assert SileroVad(threads=2).load("cpu")(made) == SileroVad().load("cpu")(made)


@given(length=st.integers(1, 3000), rate=st.sampled_from([8000, 16000, 22050, 48000]))
@settings(max_examples=20)
def test_windows_cover_the_recording(length: int, rate: int) -> None:
    samples = np.ones((2, length), np.int16)
    total = sum(block.shape[1] for block in windows(samples, 16, rate, RATE))
    assert abs(total - length * RATE / rate) <= 0.5


@given(
    pairs=st.lists(st.integers(0, 10**10), min_size=2, max_size=2).map(sorted),
    rate=st.sampled_from([100, 8000, 11025, 44100, 48000]),
)
def test_times_are_rounded_to_the_nearest_sample(pairs: list[int], rate: int) -> None:
    from fractions import Fraction

    length = 10**12
    for span in at_rate([(pairs[0], pairs[1])], RATE, rate, length):
        for got, at in ((span.start, pairs[0]), (span.end, pairs[1])):
            assert abs(got - Fraction(at * rate, RATE)) <= Fraction(1, 2)


def run(code: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | env, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_loading_imports_neither_torch_nor_the_package() -> None:
    code = "import sys; from stages.vad.silero import SileroVad; SileroVad().load('cpu'); print({'torch', 'silero_vad'} & set(sys.modules))"
    assert run(code).strip() == "set()"


TRY = """
from schemas.errors import UsageError
from stages.vad.silero import SileroVad
try:
    SileroVad().load('cpu')
except UsageError as error:
    print(error)
"""


@pytest.mark.parametrize("content", [None, b"other weights"])
def test_other_weights_are_refused(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "silero_vad" / "data").mkdir(parents=True)
    (tmp_path / "silero_vad" / "__init__.py").write_text("")
    if content is not None:
        (tmp_path / "silero_vad" / "data" / "silero_vad_16k_sequence.onnx").write_bytes(content)
    said = run(TRY, PYTHONPATH=str(tmp_path))
    assert "6.2.3" in said
    assert "9ccdacc4719d" in said


def test_a_missing_package_is_one_sentence() -> None:
    assert "pip install 'silero-vad==6.2.3'" in run("import sys; sys.modules['silero_vad'] = None\n" + TRY)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0.0},
        {"threshold": 1.0},
        {"neg_threshold": 0.6},
        {"min_speech": -0.1},
        {"min_silence": float("inf")},
        {"pad": float("nan")},
        {"max_speech": 0.05},
        {"threads": 0},
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        SileroVad(**wrong)
