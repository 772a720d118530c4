"""How fast an audit measures telephone audio: the measuring stage on one thread, part by part, as a multiple of real time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from schemas.source import Source
from stages.audit.bytes_of import file_facts
from stages.audit.gating import gating
from stages.audit.measure import AuditMeasure
from stages.audit.outline import outline
from stages.audit.prints import prints
from stages.audit.traces import traces
from stages.health.measure import measure
from tests.shared import SHARED

CALLS = ("MUL1423", "SNG0072", "SNG0480")
ROUNDS = 3
WANTED = 100.0


def main() -> None:
    """Print the whole and its parts, by processor time of the measuring process (decoding is in its child, and by the wall)."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if not SHARED.is_dir():
        print("the shared test data is absent; nothing was measured")
        return
    stage = AuditMeasure()
    run = stage.load("cpu")
    sources = [Source(id=name, uris=(f"spokenwoz/{name}.wav",), base=str(SHARED), transcript=f"spokenwoz/{name}.json") for name in CALLS]
    seconds = sum(run(source).seconds for source in sources)
    spent, wall = time.process_time(), time.perf_counter()
    for _ in range(ROUNDS):
        for source in sources:
            run(source)
    spent, wall = time.process_time() - spent, time.perf_counter() - wall
    print(
        f"whole: {ROUNDS * seconds / spent:.0f} x real time of one core, {ROUNDS * seconds / wall:.0f} x by the wall (wanted {WANTED:.0f})"
    )
    _parts(stage, sources, seconds)


def _parts(stage: AuditMeasure, sources: list[Source], seconds: float) -> None:
    from stages.audit.listen import listener

    decode, listen = stage.decode.load("cpu"), listener(stage.vad)
    held = [(source, recording, listen(recording)) for source, recording in ((each, decode(each)) for each in sources)]
    parts: dict[str, Callable[[Any, Any, Any], Any]] = {
        "channel health": lambda source, recording, activity: measure(recording),
        "speech": lambda source, recording, activity: listen(recording),
        "fingerprints": lambda source, recording, activity: prints(recording),
        "outline": lambda source, recording, activity: outline(recording),
        "traces of separation": lambda source, recording, activity: traces(recording, activity),
        "gating": lambda source, recording, activity: gating(recording, activity),
        "digests of the files": lambda source, recording, activity: file_facts(source),
    }
    for name, part in parts.items():
        at = time.process_time()
        for each in held:
            part(*each)
        print(f"  {name:22} {seconds / (time.process_time() - at):8.0f} x")


if __name__ == "__main__":
    main()
