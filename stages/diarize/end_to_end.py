"""End-to-end diarization by a model of the person's own, exported to a file, that hears windows and gives speakers' activities.

Sortformer and EEND models fit once exported as TorchScript, by torch.export or as ONNX. Their published checkpoints (NeMo archives) are not
read as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization, Segment
from schemas.errors import UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from stages.diarize.annotation import check_two, diarization, heard
from stages.diarize.carrier import RATE
from stages.diarize.exported import Run, open_model
from stages.diarize.mixture import MIX, check_mix, mixture_channel
from stages.diarize.stitch import Stitch, Stitched, longest_sure, runs
from stages.local_files import file_sha256
from stages.precision import Precision
from stages.stage import Weights, speed
from stages.vad.windows import at_rate

Floats = NDArray[np.float32]

HEARD = 0.2
"""Seconds of speech in what two windows share that make their speakers' order known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndToEndDiarize:
    """Two speakers from a model that takes float32 audio [batch, samples] at 16 kHz in [-1, 1] and gives activities
    [batch, frames, speakers].

    Frames divide a window evenly; speakers may come in another order in each window and are put in order by what windows share. The two
    outputs active longest are the two speakers. Where windows share nothing but silence, who is who after it is a guess, and the segments
    on the side with less speech are marked not sure. Rejects `no_speech`, `one_speaker`, `unsure`, and `too_many_speakers` when a third
    output has more than `third` of the speech.
    """

    name: ClassVar[str] = "diarize"
    backend: ClassVar[str] = "end_to_end"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Health)
    gives: ClassVar[type] = Diarization

    model: str
    """The model's file: ONNX when it ends in `.onnx`, torch.export when in `.pt2`, TorchScript otherwise."""
    licence: str
    """SPDX expression of the model's licence, for the rows; `NOASSERTION` when you do not know it."""
    output: Literal["probabilities", "logits"] = "probabilities"
    """What the model gives: activities in [0, 1], or what a sigmoid makes them of."""
    window: float = 10.0
    """Seconds that the model hears at a time."""
    hop: float = 5.0
    """Seconds from window to window, less than `window`; the speakers' order is kept by what they share."""
    threshold: float = 0.5
    """Activity from which a speaker talks."""
    min_speech: float = 0.1
    """Seconds; shorter speech is dropped."""
    min_silence: float = 0.1
    """Seconds; shorter silence does not end speech."""
    third: float = 0.1
    """Share of the speech that a third output may have."""
    mix: tuple[str, ...] = MIX
    """Findings of channel health for which a two-channel recording is taken as one mixture."""
    precision: Precision = "float32"
    """Number format inside a torch model, by autocast: `float32`, `float16` or `bfloat16`. An ONNX file has its own."""
    batch: int = speed(8)
    """Windows at a time; every batch has this shape, the last one filled up with silence."""
    threads: int = speed(1)
    """Threads of the ONNX runtime."""

    def __post_init__(self) -> None:
        check_mix(self.mix)
        if not self.model.strip() or not self.licence.strip():
            raise UsageError("diarize: end_to_end needs the file of a model and its licence: set diarize.model and diarize.licence")
        if not 0 < self.hop < self.window <= 3600:
            raise UsageError(f"diarize.hop: {self.hop} s must be above 0 and less than window ({self.window} s, at most an hour)")
        if not 0 < self.threshold < 1 or not 0 <= self.third <= 1:
            raise UsageError(f"diarize: threshold ({self.threshold}) must lie between 0 and 1, third ({self.third}) from 0 to 1")
        for field in ("min_speech", "min_silence"):
            if not 0 <= getattr(self, field) < math.inf:
                raise UsageError(f"diarize.{field}: {getattr(self, field)} s must be 0 or more")
        if self.batch < 1 or self.threads < 1:
            raise UsageError(f"diarize: batch ({self.batch}) and threads ({self.threads}) must be 1 or more")

    def weights(self) -> tuple[Weights, ...]:
        """The file by its SHA-256; raises `UsageError` when it is not there."""
        path = Path(self.model).expanduser()
        if not path.is_file():
            raise UsageError(f"diarize.model: {path}: no such file; wanted a TorchScript, torch.export or ONNX model")
        return (Weights(path.name, "local file", file_sha256(path), self.licence),)

    def load(self, device: str) -> Callable[[Source, Recording, Health], Diarization]:
        """The model as a pure function; raises `UsageError` when it cannot be loaded or gives other shapes than wanted."""
        self.weights()
        samples = round(self.window * RATE)
        run = open_model(Path(self.model).expanduser(), device, self.precision, self.threads, self.output == "logits")
        frames = _frames(run, self.batch, samples, self.model)
        hop = min(frames - 1, max(1, round(self.hop * RATE * frames / samples)))

        def diarize(source: Source, recording: Recording, health: Health) -> Diarization:
            channel = mixture_channel(recording, health, self.mix)
            if channel is None:
                return Diarization(length=recording.length, rate=recording.rate, channel=None)
            stitch = Stitch(hop, self.threshold, max(1, round(HEARD * RATE * frames / samples)))
            length = 0
            for batch, count, upto in _batches(heard(recording, channel), samples, frames, hop, self.batch):
                length = upto
                for window in run(batch)[:count]:
                    stitch.add(window)
            stitched = stitch.done(-(-length * frames // samples)) if length else Stitched(np.zeros((0, 2), np.float32), ())
            return self._judged(stitched, frames / samples, recording, channel)

        return diarize

    def _judged(self, stitched: Stitched, per_sample: float, recording: Recording, channel: int) -> Diarization:
        """The two outputs that talk longest as segments of the recording; `per_sample` frames a sample at 16 kHz."""
        active = np.asarray(stitched.activity >= self.threshold)
        gap, least = round(self.min_silence * RATE * per_sample), max(1, round(self.min_speech * RATE * per_sample))
        talk = [runs(active[:, speaker], gap, least) for speaker in range(active.shape[1])]
        spoken = [sum(end - start for start, end in found) for found in talk]
        order = sorted(range(len(talk)), key=lambda speaker: (-spoken[speaker], speaker))
        real = [s for rank, s in enumerate(order) if spoken[s] and (rank < 2 or spoken[s] > self.third * sum(spoken))]
        check_two({f"output {s}": spoken[s] / per_sample / RATE for s in real}, recording)
        first = sorted(real, key=lambda speaker: (talk[speaker][0], speaker))
        sure = longest_sure(stitched, np.asarray(active[:, first].any(axis=1)))
        segments = []
        for number, speaker in enumerate(first):
            for start, end in talk[speaker]:
                pair = (round(start / per_sample), round(end / per_sample))
                confidence = min(1.0, float(stitched.activity[start:end, speaker].mean(dtype=np.float64)))
                for span in at_rate([pair], RATE, recording.rate, recording.length):
                    segments.append(Segment(number, span, round(confidence, 4), bool(sure[start:end].all())))
        return diarization(segments, recording, channel)


def _frames(run: Run, batch: int, samples: int, model: str) -> int:
    """Frames of one window, learned from one batch of silence."""
    try:
        given = run(np.zeros((batch, samples), np.float32))
    except Exception as error:
        # Libraries raise what they like for shapes that a network was not made for.
        raise UsageError(
            f"diarize.model: {model} does not take audio [{batch}, {samples}] ({' '.join(str(error).split())[:200]});"
            " set diarize.batch and diarize.window to what it was exported for"
        ) from error
    if given.ndim != 3 or given.shape[0] != batch or given.shape[1] < 2 or given.shape[2] < 2:
        raise UsageError(
            f"diarize.model: {model} gives {list(given.shape)} for audio [{batch}, {samples}];"
            f" wanted activities [{batch}, frames, speakers] with two speakers or more"
        )
    return int(given.shape[1])


def _batches(blocks: Iterable[Floats], samples: int, frames: int, hop: int, batch: int) -> Iterator[tuple[Floats, int, int]]:
    """Windows [batch, samples] of a stream, `hop` frames apart and as many as reach its end, with how many of them count and the number of
    samples that there are. Starts are rounded from frames each on its own, so they drift by less than a sample."""
    made = np.zeros((batch, samples), np.float32)
    row = number = length = held_from = 0
    held: Floats = np.zeros(0, np.float32)
    for block in blocks:
        held, length = np.concatenate((held, block)), length + len(block)
        while (start := _start(number, samples, frames, hop)) + samples <= length:
            made[row] = held[start - held_from : start - held_from + samples]
            number, row = number + 1, row + 1
            if row == batch:
                yield made, batch, length
                row = 0
        keep = max(0, min(len(held), _start(number, samples, frames, hop) - held_from))
        held, held_from = held[keep:], held_from + keep
    covered = _start(number - 1, samples, frames, hop) + samples if number else 0
    if length > covered:
        rest = held[_start(number, samples, frames, hop) - held_from :]
        made[row] = 0.0
        made[row, : len(rest)] = rest
        row += 1
    if row:
        made[row:] = 0.0
        yield made, row, length


def _start(number: int, samples: int, frames: int, hop: int) -> int:
    return number * hop * samples // frames
