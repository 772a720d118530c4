"""From amounts to shares, for one call or for many pooled: the same sums, so that long calls weigh more than short ones."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

from schemas.calibration import Amounts, SpeakerErrors, Taking, TakingError
from stages.scoring.taking import KINDS, STATES, taking_error

PARTS = ("miss", "false_alarm", "confusion")


def ratio(part: float, whole: float) -> float | None:
    """A share; absent when there is nothing to have a share of."""
    return part / whole if whole else None


def shares(amounts: Sequence[Amounts]) -> dict[str, float | None]:
    """The shares and rates of some calls together, by their names in `schemas.calibration.Scores`; of at least one call."""
    total: Callable[[str], float] = lambda name: sum(getattr(each, name) for each in amounts)  # noqa: E731
    plain, collar = added(each.errors for each in amounts), added(each.errors_collar for each in amounts)
    segmented = [each.errors_segments for each in amounts if each.errors_segments is not None]
    found: dict[str, float | None] = {"der": plain.rate, "der_collar_250ms": collar.rate}
    found["der_segments"] = added(segmented).rate if segmented else None
    for name in PARTS:
        found[name] = ratio(getattr(plain, name), plain.speech)
        found[f"{name}_collar_250ms"] = ratio(getattr(collar, name), collar.speech)
    return {
        **found,
        "overlap_recall": ratio(total("overlap_both"), total("overlap")),
        "overlap_precision": ratio(total("overlap_both"), total("overlap_found")),
        "backchannel_recall": ratio(total("backchannels_kept"), total("backchannels")),
        "speech_kept": ratio(total("speech_kept"), plain.speech),
        "swaps_per_hour": ratio(3600 * total("swaps"), total("seconds")),
        "rtf": ratio(total("processor"), total("seconds")),
    }


def added(errors: Iterable[SpeakerErrors]) -> SpeakerErrors:
    """The sum of some calls' errors."""
    every = list(errors)
    return SpeakerErrors(**{name: sum(getattr(each, name) for each in every) for name in ("speech", *PARTS)})


def pooled_taking_error(amounts: Sequence[Amounts]) -> TakingError:
    """Turn-taking errors of all calls' amounts together; the difference of medians is the median of the calls' own differences."""
    pairs = [(each.taking, each.taking_found) for each in amounts]
    offsets = [made.fto_median - true.fto_median for true, made in pairs if made.fto_median is not None and true.fto_median is not None]
    offset = statistics.median(offsets) if offsets else None
    true = _summed([pair[0] for pair in pairs], 0.0 if offset is not None else None)
    made = _summed([pair[1] for pair in pairs], offset)
    return taking_error(true, made, sum(each.seconds for each in amounts))


def _summed(takings: Sequence[Taking], fto_median: float | None) -> Taking:
    sums = {name: sum(getattr(each, name) for each in takings) for name in (*STATES, *KINDS)}
    return Taking(**sums, fto_median=fto_median)
