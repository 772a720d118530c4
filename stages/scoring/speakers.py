"""Who spoke when against who spoke when: which made channel is which speaker, and the diarization error rate."""

from __future__ import annotations

from schemas.calibration import SpeakerErrors
from schemas.errors import UsageError
from schemas.span import Spans, intersect, total

COLLAR = 0.25
"""Seconds on either side of every end of reference speech that a score with collar leaves out."""

Pair = tuple[Spans, Spans]
"""Speech of two speakers or channels, in samples."""


def mapping(reference: Pair, found: Pair) -> tuple[int, int]:
    """For each true speaker the found one that shares most time with it, each found one taken once; as they stand when nothing decides."""
    straight = sum(total(intersect(reference[i], found[i])) for i in (0, 1))
    crossed = sum(total(intersect(reference[i], found[1 - i])) for i in (0, 1))
    return (1, 0) if crossed > straight else (0, 1)


def pick(found: Pair, order: tuple[int, int]) -> Pair:
    """`found` in the order of the true speakers, as `mapping` gave it."""
    return found[order[0]], found[order[1]]


def check_metrics() -> None:
    """Raise `UsageError` unless the library that counts diarization errors is there."""
    try:
        import pyannote.metrics.diarization  # noqa: F401
    except ImportError:
        raise UsageError("calibrate needs a package that is not installed: pip install 'pyannote.metrics>=4.1'") from None


def speaker_errors(reference: Pair, found: Pair, length: int, rate: int, collar: float = 0.0) -> SpeakerErrors:
    """The parts of the diarization error rate over `length` samples at `rate` Hz, by pyannote.metrics.

    Overlap is scored. `collar` is seconds on *either* side of every end of reference speech (pyannote.metrics' own is the width of both
    together). The best mapping of the found speakers to the true ones is the library's.
    """
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    metric = DiarizationErrorRate(collar=2 * collar, skip_overlap=False)
    whole = Timeline([Segment(0.0, length / rate)])
    parts = metric.compute_components(_annotation(reference, rate), _annotation(found, rate), uem=whole)
    return SpeakerErrors(
        speech=float(parts["total"]),
        miss=float(parts["missed detection"]),
        false_alarm=float(parts["false alarm"]),
        confusion=float(parts["confusion"]),
    )


def _annotation(speech: Pair, rate: int) -> object:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    for speaker, spans in enumerate(speech):
        for number, span in enumerate(spans):
            annotation[Segment(*span.seconds(rate)), f"{speaker}.{number}"] = str(speaker)
    return annotation
