"""A clip cut out of a row: its samples bit for bit, every time counted from its own start, statistics and events its own."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pipeline.clips import within
from pipeline.codecs import read_flac, write_flac
from pipeline.coded import codes_of_row, row_codes
from pipeline.rows import clip_activity
from pipeline.said import Anew, clip_transcript, row_events, row_transcript, row_words
from pipeline.shape.values import activity_of, constants_of, length_of, span_of, transcript_of
from schemas.activity import Activity
from schemas.codes import Codes
from schemas.errors import DuologueError
from schemas.events import Events
from schemas.plain import to_plain
from schemas.recording import Samples
from schemas.row import Row, RowAudio, RowClip, RowCodes, RowEvent, RowScore, RowSpeech, RowStage
from schemas.span import Span, Spans
from schemas.stats import Stats
from schemas.transcript import Transcript
from stages.turns.stats import turn_taking

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Opened:
    """One row taken apart, for all clips that are cut out of it."""

    row: Row
    audio: Samples
    residual: Samples | None
    bits: int
    activity: Activity
    transcript: Transcript | None
    codes: Codes | None

    @staticmethod
    def of(row: Row) -> Opened:
        """Raises `DuologueError` when the audio is not what the row says."""
        audio, bits = _decoded(row, row.audio.bytes, 2)
        residual = None if row.residual is None else _decoded(row, row.residual.bytes, 1)[0]
        activity = activity_of(row)
        codes = None if row.codes is None else codes_of_row(to_plain(row.codes), row.duration, row.rate)
        return Opened(row, audio, residual, bits, activity, transcript_of(row, activity), codes)


def _decoded(row: Row, data: bytes, channels: int) -> tuple[Samples, int]:
    samples, rate, bits, _ = read_flac(io.BytesIO(data))
    if samples.shape != (channels, length_of(row)) or rate != row.rate:
        raise DuologueError(
            f"row {row.id}: audio of {samples.shape[0]} channels, {samples.shape[1]} samples at {rate} Hz; the row says "
            f"{channels}, {length_of(row)} at {row.rate} Hz"
        )
    return samples, bits


def encoded(samples: Samples, rate: int, bits: int) -> bytes:
    """The FLAC of samples [channels, n], as the rows of a build have it."""
    with tempfile.TemporaryFile(prefix="duologue-") as file:
        write_flac(file, samples, rate, bits)
        file.seek(0)
        return file.read()


def own_stats(activity: Activity, transcript: Transcript | None, row: Row, anew: Anew) -> Stats:
    """Turn-taking of a stretch of a row: by the stage that made the row's where it is known, else by the row's constants."""
    if Stats in anew:
        found: Stats = anew[Stats](activity, transcript)
        return found
    return turn_taking(activity, constants_of(row), transcript)


def cut_row(opened: Opened, window: Span, id: str, made: RowStage, anew: Anew) -> Row:
    """The row of one window, counted in samples; `made` is added to its provenance.

    `clip.index` and `clip.count` are left as they are: they belong to the set and not to the clip.
    """
    row, rate, whole = opened.row, opened.row.rate, opened.activity.length
    activity = clip_activity(opened.activity, window)
    transcript = None if opened.transcript is None else clip_transcript(opened.transcript, window)
    start = round(row.clip.start * rate) + window.start
    cut = row.clip.cut if window.end == whole else "silence"
    return replace(
        row,
        id=id,
        audio=RowAudio(encoded(opened.audio[:, window.start : window.end], rate, opened.bits), None),
        duration=len(window) / rate,
        clip=RowClip(row.clip.recording, row.clip.index, row.clip.count, start / rate, (start + len(window)) / rate, cut),
        speech=tuple(RowSpeech(c, *span.seconds(rate)) for c, spans in enumerate(activity.channels) for span in spans),
        turns=_moved(row.turns, window, rate),
        words=row_words(transcript),
        transcript=row_transcript(transcript, activity),
        events=_events(row, activity, transcript, window, anew),
        origins=_moved(row.origins, window, rate),
        others=_moved(row.others, window, rate),
        residual=_residual(opened, window),
        quality=_scores(row.quality, window, rate),
        codes=_codes(opened, window),
        stats=None if row.stats is None else own_stats(activity, transcript, row, anew),
        provenance=(*row.provenance, made),
        redactions=_moved(row.redactions, window, rate),
    )


def _codes(opened: Opened, window: Span) -> RowCodes | None:
    """The row's own frames that touch the window; what was measured of a stretch goes with the clip that holds all of it."""
    held, whole = opened.row.codes, opened.codes
    if held is None or whole is None:
        return None
    rate, lead = opened.row.rate, round(held.lead * opened.row.rate)
    found = row_codes(whole, Span(window.start + lead, min(window.end + lead, whole.length)))
    checked = [span_of(each.start, each.end, rate) for each in held.fidelity]
    if found is None or not all(window.start <= span.start and span.end <= window.end for span in checked):
        return found
    return replace(found, fidelity=_moved(held.fidelity, window, rate), mismatch=held.mismatch)


def _residual(opened: Opened, window: Span) -> RowAudio | None:
    if opened.residual is None:
        return None
    return RowAudio(encoded(opened.residual[:, window.start : window.end], opened.row.rate, opened.bits), None)


def _moved(items: Iterable[T], window: Span, rate: int) -> tuple[T, ...]:
    """Those with `start` and `end` in seconds that reach into the window, trimmed to it and counted from its start."""
    found = []
    for item in items:
        held: Any = item
        whole = span_of(held.start, held.end, rate)
        inside: Spans = within((whole,), window)
        if not len(whole) and window.start <= whole.start < window.end:  # such as a change of the floor with no offset
            inside = (Span(whole.start - window.start, whole.start - window.start),)
        for span in inside:
            start, end = span.seconds(rate)
            found.append(replace(held, start=start, end=end))
    return tuple(found)


def _scores(scores: Iterable[RowScore], window: Span, rate: int) -> tuple[RowScore, ...]:
    """Scores of all of the row as they are, and those of regions as far as they lie in the window."""
    found: list[RowScore] = []
    for score in scores:
        found.extend((score,) if score.start is None else _moved((score,), window, rate))
    return tuple(found)


def _events(row: Row, activity: Activity, transcript: Transcript | None, window: Span, anew: Anew) -> tuple[RowEvent, ...]:
    """Found anew where the stage that found them is known; otherwise the row's own, trimmed to the window."""
    if row.event_constants is None:
        return ()
    if Events in anew:
        return row_events(anew[Events](activity, transcript))
    return _moved(row.events, window, row.rate)
