"""Sets with sound in them: rows of the report's dialogues, with words, events, scores, other sounds, codes and FLAC of noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.place import LocalPlace
from pipeline.publish import publish as commit
from pipeline.said import row_events, row_transcript, row_words
from pipeline.shape.cut import encoded
from schemas.activity import Activity
from schemas.codes import frames_of
from schemas.row import Row, RowAudio, RowClip, RowCodes, RowFidelity, RowOther, RowScore
from schemas.span import Span
from schemas.transcript import Language, Piece, Recovered, Removed, Transcript, Word
from stages.events.turn_taking import TurnTakingEvents
from stages.turns.stats import TurnTaking
from tests.pipeline.report_sets import RATE, rejected, row, talk
from tests.pipeline.report_sets import publish as written

KINDS = {"decode": 1, "tracks": 1, "vad": 1, "transcribe": 1, "stats": TurnTaking.version, "events": TurnTakingEvents.version}
CHAIN = [
    {"stage": kind, "backend": "some", "address": f"{kind}-0f3a5b7c9d1e2f40", "version": n, "weights": []} for kind, n in KINDS.items()
]
HOP = 640
"""Samples of one frame of codes at `RATE`."""


def said(rng: np.random.Generator, activity: Activity) -> Transcript:
    """Words of a third of a second in all speech, one `uh` recovered where there is room, and one thing removed."""
    pieces, recovered = [], []
    for channel, spans in enumerate(activity.channels):
        for span in spans:
            words, at = [], span.start
            while at < span.end:
                end = min(at + RATE // 3, span.end)
                words.append(Word(Span(at, end), str(rng.choice(["yeah", "so", "well"])), "given", float(rng.uniform(0.5, 1))))
                at = end + RATE // 50
            if len(words) > 3:
                gone = words.pop(1)
                recovered.append(Recovered(channel, gone.span, "uh", None, "test"))
            pieces.append(Piece(channel, span, tuple(words)))
    return Transcript(
        pieces=tuple(sorted(pieces, key=lambda p: (p.span.start, p.span.end, p.channel))),
        length=activity.length,
        rate=RATE,
        languages=(Language("en", "claimed"), None),
        removed=(Removed(1, Span(0, min(RATE, activity.length)), "thanks for watching", "known_phrase"),),
        recovered=tuple(recovered),
    )


def noise(rng: np.random.Generator, channels: int, length: int, bits: int = 16) -> NDArray[Any]:
    """Samples [channels, length] of every size."""
    top = 1 << (bits - 1)
    return rng.integers(-top, top, (channels, length)).astype(np.int16 if bits == 16 else np.int32)


def spoken(seed: int, seconds: float = 60.0, id: str = "call", *, bits: int = 16, bare: bool = False) -> Row:
    """One row, whole recording; `bare` has no words, no residual and no codes."""
    rng = np.random.default_rng(seed)
    activity = talk(rng, seconds)
    audio = RowAudio(encoded(noise(rng, 2, activity.length, bits), RATE, bits), None)
    if bare:
        return replace(row(id, activity, None), audio=audio)
    transcript = said(rng, activity)
    events = TurnTakingEvents().load("cpu")(activity, transcript)
    return replace(
        row(id, activity, None, stats=TurnTaking().load("cpu")(activity, transcript)),
        audio=audio,
        words=row_words(transcript),
        transcript=row_transcript(transcript, activity),
        events=row_events(events),
        event_constants=events.constants,
        others=(RowOther("music", 0.5, seconds / 2),),
        residual=RowAudio(encoded(noise(rng, 1, activity.length, bits), RATE, bits), None),
        quality=(RowScore("snr", 0, 30.0, "dB", "test"), RowScore("dnsmos.ovrl", 1, 3.0, "MOS", "test", 0.25, seconds - 0.25)),
        codes=_codes(rng, activity.length),
    )


def _codes(rng: np.random.Generator, length: int) -> RowCodes:
    frames = frames_of(length, RATE, RATE, HOP)
    first, second = (tuple(rng.integers(0, 2048, 2 * frames).tolist()) for _ in (0, 1))
    fidelity = tuple(RowFidelity(channel, 0.0, 1.0, 2.0, None, 9.0) for channel in (0, 1))
    return RowCodes("mimi", "ab" * 32, RATE, HOP, 2048, 2, frames, 0.0, first, second, fidelity, 0.01)


def parts_of(whole: Row, at: float, id: str) -> tuple[Row, Row]:
    """Two rows that say they are of one recording."""
    first = replace(whole, id=f"{id}#0000", clip=RowClip(id, 0, 2, 0.0, whole.duration, "silence"))
    return first, replace(first, id=f"{id}#0001", clip=RowClip(id, 1, 2, at, at + whole.duration, "end"))


def set_of(out: Path, rows: Sequence[Row], format: Literal["parquet", "arrow"] = "parquet", shards: int = 2) -> None:
    """A finished data set of these rows."""
    manifest = written(out, rows, rejected(), shards, format)
    config = {
        "name": "calls",
        "chain": list(KINDS),
        "vad": {"backend": "energy"},
        "transcribe": {"backend": "none"},
        "pack": {"format": format, "shard_mb": 1},
    }
    commit(LocalPlace(str(out)), {**manifest, "chain": CHAIN, "config": config}, rejected())
