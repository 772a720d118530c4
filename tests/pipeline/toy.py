"""A chain whose stages need no model and whose dialogues are made from their ids, with faults on demand.

The id says what happens: `kill-1`, `hang-2`, `raise-3`, `reject-4`, `unstorable-5`; anything else is a plain dialogue.
Workers import this module, and tests start many of them: what only the driver needs is imported where it is used.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from schemas.errors import Reject, UsageError
from schemas.recording import Decoding, Recording
from schemas.source import Source
from stages.stage import Weights, speed
from stages.tracks.recorded import RecordedTracks
from stages.turns.channels import ChannelTurns
from stages.turns.stats import TurnTaking
from stages.vad.energy import EnergyVad

if TYPE_CHECKING:
    from pipeline.build import Build
    from pipeline.config import RunSettings
    from pipeline.pools import Pool
    from stages.sources import Listing

RATE = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyDecode:
    """Two seconds of two tone bursts that depend on the id alone; takes `wait` seconds, and says so in `trace`."""

    name: ClassVar[str] = "decode"
    backend: ClassVar[str] = "toy"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source,)
    gives: ClassVar[type] = Recording
    seconds: float = 2.0
    wait: float = speed(0.0)
    trace: str = speed("")
    loads: bool = speed(True)
    """False: the stage's library is missing."""

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[[Source], Recording]:
        if not self.loads:
            raise UsageError("toy: not installed; pip install toy")
        return self._decode

    def _decode(self, source: Source) -> Recording:
        if self.trace:
            with open(self.trace, "a") as file:
                file.write(source.id + "\n")
        time.sleep(self.wait)
        fault = source.id.split("-")[0]
        if fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "hang":
            time.sleep(3600)
        if fault == "raise":
            raise RuntimeError(f"no luck with {source.id}")
        if fault == "reject":
            raise Reject("too_short", seconds=0.0)
        made = toy_recording(source.id, self.seconds)
        if fault == "unstorable":
            return replace(made, decoding=replace(made.decoding, gain_db=float("nan")))
        return made


def toy_recording(id: str, seconds: float) -> Recording:
    """Noise bursts that take turns, the same for the same id."""
    draw = np.random.default_rng(list(id.encode()))
    n = int(seconds * RATE)
    samples = draw.integers(-4, 5, (2, n)).astype(np.int16)
    for channel in (0, 1):
        start = int((0.1 + 0.45 * channel) * n)
        samples[channel, start : start + n // 3] += draw.integers(-6000, 6001, n // 3).astype(np.int16)
    decoding = Decoding(container="toy", encoding="PCM_16", decoder="toy", exact=True)
    return Recording(samples=samples, rate=RATE, bits=16, decoding=decoding)


def chain(**decode: object) -> tuple[object, ...]:
    return (ToyDecode(**decode), RecordedTracks(), EnergyVad(), ChannelTurns(), TurnTaking())  # type: ignore[arg-type]


def listing(ids: list[str]) -> Listing:
    from stages.sources import Listing

    sources = tuple(Source(id=id, uris=(f"{id}.wav",), bytes=1000) for id in sorted(ids))
    return Listing(sources=sources, rejects=(), ignored=(), problems=())


def request(
    out: Path, ids: list[str], make_pool: Callable[[], tuple[Pool, int]] | None = None, run: RunSettings | None = None, **decode: object
) -> Build:
    """A build of toy dialogues into `out`, in one child process unless told otherwise."""
    from pipeline.build import Build
    from pipeline.config import Config, PackSettings, RunSettings
    from pipeline.pools import Processes

    config = Config(name="toy", chain=chain(**decode), pack=PackSettings(shard_mb=1), run=run or RunSettings())
    make = make_pool or (lambda: (Processes(), 1))
    return Build(src="toy", out=str(out), config=config, listing=listing(ids), make_pool=make, quiet=True)


def contents(out: Path) -> dict[str, bytes]:
    """Every published file by name, but not the engine's own state."""
    files = [p for p in sorted(out.rglob("*")) if p.is_file() and ".duologue" not in p.parts]
    return {str(p.relative_to(out)): p.read_bytes() for p in files}
