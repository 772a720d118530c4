"""Hours of audio pass through in little memory."""

from __future__ import annotations

import os
import tempfile
import threading
import time

import numpy as np
import psutil
import pytest

from schemas.source import Source
from stages.decode.file import FileDecode

RATE, HOURS = 8000, 10


class Watch:
    """Peak memory of this process and all below it: private pages, and shared and file-mapped ones counted once (PSS)."""

    def __init__(self) -> None:
        self.peak, self.over = 0, threading.Event()
        self.base = self.now()
        self.thread = threading.Thread(target=self.look)

    def now(self) -> int:
        total = 0
        me = psutil.Process()
        for one in (me, *me.children(recursive=True)):
            try:
                total += one.memory_full_info().pss
            except psutil.Error:
                continue
        return total

    def look(self) -> None:
        while not self.over.is_set():
            self.peak = max(self.peak, self.now() - self.base)
            time.sleep(0.2)

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("WAV", "FLOAT"), ("sides", "PCM_16")])
def test_ten_hours_take_little_memory(kind: str, subtype: str) -> None:
    import soundfile

    block = np.rint(np.random.default_rng(0).normal(0, 3000, (RATE * 60, 2))) / 32768
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in (("a", "b") if kind == "sides" else ("a",))]
        for index, path in enumerate(paths):
            channels = 1 if kind == "sides" else 2
            with soundfile.SoundFile(path, "w", RATE, channels, subtype, format="WAV" if kind == "sides" else kind) as out:
                for _ in range(HOURS * 60):
                    out.write(block[:, index : index + channels])
        with Watch() as watch:
            got = FileDecode().load("cpu")(Source(id="x", uris=tuple(paths)))
    assert (got.length, got.channels, got.bits, got.decoding.exact) == (HOURS * 3600 * RATE, 2, 16, True)
    assert np.array_equal(got.samples[:, -RATE * 60 :].T, np.rint(block * 32768).astype(np.int16))
    print(f"{kind}/{subtype}: peak {watch.peak / 1e6:.0f} MB above the start")
    assert watch.peak < 300e6
