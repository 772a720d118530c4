"""Speech by Silero's network, whole blocks of frames at a time, with its state carried from block to block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.errors import UsageError
from schemas.tracks import Tracks
from stages.onnx import onnx_session
from stages.packaged import Carrier
from stages.stage import Weights, speed
from stages.vad.segment import FRAME, RATE, Rule, segments
from stages.vad.windows import at_rate, windows

MODEL = "silero_vad_16k_sequence.onnx"
RELEASE = "6.2.3"
SHA256 = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"
"""Of `MODEL` in release `RELEASE` of the silero-vad package. A new pin changes results: raise the stage's version with it."""
CARRIER = Carrier("vad: silero", "silero_vad", "silero-vad", RELEASE)
CONTEXT = 64
"""Samples of the frame before that the network sees ahead of each frame."""
STATE = (1, 1, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class SileroVad:
    """Speech where Silero VAD's probability holds up; marks speech and changes no sample.

    Runs on the CPU with results that do not depend on `threads` or on how a recording is cut into blocks; on CUDA probabilities may differ
    in their last bits. Rates other than 16 kHz are resampled inside. The shortest speech kept is lower than Silero's own 0.25 s, because
    backchannels are that short.
    """

    name: ClassVar[str] = "vad"
    backend: ClassVar[str] = "silero"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    gives: ClassVar[type] = Activity

    threshold: float = 0.5
    """Probability at which speech begins."""
    neg_threshold: float | None = None
    """Probability below which speech may end; 0.15 below `threshold` when absent, at least 0.01."""
    min_speech: float = 0.1
    """Seconds; speech of this length or less is dropped."""
    min_silence: float = 0.1
    """Seconds; shorter silences do not end speech."""
    pad: float = 0.03
    """Seconds added at both ends."""
    max_speech: float | None = None
    """Seconds; longer speech is cut at its longest inner silence."""
    threads: int = speed(1)
    """Threads of the network's own pool."""

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise UsageError(f"vad: threshold: {self.threshold} is no probability between 0 and 1")
        if self.neg_threshold is not None and not 0 < self.neg_threshold <= self.threshold:
            raise UsageError(f"vad: neg_threshold: {self.neg_threshold} must be above 0 and at most threshold ({self.threshold})")
        for field in ("min_speech", "min_silence", "pad"):
            if not 0 <= getattr(self, field) < math.inf:
                raise UsageError(f"vad: {field}: {getattr(self, field)} s must be 0 or more")
        if self.max_speech is not None and self.max_speech <= 2 * self.pad + FRAME / RATE:
            raise UsageError(f"vad: max_speech: {self.max_speech} s must be longer than a frame (0.032 s) and the padding at both ends")
        if self.threads < 1:
            raise UsageError(f"vad: threads: {self.threads} must be 1 or more")

    def weights(self) -> tuple[Weights, ...]:
        return (Weights(MODEL, RELEASE, SHA256, "MIT"),)

    @property
    def rule(self) -> Rule:
        """The segmenting rule, in samples at 16 kHz."""
        return Rule(
            threshold=self.threshold,
            neg_threshold=max(self.threshold - 0.15, 0.01) if self.neg_threshold is None else self.neg_threshold,
            min_speech=round(self.min_speech * RATE),
            min_silence=round(self.min_silence * RATE),
            pad=round(self.pad * RATE),
            longest=math.inf if self.max_speech is None else self.max_speech * RATE,
        )

    def load(self, device: str) -> Callable[[Tracks], Activity]:
        """The network as a pure function; raises `UsageError` when the package is absent or its weights are not the pinned ones."""
        session = open_session(device, self.threads)
        rule = self.rule

        def vad(tracks: Tracks) -> Activity:
            probs, length = probabilities(session, windows(tracks.samples, tracks.bits, tracks.rate, RATE), tracks.samples.shape[0])
            found = (at_rate(segments(each, length, rule), RATE, tracks.rate, tracks.length) for each in probs)
            return Activity(channels=tuple(found), length=tracks.length, rate=tracks.rate)

        return vad


def probabilities(session: Any, blocks: Iterable[NDArray[np.float32]], channels: int) -> tuple[list[NDArray[np.float32]], int]:
    """Speech probability of every 512-sample frame of each channel, and the number of samples seen.

    `blocks` [channels, m] at 16 kHz, of any sizes: frames, the 64 samples of context before each and the LSTM's state are carried over, so
    the result equals one pass over the whole. The last frame is filled up with zeros.
    """
    held: NDArray[np.float32] = np.zeros((channels, CONTEXT), np.float32)
    states = [(np.zeros(STATE, np.float32), np.zeros(STATE, np.float32)) for _ in range(channels)]
    found: list[list[NDArray[np.float32]]] = [[] for _ in range(channels)]
    length = 0

    def take(run: NDArray[np.float32]) -> None:
        for channel in range(channels):
            frames = np.lib.stride_tricks.sliding_window_view(run[channel], CONTEXT + FRAME)[::FRAME]
            hidden, cell = states[channel]
            feed = {"input": np.ascontiguousarray(frames), "h": hidden, "c": cell}
            values, *state = session.run(["speech_probs", "hn", "cn"], feed)
            states[channel] = (state[0], state[1])
            found[channel].append(values.reshape(-1))

    for block in blocks:
        length += block.shape[1]
        held = np.concatenate((held, block), axis=1)
        whole = (held.shape[1] - CONTEXT) // FRAME * FRAME
        if whole:
            take(held[:, : CONTEXT + whole])
            held = held[:, whole:].copy()
    if held.shape[1] > CONTEXT:
        take(np.pad(held, ((0, 0), (0, CONTEXT + FRAME - held.shape[1]))))
    return [np.concatenate(each) if each else np.zeros(0, np.float32) for each in found], length


def open_session(device: str, threads: int) -> Any:
    """The network ready to run; raises `UsageError` when a package is absent or the weights are not the pinned ones.

    The package is not imported: that would import torch and set it to one thread for the whole process.
    """
    return onnx_session(CARRIER.pinned(f"data/{MODEL}", SHA256), device, threads, CARRIER.asker)
