"""A peek says what the sandboxed probe says, or nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reject
from stages.decode.peek import peek
from stages.decode.sandbox import Sandbox
from tests.shared import SHARED, needs_shared


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
@pytest.mark.parametrize(("format", "channels"), [("WAV", 1), ("WAV", 2), ("WAVEX", 2)])
def test_a_peek_at_wav_is_what_the_probe_says(tmp_path: Path, subtype: str, format: str, channels: int) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros((800, channels)), 8000, subtype, format=format)
    sandbox = Sandbox()
    with path.open("rb", buffering=0) as file:
        seen = peek(file)
        assert seen is not None
        assert seen == sandbox.probe(file)
    sandbox.close()


@needs_shared
def test_a_peek_never_contradicts_the_probe_on_real_files() -> None:
    sandbox = Sandbox()
    seen = 0
    for path in sorted(p for p in SHARED.rglob("*") if p.is_file()):
        with path.open("rb", buffering=0) as file:
            header = peek(file)
            if header is None:
                continue
            try:
                probed = sandbox.probe(file)
            except Reject:
                continue
        assert header == probed, path.name
        seen += 1
    sandbox.close()
    assert seen > 100


@given(st.binary(max_size=80), st.sampled_from([b"", b"RIFF\0\0\0\0WAVEfmt ", b"fLaC\0\0\0\x22", b"NIST_1A\n   1024\n"]))
def test_a_peek_at_anything_ends_well(data: bytes, start: bytes) -> None:
    header = peek(io.BytesIO(start + data))
    assert header is None or (header.channels > 0 and header.rate > 0)
