"""Word times of our chain beside plain Whisper, on generated speech with exact times, in one run: `python -m tests.bench.word_times`.

Sentences of a packaged voice in four pitches, clean at 16 kHz and through a telephone line at 8 kHz with noise. Judged is where the first
word of each sentence begins and its last word ends: boundaries inside a generated sentence have no exact truth. Both ways use the packaged
weights in int8, one thread and beam 5; plain is `WhisperModel.transcribe(word_timestamps=True)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.source import Source
from stages.align.pocketsphinx import PocketsphinxAlign
from stages.transcribe.whisper import WhisperTranscribe
from stages.transcribe.whisper_model import load_model
from stages.vad.silero import SileroVad
from tests.stages.align.speech import Spoken, spoken, tracks

LINES: dict[str, tuple[int, float | None]] = {"clean": (16000, None), "telephone": (8000, 20.0)}
Times = Sequence[tuple[float, float]]
"""Start and end of each word found, in seconds."""


def errors(call: Spoken, words: Times) -> NDArray[np.float64]:
    """Milliseconds [sentences found, 2] by which first starts and last ends are off; a word belongs where its middle lies."""
    found = []
    for _, start, end in call.said:
        mine = [word for word in words if start - 0.3 <= (word[0] + word[1]) / 2 <= end + 0.3]
        if mine:
            found.append((1000 * abs(mine[0][0] - start), 1000 * abs(mine[-1][1] - end)))
    return np.array(found, np.float64).reshape(-1, 2)


def ours(call: Spoken, hear: Any, align: Any, vad: Any) -> Times:
    """By packed transcription and forced alignment."""
    both = tracks(call.x, rate=call.rate)
    activity = vad(both)
    heard = hear(Source(id="made", uris=("made.wav",)), both, activity)
    return [word.span.seconds(call.rate) for word in align(both, heard).words(0)]


def plain(call: Spoken, model: Any) -> Times:
    """By the recogniser's own cross-attention over the whole channel."""
    import soxr

    wide = soxr.resample(call.x.astype(np.float32), call.rate, 16000)
    segments, _ = model.transcribe(wide, language="en", word_timestamps=True)
    return [(float(word.start), float(word.end)) for segment in segments for word in segment.words]


def main() -> None:
    """Print mean errors in milliseconds and their ratio."""
    stage = WhisperTranscribe(language="en")
    hear, align, vad = stage.load("cpu"), PocketsphinxAlign().load("cpu"), SileroVad().load("cpu")
    model = load_model(stage.choice, "cpu", stage.compute_type, 1)
    print(f"{'line':10} {'way':20} {'sentences':>9} {'start ms':>8} {'end ms':>7}")
    for name, (rate, snr) in LINES.items():
        call = spoken(rate=rate, snr_db=snr)
        ways = {"ours": errors(call, ours(call, hear, align, vad)), "plain, word times": errors(call, plain(call, model))}
        for way, off in ways.items():
            print(f"{name:10} {way:20} {len(off):9d} {off[:, 0].mean():8.0f} {off[:, 1].mean():7.0f}")
        print(f"{name:10} plain / ours: {ways['plain, word times'].mean() / ways['ours'].mean():.1f}", flush=True)


if __name__ == "__main__":
    main()
