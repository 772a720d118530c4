"""EnCodec in windows gives the codes of one pass over the whole, frame for frame; and windows that forget do not."""

from __future__ import annotations

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
from stages.tokenize.audio import even_windows
from stages.tokenize.encodec import LEAST_WINDOW, EncodecCodec, EncodecTokenize
from tests.stages.tokenize.models import encodec_folder, sound
from tests.stages.two_channels import tracks_of

HOP = 320


@pytest.fixture(scope="module")
def tiny(tiny_encodec: Path) -> EncodecCodec:
    return EncodecTokenize(model=str(tiny_encodec)).codec("cpu")


def one_shot(codec: EncodecCodec, tracks: Tracks) -> NDArray[np.int64]:
    """What transformers gives for the whole recording at once, filled up with zeros to whole frames."""
    import torch

    whole = np.concatenate(list(even_windows(tracks, 24_000, HOP, HOP)), axis=1)
    with torch.inference_mode():
        codes: NDArray[np.int64] = codec.model.encode(torch.from_numpy(whole)[:, None], bandwidth=6.0).audio_codes[0].numpy()
    return codes


@given(length=st.integers(1, 60_000), rate=st.sampled_from([8000, 24_000]), window=st.integers(LEAST_WINDOW, 90), seed=st.integers(0, 9))
@settings(max_examples=25)
def test_windows_are_one_pass(tiny: EncodecCodec, length: int, rate: int, window: int, seed: int) -> None:
    made = sound(length / 24_000, rate, seed)
    wanted = one_shot(tiny, made)
    tiny.window = window
    np.testing.assert_array_equal(tiny.encode(made), wanted)
    assert wanted.shape == (2, 8, -(-made.length * 24_000 // (rate * HOP)))


def test_windows_without_state_would_differ(tiny: EncodecCodec) -> None:
    made = sound(6, 24_000, 3)
    wanted, size = one_shot(tiny, made), 150 * HOP
    assert all(len(np.unique(book)) > 100 for book in wanted.transpose(1, 0, 2))
    forgetful = [one_shot(tiny, tracks_of(made.samples[:, at : at + size], 24_000)) for at in range(0, made.length, size)]
    assert (np.concatenate(forgetful, axis=2) != wanted).mean() > 0.01


def test_decoding_is_that_of_transformers(tiny: EncodecCodec) -> None:
    import torch

    codes = one_shot(tiny, sound(2, 24_000, 1))
    with torch.inference_mode():
        whole = tiny.model.decode(torch.from_numpy(codes)[None], [None]).audio_values[:, 0].numpy()
    np.testing.assert_allclose(tiny.decode(codes.astype(np.int16)), whole, atol=1e-6)


def test_the_stage_gives_lawful_codes(tiny_encodec: Path) -> None:
    stage = EncodecTokenize(model=str(tiny_encodec), check=1.0, codebooks=2)
    codes = stage.load("cpu")(Source(id="x", uris=("x.wav",)), sound(1.01, 8000, 1))
    assert (codes.codec, codes.codec_rate, codes.hop, codes.bins, codes.samples.shape) == ("encodec", 24_000, HOP, 1024, (2, 2, 76))
    assert codes.sha256 == stage.weights()[0].sha256
    assert codes.fidelity is not None


@pytest.mark.parametrize(("wrong", "said"), [({"codebooks": 40}, "codebooks"), ({"window": 15}, "window"), ({"model": ""}, "model")])
def test_wrong_settings_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EncodecTokenize(**wrong)


def test_a_model_that_is_not_causal_is_refused(tmp_path: Path) -> None:
    folder = encodec_folder(tmp_path, use_causal_conv=False)
    with pytest.raises(UsageError, match="is not a causal EnCodec"):
        EncodecTokenize(model=str(folder)).load("cpu")


@pytest.mark.slow
def test_real_shape_in_windows_is_one_pass(tmp_path: Path) -> None:
    codec = EncodecTokenize(model=str(encodec_folder(tmp_path, num_filters=32, hidden_size=128, codebook_dim=128))).codec("cpu")
    made = sound(21.37, 24_000, 2)
    np.testing.assert_array_equal(codec.encode(made), one_shot(codec, made))
