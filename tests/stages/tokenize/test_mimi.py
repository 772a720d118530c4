"""Mimi in windows gives the codes of one pass over the whole, frame for frame; and windows that forget do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.source import Source
from schemas.tracks import Tracks
from stages.stage import what_fields
from stages.tokenize.audio import even_windows
from stages.tokenize.mimi import MimiCodec, MimiTokenize
from tests.stages.tokenize.models import TINY, mimi_folder, sound
from tests.stages.two_channels import tracks_of

HOP = 1920


@pytest.fixture(scope="module")
def tiny(tiny_mimi: Path) -> MimiCodec:
    return MimiTokenize(model=str(tiny_mimi)).codec("cpu")


def one_shot(codec: MimiCodec, tracks: Tracks) -> NDArray[np.int64]:
    """What transformers gives for the whole recording at once, filled up with zeros to whole frames."""
    import torch

    whole = np.concatenate(list(even_windows(tracks, 24_000, HOP, HOP)), axis=1)
    with torch.inference_mode():
        codes: NDArray[np.int64] = codec.model.encode(torch.from_numpy(whole)[:, None], num_quantizers=codec.codebooks).audio_codes.numpy()
    return codes


def in_windows(codec: MimiCodec, tracks: Tracks, window: int) -> NDArray[np.int16]:
    codec.window = window
    return codec.encode(tracks)


@given(
    length=st.integers(1, 70_000),
    rate=st.sampled_from([8000, 16_000, 24_000, 44_100]),
    window=st.integers(1, 40),
    seed=st.integers(0, 9),
)
@settings(max_examples=30)
def test_windows_are_one_pass(tiny: MimiCodec, length: int, rate: int, window: int, seed: int) -> None:
    made = sound(length / 24_000, rate, seed)
    wanted = one_shot(tiny, made)
    assert wanted.shape == (2, 8, -(-made.length * 24_000 // (rate * HOP)))
    np.testing.assert_array_equal(in_windows(tiny, made, window), wanted)


def test_seams_show_nothing_and_would_show_without_state(tiny: MimiCodec) -> None:
    made = sound(24.03, 24_000, 5)
    wanted = one_shot(tiny, made)
    assert all(len(np.unique(book)) > 200 for book in wanted.transpose(1, 0, 2)), "the codebooks are used, so equality says something"
    np.testing.assert_array_equal(in_windows(tiny, made, 50), wanted)
    forgetful = [one_shot(tiny, tracks_of(made.samples[:, at : at + 50 * HOP], 24_000)) for at in range(0, made.length, 50 * HOP)]
    differ = np.concatenate(forgetful, axis=2) != wanted
    after_seams = differ[:, :, np.arange(differ.shape[2]) % 50 < 2][:, :, 2:]
    assert after_seams.mean() > 0.1
    assert not differ[:, :, :50].any()


def test_attention_reaches_back_beyond_one_window(tiny: MimiCodec) -> None:
    made = sound(24, 24_000, 6)
    other = made.samples.copy()
    other[:, : 5 * 24_000] = sound(5, 24_000, 7).samples
    changed = one_shot(tiny, tracks_of(other, 24_000)) != one_shot(tiny, made)
    assert changed[:, :, 130:180].any(), "what was said ten seconds ago still shows, so the state that is carried matters"
    np.testing.assert_array_equal(in_windows(tiny, tracks_of(other, 24_000), 20), one_shot(tiny, tracks_of(other, 24_000)))


def test_a_channel_is_alone_in_its_batch(tiny: MimiCodec) -> None:
    import torch

    made = sound(6.1, 24_000, 8)
    both = in_windows(tiny, made, 20)
    np.testing.assert_array_equal(in_windows(tiny, tracks_of(made.samples[::-1], 24_000), 20), both[::-1])
    blocks = [torch.from_numpy(block[:1].copy())[:, None] for block in even_windows(made, 24_000, HOP, 20 * HOP)]
    single = tiny.encode_windows(blocks, tiny.encoder, tiny.dtype)
    np.testing.assert_array_equal(single[:, :, : both.shape[2]], both[:1])


def test_the_stage_gives_lawful_codes_with_the_hash_of_the_weights(tiny_mimi: Path) -> None:
    import hashlib

    stage = MimiTokenize(model=str(tiny_mimi), codebooks=3, check=1.0)
    made = sound(3.3, 8000, 1)
    codes = stage.load("cpu")(Source(id="x", uris=("x.wav",)), made)
    assert (codes.codec, codes.codec_rate, codes.hop, codes.bins, codes.samples.shape) == ("mimi", 24_000, HOP, 2048, (2, 3, 42))
    digest = hashlib.sha256((tiny_mimi / "model.safetensors").read_bytes()).hexdigest()
    (weights,) = stage.weights()
    assert codes.sha256 == weights.sha256 == digest
    assert weights.licence == "CC-BY-4.0"
    np.testing.assert_array_equal(codes.samples, one_shot(MimiTokenize(model=str(tiny_mimi), codebooks=3).codec("cpu"), made))
    assert codes.fidelity is not None
    assert (codes.fidelity.span.start, codes.fidelity.span.end, codes.fidelity.mismatch) == (0, made.length, None)
    assert all(each.si_sdr_db is not None and each.log_mel_db is not None for each in codes.fidelity.channels)


def test_half_precision_says_how_many_codes_it_changed(tiny_mimi: Path) -> None:
    made, source = sound(3, 24_000, 2), Source(id="x", uris=("x.wav",))
    exact = MimiTokenize(model=str(tiny_mimi)).load("cpu")(source, made)
    coarse = MimiTokenize(model=str(tiny_mimi), precision="bfloat16", check=1.0).load("cpu")(source, made)
    assert coarse.fidelity is not None
    assert coarse.fidelity.mismatch == pytest.approx((coarse.samples != exact.samples).mean())
    assert coarse.fidelity.mismatch is not None
    assert 0 < coarse.fidelity.mismatch < 0.9


def test_resampling_on_the_device_gives_codes_of_the_same_layout(tiny_mimi: Path) -> None:
    made, source = sound(4, 8000, 3), Source(id="x", uris=("x.wav",))
    here = MimiTokenize(model=str(tiny_mimi)).load("cpu")(source, made)
    there = MimiTokenize(model=str(tiny_mimi), resample="device").load("cpu")(source, made)
    assert here.samples.shape == there.samples.shape
    assert 0 < (here.samples == there.samples).mean() < 1


def test_what_is_speed_and_what_is_not() -> None:
    fields = what_fields(MimiTokenize())
    assert "window" not in fields
    assert {"model", "revision", "codebooks", "precision", "resample", "check"} <= set(fields)


def test_decoding_in_pieces_is_near_decoding_the_whole(tiny: MimiCodec, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from stages.tokenize import mimi

    codes = in_windows(tiny, sound(16, 24_000, 4), 50)
    with torch.inference_mode():
        whole = tiny.model.decode(torch.from_numpy(codes.astype(np.int64))).audio_values[:, 0].numpy()
    monkeypatch.setattr(mimi, "DECODED", 100)
    pieces = tiny.decode(codes)
    assert pieces.shape == whole.shape == (2, codes.shape[2] * HOP)
    assert np.abs(pieces - whole).max() < 0.05 * np.abs(whole).max()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"codebooks": 0}, "codebooks: 0"),
        ({"codebooks": 33}, "codebooks: 33"),
        ({"window": 0}, "window"),
        ({"model": "no such thing"}, "neither a folder"),
        ({"check": 1.5}, "check"),
        ({"licence": " "}, "licence"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        MimiTokenize(**wrong)


def test_a_folder_that_holds_no_such_model_is_named(tiny_mimi: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no model\.safetensors|holds no config\.json"):
        MimiTokenize(model=str(tmp_path)).weights()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((tiny_mimi / name).read_bytes())
    with pytest.raises(UsageError, match="codebooks: 9; "):
        MimiTokenize(model=str(tmp_path), codebooks=9).load("cpu")
    config = json.loads((tmp_path / "config.json").read_text())
    for text, said in (
        (
            json.dumps(config | {"num_filters": 8}),
            r"is no MimiModel: 0 of its weights are missing and \d+ are of another shape, such as \S",
        ),
        (json.dumps(config | {"num_hidden_layers": 3}), r"is no MimiModel: \d\d of its weights are missing"),
        ("{", "cannot be had"),
    ):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(UsageError, match=said):
            MimiTokenize(model=str(tmp_path)).load("cpu")


def test_damaged_weights_are_one_sentence(tiny_mimi: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((tiny_mimi / "config.json").read_bytes())
    whole = (tiny_mimi / "model.safetensors").read_bytes()
    for data in (b"", b"x" * 999, whole[: len(whole) // 2]):
        (tmp_path / "model.safetensors").write_bytes(data)
        with pytest.raises(UsageError, match="cannot be loaded as MimiModel"):
            MimiTokenize(model=str(tmp_path)).load("cpu")


@pytest.fixture
def offline_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache moved to an empty folder, and the network out of reach of its client."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def test_a_hub_that_cannot_be_reached_is_one_sentence(offline_hub: Path) -> None:
    with pytest.raises(UsageError, match=r"kyutai/mimi at revision main cannot be had .*local copy"):
        MimiTokenize().load("cpu")


def test_what_the_hub_cache_holds_is_used_offline(tiny_mimi: Path, offline_hub: Path) -> None:
    snapshot = offline_hub / "models--some--mimi" / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc123")
    for name in ("config.json", "model.safetensors"):
        (snapshot / name).write_bytes((tiny_mimi / name).read_bytes())
    stage = MimiTokenize(model="some/mimi")
    assert stage.codec("cpu").sha256 == MimiTokenize(model=str(tiny_mimi)).weights()[0].sha256
    assert stage.weights()[0].sha256 == ""


def test_weights_that_cannot_be_named_by_one_hash_are_refused(tiny_mimi: Path, offline_hub: Path) -> None:
    from transformers import MimiModel

    snapshot = offline_hub / "models--some--mimi" / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc123")
    MimiModel.from_pretrained(tiny_mimi).save_pretrained(snapshot, max_shard_size="200KB")
    with pytest.raises(UsageError, match=r"some/mimi at revision main has no model\.safetensors"):
        MimiTokenize(model="some/mimi").load("cpu")


def test_sound_at_another_rate_can_be_encoded_but_not_checked(tmp_path: Path) -> None:
    folder = str(mimi_folder(tmp_path, **TINY, sampling_rate=16_000))
    with pytest.raises(UsageError, match="16000 Hz cannot be checked"):
        MimiTokenize(model=folder).load("cpu")
    codes = MimiTokenize(model=folder, check=0.0).load("cpu")(Source(id="x", uris=("x.wav",)), sound(1, 8000, 1))
    assert (codes.codec_rate, codes.hop, codes.frames) == (16_000, HOP, 9)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_real_shape_in_windows_is_one_pass(tmp_path: Path) -> None:
    codec = MimiTokenize(model=str(mimi_folder(tmp_path / "mimi", seed=1))).codec("cpu")
    for seconds, window in ((0.3, 20), (3.01, 7), (41.77, 20), (41.77, 250)):
        made = sound(seconds, 24_000, 9)
        wanted = one_shot(codec, made)
        np.testing.assert_array_equal(in_windows(codec, made, window), wanted)
    assert all(len(np.unique(book)) > 200 for book in wanted.transpose(1, 0, 2))
    forgetful = one_shot(codec, tracks_of(made.samples[:, 250 * HOP : 270 * HOP], 24_000))
    assert (forgetful != wanted[:, :, 250:270])[:, :, :2].any()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_half_an_hour_in_windows_is_one_pass(tmp_path: Path) -> None:
    small = TINY | {"num_filters": 2, "hidden_size": 16, "upsample_groups": 16, "intermediate_size": 32, "head_dim": 8}
    codec = MimiTokenize(model=str(mimi_folder(tmp_path / "mimi", **small)), window=500).codec("cpu")
    made = sound(30 * 60 - 0.013, 24_000, 10)
    found = codec.encode(made)
    codec.model.set_attn_implementation(_reference_attention())
    np.testing.assert_array_equal(found, one_shot(codec, made))


def _reference_attention() -> str:
    """Attention to the last 250 positions of one pass over the whole, some queries at a time: all at once would need 8 GB for its mask."""
    import torch
    from transformers import AttentionInterface, AttentionMaskInterface

    def attend(
        module: Any, query: Any, key: Any, value: Any, attention_mask: Any, scaling: float | None = None, **_: Any
    ) -> tuple[Any, None]:
        found, width, scale = [], 250, scaling or query.shape[-1] ** -0.5
        for at in range(0, query.shape[2], 2000):
            start, end = max(0, at - width + 1), min(at + 2000, query.shape[2])
            weights = query[:, :, at:end] @ key[:, :, start:end].transpose(2, 3) * scale
            ahead = torch.arange(at, end)[:, None] - torch.arange(start, end)
            weights = weights.masked_fill((ahead < 0) | (ahead >= width), -torch.inf)
            found.append(weights.softmax(-1) @ value[:, :, start:end])
        return torch.cat(found, dim=2).transpose(1, 2).contiguous(), None

    AttentionInterface.register("reference", attend)
    AttentionMaskInterface.register("reference", lambda *args, **kwargs: None)
    return "reference"
