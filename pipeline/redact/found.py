"""Where the personal data of a row lies, in samples with its margin, and in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.redact.settings import Redaction
from pipeline.shape.values import length_of, span_of
from schemas.personal import PersonalSpan, SpokenWord
from schemas.row import Row
from schemas.span import Span, Spans, union
from stages.personal.find import find_personal, words_of_row
from stages.personal.mask import masked

Find = Callable[[Sequence[SpokenWord], int], tuple[PersonalSpan, ...]]


@dataclass(frozen=True, slots=True)
class Muted:
    """One stretch of one channel to mute."""

    kind: str
    channel: int
    span: Span
    """Samples of the row, margin included."""
    shown: str
    """What a report may show of it."""


def muted_in(row: Row, settings: Redaction, presidio: Find | None = None) -> tuple[Muted, ...]:
    """All stretches to mute in a row, sorted by start; a row without words has none, because nothing can be found in it."""
    words = words_of_row(row)
    found = list(find_personal(words, row.rate, _languages(row)))
    if presidio is not None:
        found += presidio(words, row.rate)
    margin, length = round(settings.margin * row.rate), length_of(row)
    muted: set[Muted] = set()
    for each in found:
        if each.kind not in settings.kinds:
            continue
        span = Span(max(0, each.span.start - margin), min(length, each.span.end + margin))
        if not len(span):
            continue
        shown = masked(words, each)
        muted.add(Muted(each.kind, each.channel, span, shown))
        if settings.both or _is_mixed(row, 1 - each.channel, span):
            muted.add(Muted(each.kind, 1 - each.channel, span, shown))
    return tuple(sorted(muted, key=lambda m: (m.span, m.channel, m.kind, m.shown)))


def spans_of(muted: Sequence[Muted], channel: int, gap: int = 0) -> Spans:
    """What is muted of one channel; stretches at most `gap` samples apart are one."""
    return union((each.span for each in muted if each.channel == channel), gap)


def _languages(row: Row) -> tuple[str | None, str | None]:
    """Of each channel; where a row says none it is read as English, of which there are most rules."""
    told = {} if row.transcript is None else {each.channel: each.tag for each in row.transcript.languages}
    return told.get(0, row.source.language), told.get(1, row.source.language)


def _is_mixed(row: Row, channel: int, span: Span) -> bool:
    """Where nothing separated a mixture, both voices are on both channels."""
    for origin in row.origins:
        if origin.channel == channel and origin.kind == "routed":
            stretch = span_of(origin.start, origin.end, row.rate)
            if stretch.start < span.end and span.start < stretch.end:
                return True
    return False
