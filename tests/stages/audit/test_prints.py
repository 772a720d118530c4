"""Prints: hashes that no container, depth or side changes, and marks that only sound worth comparing leaves."""

from __future__ import annotations

import base64
import hashlib
import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import LawError
from schemas.plain import from_plain, to_plain
from schemas.prints import Prints, SidePrint
from schemas.recording import Decoding, Recording, Samples
from stages.audit.marks import RATE, Marker
from stages.audit.prints import prints
from tests.stages.audit.recombined import babble, recorded

DECODING = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)


def of(samples: np.ndarray, bits: int = 16, rate: int = RATE) -> Prints:
    wide = np.atleast_2d(samples)
    held: Samples = wide.astype(np.int16) if bits == 16 else wide.astype(np.int32)
    return prints(Recording(samples=held, rate=rate, bits=bits, decoding=DECODING))


def call(seconds: float = 20.0, seed: int = 0) -> np.ndarray:
    """int16 [2, n] of two voices."""
    rng = np.random.default_rng(seed)
    return np.round(np.stack([babble(rng, seconds), babble(rng, seconds)]) * 20000).astype(np.int16)


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 3000)), max_size=30), st.integers(0, 2**40))
def test_marks_are_read_as_they_were_written(marks: list[tuple[int, int]], late: int) -> None:
    ticks = np.sort(np.array([tick for _, tick in marks], np.int64)) + late
    values = np.array([value for value, _ in marks], np.uint32)
    side = SidePrint.of(values, ticks)
    again = from_plain(SidePrint, json.loads(json.dumps(to_plain(side)))).decoded()
    assert (again[0].tolist(), again[1].tolist(), side.count) == (values.tolist(), ticks.tolist(), len(marks))


@pytest.mark.parametrize(("marks", "times"), [(b"abcd", b"\1"), (b"ab", b"\1\2"), (b"ab", b"\x81"), (b"abc", b"\1")])
def test_marks_without_their_times_are_refused(marks: bytes, times: bytes) -> None:
    with pytest.raises(LawError, match="wanted 2 bytes for each time"):
        SidePrint(marks=base64.b64encode(marks).decode(), times=base64.b64encode(times).decode())


def test_text_that_is_no_base64_is_refused() -> None:
    with pytest.raises(LawError, match="SidePrint"):
        SidePrint(marks="?!", times="")


def test_the_hash_is_of_the_samples_whatever_the_depth_that_holds_them() -> None:
    sound = call()
    narrow, wide = of(sound), of(sound.astype(np.int32) << 8, 24)
    assert narrow.sha256 == hashlib.sha256(sound.T.astype("<i2").tobytes()).hexdigest()
    assert (wide.sha256, [side.sha256 for side in wide.sides]) == (narrow.sha256, [side.sha256 for side in narrow.sides])
    finer = sound.astype(np.int32) << 8
    finer[0, -5] += 1
    changed = of(finer, 24)
    assert changed.sha256 == hashlib.sha256(finer.T.astype("<i4").tobytes()).hexdigest()
    assert changed.sides[0].sha256 != narrow.sides[0].sha256
    assert changed.sides[1].sha256 == narrow.sides[1].sha256


@given(st.integers(0, 400_000), st.integers(0, 400_000), st.booleans())
def test_a_side_has_one_hash_wherever_it_stands(before: int, after: int, second: bool) -> None:
    sound = np.array([0, 5, 0, 0, -7, 0], np.int16)
    longer = np.concatenate((np.zeros(before, np.int16), sound, np.zeros(after, np.int16)))
    found = of(np.stack([np.ones_like(longer), longer] if second else [longer, np.ones_like(longer)])).sides[int(second)]
    assert found.sha256 == hashlib.sha256(sound[1:5].tobytes()).hexdigest()
    assert found.start == before + 1


def test_long_silence_inside_is_hashed_as_it_is() -> None:
    sound = np.zeros(900_000, np.int16)
    sound[[3, -4]] = 9
    assert of(sound).sides[0].sha256 == hashlib.sha256(sound[3:-3].tobytes()).hexdigest()


def test_equal_samples_throughout_have_no_hash() -> None:
    found = of(np.stack([np.zeros(4000), np.full(4000, -8)]))
    assert (found.sha256, [side.sha256 for side in found.sides]) == (None, [None, None])


TIME = np.arange(30 * RATE) / RATE
NOT_SPEECH = {
    "digital silence": np.zeros_like(TIME),
    "line noise": np.random.default_rng(1).normal(0, 0.003, len(TIME)),
    "loud noise": np.random.default_rng(2).normal(0, 0.1, len(TIME)),
    "dial tone": 0.1 * (np.sin(2 * np.pi * 350 * TIME) + np.sin(2 * np.pi * 440 * TIME)),
    "ringing": 0.1 * (np.sin(2 * np.pi * 440 * TIME) + np.sin(2 * np.pi * 480 * TIME)) * (TIME % 6 < 2),
    "busy tone": 0.1 * (np.sin(2 * np.pi * 480 * TIME) + np.sin(2 * np.pi * 620 * TIME)) * (TIME % 1 < 0.5),
    "hum": 0.05 * sum(np.sin(2 * np.pi * 50 * k * TIME) / k for k in range(1, 12)),
}


@pytest.mark.parametrize("name", NOT_SPEECH)
def test_what_is_no_speech_leaves_hardly_a_mark(name: str) -> None:
    noise = np.random.default_rng(3).normal(0, 1e-4, len(TIME))
    spoken = prints(recorded(babble(np.random.default_rng(4), 30.0)[None])).sides[0].count
    assert spoken > 60
    assert prints(recorded((NOT_SPEECH[name] + noise)[None].astype(np.float32))).sides[0].count <= 5


@pytest.mark.parametrize("sizes", [(7,), (128_000,), (100_001, 63, 3000)])
def test_marks_do_not_hang_on_how_the_sound_comes_in(sizes: tuple[int, ...]) -> None:
    sound = babble(np.random.default_rng(5), 2.0 if sizes == (7,) else 40.0)
    whole = Marker()
    whole.add(sound)
    parts, at, turn = Marker(), 0, 0
    while at < len(sound):
        parts.add(sound[at : at + sizes[turn % len(sizes)]])
        at, turn = at + sizes[turn % len(sizes)], turn + 1
    for one, two in zip(whole.done(), parts.done(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("samples", [1, 100, 511, 512, 513, 5000])
def test_very_short_recordings(samples: int) -> None:
    assert of(call()[:, :samples]).sides[0].count <= 2


def test_memory_does_not_grow_with_the_recording() -> None:
    minute = call(60.0)

    def peak(minutes: int) -> int:
        recording = Recording(samples=np.tile(minute, (1, minutes)), rate=RATE, bits=16, decoding=DECODING)
        tracemalloc.start()
        prints(recording)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)
    short, long = peak(2), peak(10)
    assert long - short < 8 * 60 * 2 * 600, "less than 600 bytes a second and side beyond the windows"


def test_prints_are_small_and_plain() -> None:
    found = of(call(60.0))
    text = json.dumps(to_plain(found))
    assert from_plain(Prints, json.loads(text)) == found
    assert len(text) < 2600, "26 KB for ten minutes in which both sides speak without a pause"
