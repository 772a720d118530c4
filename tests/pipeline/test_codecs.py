"""Values as files: bit for bit there and back, and the same bytes for the same value."""

from __future__ import annotations

import dataclasses
import io
import json
import string
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline import codecs
from schemas.activity import Activity
from schemas.errors import LawError
from schemas.recording import Decoding, Recording
from schemas.span import Span
from schemas.tracks import Origin, Tracks, view_of

RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000, 96000, 192000, 384000)
PLAIN = Decoding(container="WAV", encoding="PCM_16", decoder="test", exact=True)


def drawn(seed: int, channels: int, length: int, bits: int) -> NDArray[Any]:
    """Uniform integers of the full range, both ends of it included."""
    top = 1 << (bits - 1)
    samples = np.random.default_rng(seed).integers(-top, top, (channels, length)).astype(np.int16 if bits == 16 else np.int32)
    samples.flat[: min(2, samples.size)] = [-top, top - 1][: min(2, samples.size)]
    return samples


def stored(value: Any, need: codecs.Need | None = None) -> tuple[Any, bytes]:
    """The value after a trip through a file, and the file's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "value" + codecs.extension(type(value)))
        codecs.dump(value, path)
        return codecs.load(type(value), path, need or no_need), path.read_bytes()


def no_need(kind: type) -> Any:
    raise AssertionError(f"{kind} was asked for")


@given(st.integers(0, 99), st.integers(1, 2), st.integers(1, 9000), st.sampled_from([16, 24]), st.sampled_from(RATES))
def test_recordings_come_back_bit_for_bit(seed: int, channels: int, length: int, bits: int, rate: int) -> None:
    samples = drawn(seed, channels, length, bits)
    recording = Recording(samples=samples, rate=rate, bits=bits, decoding=PLAIN)
    again, data = stored(recording)
    assert np.array_equal(again.samples, samples)
    assert again.samples.dtype == samples.dtype
    assert (again.rate, again.bits, again.decoding) == (rate, bits, PLAIN)
    assert stored(recording)[1] == data


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("length", [1, 2, 15, 16, 4095, 4097])
def test_every_rate_and_odd_length(rate: int, bits: int, length: int) -> None:
    samples = drawn(length, 2, length, bits)
    again, _ = stored(Recording(samples=samples, rate=rate, bits=bits, decoding=PLAIN))
    assert np.array_equal(again.samples, samples)
    assert (again.rate, again.bits) == (rate, bits)


@pytest.mark.parametrize("rate", [1, 999, 1234, 8001, 65535, 65540, 655350])
def test_unusual_rates(rate: int) -> None:
    samples = drawn(3, 2, 300, 16)
    again, _ = stored(Recording(samples=samples, rate=rate, bits=16, decoding=PLAIN))
    assert np.array_equal(again.samples, samples)
    assert again.rate == rate


@pytest.mark.parametrize("bits", [16, 24])
def test_more_than_one_block(bits: int) -> None:
    samples = drawn(1, 2, 2 * codecs.BLOCK + 17, bits)
    again, _ = stored(Recording(samples=samples, rate=48000, bits=bits, decoding=PLAIN))
    assert np.array_equal(again.samples, samples)


@pytest.mark.parametrize("bits", [16, 24])
def test_swapped_and_mapped_samples_are_encoded_as_they_read(bits: int) -> None:
    samples = drawn(2, 2, 5000, bits)
    buffer = io.BytesIO()
    codecs.write_flac(buffer, np.asfortranarray(samples)[::-1], 16000, bits)
    read, rate = soundfile.read(io.BytesIO(buffer.getvalue()), dtype="int32", always_2d=True)
    assert np.array_equal(read.T >> (32 - bits), samples[::-1])
    assert rate == 16000


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(TEXT, TEXT, st.floats(allow_nan=False, allow_infinity=False), st.none() | st.integers(-(2**40), 2**40))
def test_decoding_facts_survive_in_any_script(container: str, decoder: str, gain: float, frames: int | None) -> None:
    facts = Decoding(
        container=container, encoding="É\n", decoder=decoder, exact=False, gain_db=gain, header_frames=frames, pcm_sha256="ab" * 32
    )
    assert stored(Recording(samples=drawn(0, 1, 40, 16), rate=8000, bits=16, decoding=facts))[0].decoding == facts


def test_long_facts_survive() -> None:
    facts = Decoding(container="WAV", encoding="PCM_16", decoder=string.printable * 200, exact=True)
    assert stored(Recording(samples=drawn(0, 1, 40, 16), rate=8000, bits=16, decoding=facts))[0].decoding == facts


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_tracks_are_stored_as_a_view_of_the_recording(order: tuple[int, int]) -> None:
    recording = Recording(samples=drawn(5, 2, 100, 16), rate=8000, bits=16, decoding=PLAIN)
    view = view_of(recording, order, ("Ann é", "Bob"), ("agent", ""), "random:3")
    again, data = stored(view, lambda kind: recording if kind is Recording else no_need(kind))
    assert np.array_equal(again.samples, recording.samples[list(order)])
    assert (again.order, again.speakers, again.roles, again.chosen, again.origins) == (
        view.order,
        view.speakers,
        view.roles,
        view.chosen,
        view.origins,
    )
    assert len(data) < 200


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("kind", ["restored", "cleaned", "redacted"])
def test_recorded_channels_that_were_changed_keep_samples_of_their_own(order: tuple[int, int], kind: Any) -> None:
    recording = Recording(samples=drawn(5, 2, 100, 24), rate=8000, bits=24, decoding=PLAIN)
    view = view_of(recording, order, ("Ann é", "Bob"), ("agent", ""), "random:3")
    origins = (Origin(0, Span(0, 40), "original"), Origin(0, Span(40, 100), kind, 0.5), Origin(1, Span(0, 100), "original"))
    changed = dataclasses.replace(view, samples=drawn(6, 2, 100, 24), origins=origins)
    again, data = stored(changed)
    same(changed, again)
    assert data.startswith(b"fLaC")


def own(length: int, bits: int = 16, residual: bool = False, origins: tuple[Origin, ...] | None = None, rate: int = 8000) -> Tracks:
    """Tracks made from a mixture; the samples are views of one array, as a stage gives them."""
    samples = drawn(5, 3, length, bits)
    whole = Span(0, length)
    return Tracks(
        samples=samples[1::-1],
        rate=rate,
        bits=bits,
        speakers=("Ann é", "B\n\u2028"),
        roles=("", "guest"),
        order=None,
        chosen="random:7",
        origins=origins or (Origin(0, whole, "separated", 0.1 + 0.2), Origin(1, whole, "silence")),
        crossfade=40,
        residual=samples[2:] if residual else None,
    )


def same(one: Tracks, other: Tracks) -> None:
    assert np.array_equal(one.samples, other.samples)
    assert one.samples.dtype == other.samples.dtype
    assert (one.residual is None) == (other.residual is None)
    if one.residual is not None and other.residual is not None:
        assert np.array_equal(one.residual, other.residual)
    for name in ("rate", "bits", "speakers", "roles", "order", "chosen", "origins", "crossfade"):
        assert getattr(one, name) == getattr(other, name), name


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("bits", [16, 24])
@pytest.mark.parametrize("length", [1, 4097, codecs.BLOCK + 17])
def test_tracks_with_samples_of_their_own_come_back_bit_for_bit(residual: bool, bits: int, length: int) -> None:
    made = own(length, bits, residual)
    again, data = stored(made)
    same(made, again)
    assert stored(made)[1] == data
    assert data.startswith(b"fLaC")


@pytest.mark.parametrize("rate", RATES)
def test_tracks_at_every_rate(rate: int) -> None:
    same(own(300, 16, True, rate=rate), stored(own(300, 16, True, rate=rate))[0])


def test_thousands_of_origins_survive() -> None:
    edges = list(range(0, 50_001, 10))
    draw = np.random.default_rng(0).random(5_000)
    spans = [Span(start, end) for start, end in pairwise(edges)]
    origins = tuple(Origin(c, span, "original", float(p) if c else None) for c in (0, 1) for span, p in zip(spans, draw, strict=True))
    made = own(50_000, residual=True, origins=origins)
    assert len(made.origins) == 10_000
    same(made, stored(made)[0])


def test_more_origins_than_a_flac_holds_are_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "MAX_COMMENT", 100)
    with pytest.raises(LawError, match=r"Tracks: 2 origins need \d+ bytes; a FLAC file's comment holds 100"):
        stored(own(10))


def test_the_longest_comment_fits() -> None:
    buffer = io.BytesIO()
    codecs.write_flac(buffer, drawn(1, 2, 100, 16), 8000, 16, "x" * codecs.MAX_COMMENT)
    assert len(codecs.read_flac(io.BytesIO(buffer.getvalue()))[3]) == codecs.MAX_COMMENT


def test_plain_values_are_json_with_sorted_keys() -> None:
    activity = Activity(channels=((Span(1, 5), Span(7, 9)), ()), length=10, rate=8000)
    again, data = stored(activity)
    assert again == activity
    assert list(json.loads(data)) == ["channels", "length", "rate"]
