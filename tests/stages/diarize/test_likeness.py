"""Voices of the pieces of a show: put together by likeness, and preferred to the whole recording's only where those are wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.span import Span
from stages.diarize.likeness import Known, Vectors, linked
from stages.diarize.segmentation import Heard
from stages.diarize.two_party import Decision, Moments, decide, labelled, moments, nearest
from tests.stages.diarize.test_two_party import SIZE, scene

QUIET = (-1, 6.0)
CHAT = [(0, 2.0), (1, 3.0), (0, 4.0), (1, 2.0), (0, 2.0), (1, 4.0)]


def by_people(*people: int) -> list[tuple[int, float]]:
    """The chat held by others: who 0 and 1 are."""
    return [(people[who], seconds) for who, seconds in CHAT]


def own(heard: Heard, found: Moments, vectors: NDArray[np.float32]) -> Decision | None:
    return decide(heard, found, vectors, 0.5, 1.0, 0.25)


def label(heard: Heard, found: Moments, vectors: NDArray[np.float32], centres: Vectors) -> tuple[NDArray[np.int64], Vectors]:
    return labelled(heard, found, vectors, centres, 0.25)


def verdict(between: Decision) -> str | None:
    return None if between.evidence >= 0.3 and min(between.seconds[:2]) >= 2.0 else "unsure"


def show(turns: list[tuple[int, float]]) -> tuple[Known, NDArray[np.int64], tuple[Span, ...]]:
    """A show whose people are orthogonal, decided as a whole; who truly speaks at every moment; the pieces between its silences."""
    made = scene(turns)
    found = moments(made.speech)
    vectors = made.vectors(found, 0.5)
    decision = own(made.heard, found, vectors)
    assert decision is not None
    pieces: list[Span] = []
    at = 0
    for who, seconds in turns:
        end = at + round(seconds * 100)
        if who >= 0:
            pieces[-1:] = [Span(pieces[-1].start, end)] if pieces and pieces[-1].end == at else [*pieces[-1:], Span(at, end)]
        at = end
    return Known(decision, made.heard, found, vectors), made.who[found.at.astype(int)], tuple(pieces)


def merged(known: Known, who: NDArray[np.int64], people: tuple[int, int]) -> Known:
    """The same, had the whole recording given two people one voice."""
    names = {person: int(np.bincount(known.decision.labels[who == person]).argmax()) for person in people}
    kept, lost = names[people[0]], names[people[1]]
    labels = np.where(known.decision.labels == lost, kept, known.decision.labels)
    centres = known.decision.centres.copy()
    mean = centres[kept] + centres[lost]
    centres[kept] = mean / np.linalg.norm(mean)
    return replace(known, decision=replace(known.decision, labels=labels, centres=centres))


def people_of(labels: NDArray[np.int64], who: NDArray[np.int64]) -> dict[int, int]:
    """The label that each person has, which nobody else has."""
    found = {}
    for person in sorted(set(who.tolist())):
        mine = labels[who == person]
        found[person] = int(np.bincount(mine).argmax())
        assert (mine == found[person]).mean() > 0.98
    assert len(set(found.values())) == len(found)
    return found


SHOW = [*by_people(0, 1), QUIET, *by_people(2, 3), QUIET, *by_people(0, 1), QUIET, (1, 12.0)]


def test_voices_of_the_whole_recording_stay_where_they_are_right() -> None:
    known, who, pieces = show(SHOW)
    people_of(known.decision.labels, who)
    assert len(pieces) == 4
    assert known.again(pieces, own, label, verdict) is known


def test_two_people_that_the_whole_gave_one_voice_are_found_piece_by_piece_and_keep_their_names() -> None:
    known, who, pieces = show(SHOW)
    wrong = merged(known, who, (0, 1))
    assert set(wrong.decision.labels[(who == 0) | (who == 1)]) == {wrong.decision.labels[who == 0][0]}
    mended = wrong.again(pieces, own, label, verdict)
    names = people_of(mended.decision.labels, who)
    assert sum(mended.decision.seconds) == pytest.approx(len(who) / 10)
    assert set(mended.own) == set(pieces[:3]), "the last piece is one person's, and is decided among the people found"
    between = mended.between((names[0], names[1]), pieces[0])
    assert between == mended.own[pieces[0]][1]
    assert verdict(between) is None


def test_the_likeness_of_one_person_given_to_two_voices_is_that_of_what_the_piece_holds() -> None:
    known, who, pieces = show(SHOW)
    first = int(known.decision.labels[who == 0][0])
    other = int(known.decision.labels[who == 2][0])
    labels = known.decision.labels.copy()
    alone = np.flatnonzero(who == 1)[-120:]
    labels[alone[::2]], labels[alone[1::2]] = first, other
    wrong = replace(known, decision=replace(known.decision, labels=labels))
    between = wrong.between((first, other), pieces[3])
    assert known.decision.centres[first] @ known.decision.centres[other] < 0.3
    assert between.similarity > 0.9
    assert abs(between.agreement) < 0.1
    assert verdict(between) == "unsure"


def direction(*parts: float) -> NDArray[np.float64]:
    made = np.zeros(SIZE)
    made[: len(parts)] = parts
    return made / np.linalg.norm(made)


def piece(*voices: tuple[NDArray[np.float64], float]) -> Decision:
    centres = np.stack([centre for centre, _ in voices])
    return Decision(np.zeros(0, np.int64), np.zeros(0), centres, 0.0, 1.0, tuple(seconds for _, seconds in voices))


def test_voices_alike_are_one_person_but_never_two_of_one_piece() -> None:
    host, near, guest = direction(1), direction(1, 0.3), direction(0, 0, 1)
    people, names = linked([piece((host, 9.0), (guest, 5.0)), piece((guest, 7.0), (near, 2.0)), piece((host, 4.0), (near, 4.0))])
    assert near @ host > 0.9
    assert [each.tolist() for each in names] == [[0, 1], [1, 2], [0, 2]], "who talks with the host is not the host, however alike"
    assert len(people) == 3
    np.testing.assert_allclose(np.linalg.norm(people, axis=1), 1.0)


def test_a_voice_of_two_pieces_is_the_mean_of_both_by_time() -> None:
    first, later = direction(1), direction(1, 0.5)
    people, names = linked([piece((first, 9.0)), piece((later, 1.0))])
    assert [each.tolist() for each in names] == [[0], [0]]
    np.testing.assert_allclose(people[0], (0.9 * first + 0.1 * later) / np.linalg.norm(0.9 * first + 0.1 * later))
    assert len(linked([piece((first, 9.0)), piece((direction(1, 1), 1.0))])[0]) == 2, "a cosine of 0.71 is two people"


def test_a_piece_by_itself_is_its_own_people() -> None:
    people, (names,) = linked([piece((direction(1), 3.0), (direction(1, 0.1), 3.0))])
    assert (len(people), names.tolist()) == (2, [0, 1])


def test_known_voices_are_given_to_moments() -> None:
    made = scene(by_people(0, 1))
    found = moments(made.speech)
    labels, sure = labelled(made.heard, found, made.vectors(found, 0.5), np.eye(SIZE)[:3], 0.25)
    assert (labels[nearest(found, len(made.who))] == made.who).mean() > 0.99
    assert sure.mean() > 0.95
