"""Speech that was passed over: what the segmentation network hears where nothing was marked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stages.diarize.segmentation import Heard
from stages.diarize.speech import CLEAR, FLOOR, passed_over
from stages.diarize.ticks import Mask


def heard(speech: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Heard:
    return Heard(speech, np.zeros(len(speech), np.float32), np.zeros(0, np.int64), np.zeros((0, 1, 3), np.float16))


@given(arrays(bool, 120), arrays(bool, 120), st.floats(0, 1, width=32))
def test_only_what_is_clear_of_speech_and_other_sound_counts(speech: Mask, other: Mask, likely: float) -> None:
    found = passed_over(speech, heard(np.full(120, likely, np.float32)), other)
    marked = np.flatnonzero(speech)
    for tick in range(120):
        near = len(marked) > 0 and np.abs(marked - tick).min() <= CLEAR
        assert found[tick] == (0.0 if near or other[tick] or likely <= FLOOR else likely)
