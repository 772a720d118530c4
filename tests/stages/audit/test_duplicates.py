"""Duplicates: every version of a call is found as its own call's and no other's, and different calls are left apart."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import stages.audit.alike as alike
import stages.audit.candidates as index
from schemas.errors import UsageError
from schemas.prints import Prints, SidePrint
from stages.audit.duplicates import Duplicate, against, duplicates
from stages.audit.marks import RATE
from stages.audit.prints import evaluation_prints, prints
from tests.shared import SHARED, needs_shared
from tests.stages.audit.recombined import VERSIONS, announcement, call, noisy, real_call, recorded, through, version

CALLS = 60
LATE = 1037 / RATE
REPEATED = ("mp3 at 16 kHz", "16 kHz", "gain -20 dB", "noise 20 dB", "first half", "middle, opus", "faster 0.1 %")
"""Versions that a harder one of the same kind covers."""


@cache
def known() -> tuple[tuple[str, Prints], ...]:
    """Different calls of a minute cut from the same voices; every second one of the last 30 begins as the others of those do."""
    return tuple((str(seed), prints(recorded(call(seed, intro=seed >= 30 and seed % 2 == 0)))) for seed in range(CALLS))


def ids(found: list[Duplicate]) -> list[tuple[str, str, str]]:
    return [(each.first, each.second, each.kind) for each in found]


def test_different_calls_are_left_apart() -> None:
    assert duplicates(known()) == []


def test_a_shared_announcement_is_told_only_by_how_its_marks_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "EVEN", 0.0)
    monkeypatch.setattr(alike, "REACH", 0.0)
    found = duplicates(known())
    assert {int(each.first) % 2 for each in found} == {0}
    assert min(int(each.first) for each in found) >= 30


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if name in REPEATED else []) for name in VERSIONS])
def test_a_version_of_a_call_is_found(name: str) -> None:
    seeds = range(2)
    copies = [(f"copy {seed}", prints(recorded(*version(call(seed), name)))) for seed in seeds]
    found = duplicates([*known()[:20], *copies])
    right = {(str(seed), f"copy {seed}") for seed in seeds}
    made = {(each.first, each.second) for each in found}
    assert made <= right
    # Half a minute at the lowest rate of Opus is the hardest: 87 of 100 are found (`make bench`).
    assert len(made) >= (1 if name == "middle, opus" else 2)
    for each in found:
        assert each.kind == "near"
        assert 0.0 < each.similarity <= 1.0
        if "half" in name or "middle" in name:
            wanted = {"first half": 0.0, "last half": 30 + 77 / RATE, "middle, opus": 15.0}[name]
            assert each.offset == pytest.approx(wanted, abs=0.05)
        elif "mp3" not in name:
            assert each.offset == pytest.approx(LATE, abs=0.08)
        if name == "swapped, ulaw":
            assert each.swapped


def test_the_sides_are_named() -> None:
    sound = call(3)
    first = ("call", prints(recorded(sound)))

    def sides(name: str) -> set[tuple[int, int]]:
        (found,) = duplicates([first, ("copy", prints(recorded(*version(sound, name))))])
        return {(side.first, side.second) for side in found.sides}

    assert sides("ulaw") == {(0, 0), (1, 1)}
    assert sides("swapped, ulaw") == {(0, 1), (1, 0)}
    assert sides("mono") == {(0, 0), (1, 0)}
    assert sides("one side") == {(1, 0)}


def test_equal_samples_are_exact_whole_swapped_or_by_side() -> None:
    one, two = call(1), call(2)
    made = {
        "call": one,
        "again": one,
        "turned": one[::-1],
        "padded": np.pad(one, ((0, 0), (800, 400))),
        "other side": np.stack([two[0], one[1]]),
        "stranger": two,
    }
    found = {(each.first, each.second): each for each in duplicates([(name, prints(recorded(sound))) for name, sound in made.items()])}
    assert {pair: each.kind for pair, each in found.items()} == {
        ("call", "again"): "exact",
        ("call", "turned"): "exact",
        ("call", "padded"): "exact",
        ("call", "other side"): "exact_side",
        ("other side", "stranger"): "exact_side",
    }
    assert found[("call", "turned")].swapped
    assert found[("call", "padded")].offset == pytest.approx(-0.1)
    assert found[("call", "again")].seconds == pytest.approx(60.0)


def test_lossless_containers_are_exact() -> None:
    import soundfile

    sound = (np.round(call(5) * 32767) / 32768).astype(np.float32)
    for container, encoding in (("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("WAV", "PCM_32"), ("AIFF", "PCM_16")):
        if not soundfile.check_format(container, encoding):
            continue
        again, rate = through(sound, RATE, container, encoding)
        bits = 24 if encoding == "PCM_24" else 16
        assert ids(duplicates([("a", prints(recorded(sound))), ("b", prints(recorded(again, rate, bits)))])) == [("a", "b", "exact")]


def test_sides_of_silence_or_tones_are_no_evidence() -> None:
    tone = announcement()[0]
    made = {}
    for seed in (6, 7):
        for name, side in (("silent", np.zeros(60 * RATE, np.float32)), ("ringing", np.tile(tone, 3))):
            made[f"{name} {seed}"] = np.stack([call(seed + 10 * len(name))[0], side])
    assert duplicates([(name, prints(recorded(sound))) for name, sound in made.items()]) == []


def test_evaluation_audio_is_found_wherever_it_lies() -> None:
    parts = [(str(seed), recorded(*version(call(seed)[:, 20 * RATE : 30 * RATE + 1037], "ulaw"))) for seed in range(20)]
    found = against(known(), evaluation_prints(parts))
    right = [each for each in found if each.first == each.second]
    assert len(right) >= 19
    assert len(found) - len(right) <= 1
    for each in right:
        assert each.kind == "evaluation"
        assert each.offset == pytest.approx(20 + LATE, abs=0.05)


def test_ten_seconds_of_longer_evaluation_audio_inside_another_call_are_found() -> None:
    sound, other = call(8).copy(), call(100)
    sound[:, 25 * RATE : 37 * RATE] = other[:, 40 * RATE : 52 * RATE]
    calls = [*known()[:8], ("spliced", prints(recorded(sound)))]
    found = against(calls, evaluation_prints([("held out", recorded(noisy(other, 25.0)))]))
    assert [(each.first, each.second) for each in found] == [("spliced", "held out")]
    assert found[0].offset == pytest.approx(-15.0, abs=0.05)
    assert duplicates([*calls, ("held out", prints(recorded(other)))]) == []


def test_one_call_against_its_own_samples_is_evaluation() -> None:
    (each,) = against(known()[:5], [("held out", known()[3][1])])
    assert (each.first, each.kind, [side.exact for side in each.sides]) == ("3", "evaluation", [True, True])


def test_nothing_is_held_against_nothing() -> None:
    assert duplicates([]) == []
    assert against([], []) == []
    assert against(known()[:2], []) == []
    assert duplicates([("quiet", Prints(seconds=1.0, rate=RATE, sides=(SidePrint(),)))] * 2) == []


def made_up(rng: np.random.Generator, seconds: float = 300.0, marks: int = 600) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(0, 1 << 16, marks).astype(np.uint32), np.sort(rng.integers(0, round(seconds / 0.016), marks))


def thinned(rng: np.random.Generator, marks: tuple[np.ndarray, np.ndarray], share: float, later: int = 0) -> Prints:
    kept = rng.random(len(marks[0])) < share
    return Prints(seconds=300.0, rate=RATE, sides=(SidePrint.of(marks[0][kept], marks[1][kept] + later),))


def test_many_calls_and_few_copies() -> None:
    rng = np.random.default_rng(0)
    sounds = [made_up(rng) for _ in range(1500)]
    calls = [(f"{number}", thinned(rng, sound, 1.0)) for number, sound in enumerate(sounds)]
    calls += [(f"copy {number}", thinned(rng, sounds[number], 0.3, 40)) for number in range(0, 1500, 50)]
    order = rng.permutation(len(calls))
    found = duplicates([calls[number] for number in order])
    made = {tuple(sorted((each.first, each.second))) for each in found}
    assert made == {tuple(sorted((str(number), f"copy {number}"))) for number in range(0, 1500, 50)}


def test_parts_of_the_index_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    sounds = [made_up(rng) for _ in range(40)]
    calls = [(f"{number}", thinned(rng, sounds[number // 2], 0.6)) for number in range(80)]
    whole = duplicates(calls)
    assert len(whole) == 40
    monkeypatch.setattr(index, "AT_ONCE", 50)
    assert duplicates(calls) == whole


def test_more_versions_than_neighbours_are_all_linked() -> None:
    rng = np.random.default_rng(2)
    sound = made_up(rng)
    calls = [(f"{number}", thinned(rng, sound, 0.6)) for number in range(70)]
    group = {id: id for id, _ in calls}
    for each in duplicates(calls):
        one, two = group[each.first], group[each.second]
        group = {id: one if name == two else name for id, name in group.items()}
    assert len(set(group.values())) == 1


def test_too_many_for_one_index_are_refused() -> None:
    with pytest.raises(UsageError, match="cut the corpus in parts"):
        index.candidates([], 1 << 20)


@needs_shared
@pytest.mark.parametrize("name", ["noise 15 dB", *(pytest.param(name, marks=pytest.mark.slow) for name in ("gsm", "mp3", "middle, opus"))])
def test_real_calls_are_found_again(name: str) -> None:
    files = [path.relative_to(SHARED).as_posix() for path in sorted((SHARED / "spokenwoz").rglob("*.wav"))]
    sounds = {file: real_call(file) for file in files}
    calls = [(file, prints(recorded(sound))) for file, sound in sounds.items()]
    for file, sound in sounds.items():
        assert ids(duplicates([*calls, ("copy", prints(recorded(*version(sound, name))))])) == [(file, "copy", "near")]
