"""CTC alignment against every path there is, and against torchaudio's where its compiled extension loads."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.align.viterbi import ctc_align, least_frames
from stages.torch_audio import ensure_torchaudio


def table(seed: int, frames: int, labels: int) -> np.ndarray:
    logits = np.random.default_rng(seed).standard_normal((frames, labels)) * 2
    found: np.ndarray = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return found


def collapsed(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(label for label, _ in itertools.groupby(path) if label != blank)


@given(st.integers(0, 10**6), st.integers(1, 6), st.lists(st.integers(0, 2), min_size=1, max_size=4), st.sampled_from([0, 2, 3]))
def test_the_path_is_the_best_of_all_paths(seed: int, frames: int, drawn: list[int], blank: int) -> None:
    tokens = [label + (label >= blank) for label in drawn]
    log_probs = table(seed, frames, 4)
    paths = [path for path in itertools.product(range(4), repeat=frames) if collapsed(path, blank) == tuple(tokens)]
    found = ctc_align(log_probs, tokens, blank)
    if frames < least_frames(tokens):
        assert (found, paths) == (None, [])
        return
    assert found is not None
    best = max(sum(log_probs[t, label] for t, label in enumerate(path)) for path in paths)
    assert found.score == pytest.approx(best)
    assert collapsed(tuple(found.labels.tolist()), blank) == tuple(tokens)
    assert sum(log_probs[t, label] for t, label in enumerate(found.labels)) == pytest.approx(best)


@given(st.integers(0, 10**6), st.integers(20, 60), st.lists(st.integers(1, 6), min_size=1, max_size=9))
def test_frames_of_tokens_are_in_order_and_together(seed: int, frames: int, tokens: list[int]) -> None:
    found = ctc_align(table(seed, frames, 7), tokens)
    assert found is not None
    at = 0
    for place, token in enumerate(tokens):
        start, end = found.frames(place)
        assert at <= start < end <= frames
        assert set(found.labels[start:end].tolist()) == {token}
        at = end
    assert (found.labels[found.which < 0] == 0).all()


def test_no_path_is_told() -> None:
    impossible = np.full((5, 3), -np.inf)
    impossible[:, 0] = 0.0
    assert ctc_align(impossible, [1]) is None
    assert ctc_align(table(0, 5, 3), []) is None
    assert ctc_align(table(0, 5, 3), [0, 1]) is None


def test_what_would_take_too_much_memory_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ctc_align(table(0, 9, 3), [1, 2]) is not None
    monkeypatch.setattr("stages.align.viterbi.MOST_STEPS", 9 * 5 - 1)
    assert ctc_align(table(0, 9, 3), [1, 2]) is None
    assert ctc_align(table(0, 8, 3), [1, 2]) is not None


def test_it_equals_torchaudio() -> None:
    if not ensure_torchaudio():
        pytest.skip("torchaudio's compiled extension does not load here")
    import torch
    from torchaudio.functional import forced_align

    rng = np.random.default_rng(3)
    for seed in range(40):
        tokens = rng.integers(1, 12, int(rng.integers(1, 30))).tolist()
        log_probs = table(seed, 90, 12).astype(np.float32)
        labels, _ = forced_align(torch.from_numpy(log_probs)[None], torch.tensor([tokens], dtype=torch.int32), blank=0)
        found = ctc_align(log_probs, tokens)
        assert found is not None
        assert labels[0].tolist() == found.labels.tolist()
