"""Whisper on packed speech beside plain long-form Whisper, in one run: `python -m tests.bench.transcribe_speed [folder] [seconds cut]`.

The folder (the SpokenWOZ sample of the shared data when none is named) holds two-channel recordings `<name>.wav` and their reference words
`<name>.json`, a list of {"speaker": "A" or "B", "word", "start"}. Both sides use the packaged weights in int8, one thread, beam 5 and
English; plain is `WhisperModel.transcribe` with its defaults, without and with word times, channel after channel: the script that one would
write. Ours is told without and with forced alignment. Seconds are of processor
time, as other work shares the machine. Seconds cut off the head of each call shift Whisper's windows: a rough measure of how much of a
difference is luck.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.calibration import WordErrors
from schemas.source import Source
from stages.align.pocketsphinx import PocketsphinxAlign
from stages.scoring.words import side_errors
from stages.transcribe.whisper import WhisperTranscribe
from stages.transcribe.whisper_model import load_model
from stages.vad.silero import SileroVad
from tests.shared import SHARED
from tests.stages.two_channels import tracks_of


@dataclass(frozen=True)
class Run:
    """One way to transcribe one call."""

    texts: tuple[str, str]
    errors: WordErrors
    seconds: float


def reference(path: Path, cut: float = 0.0) -> tuple[str, str]:
    """The words of sides A and B that begin after `cut` seconds."""
    words = json.loads(path.read_text(encoding="utf-8"))
    first, second = (" ".join(w["word"] for w in words if w["speaker"] == side and w["start"] >= cut) for side in "AB")
    return first, second


def compare(wav: Path, ours: Any, plain: Any, cut: float = 0.0, timed: bool = True) -> dict[str, Run]:
    """The call by our stage (its voice activity detection included) and by plain Whisper, each without and with word times."""
    import soundfile
    import soxr

    samples, rate = soundfile.read(wav, dtype="int16", always_2d=True)
    samples = samples[round(cut * rate) :].T
    wide = soxr.resample(samples.T.astype(np.float32) / 32768, rate, 16000).T
    truth = reference(wav.with_suffix(".json"), cut)
    whole, vad = tracks_of(np.ascontiguousarray(samples), rate), SileroVad().load("cpu")

    def packed(align: Any = None) -> tuple[str, str]:
        found = ours(Source(id=wav.stem, uris=(str(wav),)), whole, vad(whole))
        if align is not None:
            found = align(whole, found)
        first, second = (" ".join(word.text for word in found.words(channel)) for channel in (0, 1))
        return first, second

    ways: dict[str, Callable[[], tuple[str, str]]] = {"ours": packed, "plain": lambda: _plain(plain, wide, False)}
    if timed:
        align = PocketsphinxAlign().load("cpu")
        ways["ours, word times"] = lambda: packed(align)
        ways["plain, word times"] = lambda: _plain(plain, wide, True)
    return {name: _run(way, truth) for name, way in ways.items()}


def _plain(model: Any, wide: NDArray[np.float32], word_times: bool) -> tuple[str, str]:
    texts = []
    for channel in wide:
        segments, _ = model.transcribe(np.ascontiguousarray(channel), language="en", word_timestamps=word_times)
        texts.append(" ".join(segment.text for segment in segments))
    return texts[0], texts[1]


def _run(way: Callable[[], tuple[str, str]], truth: tuple[str, str]) -> Run:
    began = time.process_time()
    texts = way()
    seconds = time.process_time() - began
    return Run(texts, sum(side_errors(truth, texts), WordErrors(0)), seconds)


def main() -> None:
    """Print a table of word error rate, insertions and processor seconds."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED / "spokenwoz"
    cut = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    if not folder.is_dir():
        print("left out: no folder of calls with reference words is there")
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    stage = WhisperTranscribe(language="en")
    ours, plain = stage.load("cpu"), load_model(stage.choice, "cpu", stage.compute_type, 1)
    sums: dict[str, tuple[WordErrors, float]] = {}
    print(f"{'call':10} {'way':18} {'words':>5} {'sub':>4} {'del':>4} {'ins':>4} {'WER':>6} {'s':>6}")
    for wav in sorted(folder.glob("*.wav")):
        for name, run in compare(wav, ours, plain, cut).items():
            _row(wav.stem, name, run.errors, run.seconds)
            errors, seconds = sums.get(name, (WordErrors(0), 0.0))
            sums[name] = errors + run.errors, seconds + run.seconds
    for name, (errors, seconds) in sums.items():
        _row("all", name, errors, seconds)
    for one, other in (("ours", "plain"), ("ours, word times", "plain, word times")):
        (mine, my_seconds), (theirs, their_seconds) = sums[one], sums[other]
        ratios = f"time {my_seconds / their_seconds:.2f}, errors {mine.errors / theirs.errors:.2f}"
        print(f"{one} / {other}: {ratios}, insertions {mine.insertions / theirs.insertions:.2f}")


def _row(call: str, way: str, errors: WordErrors, seconds: float) -> None:
    counts = f"{errors.words:5d} {errors.substitutions:4d} {errors.deletions:4d} {errors.insertions:4d}"
    print(f"{call:10} {way:18} {counts} {errors.rate or 0:6.3f} {seconds:6.1f}", flush=True)


if __name__ == "__main__":
    main()
