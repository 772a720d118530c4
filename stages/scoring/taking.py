"""Turn-taking statistics of made channels against those of the true ones."""

from __future__ import annotations

from schemas.calibration import Taking, TakingError
from schemas.stats import Stats

STATES = ("ipu", "pause", "gap", "overlap")
KINDS = ("backchannels", "interruptions", "failed_interruptions")
LEAST = 1.0
"""Seconds per minute: no state's error is divided by less, so that a second of overlap in an hour does not rule the largest error."""


def taking(stats: Stats) -> Taking:
    """The amounts that are compared."""
    return Taking(
        ipu=stats.ipu.seconds,
        pause=stats.pause.seconds,
        gap=stats.gap.seconds,
        overlap=stats.overlap.seconds,
        backchannels=sum(channel.backchannels for channel in stats.channels),
        interruptions=sum(channel.interruptions for channel in stats.channels),
        failed_interruptions=sum(channel.failed_interruptions for channel in stats.channels),
        fto_median=stats.transfers.median,
    )


def taking_error(true: Taking, made: Taking, seconds: float) -> TakingError:
    """Relative errors over `seconds` of audio; that of the median floor transfer offset is a difference."""
    relative = {name: _relative(getattr(true, name), getattr(made, name)) for name in (*STATES, *KINDS)}
    least = LEAST * seconds / 60
    largest = max(abs(getattr(made, name) - getattr(true, name)) / max(getattr(true, name), least) for name in STATES)
    medians = (true.fto_median, made.fto_median)
    offset = None if medians[0] is None or medians[1] is None else medians[1] - medians[0]
    return TakingError(**relative, fto_median_s=offset, largest=largest)


def _relative(true: float, made: float) -> float | None:
    return (made - true) / true if true else None
