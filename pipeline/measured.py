"""The end of commands that measure: one JSON and one page, where a build packs shards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.build import Build, Run, Summary, measured
from pipeline.drive import Stop
from pipeline.ledger import Balance, Standing
from pipeline.place import place_at
from pipeline.plan import Step


@dataclass(frozen=True, slots=True)
class Told:
    """What is made of measurements."""

    contents: dict[str, Any]
    """Of the JSON."""
    page: str
    reasons: Iterable[str]
    """Names of what was found wrong, each as often as it was."""


Tell = Callable[[Run, dict[str, Standing], Balance], Told]


def told(request: Build, stop: Stop, name: str, tell: Tell) -> tuple[Summary, dict[str, Any] | None]:
    """Measure what is not measured yet, then write what `tell` makes of it all to `<name>.html` and `<name>.json`.

    Errors of earlier runs are tried again. Returns what was done, and the contents of the JSON: None when the run was stopped before all
    was there. Raises `UsageError` when another process writes there, and `Halt` when the run cannot go on.
    """
    found: list[dict[str, Any]] = []

    def finish(run: Run, standings: dict[str, Standing], counts: Balance) -> Summary:
        made = tell(run, standings, counts)
        found.append(made.contents)
        out = place_at(request.out)
        out.put(f"{name}.html", made.page.encode())
        out.put(f"{name}.json", json.dumps(made.contents, indent=1, sort_keys=True, ensure_ascii=False).encode())
        ending: Literal["done", "errors"] = "errors" if counts.errors else "done"
        return run.summary(ending, counts, report=f"{out.root}/{name}.html", rejects=dict(sorted(Counter(made.reasons).items())))

    summary = measured(request, stop, finish)
    return summary, found[0] if found else None


def whole(run: Run, step: Step, key: str) -> Any:
    """What a stage measured of a recording; it is stored whole, and read without anything that the stage read."""
    return run.ledger.load(step, key, _no_need)


def _no_need(kind: type) -> Any:
    raise LookupError(f"measurements are stored whole, so no {kind.__name__} is needed to read them")
