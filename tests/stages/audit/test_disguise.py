"""Two-channel files that are something else: cut-up mixtures, gates and separated mixtures, told from real silence and real leaks."""

from __future__ import annotations

import pytest

from schemas.audit import AuditFinding
from stages.audit.findings import disguise
from stages.audit.gating import Gating, gating
from stages.audit.traces import Trace, traces
from tests.stages.audit.made import Floats, activity, cut, gated, leaking, recording, separated, voices

TRUTH = activity(60)
REAL = voices(TRUTH)


def found(samples: Floats) -> tuple[list[AuditFinding], Gating, tuple[Trace, ...]]:
    made = recording(samples)
    gate, trace = gating(made, TRUTH), traces(made, TRUTH)
    return disguise(gate, trace), gate, trace


def names(samples: Floats) -> set[str]:
    return {each.name for each in found(samples)[0]}


def test_two_microphones_in_quiet_rooms_are_nothing_else() -> None:
    assert names(REAL) == set()
    assert names(voices(TRUTH, noise=0.4)) == set()


@pytest.mark.parametrize("both", [True, False])
def test_a_mixture_cut_up_by_speaker_is_found(both: bool) -> None:
    told, gate, _ = found(cut(REAL, TRUTH, both))
    assert [each.name for each in told] == ["cut_mono"]
    assert min(share or 0 for share in gate.dead) > 0.99
    assert gate.both == 0 or (gate.same or 0) > 0.8


def test_a_noise_gate_is_told_from_a_cut_up_mixture() -> None:
    assert names(gated(REAL, TRUTH)) == {"gated_silence"}


def test_one_gated_side_alone_is_no_finding() -> None:
    half = REAL.copy()
    half[0] = gated(REAL, TRUTH)[0]
    assert names(half) == set()


def test_traces_of_masks_are_found_on_both_sides() -> None:
    told, _, trace = found(separated(REAL))
    assert {each.name for each in told} == {"separated"}
    assert {each.channel for each in told} == {0, 1}
    assert all((each.locked or 0) > 0.4 and (each.jumps_db or 0) > 6 for each in trace)


@pytest.mark.parametrize("db", [-10.0, -20.0, -30.0])
@pytest.mark.parametrize("taps", [1, 60])
def test_a_leak_through_a_fixed_path_is_no_separation(db: float, taps: int) -> None:
    assert names(leaking(REAL, db, taps)) == set()


def test_too_little_evidence_says_nothing() -> None:
    short = activity(60, seed=3)
    alone = type(short)(channels=(short.channels[0][:1], ()), length=short.length, rate=short.rate)
    made = recording(separated(REAL))
    assert all(each.locked is None for each in traces(made, alone)[1:])
    assert gating(recording(REAL * 0), alone).both is None
