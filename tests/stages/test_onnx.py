"""Networks in ONNX that a person names: what they may take, and what is said of those that do not fit."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.error_text import LONGEST, short
from stages.onnx import audio_network, check_own_format, onnx_session
from tests.stages.diarize.toy_model import _message, _node, _number, _text, _value

FLOAT, HALF, INT = 1, 10, 7
"""Kinds of numbers, as ONNX counts them."""
ASKERS = [("diarize", "end_to_end"), ("restore", "model"), ("separate", "onnx")]


def network(path: Path, shape: list[int | str], kind: int = FLOAT, inputs: int = 1) -> Path:
    """The sum of its inputs."""
    names = [f"in{index}" for index in range(inputs)]
    parts = [_node("Sum" if inputs > 1 else "Identity", names, "out"), _text(2, "sum")]
    values = [*((11, name) for name in names), (12, "out")]
    # `_value` writes that it is float32 just before the shape.
    parts += [_value(field, name, shape).replace(_number(1, FLOAT) + b"\x12", _number(1, kind) + b"\x12", 1) for field, name in values]
    path.write_bytes(_number(1, 8) + _message(8, _text(1, "") + _number(2, 17)) + _message(7, b"".join(parts)))
    return path


@pytest.mark.parametrize("kind", [FLOAT, HALF])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [(["batch", "samples"], (0, 0)), ([3, 3200], (3, 3200)), (["batch", 1, 64], (0, 1, 64)), (["batch", "channels", "samples"], (0, 0, 0))],
)
def test_audio_goes_in_as_the_network_has_it(tmp_path: Path, shape: list[int | str], axes: tuple[int, ...], kind: int) -> None:
    held = audio_network(network(tmp_path / "net.onnx", shape, kind), "cpu", 1, "separate", "onnx")
    assert held.axes == axes
    sound = np.random.default_rng(0).standard_normal([size or 2 for size in axes]).astype(np.float32)
    (made,) = held(sound)
    assert made.dtype == (np.float32 if kind == FLOAT else np.float16)
    assert np.array_equal(made, sound.astype(made.dtype))


@pytest.mark.parametrize(
    ("shape", "kind", "inputs", "found"),
    [
        (["batch", "samples"], INT, 1, "in0: tensor(int64) ['batch', 'samples']"),
        (["samples"], FLOAT, 1, "in0: tensor(float) ['samples']"),
        (["batch", 2, "samples"], FLOAT, 1, "in0: tensor(float) ['batch', 2, 'samples']"),
        (["batch", "samples"], FLOAT, 2, "in0: tensor(float) ['batch', 'samples'], in1: tensor(float) ['batch', 'samples']"),
    ],
)
def test_what_takes_something_else_is_told(tmp_path: Path, shape: list[int | str], kind: int, inputs: int, found: str) -> None:
    path = network(tmp_path / "net.onnx", shape, kind, inputs)
    wanted = f"restore.model: {path} takes {found}; wanted one input of audio [batch, samples] or [batch, 1, samples] in float32 or float16"
    with pytest.raises(UsageError, match=f"^{re.escape(wanted)}$"):
        audio_network(path, "cpu", 1, "restore", "model")
    if kind == FLOAT and inputs == 1:
        assert len(audio_network(path, "cpu", 1, "diarize", "end_to_end", waveforms=False).axes) == len(shape)
    else:
        with pytest.raises(UsageError, match=re.escape(f"takes {found}; wanted one input of audio in float32 or float16")):
            audio_network(path, "cpu", 1, "diarize", "end_to_end", waveforms=False)


@pytest.mark.parametrize(("stage", "backend"), ASKERS)
def test_what_is_no_network_is_told_by_whose_setting_it_is(
    tmp_path: Path, stage: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.onnx"
    for body in (b"", b"text", network(tmp_path / "whole.onnx", ["batch", "samples"]).read_bytes()[:-9]):
        path.write_bytes(body)
        with pytest.raises(UsageError, match=rf"^{stage}\.model: {re.escape(str(path))} is no ONNX model that runs here: \S") as told:
            audio_network(path, "cpu", 1, stage, backend)
        assert "\n" not in str(told.value)
    with pytest.raises(
        UsageError, match=rf"^{stage}\.precision: net\.onnx is ONNX and has its own number format; leave this at 'float32'$"
    ):
        check_own_format(path, "bfloat16", stage)
    check_own_format(path, "float32", stage)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=rf"^{stage}: {backend} needs a package that is not installed: pip install onnxruntime$"):
        audio_network(path, "cpu", 1, stage, backend)


def test_a_session_has_the_threads_it_was_given_and_the_cpu_where_there_is_no_gpu(tmp_path: Path) -> None:
    path = network(tmp_path / "net.onnx", ["batch", "samples"])
    for device, threads in (("cpu", 1), ("cpu", 3), ("cuda:1", 2)):
        session = onnx_session(path, device, threads, "separate: onnx")
        options = session.get_session_options()
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)
        assert session.get_providers()[-1] == "CPUExecutionProvider"


@given(st.text(max_size=3 * LONGEST))
def test_an_error_is_told_on_one_line_of_a_bounded_length(text: str) -> None:
    told = short(ValueError(text))
    assert len(told.splitlines()) == 1
    assert len(told) <= LONGEST + 1
    words = " ".join(text.split())
    assert told == (words or "ValueError") or (told.endswith("…") and words.startswith(told[:-1]))
