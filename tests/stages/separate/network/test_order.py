"""Which output is which speaker: told by solo speech, by neighbours, by voice, and never by guess."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.separate.network.order import SURE, Floats, Part, Solo, confidence, orders, tell

BOTH = np.array([0.5, 0.5])
SAME, TURNED = np.eye(2) / 2, np.eye(2)[::-1] / 2


def part(*solos: tuple[int, float], seconds: float = 1.0) -> Part:
    """Solos are (speaker, share in output 0)."""
    return Part(tuple(Solo(speaker, seconds, np.array([share, 1 - share])) for speaker, share in solos), BOTH)


@pytest.mark.parametrize(
    ("solos", "order"),
    [([(0, 0.95)], (0, 1)), ([(0, 0.1)], (1, 0)), ([(1, 0.95)], (1, 0)), ([(0, 0.7), (1, 0.3)], (0, 1)), ([(0, 0.9), (0, 0.9)], (0, 1))],
)
def test_an_output_that_holds_a_solo_is_that_speakers(solos: list[tuple[int, float]], order: tuple[int, int]) -> None:
    told = tell([part(*solos)], [], None)
    assert told.orders == (order,)
    assert told.sureness > SURE
    assert confidence(told, np.array([1.0, 1.0])) > 0.2


@pytest.mark.parametrize(
    "solos",
    [
        [],
        [(0, 0.5)],
        [(0, 0.55), (1, 0.45)],  # too little
        [(0, 0.95), (0, 0.05)],  # before and after the overlap tell opposite things
        [(0, 0.9), (1, 0.9)],  # both speakers in one output
    ],
)
def test_what_does_not_tell_is_no_guess(solos: list[tuple[int, float]]) -> None:
    told = tell([part(*solos)], [], None)
    assert told.sureness < SURE
    assert confidence(told, np.array([1.0, 1.0])) == 0.0


def test_little_solo_speech_counts_little() -> None:
    assert tell([part((0, 0.9), seconds=0.05)], [], None).sureness < SURE


@given(st.lists(st.sampled_from([SAME, TURNED]), min_size=1, max_size=6), st.booleans())
def test_windows_of_a_long_overlap_keep_their_speakers(links: list[Floats], ends: bool) -> None:
    """Only the first window has a solo beside it, and the last one if `ends`."""
    turned = np.cumsum([link is TURNED for link in links]) % 2
    parts = [part((0, 0.95)), *(part() for _ in links)]
    if ends:
        parts[-1] = part((1, 0.95 if turned[-1] else 0.05))
    told = tell(parts, links, None)
    assert told.orders == ((0, 1), *((1, 0) if each else (0, 1) for each in turned))
    assert told.sureness > SURE


def test_a_broken_chain_is_told() -> None:
    """The ends agree with a swap on the way that no link shows: either end is sure, what lies between is not."""
    parts = [part((0, 0.95)), part(), part((0, 0.05))]
    assert tell(parts, [SAME, SAME], None).sureness < SURE
    assert tell(parts, [SAME, np.full((2, 2), 0.25)], None).sureness > SURE


def test_a_voice_tells_where_nobody_speaks_alone() -> None:
    told = tell([part()], [], np.array([-0.3, 0.4]))
    assert told.orders == ((1, 0),)
    assert told.sureness > SURE
    assert 0.3 < confidence(told, np.array([1.0, 1.0])) <= 0.5
    assert tell([part()], [], np.array([0.1, -0.02])).sureness < SURE


def test_three_outputs_are_given_to_two_speakers() -> None:
    assert len(orders(3)) == 6
    solos: tuple[Solo, ...] = (Solo(0, 1.0, np.array([0.05, 0.9, 0.05])), Solo(1, 1.0, np.array([0.5, 0.02, 0.48])))
    told = tell([Part(solos, np.array([0.3, 0.4, 0.3]))], [], None)
    assert told.orders == ((1, 0, 1),)
    assert told.sureness > SURE
    # With solo speech of one speaker only, outputs that are not in it are the other's.
    solos = (Solo(0, 1.0, np.array([0.98, 0.01, 0.01])),)
    told = tell([Part(solos, np.array([0.4, 0.3, 0.3]))], [], None)
    assert told.orders == ((0, 1, 1),)
    assert told.sureness > SURE
    # Who has an output that holds nothing does not matter, and does not make the rest less sure.
    solos = (Solo(0, 1.0, np.array([0.02, 0.98, 0.0])), Solo(1, 1.0, np.array([0.97, 0.03, 0.0])))
    assert tell([Part(solos, np.array([0.5, 0.5, 0.0]))], [], None).sureness > 0.999


@pytest.mark.parametrize(("energies", "factor"), [((1.0, 1.0), 1.0), ((1.0, 0.03), 0.03 / 1.03 / 0.06), ((1.0, 0.0), 0.0)])
def test_one_voice_is_no_separation(energies: tuple[float, float], factor: float) -> None:
    told = tell([part((0, 1.0), (1, 0.0))], [], None)
    assert confidence(told, np.array(energies)) == pytest.approx(factor, abs=1e-3)


@given(st.lists(st.floats(0, 1), max_size=4), st.lists(st.floats(0, 1), max_size=4))
def test_the_other_way_round_is_the_other_order(first: list[float], second: list[float]) -> None:
    solos = [*((0, each) for each in first), *((1, each) for each in second)]
    told, turned = tell([part(*solos)], [], None), tell([part(*((speaker, 1 - share) for speaker, share in solos))], [], None)
    assert told.sureness == pytest.approx(turned.sureness)
    assert 0.5 - 1e-9 <= told.sureness <= 1 + 1e-9
    if told.sureness > SURE:
        assert told.orders[0] == turned.orders[0][::-1]
