"""The decision over the whole recording, on heard scenes built by hand."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from stages.diarize import two_party
from stages.diarize.segmentation import FRAMES, RATE, WINDOW, Heard, window_starts
from stages.diarize.two_party import Decision, Moments, decide, moments, nearest, overlapped

SIZE = 24


@dataclass(frozen=True)
class Scene:
    """Who truly speaks at every tick (-1 nobody), what the segmentation network hears of it, and a voice for each."""

    who: NDArray[np.int64]
    heard: Heard
    rng: np.random.Generator

    @property
    def speech(self) -> NDArray[np.bool_]:
        return self.who >= 0

    def vectors(self, found: Moments, spread: float, alike: float = 0.0) -> NDArray[np.float32]:
        """Embeddings: each person's direction, `alike` the cosine between any two people, and noise."""
        people = np.eye(SIZE)[: max(2, self.who.max() + 1)] * np.sqrt(1 - alike)
        people[:, -1] = np.sqrt(alike)
        truth = self.who[np.clip(found.at.astype(int), 0, len(self.who) - 1)]
        made = people[truth] + self.rng.normal(0, spread / np.sqrt(SIZE), (len(truth), SIZE))
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def scene(turns: list[tuple[int, float]], named: bool = True, seed: int = 0) -> Scene:
    """Turns are (who, seconds), -1 for silence. The network names the voices of each window at random, or (`named` False) all alike."""
    rng = np.random.default_rng(seed)
    who = np.concatenate([np.full(round(seconds * 100), person) for person, seconds in turns])
    starts = window_starts(len(who) * 160, 40000)
    voices = np.zeros((len(starts), FRAMES, 3), np.float16)
    for index, start in enumerate(starts):
        at = np.clip((start + np.arange(FRAMES) * 270 + 495) * 100 // RATE, 0, len(who) - 1)
        names = rng.permutation(3) if named else np.zeros(3, np.int64)
        for frame, person in enumerate(who[at]):
            if person >= 0 and frame < FRAMES and start + frame * 270 < start + WINDOW:
                voices[index, frame, names[person % 3]] = 1.0
    speech = (who >= 0).astype(np.float32)
    return Scene(who, Heard(speech, np.zeros(len(who), np.float32), np.array(starts, np.int64), voices), rng)


def decided(made: Scene, spread: float = 0.5, **settings: Any) -> tuple[Decision, Moments]:
    found = moments(made.speech)
    alike = settings.pop("alike", 0.0)
    decision = decide(made.heard, found, made.vectors(found, spread, alike), 0.5, 1.0, settings.pop("smoothing", 0.25))
    assert decision is not None
    return decision, found


def rightly(made: Scene, decision: Decision, found: Moments) -> float:
    """Share of ticks of speech with the right person, under the better naming of two."""
    label = decision.labels[nearest(found, len(made.who))]
    right = (label == made.who)[made.speech].mean()
    return float(max(right, ((1 - label) == made.who)[made.speech].mean()))


TALK = [(0, 3.0), (-1, 0.3), (1, 2.0), (-1, 0.2), (0, 4.0), (1, 0.4), (0, 2.0), (-1, 1.0), (1, 5.0), (0, 0.3), (1, 3.0)] * 4


def test_turns_and_backchannels_are_given_to_the_right_person() -> None:
    made = scene(TALK)
    decision, found = decided(made)
    assert rightly(made, decision, found) > 0.995
    assert decision.evidence > 2
    assert len(decision.seconds) == 2


def test_the_voice_decides_where_the_network_names_everybody_alike() -> None:
    made = scene(TALK, named=False)
    decision, found = decided(made)
    assert rightly(made, decision, found) > 0.95, "only the shortest turns may be lost"


def test_the_network_decides_edges_where_voices_are_noisy() -> None:
    loud = {named: (scene(TALK, named), 4.0) for named in (True, False)}
    scores = {}
    for named, (made, spread) in loud.items():
        decision, found = decided(made, spread)
        scores[named] = rightly(made, decision, found)
    assert scores[True] > scores[False] + 0.02


def long_talk(minutes: int) -> tuple[Heard, Moments, NDArray[np.float32], NDArray[np.int64]]:
    """Two voices of the real embeddings' size in turns of five seconds, of which the segmentation network says nothing."""
    rng = np.random.default_rng(minutes)
    found = moments(np.ones(minutes * 6000, np.bool_))
    who = (found.at // 500 % 2).astype(np.int64)
    made = np.eye(192)[who] + rng.normal(0, 0.05, (len(who), 192))
    heard = Heard(np.ones(1, np.float32), np.zeros(1, np.float32), np.zeros(0, np.int64), np.zeros((0, FRAMES, 3), np.float16))
    return heard, found, np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32), who


def test_memory_hardly_grows_with_the_recording_and_voices_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_party, "MOST_LEARNT", 1500)
    monkeypatch.setattr(two_party, "BLOCK", 1024)
    peaks = []
    for minutes in (3, 8):
        heard, found, vectors, who = long_talk(minutes)
        tracemalloc.start()
        decision = decide(heard, found, vectors, 0.5, 1.0, 0.25)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert decision is not None
        assert (decision.labels == who).mean() in (0.0, 1.0)
        assert decision.seconds == pytest.approx((minutes * 30.0, minutes * 30.0))
    held = 5 * 60 * 10 * 192 * 4
    assert peaks[1] - peaks[0] < held / 2, "half of what the embeddings of the further minutes take themselves"


def test_one_person_is_no_dialogue() -> None:
    made = scene([(0, 4.0), (-1, 0.5)] * 10)
    decision, _ = decided(made)
    assert decision.evidence < -0.3
    assert decision.similarity > 0.7


def test_a_person_who_says_little_is_found() -> None:
    made = scene([(0, 9.0), (-1, 0.3), (1, 1.2), (0, 12.0), (-1, 0.5), (1, 1.5), (0, 10.0), (1, 1.1)])
    decision, found = decided(made)
    assert rightly(made, decision, found) > 0.98
    assert min(decision.seconds[:2]) == pytest.approx(3.8, abs=0.4)


def test_a_third_person_has_a_label_of_their_own_after_the_two_with_most_speech() -> None:
    made = scene([(2, 2.0), *TALK, (2, 3.0), (-1, 0.5), *TALK])
    decision, found = decided(made)
    label = decision.labels[nearest(found, len(made.who))]
    assert (label[made.who == 2] == 2).mean() > 0.95
    assert (label[(made.who == 0) | (made.who == 1)] < 2).mean() > 0.99
    assert decision.seconds[2] == pytest.approx(5.0, abs=0.5)


@pytest.mark.slow
def test_identity_holds_over_an_hour() -> None:
    made = scene(TALK * 40)
    assert len(made.who) > 3600 * 80
    decision, found = decided(made)
    label = decision.labels[nearest(found, len(made.who))]
    flip = int((label == made.who)[made.speech].mean() < 0.5)
    right = ((label ^ flip) == made.who) | ~made.speech
    minutes = right[: len(right) // 6000 * 6000].reshape(-1, 6000).mean(axis=1)
    assert minutes.min() > 0.98, "no minute of the hour is swapped"


@pytest.mark.parametrize("turns", [[(0, 0.4), (-1, 0.2), (1, 0.4)], [(-1, 3.0)], [(0, 0.7)]])
def test_too_little_speech_is_no_decision(turns: list[tuple[int, float]]) -> None:
    made = scene(turns)
    found = moments(made.speech)
    assert decide(made.heard, found, made.vectors(found, 0.5), 0.5, 1.0, 0.25) is None


def test_twice_the_same() -> None:
    first, second = (decided(scene(TALK))[0] for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.sure, second.sure)


def test_moments_are_inside_their_runs() -> None:
    solo = np.zeros(500, bool)
    solo[10:11] = solo[50:57] = solo[100:400] = True
    found = moments(solo)
    assert all(solo[start:end].all() for start, end in found.stretches)
    assert len(found.at) == 1 + 1 + 30
    assert (np.diff(found.at) > 0).all()
    assert found.lengths.max() <= 101


def test_overlap_is_kept_in_runs_that_reach_the_peak() -> None:
    heard = Heard(
        np.ones(9, np.float32),
        np.array([0, 0.4, 0.6, 0.4, 0.1, 0.4, 0.4, 0.1, 0.9], np.float32),
        np.zeros(1, np.int64),
        np.zeros((1, FRAMES, 3), np.float16),
    )
    speech = np.arange(9) < 8
    assert overlapped(heard, speech, 0.35, 0.5).tolist() == [False, True, True, True, False, False, False, False, False]
