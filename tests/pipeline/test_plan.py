"""Addresses: equal work has one address everywhere; what can change a result moves it and all that reads it, and nothing else."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pipeline.commands import ADDRESS
from pipeline.config import load_config
from pipeline.plan import Plan, make_plan
from schemas.activity import Activity
from schemas.errors import UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.stats import Stats
from schemas.tracks import Tracks
from stages.stage import Weights, what_fields
from stages.vad.energy import EnergyVad
from tests.pipeline.toy import chain

CONFIG = load_config("stereo_channels", ["vad.backend=energy"])
PLAN = make_plan(CONFIG.chain)
KINDS = [step.name for step in PLAN.steps]
READERS = {"decode": KINDS, "tracks": ["tracks", "vad", "turns", "stats"], "vad": ["vad", "turns", "stats"]}


def moved(one: Plan, other: Plan) -> list[str]:
    """Kinds whose address differs between two plans of the same kinds."""
    return [a.name for a, b in zip(one.steps, other.steps, strict=True) if a.address != b.address]


def downstream(plan: Plan, index: int) -> list[str]:
    """A kind and all that reads it, straight or through others."""
    reach = {index}
    for i, step in enumerate(plan.steps):
        if reach & set(step.reads):
            reach.add(i)
    return [plan.steps[i].name for i in sorted(reach)]


def changed(value: Any) -> list[Any]:
    """Other values of the same type as a field's."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [value * 0.75, value * 0.5 + 1, value + 1]
    if value in ("reject", "keep", "flag"):
        return ["keep", "reject", "flag"]
    return {"as_recorded": ["random:4"]}.get(value, [])


def variants() -> list[tuple[int, str, Any]]:
    """Every stage with one of its fields changed to another lawful value, and whether it is a what-field."""
    found = []
    for index, stage in enumerate(CONFIG.chain):
        for field in dataclasses.fields(stage):
            value = getattr(stage, field.name)
            for other in changed(value):
                try:
                    variant = replace(stage, **{field.name: other})
                except (UsageError, TypeError):
                    continue
                if getattr(variant, field.name) != value:
                    found.append((index, field.name, variant))
                    break
    return found


VARIANTS = variants()


def test_the_variants_cover_every_stage_with_fields() -> None:
    tried = {(index, name) for index, name, _ in VARIANTS}
    numbers = {
        (index, field.name)
        for index, stage in enumerate(CONFIG.chain)
        for field in dataclasses.fields(stage)
        if isinstance(getattr(stage, field.name), (bool, int, float))
    }
    assert numbers <= tried


@pytest.mark.parametrize(("index", "field", "variant"), VARIANTS, ids=[f"{KINDS[i]}.{name}" for i, name, _ in VARIANTS])
def test_a_field_moves_its_stage_and_its_readers_exactly_when_it_can_change_the_output(index: int, field: str, variant: Any) -> None:
    other = make_plan((*CONFIG.chain[:index], variant, *CONFIG.chain[index + 1 :]))
    wanted = downstream(PLAN, index) if field in what_fields(variant) else []
    assert moved(PLAN, other) == wanted


def test_readers_are_as_declared() -> None:
    assert {kind: downstream(PLAN, KINDS.index(kind)) for kind in READERS} == READERS
    assert PLAN.steps[0].reads == (-1,)


def vad(number: int = 1, sha256: str = "a", called: str = "model") -> Any:
    """Always a class of the same name without fields of its own."""

    class Same(EnergyVad):
        version: ClassVar[int] = number

        def weights(self) -> tuple[Weights, ...]:
            return (Weights(called, "1", sha256, "MIT"),)

    return Same()


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherVad(EnergyVad):
    """The same in all but its name."""


def moved_by(one: Any, other: Any) -> list[str]:
    index = KINDS.index("vad")
    before, after = (make_plan((*CONFIG.chain[:index], stage, *CONFIG.chain[index + 1 :])) for stage in (one, other))
    return moved(before, after)


@pytest.mark.parametrize(("one", "other"), [(EnergyVad(), OtherVad()), (vad(), vad(number=2)), (vad(), vad(sha256="b"))])
def test_class_version_and_weights_move_the_stage_and_its_readers(one: Any, other: Any) -> None:
    assert moved_by(one, other) == READERS["vad"]


def test_where_the_weights_come_from_does_not_matter() -> None:
    assert moved_by(vad(), vad(called="another name")) == []


def test_speed_fields_leave_the_address_alone() -> None:
    assert moved(make_plan(chain()), make_plan(chain(wait=5.0, trace="x"))) == []
    assert moved(make_plan(chain()), make_plan(chain(seconds=3.0))) == ["decode", "tracks", "vad", "turns", "stats"]


SHOW = """
from pipeline.config import load_config
from pipeline.plan import make_plan
print([step.address for step in make_plan(load_config("stereo_channels", ["vad.backend=energy"]).chain).steps])
"""


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_addresses_are_the_same_in_every_process(seed: str) -> None:
    here = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env={**os.environ, "PYTHONHASHSEED": seed}, cwd=here, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str([step.address for step in PLAN.steps])


def test_addresses_have_the_form_that_prune_looks_for() -> None:
    assert all(ADDRESS.fullmatch(step.address) for step in PLAN.steps)
    assert all(re.fullmatch(rf"{step.name}-[0-9a-f]{{16}}", step.address) for step in PLAN.steps)


def test_a_giver_is_found_by_type_and_a_step_by_kind() -> None:
    assert [PLAN.giver(kind) for kind in (Recording, Tracks, Health, Activity, Stats)] == [0, 1, 2, 3, 5]
    assert PLAN.giver(int) is None
    assert PLAN.index("turns") == 4
    with pytest.raises(UsageError, match="the chain has no asr stage; it has decode, tracks"):
        PLAN.index("asr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A stage that holds a chain."""

    name: ClassVar[str] = "holder"
    backend: ClassVar[str] = "test"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = ()
    gives: ClassVar[type] = Stats
    chain: tuple[Any, ...]

    def weights(self) -> tuple[Weights, ...]:
        return ()


def address_of(*held: Any) -> str:
    return make_plan((Holder(chain=held),)).steps[0].address


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((EnergyVad(),), (OtherVad(),)),
        ((vad(),), (vad(number=2),)),
        ((vad(),), (vad(sha256="b"),)),
        ((EnergyVad(),), (EnergyVad(enter=9.5),)),
        ((EnergyVad(),), (EnergyVad(), EnergyVad())),
    ],
)
def test_stages_inside_a_stage_move_it_as_they_would_move_themselves(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert address_of(*one) != address_of(*other)


def test_speed_inside_a_stage_leaves_the_address_alone() -> None:
    assert address_of(*chain()[:1]) == address_of(*chain(wait=5.0, trace="x")[:1])
    assert address_of(vad()) == address_of(vad(called="another name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listens:
    """A stage that reads health where there is any."""

    name: ClassVar[str] = "listens"
    backend: ClassVar[str] = "test"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Tracks,)
    may_take: ClassVar[tuple[type, ...]] = (Activity, Health)
    gives: ClassVar[type] = str

    def weights(self) -> tuple[Weights, ...]:
        return ()


def test_what_a_stage_may_take_is_read_where_it_is_and_moves_its_address() -> None:
    decode, tracks, health, vad, *_ = CONFIG.chain
    plans = [make_plan((decode, tracks, *some, Listens())) for some in ((), (health,), (vad,), (health, vad))]
    assert [plan.steps[-1].reads for plan in plans] == [(1, None, None), (1, None, 2), (1, 2, None), (1, 3, 2)]
    assert len({plan.steps[-1].address for plan in plans}) == 4


def test_what_a_stage_must_take_is_asked_for_by_name() -> None:
    with pytest.raises(UsageError, match="chain: listens takes Tracks, which no stage before it gives"):
        make_plan((CONFIG.chain[0], Listens()))
