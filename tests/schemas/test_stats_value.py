from __future__ import annotations

import json
from dataclasses import replace

import pytest

from schemas.activity import Activity
from schemas.errors import LawError
from schemas.plain import arrow_type, from_plain, to_plain
from schemas.span import Span
from schemas.stats import FTO_EDGES, Stats
from stages.turns.stats import TurnTaking


def stats(*sides: tuple[tuple[int, int], ...]) -> Stats:
    channels = tuple(tuple(Span(a, b) for a, b in side) for side in sides)
    return TurnTaking().load("cpu")(Activity(channels=channels, length=3000, rate=100))


SOME = stats(((100, 400), (900, 1200)), ((350, 800), (1300, 1500)))


@pytest.mark.parametrize("value", [SOME, stats((), ())])
def test_survives_json(value: Stats) -> None:
    assert from_plain(Stats, json.loads(json.dumps(to_plain(value), allow_nan=False))) == value


def test_is_one_arrow_column() -> None:
    import pyarrow as pa

    kind = arrow_type(Stats)
    column = pa.array([to_plain(SOME), to_plain(stats((), ()))], kind)
    assert from_plain(Stats, column[0].as_py()) == SOME
    assert column[1].as_py()["transfers"]["median"] is None


def test_edges_are_fixed_tenths() -> None:
    assert FTO_EDGES[0] == -3.0
    assert FTO_EDGES[-1] == 3.0
    assert len(FTO_EDGES) == 61
    assert 0.3 in FTO_EDGES


def test_broken_sums_are_refused() -> None:
    with pytest.raises(LawError, match="duration"):
        replace(SOME, single=SOME.single + 1)
    with pytest.raises(LawError, match="pauses"):
        replace(SOME, edge_silence=SOME.edge_silence + 1)
    with pytest.raises(LawError, match="kind"):
        replace(SOME, channels=(replace(SOME.channels[0], plain=9), SOME.channels[1]))
    with pytest.raises(LawError, match="overlaps by kind"):
        replace(SOME, overlaps=replace(SOME.overlaps, mid_turn=9))
    with pytest.raises(LawError, match="known on one channel"):
        replace(SOME, channels=(replace(SOME.channels[0], words=3), SOME.channels[1]))
    with pytest.raises(LawError, match="2"):
        replace(SOME, channels=SOME.channels[:1])
    with pytest.raises(LawError, match="channels' speech"):
        replace(SOME, channels=(replace(SOME.channels[0], speech=99.0), SOME.channels[1]))
    with pytest.raises(LawError, match="bins"):
        replace(SOME.transfers, n=SOME.transfers.n + 1)
    with pytest.raises(LawError, match="median"):
        replace(SOME.transfers, median=None)
