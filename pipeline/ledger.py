"""The store as the ledger: a result is done when its file is there.

Under `work/<address>/` a dialogue that the stage has seen is exactly one of `<key>.flac|.json` (a result), `<key>.reject.json` (a
verdict on the data) or `<key>.error.json` (a fault).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pipeline import codecs
from pipeline.place import Place
from pipeline.plan import Plan, Step
from schemas.errors import Reject, RejectRecord
from schemas.plain import from_plain, to_plain
from schemas.source import Source

State = Literal["result", "reject", "error"]
ENDINGS: tuple[tuple[str, State], ...] = ((".reject.json", "reject"), (".error.json", "error"))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one dialogue stands: how many steps of the chain have a result, and how it ended if it did."""

    done: int
    end: Literal["pending", "result", "reject", "error"]
    step: int
    """The step that ended it, or the next one to do."""


class Ledger:
    """Reads and writes results of one plan below one work place."""

    def __init__(self, place: Place, plan: Plan) -> None:
        self.place = place
        self.plan = plan

    def name(self, step: Step, key: str) -> str:
        """File name of a dialogue's result of one step."""
        return f"{step.address}/{key}{codecs.extension(step.stage.gives)}"

    def commit(self, step: Step, key: str, value: Any) -> None:
        """Store a result; it is whole and durable when this returns."""
        with self.place.writing(self.name(step, key)) as path:
            codecs.dump(value, path)

    def load(self, step: Step, key: str, need: codecs.Need) -> Any:
        """Read a result back; raises `FileNotFoundError`."""
        with self.place.reading(self.name(step, key)) as path:
            return codecs.load(step.stage.gives, path, need)

    def commit_reject(self, step: Step, source: Source, reject: Reject) -> None:
        """Store a verdict on the data."""
        record = RejectRecord.of(reject, source.id, source.key, step.name, source.uris)
        self.place.put(f"{step.address}/{source.key}.reject.json", _json(to_plain(record)))

    def commit_error(self, step: Step, source: Source, error: str, attempts: int) -> None:
        """Store a fault with its traceback or cause of death; `duologue retry` clears it."""
        record = {"id": source.id, "key": source.key, "stage": step.name, "attempts": attempts, "error": error, "uris": list(source.uris)}
        self.place.put(f"{step.address}/{source.key}.error.json", _json(record))

    def rejects(self, step: Step, keys: Iterable[str]) -> list[RejectRecord]:
        """The stored verdicts of these dialogues."""
        return [from_plain(RejectRecord, json.loads(self.place.get(f"{step.address}/{key}.reject.json"))) for key in keys]

    def errors(self, step: Step, keys: Iterable[str]) -> list[dict[str, Any]]:
        """The stored faults of these dialogues."""
        return [json.loads(self.place.get(f"{step.address}/{key}.error.json")) for key in keys]

    def clear_errors(self, keys: Iterable[str], stage: str | None = None) -> int:
        """Forget the faults of these dialogues, or only those of one stage, so that they are tried again; returns how many there were."""
        cleared = 0
        for key, standing in self.standings(keys).items():
            step = self.plan.steps[standing.step]
            if standing.end == "error" and stage in (None, step.name):
                self.place.delete(f"{step.address}/{key}.error.json")
                cleared += 1
        return cleared

    def survey(self) -> list[dict[str, State]]:
        """For each step, what it holds for which key: one listing per step."""
        return [read_states(self.place.names(step.address), codecs.extension(step.stage.gives)) for step in self.plan.steps]

    def standings(self, keys: Iterable[str]) -> dict[str, Standing]:
        """Where each dialogue stands, by one listing per step.

        A later result does not count when an earlier step has none: that step is done first.
        """
        states = self.survey()
        return {key: _standing(key, states) for key in keys}

    def first_open(self, key: str) -> int:
        """The first step without a result for one dialogue; the last step when all have one."""
        for index, step in enumerate(self.plan.steps):
            if self.place.size(self.name(step, key)) is None:
                return index
        return len(self.plan.steps) - 1


def read_states(names: Iterable[str], extension: str) -> dict[str, State]:
    """Key and state of each file of one stage's folder, whose results end in `extension`; other files are nobody's.

    A verdict or fault beside a result means the result came later (a retry, a second attempt elsewhere): the result counts.
    """
    found: dict[str, State] = {}
    for name in names:
        for suffix, state in (*ENDINGS, (extension, "result")):
            if name.endswith(suffix):
                key = name[: -len(suffix)]
                if found.get(key) != "result":
                    found[key] = state
                break
    return found


def _standing(key: str, states: list[dict[str, State]]) -> Standing:
    for index, step in enumerate(states):
        state = step.get(key)
        if state is None:
            return Standing(index, "pending", index)
        if state != "result":
            return Standing(index, state, index)
    return Standing(len(states), "result", len(states) - 1)


@dataclass(frozen=True, slots=True)
class Balance:
    """The law of the ledger: every input is exactly one of these."""

    inputs: int
    results: int
    rejects: int
    errors: int
    pending: int

    @property
    def holds(self) -> bool:
        """`inputs == results + rejects + errors + pending`."""
        return self.inputs == self.results + self.rejects + self.errors + self.pending


def balance(inputs: int, standings: Iterable[Standing], listed_rejects: int) -> Balance:
    """Count inputs by how they stand; `listed_rejects` were already turned down while listing the source."""
    ends = Counter(standing.end for standing in standings)
    return Balance(inputs, ends["result"], ends["reject"] + listed_rejects, ends["error"], ends["pending"])


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
