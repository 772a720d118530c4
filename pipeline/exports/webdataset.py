"""WebDataset: tar files with `key.flac` (stereo, the data set's own bytes), `key.codes.npy` where there
are codes (int16 [2, codebooks, frames]), and `key.json` (all else that trainers ask for)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import LISTS, Item
from pipeline.exports.tar import tar_at
from schemas.plain import to_plain


class WebDataset(Format):
    """One tar per shard, numbered without the count, as brace patterns want: `train-{00000..00041}.tar`."""

    version: ClassVar[int] = 2
    serves: ClassVar[str] = "the webdataset package"
    reads: ClassVar[tuple[str, ...]] = ("audio", "codes")
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words", "frames")

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        with sink.file(f"{sink.split}-{sink.index:05d}.tar") as path, tar_at(path) as tar:
            for item in items:
                tar.add(f"{item.stem}.flac", item.flac)
                if item.codes is not None:
                    tar.add(f"{item.stem}.codes.npy", _npy(item.codes.codes))
                told = about(item)
                tar.add(f"{item.stem}.json", json.dumps(told, ensure_ascii=False).encode())
                sink.wrote(item, words=len(told["words"]), frames=item.frames)


def about(item: Item) -> dict[str, Any]:
    """A row's small columns, and its codec's name, in plain values."""
    lists = {name: to_plain(getattr(item, name)) for name in LISTS}
    codes = None if item.codes is None else {**item.codes.about(), "shape": list(item.codes.codes.shape)}
    facts = {"id": item.id, "rate": item.rate, "duration": item.duration, "source": to_plain(item.source)}
    facts |= {"language": item.language, "languages": list(item.languages)}
    return {**facts, "clip": to_plain(item.clip), **lists, "codes": codes}


def _npy(codes: NDArray[np.int16]) -> bytes:
    """The array as an NPY file: int16 [2, codebooks, frames]."""
    sink = io.BytesIO()
    np.save(sink, codes, allow_pickle=False)
    return sink.getvalue()
