"""Networks of a person's own: each form gives the same, whatever the windows and batches; what does not fit is told."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from schemas.errors import LawError, UsageError
from schemas.tracks import Tracks
from stages.restore.model import ModelRestore
from tests.stages.restore.sound import TAPS, Filter, Mirror, Scale, filters, onnx, script, tracks

RATE = 8000


class Halves(nn.Module):
    """Half as long as what is heard."""

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        return audio[:, ::2]


class Infinite(nn.Module):
    """Finite until something loud comes."""

    def forward(self, audio: torch.Tensor) -> torch.Tensor:
        return audio / (audio.abs() < 0.9).float()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("networks")
    modules = {
        "filter": Filter(),
        "deep": Filter(deep=True),
        "mirror": Mirror(),
        "halves": Halves(),
        "infinite": Infinite(),
        "same": Scale(1.0),
    }
    for name, module in modules.items():
        script(made / f"{name}.pt", module)
    onnx(made / "filter.onnx")
    onnx(made / "deep.onnx", deep=True)
    onnx(made / "three.onnx", batch=3)
    onnx(made / "fixed.onnx", samples=3200)
    return made


def stage(folder: Path, name: str = "filter.pt", **settings: Any) -> ModelRestore:
    return ModelRestore(**{"model": str(folder / name), "rate": RATE, "licence": "Apache-2.0", "limit": None, **settings})


def noise(seconds: float, rate: int = RATE) -> NDArray[np.int16]:
    return np.random.default_rng(3).normal(0, 4000, round(seconds * rate)).astype(np.int16)


def filtered(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    return np.tanh(np.convolve(samples / 32768, filters()[0, 0][::-1], "full")[TAPS // 2 : TAPS // 2 + len(samples)]) * 32768


def restored(made: ModelRestore, given: Tracks) -> NDArray[np.float64]:
    return np.asarray(made.load("cpu")(given).samples[0], np.float64)


@pytest.mark.parametrize("name", ["filter.pt", "deep.pt", "filter.onnx", "deep.onnx", "three.onnx"])
@pytest.mark.parametrize(("window", "context"), [(4.0, 0.5), (0.25, 0.1), (0.0525, 0.02), (60.0, 1.0)])
@pytest.mark.parametrize("seconds", [0.01, 1.7, 7.0])
def test_whatever_the_form_and_the_windows_it_is_one_pass_over_the_whole(
    folder: Path, name: str, window: float, context: float, seconds: float
) -> None:
    given = tracks(noise(seconds), RATE)
    made = restored(stage(folder, name, window=window, context=context), given)
    # Half a unit of rounding, and the tables by which runtimes squash.
    assert np.abs(made - filtered(given.samples[0])).max() < 1.0


@pytest.mark.parametrize("batch", [1, 2, 3, 50])
def test_the_batch_changes_nothing(folder: Path, batch: int) -> None:
    given = tracks(noise(3.0), RATE)
    made = restored(stage(folder, window=0.25, context=0.05, batch=batch), given)
    assert np.abs(made - restored(stage(folder, window=0.25, context=0.05), given)).max() <= 1


def test_a_file_that_fixes_its_length_keeps_it(folder: Path) -> None:
    given = tracks(noise(3.0), RATE)
    assert np.abs(restored(stage(folder, "fixed.onnx", context=0.1), given) - filtered(given.samples[0])).max() < 1.0
    with pytest.raises(UsageError, match=r"fixed\.onnx hears 3200 samples; wanted a multiple of 2, and at least 8002"):
        stage(folder, "fixed.onnx").load("cpu")


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_shorter_numbers_are_near(folder: Path, precision: Any) -> None:
    given = tracks(noise(1.0), RATE)
    wanted = filtered(given.samples[0])
    off = restored(stage(folder, precision=precision), given) - wanted
    # bfloat16 has 8 bits of precision.
    assert 0.3 < np.sqrt(np.mean(off**2)) < 0.01 * np.sqrt(np.mean(wanted**2)) + 1


def tone(hz: float, rate: int, seconds: float = 2.0) -> NDArray[np.float64]:
    return 6000 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def level(samples: NDArray[Any], hz: float, rate: int) -> float:
    """Amplitude at `hz`, away from the ends."""
    inner = samples[rate // 4 : -rate // 4]
    n = np.arange(len(inner))
    return float(2 * abs(np.mean(inner * np.exp(-2j * np.pi * hz * n / rate))))


def test_a_band_is_extended_into_the_room_that_the_file_has(folder: Path) -> None:
    given = tracks(np.rint(tone(1000, 16000)).astype(np.int16), 16000)
    made = restored(stage(folder, "mirror.pt", output_rate=16000), given)
    assert level(made, 1000, 16000) == pytest.approx(6000, rel=0.01)
    assert level(made, 7000, 16000) == pytest.approx(6000, rel=0.01)
    low = tracks(np.rint(tone(1000, 8000)).astype(np.int16), 8000)
    kept = restored(stage(folder, "mirror.pt", output_rate=16000), low)
    assert np.abs(kept - low.samples[0])[200:-200].max() <= 2, "an 8 kHz track has no room for it"


def test_what_lies_above_the_networks_band_is_left_alone(folder: Path) -> None:
    script(folder / "mute.pt", Scale(0.0))
    given = tracks(np.rint(tone(1000, 44100) + tone(9000, 44100)).astype(np.int16), 44100)
    made = restored(stage(folder, "mute.pt", rate=16000), given)
    assert level(made, 1000, 44100) < 6
    assert level(made, 9000, 44100) == pytest.approx(6000, rel=0.001)


def test_rates_that_do_not_divide_stay_in_time(folder: Path) -> None:
    given = tracks(noise(2.0, 11025), 11025)
    made = stage(folder, "same.pt", rate=16000, limit=6.0).load("cpu")(given)
    assert np.array_equal(made.samples, given.samples)


def test_the_weights_name_the_file_and_its_licence(folder: Path) -> None:
    (weights,) = stage(folder, "filter.onnx").weights()
    digest = hashlib.sha256((folder / "filter.onnx").read_bytes()).hexdigest()
    assert (weights.name, weights.revision, weights.sha256, weights.licence) == ("filter.onnx", "local file", digest, "Apache-2.0")


def test_weights_that_forbid_commercial_use_want_a_word(folder: Path) -> None:
    with pytest.raises(
        UsageError, match=r"restore\.accept_licence: the network is under CC-BY-NC-4\.0.*write 'accept_licence: CC-BY-NC-4\.0'"
    ):
        stage(folder, licence="CC-BY-NC-4.0")
    with pytest.raises(UsageError, match=r"restore\.accept_licence"):
        stage(folder, licence="CC-BY-NC-4.0", accept_licence="CC-BY-NC-SA-4.0")
    assert stage(folder, licence="CC-BY-NC-4.0", accept_licence="cc-by-nc-4.0").weights()[0].licence == "CC-BY-NC-4.0"
    assert stage(folder, licence="NOASSERTION").weights()[0].licence == "NOASSERTION"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": 0}, r"restore: rate 0 Hz, output_rate 0 Hz; wanted 1000 or more"),
        ({"output_rate": 16}, r"output_rate 16 Hz"),
        ({"context": 0.0}, r"restore: window 4\.0 s and context 0\.0 s"),
        ({"context": float("nan")}, r"restore: window 4\.0 s and context nan s"),
        ({"window": 1.0}, r"more than twice that"),
        ({"batch": 0}, r"restore: batch \(0\) and threads \(1\) must be 1 or more"),
        ({"licence": " "}, r"restore\.licence: must not be empty; write NOASSERTION"),
    ],
)
def test_settings_that_make_no_sense_are_told(folder: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        stage(folder, **settings)


def test_files_that_do_not_fit_are_told(folder: Path) -> None:
    for name in ("absent.pt", ""):
        with pytest.raises(UsageError, match=r"restore\.model: .*: no such file; wanted an ONNX or TorchScript network"):
            stage(folder, name).load("cpu")
    (folder / "text.pt").write_text("no model")
    with pytest.raises(UsageError, match="is no TorchScript model"):
        stage(folder, "text.pt").load("cpu")
    torch.save({"taps": torch.zeros(3)}, folder / "state.pt")
    with pytest.raises(UsageError, match="is no TorchScript model"):
        stage(folder, "state.pt").load("cpu")
    (folder / "text.onnx").write_text("no model")
    with pytest.raises(UsageError, match="is no ONNX model that runs here"):
        stage(folder, "text.onnx").load("cpu")
    with pytest.raises(UsageError, match="has its own number format"):
        stage(folder, "filter.onnx", precision="float16").load("cpu")
    with pytest.raises(UsageError, match=r"halves\.pt gives \[8, 16000\] for audio \[8, 32000\], not \[8, 32000\]: see restore\.rate"):
        stage(folder, "halves.pt").load("cpu")
    assert restored(stage(folder, "halves.pt", rate=16000, output_rate=8000), tracks(noise(0.5), 8000)).shape == (4000,)


def test_sound_that_is_no_number_is_an_error(folder: Path) -> None:
    run = stage(folder, "infinite.pt").load("cpu")
    quiet = noise(1.0)
    run(tracks(quiet, RATE))
    loud = quiet.copy()
    loud[4000] = 32767
    with pytest.raises(LawError, match="not finite"):
        run(tracks(loud, RATE))
