"""Broken SPHERE files end as a reject or as a clean stream, soon and in little memory."""

from __future__ import annotations

import io
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

from schemas.errors import REASONS, Reject
from stages.decode.shorten import warm_up
from stages.decode.sphere import open_sphere
from tests.shared import SHARED
from tests.stages.decode import shorten_encoder as enc
from tests.stages.decode.shorten_encoder import Plan, encode, sphere

LONGEST_S = 2.0
MOST_BYTES = 64 << 20


def seeds() -> list[bytes]:
    """Small files of every payload kind, and the real ones where they are at hand."""
    rng = np.random.default_rng(0)
    pcm = np.cumsum(rng.integers(-40, 41, (3000, 2)), axis=0).astype(np.int16)
    codes = rng.integers(0, 256, (3000, 2)).astype(np.uint8)
    two: dict[str, Any] = {"channel_count": 2, "sample_rate": 8000, "sample_count": 3000}
    plans = [Plan(2), Plan(1, 0), Plan(7, 0, (60, -30)), Plan(3), Plan(0)]
    made = [
        sphere(
            encode(pcm, order=4, plans=plans), sample_n_bytes=2, sample_byte_format="01", sample_coding="pcm,embedded-shorten-v2.00", **two
        ),
        sphere(encode(codes, ftype=enc.AU2, plans=[Plan(1, 0), Plan(2, 3)]), sample_n_bytes=1, sample_coding="ulaw", **two),
        sphere(encode(codes, ftype=enc.AU3, version=1), sample_n_bytes=1, sample_coding="alaw,embedded-shorten-v1.09", **two),
        sphere(pcm.tobytes(), sample_n_bytes=2, sample_byte_format="01", sample_coding="pcm", **two),
    ]
    real = [path.read_bytes()[:20_000] for path in sorted((SHARED / "sph2pipe").glob("*.sph"))] if SHARED.is_dir() else []
    return made + real


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """One to eight damages: flipped bits, runs of one byte, cuts, doubled stretches; half of them near the two headers."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        reach = min(len(out), 1100 if rng.random() < 0.5 else len(out))
        at = int(rng.integers(0 if rng.random() < 0.5 else min(1024, reach - 1), reach))
        size = int(rng.integers(1, 40))
        match int(rng.integers(0, 5)):
            case 0 | 1:
                out[at] ^= 1 << int(rng.integers(0, 8))
            case 2:
                out[at : at + size] = bytes([int(rng.choice([0, 255, 48, 57, 10]))]) * len(out[at : at + size])
            case 3:
                del out[at : at + size]
            case _:
                out[at:at] = out[at : at + size]
        if rng.random() < 0.05:
            del out[int(rng.integers(1, len(out))) :]
        if len(out) < 2:
            break
    return bytes(out)


def outcome(data: bytes) -> str:
    """Draw every block; anything but a `Reject` or samples of one type and shape fails."""
    try:
        stream = open_sphere(io.BytesIO(data))
        kinds = {(block.dtype.str, block.shape[1]) for block in stream.blocks if len(block)}
    except Reject as reject:
        return reject.reason
    assert len(kinds) <= 1
    return "samples"


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    warm_up()


def test_damaged_files_end_as_a_reject_or_a_clean_stream() -> None:
    rng = np.random.default_rng(20)
    ends: dict[str, int] = {}
    for seed in seeds():
        for _ in range(300):
            data = mutated(seed, rng)
            started = time.perf_counter()
            end = outcome(data)
            assert end == "samples" or end in REASONS
            assert time.perf_counter() - started < LONGEST_S
            ends[end] = ends.get(end, 0) + 1
    assert ends["samples"] > 50
    assert ends["unreadable"] > 50


def test_random_bits_after_a_valid_header_end_too() -> None:
    rng = np.random.default_rng(21)
    for _ in range(400):
        payload = enc.magic(int(rng.integers(1, 4))) + rng.bytes(int(rng.integers(0, 3000)))
        end = outcome(sphere(payload, channel_count=1, sample_rate=8000, sample_n_bytes=2, sample_coding="pcm,embedded-shorten-v2.00"))
        assert end in ("samples", "unreadable", "unsupported")


def test_files_that_ask_for_much_get_little_memory() -> None:
    widest = enc.start(channels=64, block=65535, order=64, means=1024).unsigned(np.full(64 * 6, enc.ZERO), 2).pack()
    header: dict[str, Any] = {"channel_count": 64, "sample_rate": 8000, "sample_n_bytes": 2, "sample_byte_format": "01"}
    hungry: list[tuple[bytes, str]] = [
        (sphere(enc.magic() + widest, sample_coding="pcm,embedded-shorten-v2.00", **header), "samples"),
        (sphere(bytes(1 << 22), sample_count=1 << 39, **header), "samples"),
        (b"NIST_1A\n1048576\n" + b"a -i 1\n" * 10, "truncated"),
    ]
    for data, wanted in hungry:
        tracemalloc.start()
        end = outcome(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert end == wanted
        assert peak < MOST_BYTES
