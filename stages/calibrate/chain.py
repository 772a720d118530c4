"""A chain of stages inside a stage: loaded once, run on one recording, each stage's processor time told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.activity import Activity, Turns
from schemas.calibration import Refusal
from schemas.diarization import Diarization
from schemas.errors import Reject, UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from schemas.stats import Stats
from schemas.tracks import Tracks
from stages.stage import wired

GIVEN = (Source, Recording)
"""What is there before the chain starts."""
NEEDED = (Diarization, Tracks, Activity, Stats)
"""What a chain must give to be scored."""
JUDGES = (Health, Turns)
"""What is given by stages that also turn recordings down."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What the chain gave, and what it took."""

    values: dict[type, Any]
    seconds: tuple[tuple[str, float], ...]
    """Processor seconds of each stage, in order."""


def check(chain: tuple[Any, ...]) -> None:
    """Raise `UsageError` unless the chain runs from a recording and gives all that is scored."""
    wired(chain, GIVEN)
    gives = {stage.gives for stage in chain}
    missing = [kind.__name__ for kind in NEEDED if kind not in gives]
    if missing:
        kinds = ", ".join(stage.name for stage in chain)
        raise UsageError(f"calibrate: no stage of the chain ({kinds}) gives {' or '.join(missing)}; wanted a chain like podcast_mono's")
    vad = giver(chain, Activity)
    if vad.takes != (Tracks,):
        raise UsageError(f"calibrate: {vad.name}.{vad.backend} reads more than tracks, so it cannot be run on the true channels")


def giver(chain: tuple[Any, ...], kind: type) -> Any:
    """The last stage that gives a value of this type."""
    return next(stage for stage in reversed(chain) if stage.gives is kind)


def scored(chain: tuple[Any, ...]) -> tuple[Any, ...]:
    """The stages that give what is scored or may turn a recording down, and what those must take.

    What a stage only may take is left out, so it goes without.
    """
    wanted, kept = {*NEEDED, *JUDGES}, []
    for stage in reversed(chain):
        if stage.gives in wanted:
            kept.append(stage)
            wanted |= set(stage.takes)
    return tuple(reversed(kept))


Run = Callable[[Source, Recording, Diarization | None], Ran | Refusal]


def load(chain: tuple[Any, ...], device: str, told: bool = False) -> Run:
    """The chain as one function; a stage's `Reject` is an answer, any other exception goes on its way.

    With `told`, the function's third argument stands for what the chain's diarization would have given, and that stage does not run.
    Processor time is that of this process with all its threads: what a stage leaves to other processes or to a GPU is not in it.
    """
    passed = giver(chain, Diarization) if told else None
    functions = [None if stage is passed else stage.load(device) for stage in chain]
    reads = wired(chain, GIVEN)

    def run(source: Source, recording: Recording, diarization: Diarization | None) -> Ran | Refusal:
        held: dict[int, Any] = {-1: source, -2: recording}
        seconds: list[tuple[str, float]] = []
        for position, (stage, function) in enumerate(zip(chain, functions, strict=True)):
            if function is None:
                held[position] = diarization
                continue
            start = time.process_time()
            try:
                held[position] = function(*[None if i is None else held[i] for i in reads[position]])
            except Reject as reject:
                facts = json.dumps(dict(reject.facts), sort_keys=True, ensure_ascii=False, default=str)
                return Refusal(stage=stage.name, reason=reject.reason, detail=reject.detail, facts=facts)
            seconds.append((stage.name, time.process_time() - start))
        return Ran({stage.gives: held[position] for position, stage in enumerate(chain)}, tuple(seconds))

    return run
