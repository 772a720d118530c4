"""Splits: nothing that must stay together is parted, whatever the corpus, and what leaks is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.splits.assign import Level, Member, assign
from stages.splits.leaks import Voice, leaks

SHARES = (("train", 0.6), ("validation", 0.2), ("test", 0.2))
names = st.sampled_from([f"p{n}" for n in range(12)])
members = st.lists(st.tuples(st.tuples(names, names), st.floats(1, 600), st.sampled_from(["", "s1", "s2", "s3"])), max_size=25).map(
    lambda rows: [Member(f"r{n}", seconds, "c", pair, (source,) if source else ()) for n, (pair, seconds, source) in enumerate(rows)]
)


@settings(max_examples=80, deadline=None)
@given(members, st.integers(0, 9), st.data())
def test_no_speaker_source_or_copy_is_parted(rows: list[Member], seed: int, data: st.DataObject) -> None:
    ids = [member.id for member in rows]
    copies = data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=4)) if ids else []
    made = assign(rows, copies, SHARES, seed=seed)
    assert set(made.split) == set(ids)
    assert leaks(made.split, rows, copies) == []
    assert sum(made.seconds.values()) == pytest.approx(sum(member.seconds for member in rows))
    assert sorted(id for group in made.groups for id in group) == sorted(ids)
    shuffled = data.draw(st.permutations(rows))
    assert assign(shuffled, copies, SHARES, seed=seed) == made


@settings(max_examples=40, deadline=None)
@given(members)
def test_a_looser_level_ties_no_more(rows: list[Member]) -> None:
    def groups(level: Level) -> int:
        return len(assign(rows, (), SHARES, level).groups)

    assert groups("speaker") <= groups("dyad") <= groups("recording") <= len(rows)


def test_dyads_may_part_a_speaker_and_never_a_pair() -> None:
    rows = [Member(f"r{n}", 60, "c", (f"p{n}", "hub")) for n in range(60)] + [Member(f"s{n}", 60, "c", ("hub", f"p{n}")) for n in range(60)]
    made = assign(rows, (), SHARES, "dyad")
    assert len(set(made.split.values())) == 3
    assert all(made.split[f"r{n}"] == made.split[f"s{n}"] for n in range(60))
    assert len(assign(rows, (), SHARES, "speaker").groups) == 1


def test_equal_names_in_two_corpora_are_two_people() -> None:
    rows = [Member("a", 1, "one", ("x", "y")), Member("b", 1, "two", ("x", "y"))]
    assert len(assign(rows).groups) == 2


def test_shares_are_met_over_many_groups_and_more_recordings_move_none() -> None:
    rows = [Member(f"r{n}", 60, "c", (f"p{2 * n}", f"p{2 * n + 1}")) for n in range(4000)]
    made = assign(rows, (), SHARES)
    for name, share in SHARES:
        assert made.seconds[name] / (60 * len(rows)) == pytest.approx(share, abs=0.03)
    more = assign([*rows, *(Member(f"q{n}", 60, "c", (f"z{n}", f"y{n}")) for n in range(100))], (), SHARES)
    assert all(more.split[id] == split for id, split in made.split.items())
    assert assign(rows, (), SHARES, seed=1).split != made.split


@pytest.mark.parametrize("shares", [(), (("train", 0.5),), (("a", 1.2), ("b", -0.2))])
def test_shares_must_be_parts_of_a_whole(shares: tuple[tuple[str, float], ...]) -> None:
    with pytest.raises(UsageError, match="add up to 1"):
        assign([], (), shares)


def test_leaks_of_every_kind_are_found() -> None:
    draw = np.random.default_rng(0)
    voice, other = (draw.normal(size=192).astype(np.float32) for _ in range(2))
    again = voice + draw.normal(size=192).astype(np.float32) * 0.3
    rows = [Member("a", 1, "c", ("x", "y"), ("f",)), Member("b", 1, "c", ("x", "z"), ("f",)), Member("c", 1, "c", ("u", "v"))]
    split = {"a": "train", "b": "test", "c": "test"}
    voices = [Voice("a", 0, voice), Voice("c", 1, again * 5), Voice("b", 0, other)]
    found = leaks(split, rows, [("a", "c")], voices)
    assert {(leak.kind, leak.ids) for leak in found} == {
        ("speaker", ("a", "b")),
        ("source", ("a", "b")),
        ("copy", ("a", "c")),
        ("voice", ("a", "c")),
    }
    assert leaks(dict.fromkeys(split, "train"), rows, [("a", "c")], voices) == []
    assert leaks({"a": "train"}, rows, [("a", "c")], voices) == []
