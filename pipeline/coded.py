"""The codec tokens of one stretch of a recording, as a row holds them, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.codes import Codes, Fidelity, clip_codes
from schemas.errors import LawError
from schemas.plain import Int16
from schemas.row_codes import RowCodes, RowFidelity
from schemas.span import Span
from schemas.tracks import Tracks


def check_length(codes: Codes | None, tracks: Tracks) -> None:
    """Raises `LawError` for codes of another recording than that of the tracks: rows would hold frames of other moments, or too few."""
    if codes is not None and (codes.length, codes.rate) != (tracks.length, tracks.rate):
        raise LawError(
            f"Codes: {codes.codec} of {codes.length} samples at {codes.rate} Hz; the tracks have {tracks.length} at {tracks.rate} Hz"
        )


def row_codes(codes: Codes | None, window: Span) -> RowCodes | None:
    """The frames that touch a window; where it begins on a frame's edge, exactly the recording's frames from there on."""
    if codes is None:
        return None
    samples, begins = clip_codes(codes, window)
    checked = codes.fidelity
    inside = checked if checked is not None and window.start <= checked.span.start and checked.span.end <= window.end else None
    first, second = (_flat(channel) for channel in samples)
    return RowCodes(
        codec=codes.codec,
        sha256=codes.sha256,
        rate=codes.codec_rate,
        hop=codes.hop,
        bins=codes.bins,
        codebooks=codes.codebooks,
        frames=int(samples.shape[2]),
        lead=(window.start - begins) / codes.rate,
        channel_0=first,
        channel_1=second,
        fidelity=() if inside is None else _fidelity(inside, window, codes.rate),
        mismatch=None if inside is None else inside.mismatch,
    )


def _flat(channel: NDArray[np.int16]) -> tuple[Int16, ...]:
    codes: Any = channel.reshape(-1).tolist()
    return tuple(codes)


def _fidelity(checked: Fidelity, window: Span, rate: int) -> tuple[RowFidelity, ...]:
    start, end = Span(checked.span.start - window.start, checked.span.end - window.start).seconds(rate)
    return tuple(
        RowFidelity(channel, start, end, each.log_mel_db, each.stoi, each.si_sdr_db) for channel, each in enumerate(checked.channels)
    )


def codes_of_row(column: dict[str, Any], duration: float, rate: int) -> Codes:
    """The codes of a published row: `column` is its `codes` as Python objects, `duration` (s) and `rate` (Hz) are the row's."""
    shape = (column["codebooks"], column["frames"])
    samples = np.stack([np.asarray(column[name], np.int16).reshape(shape) for name in ("channel_0", "channel_1")])
    # Where the rate does not divide into frames, a frame's start is no whole sample, and the length may round into one frame more.
    longest = column["frames"] * column["hop"] * rate // column["rate"]
    return Codes(
        samples=samples,
        codec=column["codec"],
        sha256=column["sha256"],
        codec_rate=column["rate"],
        hop=column["hop"],
        bins=column["bins"],
        length=min(round((duration + column["lead"]) * rate), longest),
        rate=rate,
    )
