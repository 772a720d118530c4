"""Codec tokens of a row in which sound was muted: every frame that hears a muted sample is made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.coded import row_codes
from pipeline.config import build_config
from pipeline.shape.cut import Opened
from pipeline.shape.reading import Held
from pipeline.shape.values import span_of
from schemas.codes import Codes, frames_of
from schemas.errors import DuologueError, UsageError
from schemas.recording import Samples
from schemas.row import Row, RowCodes
from schemas.span import Span, Spans
from schemas.tracks import Origin, Tracks

REACH: dict[str, tuple[int, int | None]] = {"melrvq-standin": (1, 1), "mimi": (1, None)}
"""How many frames before and after the one that a sample lies in may hear it; None: all to the end. One frame before is for the resampler
and the analysis window, which look ahead by far less than a frame. Mimi's attention carries what it heard from frame to frame, so all
frames after count. For a codec that is not here, all frames of the channel do."""


class Recoder:
    """The codec that made a set's codes, at hand."""

    def __init__(self, held: Held, model: str | None, device: str) -> None:
        """Raises `UsageError` when the set's chain has no tokenizer, or its weights cannot be had."""
        settings: dict[str, Any] = dict(held.manifest["config"].get("tokenize") or {})
        if model is not None:
            settings["model"] = model
        where = f"{held.place.root}/manifest.json"
        try:
            stage: Any = build_config({"chain": ["tokenize"], "tokenize": settings}, where).chain[0]
            self.codec = stage.codec(device)
        except UsageError as error:
            raise UsageError(
                f"{error}; the codes of muted stretches are made anew with the set's own codec: name its weights with --model, or give up "
                f"the codes of rows in which something is muted with --codes drop"
            ) from error

    def codes(self, opened: Opened, muted: tuple[Spans, Spans], audio: Samples) -> RowCodes | None:
        """The row's codes for its muted `audio` [2, n], with each channel's muted stretches, fades included.

        Frames that no muted sample reaches stay as they are. Raises `UsageError` when other weights made the row's codes.
        """
        row, known = opened.row, opened.codes
        held = row.codes
        if held is None or known is None:
            return None
        if known.sha256 != self.codec.sha256:
            raise UsageError(
                f"row {row.id}: its codes were made by weights of {known.codec} with SHA-256 {known.sha256[:12]}, and those at hand have "
                f"{self.codec.sha256[:12]}: name the right ones with --model, or use --codes drop"
            )
        lead = round(held.lead * row.rate)
        led: Samples = np.concatenate((np.zeros((2, lead), audio.dtype), audio), axis=1)
        anew = self._encoded(row, known, led)
        samples = known.samples.copy()
        changed: list[Span] = []
        for channel, spans in enumerate(muted):
            for frames in (hearing(known, Span(span.start + lead, span.end + lead)) for span in spans):
                samples[channel, :, frames.start : frames.end] = anew[channel, :, frames.start : frames.end]
                changed.append(frames)
        found = row_codes(replace(known, samples=samples, fidelity=None), Span(0, known.length))
        if found is None:
            return None
        untouched = not any(_touches(known, row, each.start, each.end, lead, changed) for each in held.fidelity)
        fidelity = (held.fidelity, held.mismatch) if untouched else ((), None)
        return replace(found, lead=held.lead, fidelity=fidelity[0], mismatch=fidelity[1])

    def _encoded(self, row: Row, known: Codes, audio: Samples) -> Any:
        whole = Span(0, audio.shape[1])
        tracks = Tracks(
            samples=audio,
            rate=row.rate,
            bits=16 if audio.dtype == np.int16 else 24,
            speakers=("0", "1"),
            roles=("", ""),
            order=None,
            chosen="as_recorded",
            origins=(Origin(0, whole, "original"), Origin(1, whole, "original")),
        )
        found = self.codec.encode(tracks)
        if found.shape[:2] != known.samples.shape[:2] or found.shape[2] < known.frames:
            raise DuologueError(
                f"row {row.id}: {known.codec} gives codes [channels, codebooks, frames] {found.shape} for it; the row holds "
                f"{known.samples.shape}: build the set again, or use --codes drop"
            )
        return found


def hearing(codes: Codes, span: Span) -> Span:
    """Frames that hear any sample of `span`, which is counted from the start of the first frame, at the recording's rate."""
    before, after = REACH.get(codes.codec, (codes.frames, None))
    first = span.start * codes.codec_rate // (codes.rate * codes.hop)
    end = frames_of(span.end, codes.rate, codes.codec_rate, codes.hop)
    return Span(min(max(0, first - before), codes.frames), codes.frames if after is None else min(codes.frames, end + after))


def _touches(codes: Codes, row: Row, start: float, end: float, lead: int, changed: list[Span]) -> bool:
    checked = span_of(start, end, row.rate)
    frames = hearing(codes, Span(checked.start + lead, min(checked.end + lead, codes.length)))
    return any(frames.start < each.end and each.start < frames.end for each in changed)
