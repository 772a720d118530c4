"""Codec tokens: encoding in windows beside one pass of transformers (and of moshi), memory, and bytes on disk beside the 11-bit floor.

Run with `python -m tests.bench.codes [folder or hub name of a Mimi]`; without one, a Mimi of real shape with random weights. Where the
package `moshi` can be imported (`pip install --no-deps moshi einops` into an environment of its own), its encoder is timed as well.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.coded import row_codes
from pipeline.shards import write_shard
from schemas.codes import Codes, frames_of
from schemas.row import Row, RowAudio
from schemas.span import Span
from stages.tokenize.encodec import EncodecTokenize
from stages.tokenize.melrvq import MelRvqTokenize
from stages.tokenize.mimi import MimiTokenize
from tests.stages.tokenize.models import TINY, encodec_folder, mimi_folder, sound

BITS = 11


def share_of_floor(folder: Path, rows: int, minutes: float) -> float:
    """Bytes of the code columns in a shard over 11 bits for each code, for codes without any pattern: the hardest there are."""
    import pyarrow.parquet as pq

    from pipeline.config import load_config
    from pipeline.plan import make_plan
    from pipeline.rows import rows_of
    from schemas.activity import Activity
    from schemas.recording import Recording
    from schemas.source import Source
    from schemas.tracks import Tracks, view_of
    from tests.pipeline.toy import toy_recording

    recording = toy_recording("x", 1.0)
    values = {
        Recording: recording,
        Tracks: view_of(recording, (0, 1), ("A", "B"), ("", ""), "as_recorded"),
        Activity: Activity(channels=((), ()), length=recording.length, rate=recording.rate),
    }
    chain = load_config(None, ["chain=[decode, tracks, vad]", "vad.backend=energy"]).chain
    (row,) = rows_of(Source(id="x", uris=("x",)), make_plan(chain), values.__getitem__, 1.0, {})
    path = folder / "codes.parquet"
    write_shard(path, [_coded(row, index, minutes) for index in range(rows)], "parquet", 32_000_000)
    meta = pq.ParquetFile(path).metadata
    columns = [meta.row_group(g).column(c) for g in range(meta.num_row_groups) for c in range(meta.num_columns)]
    mine = [column for column in columns if column.path_in_schema.startswith("codes.channel_")]
    count = sum(column.num_values for column in mine)
    return sum(column.total_compressed_size for column in mine) / (count * BITS / 8)


def _coded(row: Row, index: int, minutes: float) -> Row:
    import dataclasses

    length = round(minutes * 60 * 8000)
    draw = np.random.default_rng(index)
    frames = frames_of(length, 8000, 24_000, 1920)
    samples = draw.integers(0, 2048, (2, 8, frames)).astype(np.int16)
    codes = Codes(samples=samples, codec="mimi", sha256="0" * 64, codec_rate=24_000, hop=1920, bins=2048, length=length, rate=8000)
    return dataclasses.replace(row, id=f"row-{index}", audio=RowAudio(b"", None), codes=row_codes(codes, Span(0, length)))


def beside_one_pass(model: str, seconds: float = 24.0, rounds: int = 5) -> dict[str, float]:
    """Medians over `rounds` interleaved pairs, one thread: our wall time over one pass of transformers (and moshi) on both channels, the
    real-time factor per channel, and codes that differ."""
    ensure_one_thread()
    import torch

    codec = MimiTokenize(model=model).codec("cpu")
    made = sound(seconds, codec.rate, 0)
    waveform = torch.from_numpy(made.samples.astype(np.float32) / 32768)
    waveform = torch.nn.functional.pad(waveform, (0, -waveform.shape[1] % codec.hop))[:, None]

    def transformers_pass() -> Any:
        with torch.inference_mode():
            return codec.model.encode(waveform, num_quantizers=codec.codebooks).audio_codes.numpy()

    peers: dict[str, Callable[[], Any]] = {"transformers": transformers_pass} | moshi_pass(waveform)
    ours, theirs = [], {name: [] for name in peers}  # type: ignore[var-annotated]
    codes = codec.encode(made)
    differ = int((codes != transformers_pass()).sum())
    for _ in range(rounds):
        taken = _timed(lambda: codec.encode(made))
        ours.append(taken)
        for name, peer in peers.items():
            theirs[name].append(taken / _timed(peer))
    found = {"codes that differ from one pass (of " + str(codes.size) + ")": float(differ)}
    for name, ratios in theirs.items():
        found[f"our time / one pass of {name}, median of {rounds}"] = float(np.median(ratios))
        found[f"our time / one pass of {name}, largest"] = max(ratios)
    found["real-time factor per channel, one thread"] = float(np.median(ours)) / (2 * seconds)
    return found


def moshi_pass(waveform: Any) -> dict[str, Callable[[], Any]]:
    """One pass of the package moshi with random weights, where it is installed."""
    if importlib.util.find_spec("moshi") is None:
        return {}
    import torch
    from moshi.models.loaders import get_mimi  # type: ignore[import-not-found, unused-ignore]

    mimi = get_mimi(None, device="cpu")
    mimi.set_num_codebooks(8)

    def encode() -> Any:
        with torch.inference_mode():
            return mimi.encode(waveform)

    return {"moshi": encode}


def ensure_one_thread() -> None:
    """One thread for torch in this process."""
    from stages.torch_audio import ensure_torchaudio

    ensure_torchaudio()
    import torch

    torch.set_num_threads(1)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def others(folder: Path) -> dict[str, float]:
    """Real-time factor per channel of the other codecs, one thread; EnCodec of real shape with random weights."""
    encodec = EncodecTokenize(model=str(encodec_folder(folder / "encodec", num_filters=32, hidden_size=128, codebook_dim=128))).codec("cpu")
    melrvq = MelRvqTokenize().codec("cpu")
    made = sound(12, 24_000, 1)
    codes = melrvq.encode(made)
    work = {
        "encodec": lambda: encodec.encode(made),
        "melrvq": lambda: melrvq.encode(made),
        "melrvq, decoding": lambda: melrvq.decode(codes),
    }
    return {f"real-time factor per channel: {name}": min(_timed(each) for _ in range(3)) / 24 for name, each in work.items()}


PEAK = """
import json, resource, sys
from pathlib import Path
import numpy as np
from stages.tokenize.mimi import MimiTokenize
from tests.stages.two_channels import tracks_of
model, folder, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
n = int(seconds * 8000)
file = np.memmap(Path(folder, "sound"), np.int16, "w+", shape=(n, 2))
for at in range(0, n, 1 << 20):
    file[at : at + (1 << 20)] = np.random.default_rng(at).integers(-3000, 3000, (min(1 << 20, n - at), 2))
file.flush()
del file
codec = MimiTokenize(model=model, window=100).codec("cpu")
codes = codec.encode(tracks_of(np.memmap(Path(folder, "sound"), np.int16, "r", shape=(n, 2)).T, 8000))
mapped = n * 4 / 1024
print(json.dumps([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - mapped, codes.shape[2]]))
"""


def memory(folder: Path, short: float = 120.0, long: float = 7200.0) -> dict[str, float]:
    """Peak resident memory for a long recording over that for a short one, with a small Mimi; the mapped file itself does not count."""
    small = TINY | {
        "num_filters": 2,
        "hidden_size": 16,
        "upsample_groups": 16,
        "head_dim": 8,
        "num_hidden_layers": 1,
        "intermediate_size": 32,
    }
    model = mimi_folder(folder / "small", **small)
    peaks = []
    for seconds in (short, long):
        done = subprocess.run(
            [sys.executable, "-c", PEAK, str(model), str(folder), str(seconds)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        peaks.append(json.loads(done.stdout.strip().splitlines()[-1])[0])
    return {f"peak memory of {long / 3600:g} h / of {short / 60:g} min": peaks[1] / peaks[0]}


def main() -> None:
    """Print all of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = sys.argv[1] if len(sys.argv) > 1 else str(mimi_folder(folder / "mimi"))
        groups = {"34 x 1 min": (34, 1.0), "3 x 11 min": (3, 11.0), "1 x 11 min": (1, 11.0), "1 x 5.5 min": (1, 5.5)}
        show({f"bytes / {BITS}-bit floor, row group of {each}": share_of_floor(folder, *size) for each, size in groups.items()})
        show(beside_one_pass(model))
        show(others(folder))
        show(memory(folder))


def show(found: dict[str, float]) -> None:
    """Print figures by name."""
    for text, value in found.items():
        print(f"{text:65s} {value:8.4f}", flush=True)


if __name__ == "__main__":
    main()
