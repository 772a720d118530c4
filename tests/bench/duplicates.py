"""Duplicates: recall by version, false pairs among different calls, speed and size: `python -m tests.bench.duplicates [calls] [copied]`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from schemas.plain import to_plain
from schemas.prints import Prints
from stages.audit.duplicates import against, duplicates
from stages.audit.marks import RATE
from stages.audit.prints import evaluation_prints, prints
from tests.shared import SHARED
from tests.stages.audit.recombined import VERSIONS, Signal, call, real_call, recorded, version

REAL_CALLS = (
    ("aws_lca/Auto_Repairs_40_UTC_agent.wav", "aws_lca/Auto_Repairs_40_UTC_caller.wav"),
    *((f"spokenwoz/{name}.wav",) for name in ("MUL1423", "SNG0072", "SNG0480")),
)
EXCERPT_S = 10.0


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def different(calls: int, copied: int) -> None:
    """False pairs, where half of the last quarter begin with one announcement of 20 s; then what is found of copies of the first."""
    taken, made = 0.0, []
    for seed in range(calls):
        sound = recorded(call(seed, intro=seed >= calls * 3 // 4 and seed % 2 == 0))
        seconds, found = timed(partial(prints, sound))
        taken += seconds
        made.append((f"call-{seed}", found))
    hours = sum(each.seconds for _, each in made) / 3600
    seconds, pairs = timed(lambda: duplicates(made))
    print(f"{calls} different calls: {len(pairs)} false pairs, found in {seconds:.1f} s")
    print(f"prints at {hours * 7200 / taken:.0f} x real time a channel")
    for each in pairs[:5]:
        print("  ", each)
    for name in VERSIONS:
        copies = [(f"{name}-{seed}", prints(recorded(*version(call(seed), name)))) for seed in range(copied)]
        found = {(each.first, each.second) for each in duplicates(made + copies)}
        hits = sum((f"call-{seed}", f"{name}-{seed}") in found for seed in range(copied))
        others = len([pair for pair in found if pair[0].split("-")[-1] != pair[1].split("-")[-1]])
        print(f"{name:26} {hits}/{copied} found, {others} false")
    for name in ("ulaw", "gsm", "opus", "noise 15 dB", "mono"):
        parts = ((str(seed), call(seed)[:, 20 * RATE : 20 * RATE + round(EXCERPT_S * RATE) + 1037]) for seed in range(copied))
        excerpts = evaluation_prints((id, recorded(*version(part, name))) for id, part in parts)
        found = {(each.first, each.second) for each in against(made, excerpts)}
        hits = sum((f"call-{seed}", str(seed)) in found for seed in range(copied))
        print(f"evaluation, 10 s, {name:12} {hits}/{copied} found, {len(found) - hits} false of {calls * copied}")


def real() -> None:
    """The shared two-channel calls: recall over all versions, bytes, speed."""
    sounds = {names[0]: real_call(*names) for names in REAL_CALLS}
    known: list[tuple[str, Prints]] = []
    for name, sound in sounds.items():
        seconds, found = timed(partial(prints, recorded(sound)))
        size = len(json.dumps(to_plain(found)))
        print(f"{name:40} {2 * found.seconds / seconds:6.0f} x real time a channel, {size / found.seconds * 3600:.0f} bytes an hour")
        known.append((name, found))
    hits = 0
    for version_name in VERSIONS:
        for name, sound in sounds.items():
            pairs = duplicates([*known, ("copy", prints(recorded(*version(sound, version_name))))])
            right = [(each.first, each.second) for each in pairs] == [(name, "copy")]
            hits += right
            if not right:
                print(f"  {version_name} of {name}: {[(each.first, each.second) for each in pairs]}")
    print(f"real calls: {hits}/{len(VERSIONS) * len(sounds)} versions found and nothing else")
    for length in (10, 20):
        for name in ("16 kHz", "ulaw", "gsm"):
            excerpts(sounds, known, length, name)


def excerpts(sounds: dict[str, Signal], known: list[tuple[str, Prints]], length: int, name: str) -> None:
    """Excerpts cut every ten seconds, pauses and all, as evaluation audio."""
    right = total = 0
    for call_name, sound in sounds.items():
        for at in range(5, sound.shape[1] // RATE - length - 1, 10):
            part = recorded(*version(sound[:, at * RATE : (at + length) * RATE + 1037], name))
            pairs = against(known, evaluation_prints([("excerpt", part)]))
            right += [each.first for each in pairs] == [call_name]
            total += 1
    print(f"real excerpts of {length} s, {name}: {right}/{total} found and nothing else")


def main() -> None:
    calls, copied = (int(each) for each in (sys.argv[1:3] if len(sys.argv) > 2 else ("2000", "200")))
    if SHARED.is_dir():
        real()
    different(calls, copied)


if __name__ == "__main__":
    main()
