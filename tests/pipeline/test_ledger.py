"""The ledger: every input is exactly one of result, reject, error, pending, whatever lies in the folders."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import codecs
from pipeline.ledger import Balance, Ledger, Standing, balance, read_states
from pipeline.place import TEMPORARY, LocalPlace
from pipeline.plan import make_plan
from schemas.errors import Reject
from schemas.source import Source
from tests.pipeline.toy import chain, toy_recording

PLAN = make_plan(chain())
STEPS = len(PLAN.steps)
KEYS = [Source(id=f"call-{i}", uris=("a.wav",)).key for i in range(6)]
SUFFIX = {"reject": ".reject.json", "error": ".error.json"}

Held = dict[str, dict[int, set[str]]]
"""For each key, for each step, which kinds of file lie there."""
held = st.dictionaries(
    st.sampled_from(KEYS),
    st.dictionaries(st.integers(0, STEPS - 1), st.sets(st.sampled_from(["result", "reject", "error"]), min_size=1)),
)


def fill(folder: Path, files: Held) -> Ledger:
    ledger = Ledger(LocalPlace(str(folder)), PLAN)
    for key, steps in files.items():
        for index, states in steps.items():
            step = PLAN.steps[index]
            (folder / step.address).mkdir(exist_ok=True)
            for state in states:
                name = ledger.name(step, key) if state == "result" else f"{step.address}/{key}{SUFFIX[state]}"
                (folder / name).write_bytes(b"{}")
    return ledger


def wanted(steps: dict[int, set[str]]) -> Standing:
    """Where a dialogue stands, straight from the rule: the first step without a result says."""
    for index in range(STEPS):
        states = steps.get(index, set())
        if "result" not in states:
            if not states:
                return Standing(index, "pending", index)
            end = next(iter(states)) if len(states) == 1 else None
            return Standing(index, end or "error", index)  # type: ignore[arg-type]
    return Standing(STEPS, "result", STEPS - 1)


@given(held)
def test_standings_follow_from_the_files_alone_and_balance(files: Held) -> None:
    with tempfile.TemporaryDirectory() as folder:
        standings = fill(Path(folder), files).standings(KEYS)
    for key in KEYS:
        expected, found = wanted(files.get(key, {})), standings[key]
        both = files.get(key, {}).get(expected.step) == {"reject", "error"}
        assert (found.done, found.step) == (expected.done, expected.step)
        assert found.end in ("reject", "error") if both else found.end == expected.end
    counts = balance(len(KEYS) + 2, standings.values(), 2)
    assert counts.holds
    assert counts.inputs == sum(Counter(s.end for s in standings.values()).values()) + 2


def lay_temporary(folder: Path) -> None:
    (folder / f"{TEMPORARY}12-ab.flac").write_bytes(b"x")


def lay_folder(folder: Path) -> None:
    (folder / f"{KEYS[0]}.flac").mkdir()


FOREIGN: list[Callable[[Path], object]] = [
    lay_temporary,
    lay_folder,
    lambda f: (f / "notes.txt").write_text("mine"),
    lambda f: (f / "other-0000.flac").write_bytes(b"x"),
    lambda f: (f / f"{KEYS[1]}.flac.bak").write_bytes(b"x"),
    lambda f: (f / f"{KEYS[1]}.wav").write_bytes(b"x"),
    lambda f: (f / f"{KEYS[1]}.json").write_bytes(b"{}"),
    lambda f: (f / ".flac").write_bytes(b"x"),
    lambda f: (f / ".error.json").write_bytes(b"x"),
    lambda f: (f / "Thumbs.db").write_bytes(b"\0"),
]


@pytest.mark.parametrize("lay", FOREIGN)
def test_a_foreign_file_does_not_change_the_count(tmp_path: Path, lay: Callable[[Path], object]) -> None:
    ledger = fill(tmp_path, {KEYS[2]: {0: {"result"}}, KEYS[3]: {0: {"reject"}}})
    before = ledger.standings(KEYS)
    lay(tmp_path / PLAN.steps[0].address)
    assert ledger.standings(KEYS) == before
    assert balance(len(KEYS), before.values(), 0) == Balance(6, 0, 1, 0, 5)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 40))
def test_a_balance_holds_exactly_when_it_adds_up(results: int, rejects: int, errors: int, pending: int, inputs: int) -> None:
    assert Balance(inputs, results, rejects, errors, pending).holds == (inputs == results + rejects + errors + pending)


def test_an_absent_store_means_all_is_pending(tmp_path: Path) -> None:
    ledger = Ledger(LocalPlace(str(tmp_path / "none")), PLAN)
    assert set(ledger.standings(KEYS).values()) == {Standing(0, "pending", 0)}
    assert not (tmp_path / "none").exists()


@given(st.permutations(["a.flac", "a.reject.json", "a.error.json", "b.error.json", "c.json", "c.error.json"]))
def test_a_result_counts_over_a_verdict_in_any_order(names: list[str]) -> None:
    assert read_states(names, ".flac") == {"a": "result", "b": "error", "c": "error"}
    assert read_states(names, ".json")["c"] == "result"


def test_results_rejects_and_errors_are_read_back(tmp_path: Path) -> None:
    ledger = Ledger(LocalPlace(str(tmp_path)), PLAN)
    source = Source(id="ü/1", uris=("ü/1.wav",))
    step = PLAN.steps[0]
    ledger.commit_reject(step, source, Reject("too_short", "0.01 s", seconds=0.01, name="ü"))
    ledger.commit_error(step, source, "Traceback\nboom", 2)
    (record,) = ledger.rejects(step, [source.key])
    assert (record.id, record.key, record.stage, record.reason, record.detail) == ("ü/1", source.key, "decode", "too_short", "0.01 s")
    assert json.loads(record.facts) == {"name": "ü", "seconds": 0.01}
    (error,) = ledger.errors(step, [source.key])
    assert (error["id"], error["attempts"], error["error"], error["uris"]) == ("ü/1", 2, "Traceback\nboom", ["ü/1.wav"])
    assert ledger.first_open(source.key) == 0
    recording = toy_recording("x", 0.1)
    ledger.commit(step, source.key, recording)
    assert ledger.first_open(source.key) == 1
    again = ledger.load(step, source.key, lambda kind: None)
    assert (again.samples == recording.samples).all()
    assert ledger.standings([source.key])[source.key] == Standing(1, "pending", 1)
    with pytest.raises(FileNotFoundError):
        ledger.load(PLAN.steps[2], source.key, lambda kind: None)


def test_results_of_every_stage_count_under_their_own_extension(tmp_path: Path) -> None:
    everything = {KEYS[0]: {index: {"result"} for index in range(STEPS)}}
    assert fill(tmp_path, everything).standings(KEYS[:1])[KEYS[0]].end == "result"
    assert [codecs.extension(step.stage.gives) for step in PLAN.steps] == [".flac", ".tracks", ".json", ".json", ".json"]
