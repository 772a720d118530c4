"""`duologue listen`: the codes of one row, decoded back to a stereo WAV."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.backends import did_you_mean
from pipeline.coded import codes_of_row
from pipeline.config import build_config
from pipeline.place import Place, place_at
from schemas.errors import UsageError

Read = Callable[[int], dict[str, Any]]
COLUMNS = ("rate", "duration", "codes")
"""What is read of the row."""


def run_listen(out: str, id: str, output: str | None, model: str | None, device: str) -> dict[str, Any]:
    """Decode the codes of row `id` of the data set `out` into a 16-bit WAV at the codec's rate, as long as the row.

    `model` names another place of the same weights. Raises `UsageError` when there is no such row, it has no codes, or the weights at hand
    are not those that made them.
    """
    place = place_at(out)
    manifest = _manifest(place)
    row = find_row(place, [shard["name"] for shard in manifest["shards"]], id, COLUMNS)
    if row.get("codes") is None:  # sets of before there were codes lack the column
        raise UsageError(f"{out}: row {id} has no codes; add tokenize to the chain and build again")
    stage = _tokenizer(manifest, out, model)
    codec = stage.codec(device)
    codes = codes_of_row(row["codes"], row["duration"], row["rate"])
    if codec.sha256 != codes.sha256:
        raise UsageError(
            f"{out}: row {id} was made by weights of {codes.codec} with SHA-256 {codes.sha256[:12]}, "
            f"and those at hand have {codec.sha256[:12]}: name the right ones with --model"
        )
    sound = own_samples(codec.decode(codes.samples), row, codec.rate)
    path = Path(output or re.sub(r"[^\w.#-]+", "_", id) + ".wav")
    _write(path, sound, codec.rate)
    found = {
        "codec": codes.codec,
        "codebooks": codes.codebooks,
        "frames": codes.frames,
        "rate": codec.rate,
        "seconds": sound.shape[1] / codec.rate,
    }
    return {"command": "listen", "id": id, "file": str(path), **found}


def own_samples(sound: NDArray[np.float32], row: dict[str, Any], rate: int) -> NDArray[np.float32]:
    """The row's own samples, [2, n], of all that was decoded at `rate` Hz; as long as the row, where rounding of its lead lost some."""
    lead, count = round(row["codes"]["lead"] * rate), -(-round(row["duration"] * row["rate"]) * rate // row["rate"])
    own = sound[:, lead : lead + count]
    return np.pad(own, ((0, 0), (0, count - own.shape[1])))


def _manifest(place: Place) -> dict[str, Any]:
    data = place.get_or_none("manifest.json")
    if data is None:
        raise UsageError(f"{place.root}: no finished data set is here; build one first")
    manifest: dict[str, Any] = json.loads(data)
    return manifest


def _tokenizer(manifest: dict[str, Any], out: str, model: str | None) -> Any:
    """The stage that made the codes, from the data set's own config."""
    settings = dict(manifest["config"].get("tokenize") or {})
    if not settings:
        raise UsageError(f"{out}: the chain that made this data set has no tokenize")
    if model is not None:
        settings["model"] = model
    return build_config({"chain": ["tokenize"], "tokenize": settings}, f"{out}/manifest.json").chain[0]


def find_row(place: Place, shards: Iterable[str], id: str, columns: Iterable[str]) -> dict[str, Any]:
    """Some columns of the row with that id; raises `UsageError` with the nearest id when there is none."""
    ids: list[str] = []
    for name in shards:
        for here, read in (_parquet if name.endswith(".parquet") else _arrow)(place, name, list(columns)):
            if id in here:
                return read(here.index(id))
            ids += here
    clips = sorted(each for each in ids if each.startswith(f"{id}#"))
    hint = f"; it is in rows {clips[0]} to {clips[-1]}" if clips else did_you_mean(id, ids[:10_000])
    raise UsageError(f"{place.root}: no row {id!r}{hint if len(hint) < 300 else ''}")


def _parquet(place: Place, name: str, columns: list[str]) -> Iterator[tuple[list[str], Read]]:
    """The ids of each row group, and a function that reads a row of it by its number there."""
    import pyarrow.parquet as pq

    with place.opened(name) as source:
        file: Any = pq.ParquetFile(source)
        for group in range(file.metadata.num_row_groups):
            ids = file.read_row_group(group, columns=["id"])["id"].to_pylist()
            yield ids, partial(_nth, partial(file.read_row_group, group, columns=columns))


def _arrow(place: Place, name: str, columns: list[str]) -> Iterator[tuple[list[str], Read]]:
    import pyarrow as pa

    with place.opened(name, in_order=True) as file, pa.ipc.open_stream(pa.PythonFile(file, "r")) as stream:
        for batch in stream:
            held: Any = batch
            yield held["id"].to_pylist(), partial(_nth, partial(held.select, [name for name in columns if name in held.schema.names]))


def _nth(table: Callable[[], Any], at: int) -> dict[str, Any]:
    row: dict[str, Any] = table().slice(at, 1).to_pylist()[0]
    return row


def _write(path: Path, sound: Any, rate: int) -> None:
    """Float samples [2, n] as 16-bit WAV."""
    whole = np.clip(np.round(sound.T * 32767), -32768, 32767).astype("<i2")
    with path.open("wb") as opened, wave.open(opened, "wb") as file:
        file.setnchannels(whole.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())
