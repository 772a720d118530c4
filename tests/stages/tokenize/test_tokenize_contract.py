"""What every tokenizer keeps, on the same dialogue."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.backends import BACKENDS
from schemas.codes import Codes, frames_of
from schemas.errors import UsageError
from schemas.source import Source
from schemas.tracks import Origin, Tracks
from stages.stage import Stage
from stages.tokenize.codec import Codec, drawn, loud_stretch
from stages.tokenize.encodec import EncodecTokenize
from stages.tokenize.hubert import HubertTokenize
from stages.tokenize.melrvq import MelRvqTokenize
from stages.tokenize.mimi import MimiTokenize
from tests.stages.tokenize.models import sound
from tests.stages.two_channels import tracks_of

SOURCE = Source(id="x", uris=("x.wav",))


@pytest.fixture(scope="module", params=sorted(BACKENDS["tokenize"]))
def stage(request: pytest.FixtureRequest, tiny_mimi: Path, tiny_encodec: Path, tiny_hubert: Path, centres: Path) -> Any:
    made: dict[str, Callable[[], Any]] = {
        "mimi": lambda: MimiTokenize(model=str(tiny_mimi)),
        "encodec": lambda: EncodecTokenize(model=str(tiny_encodec)),
        "hubert": lambda: HubertTokenize(model=str(tiny_hubert), centres=str(centres), layer=2, window=2.0, context=0.2),
        "melrvq": MelRvqTokenize,
    }
    return made[request.param]()


@pytest.fixture(scope="module")
def codec(stage: Any) -> Codec:
    made: Codec = stage.codec("cpu")
    return made


def test_is_a_stage_that_takes_tracks(stage: Any) -> None:
    assert isinstance(stage, Stage)
    assert (stage.name, stage.gives) == ("tokenize", Codes)
    assert all(weights.licence and len(weights.sha256) == 64 for weights in stage.weights())


@pytest.mark.parametrize("rate", [8000, 11_025, 48_000])
@pytest.mark.parametrize("length", [1, 2, 640, 641, 5000])
def test_frames_and_range(codec: Codec, rate: int, length: int) -> None:
    made = tracks_of(sound(1, rate, 1).samples[:, :length], rate)
    codes = codec.encode(made)
    assert codes.dtype == np.int16
    assert (codes.shape[0], codes.shape[2]) == (2, frames_of(made.length, rate, codec.rate, codec.hop))
    assert 0 <= codes.min() <= codes.max() < codec.bins


def test_channels_do_not_hear_each_other(codec: Codec) -> None:
    made = sound(5.3, 8000, 2)
    codes = codec.encode(made)
    assert (codes[0] != codes[1]).any()
    np.testing.assert_array_equal(codec.encode(tracks_of(made.samples[::-1], 8000)), codes[::-1])
    alone = made.samples.copy()
    alone[1] = 0
    np.testing.assert_array_equal(codec.encode(tracks_of(alone, 8000))[0], codes[0])


def test_twice_the_same_and_nothing_is_changed(codec: Codec) -> None:
    made = sound(2.2, 16_000, 3)
    before = made.samples.copy()
    np.testing.assert_array_equal(codec.encode(made), codec.encode(made))
    np.testing.assert_array_equal(made.samples, before)


def test_a_memory_map_gives_the_same(codec: Codec, tmp_path: Path) -> None:
    made = sound(2.2, 16_000, 3)
    mapped: Any = np.memmap(tmp_path / "samples", np.int16, "w+", shape=(made.length, 2))
    mapped[:] = made.samples.T
    mapped.flush()
    read: Any = np.memmap(tmp_path / "samples", np.int16, "r", shape=(made.length, 2))
    np.testing.assert_array_equal(codec.encode(tracks_of(read.T, 16_000)), codec.encode(made))


def test_24_bits_are_heard_as_16(codec: Codec) -> None:
    made = sound(1.7, 16_000, 4)
    deep = dataclasses.replace(made, samples=made.samples.astype(np.int32) * 256, bits=24)
    np.testing.assert_array_equal(codec.encode(deep), codec.encode(made))


def test_a_stretch_begins_as_the_whole_does(codec: Codec) -> None:
    made = sound(4, 16_000, 5)
    short = tracks_of(made.samples[:, : 2 * 16_000 + 77], 16_000)
    whole, part = codec.encode(made), codec.encode(short)
    settled = part.shape[2] - 4 if codec.name != "hubert" else 0
    np.testing.assert_array_equal(part[:, :, :settled], whole[:, :, :settled])


def test_decoding_gives_every_sample(codec: Codec) -> None:
    codes = codec.encode(sound(1.3, 24_000, 6))
    if not codec.speaks:
        with pytest.raises(UsageError, match="nothing to listen to"):
            codec.decode(codes)
        return
    made = codec.decode(codes)
    assert made.shape == (2, codes.shape[2] * codec.hop)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()


def test_about_the_wanted_share_of_recordings_is_checked() -> None:
    ids = [f"call-{i}" for i in range(4000)]
    assert 0.08 < np.mean([drawn(id, 0.1) for id in ids]) < 0.12
    assert not any(drawn(id, 0.0) for id in ids)
    assert all(drawn(id, 1.0) for id in ids)
    assert all(drawn(id, 0.5) for id in ids if drawn(id, 0.1))


def test_the_check_takes_ten_seconds_in_which_both_talk() -> None:
    made = np.zeros((2, 60 * 8000), np.int16)
    made[0, : 40 * 8000] = 9000
    made[1, 27 * 8000 : 35 * 8000] = 500
    span = loud_stretch(tracks_of(made, 8000), 10.0)
    assert (len(span), span.start % 8000) == (80_000, 0)
    assert 25 * 8000 <= span.start <= 27 * 8000
    assert len(loud_stretch(tracks_of(made[:, :9999], 8000), 10.0)) == 9999


def test_checked_audio_lies_where_it_was_recorded() -> None:
    """A codec that gives back what it heard is perfect wherever the checked stretch lies, so audio and codes are aligned."""

    class Perfect:
        name, sha256, rate, hop, bins, keeps_waveform, speaks = "perfect", "ab", 24_000, 1920, 2048, True, True

        def encode(self, tracks: Tracks) -> Any:
            return np.tile(np.arange(frames_of(tracks.length, tracks.rate, 24_000, 1920)) % 2048, (2, 1, 1)).astype(np.int16)

        def encode_fully(self, tracks: Tracks) -> Any:
            return None

        def decode(self, codes: Any) -> Any:
            first = int(codes[0, 0, 0]) * 1920
            return whole[:, first : first + codes.shape[2] * 1920]

    import soxr

    from stages.tokenize.codec import tokenizer

    for rate in (8000, 24_000, 44_100):
        made = sound(31.7, rate, 7)
        wide = (
            soxr.resample(np.ascontiguousarray(made.samples.T / np.float32(32768)), rate, 24_000)
            if rate != 24_000
            else made.samples.T / 32768
        )
        whole = np.pad(np.asarray(wide, np.float32).T, ((0, 0), (0, 4000)))
        codes = tokenizer(Perfect(), 1.0)(SOURCE, made)
        assert codes.fidelity is not None
        assert codes.fidelity.span.start > 0
        for channel in codes.fidelity.channels:
            assert channel.si_sdr_db is not None
            assert channel.si_sdr_db > 60


def test_origins_of_a_head_tile_it() -> None:
    from schemas.span import Span
    from stages.tokenize.codec import _head

    made = dataclasses.replace(
        sound(2, 8000, 1),
        origins=tuple(Origin(c, Span(a, b), "original") for c in (0, 1) for a, b in ((0, 5000), (5000, 16_000))),
    )
    assert _head(made, 7000).origins[-1].span == Span(5000, 7000)
    assert [o.span.end for o in _head(made, 4000).origins] == [4000, 4000]
