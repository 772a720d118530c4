"""Tracks: origins tile each channel; a view passes samples through untouched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemas.errors import LawError
from schemas.recording import Decoding, Recording
from schemas.span import Span
from schemas.tracks import Origin, Tracks, view_of

SAMPLES = np.arange(20, dtype=np.int16).reshape(2, 10)
RECORDING = Recording(samples=SAMPLES, rate=8000, bits=16, decoding=Decoding(container="WAV", encoding="PCM_16", decoder="t", exact=True))


def made(**changes: Any) -> Tracks:
    whole = (Origin(0, Span(0, 10), "original"), Origin(1, Span(0, 4), "routed"), Origin(1, Span(4, 10), "silence"))
    fields: dict[str, Any] = {
        "samples": SAMPLES,
        "rate": 8000,
        "bits": 16,
        "speakers": ("A", "B"),
        "roles": ("", ""),
        "order": None,
        "chosen": "as_recorded",
        "origins": whole,
    }
    return Tracks(**{**fields, **changes})


def test_origins_may_tile_a_channel_in_pieces() -> None:
    assert made().length == 10


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([(0, 4), (5, 10)], "leave or repeat samples at 4"),
        ([(0, 6), (5, 10)], "leave or repeat samples at 6"),
        ([(0, 9)], "end at 9 of 10"),
        ([(0, 11)], "end at 11 of 10"),
        ([], "end at 0 of 10"),
        ([(5, 10), (0, 5)], "leave or repeat samples at 0"),
    ],
)
def test_origins_that_do_not_tile_are_refused(spans: list[tuple[int, int]], message: str) -> None:
    origins = (Origin(0, Span(0, 10), "original"), *(Origin(1, Span(*span), "original") for span in spans))
    with pytest.raises(LawError, match=f"channel 1 {message}"):
        made(origins=origins)


@pytest.mark.parametrize("shape", [(1, 10), (3, 10), (2, 0), (20,)])
def test_tracks_are_two_channels_with_samples(shape: tuple[int, ...]) -> None:
    with pytest.raises(LawError, match="samples of shape"):
        made(samples=np.zeros(shape, np.int16))


@pytest.mark.parametrize("order", [(0, 0), (1, 2), (1, 1)])
def test_an_order_names_both_channels(order: tuple[int, int]) -> None:
    with pytest.raises(LawError, match="order"):
        made(order=order)


def test_an_unknown_kind_of_origin_is_refused() -> None:
    with pytest.raises(LawError, match="kind 'guessed' is none of original"):
        Origin(0, Span(0, 1), "guessed")  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_view_holds_the_recordings_own_samples_without_a_copy(order: tuple[int, int]) -> None:
    view = view_of(RECORDING, order, ("A", "B"), ("agent", ""), "as_recorded")
    assert np.array_equal(view.samples, SAMPLES[list(order)])
    assert np.shares_memory(view.samples, SAMPLES)
    assert {origin.kind for origin in view.origins} == {"original"}


def test_mono_has_no_view() -> None:
    mono = Recording(samples=SAMPLES[:1], rate=8000, bits=16, decoding=RECORDING.decoding)
    with pytest.raises(LawError, match="recording of 1 channel"):
        view_of(mono, (0, 1), ("A", "B"), ("", ""), "as_recorded")
