"""Decode the files a source names into one recording, exactly, in a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from schemas.errors import Reject, UsageError
from schemas.recording import Recording
from schemas.source import Source
from stages.decode.fetch import open_uri, resolve
from stages.decode.ffmpeg import EDGE_FRAMES
from stages.decode.limits import Limits
from stages.decode.sandbox import Decoded, Sandbox
from stages.decode.sides import Side, joined
from stages.spool import Spool
from stages.stage import Weights, speed


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDecode:
    """WAV, FLAC, SPHERE, MP3, M4A, Ogg and other files, local or remote; one file, or one mono file per side."""

    name: ClassVar[str] = "decode"
    backend: ClassVar[str] = "file"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source,)
    gives: ClassVar[type] = Recording
    max_hours: float = 24.0
    """Longer recordings are rejected as too_long; decoding stops there."""
    min_seconds: float = 0.1
    """Shorter recordings are rejected as too_short."""
    truncated: Literal["reject", "keep"] = "reject"
    """What to do with a file that holds fewer samples than its header promises."""
    truncated_tolerance: float = 0.01
    """Share of the promised samples that may be absent before the file counts as truncated."""
    side_tolerance: float = 0.5
    """Seconds by which two files of one recording may differ in length; the shorter is padded with zeros."""
    memory_mb: int = speed(1024)
    """Memory (MiB) one decoding may take on top of the decoding process's own."""
    cpu_seconds: float = speed(60.0)
    """Processor time one decoding may take, to start with and again per hour of audio decoded."""
    stall_seconds: float = speed(120.0)
    """Wall time without progress after which a decoding counts as hung."""

    def __post_init__(self) -> None:
        if self.truncated not in ("reject", "keep"):
            raise UsageError(f"decode: truncated is {self.truncated!r}; wanted 'reject' or 'keep'")
        if not 0 <= self.truncated_tolerance <= 1:
            raise UsageError(f"decode: truncated_tolerance is {self.truncated_tolerance}; wanted a share from 0 to 1")
        if self.min_seconds < 0 or self.side_tolerance < 0:
            raise UsageError("decode: min_seconds and side_tolerance must not be negative")
        self._limits()

    def _limits(self) -> Limits:
        return Limits(max_hours=self.max_hours, memory_mb=self.memory_mb, cpu_seconds=self.cpu_seconds, stall_seconds=self.stall_seconds)

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Source], Recording]:
        """The function from a source to its recording; it runs on the CPU whatever `device` is.

        It raises `Reject` for whatever is wrong with the data, `OSError` for a failing or full disk, `SandboxError`.
        """
        sandbox = Sandbox(self._limits())

        def decode(source: Source) -> Recording:
            if len(source.uris) == 1:
                return self._side(sandbox, source, 0).recording()
            first, second = (self._side(sandbox, source, index) for index in (0, 1))
            return joined(first, second, self.side_tolerance)

        return decode

    def _side(self, sandbox: Sandbox, source: Source, index: int) -> Side:
        """One file of `source`, decoded and judged by itself."""
        uri = resolve(source.uris[index], source.base)
        spool = Spool(np.int16, 1)
        try:
            with open_uri(uri) as file:
                decoded = sandbox.decode(file, spool.file)
            self._judge(decoded)
            if len(source.uris) == 2 and decoded.header.channels != 1:
                channels = decoded.header.channels
                raise Reject("too_many_channels", f"a file that is one side must be mono; this has {channels} channels", channels=channels)
        except Reject as reject:
            spool.file.close()
            # Named as the source names it: where the corpus lies on this machine is no part of the verdict.
            named, detail = source.uris[index], reject.detail.replace(uri, source.uris[index])
            if len(source.uris) == 1:
                facts = {**reject.facts, "file": named} if "file" in reject.facts else reject.facts
                raise Reject(reject.reason, detail, **facts) from reject
            raise Reject(reject.reason, f"side {index}: {detail}", **{**reject.facts, "side": index, "file": named}) from reject
        return Side(decoded, spool)

    def _judge(self, decoded: Decoded) -> None:
        header, frames = decoded.header, decoded.finished.frames
        facts = {"frames": frames, "header_frames": header.frames, "rate": header.rate}
        if not frames and decoded.damaged:
            raise Reject("unreadable", "no packet of the file could be decoded", damaged=decoded.damaged, header_frames=header.frames)
        absent = (header.frames or 0) - frames
        edge = EDGE_FRAMES if decoded.lossy else 0
        if self.truncated == "reject" and absent > max(self.truncated_tolerance * (header.frames or 0), edge):
            raise Reject("truncated", f"the file holds {frames} of the {header.frames} samples its header promises", **facts)
        if not frames:
            raise Reject("empty", "the file holds no samples", **facts)
        if frames < self.min_seconds * header.rate:
            raise Reject("too_short", f"{frames / header.rate:.3f} s; the shortest accepted is {self.min_seconds:g} s", **facts)
