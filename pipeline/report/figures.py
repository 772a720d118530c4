"""The report's distributions, drawn and put into words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.report.axes import moment_label, percent_label, plain_label
from pipeline.report.charts import Look, histogram
from pipeline.report.condition import Condition
from pipeline.report.mixtures import Mixtures
from pipeline.report.taking import Taking
from pipeline.report.tally import Tally
from pipeline.report.totals import Totals
from pipeline.report.words import NB, count, lasting, number, several, share, with_unit
from schemas.stats import CANDOR_MEDIAN_FTO, FISHER_SHAPE, FTO_EDGES

SIDES = ("channel 0", "channel 1")


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart with its words; no drawing when nothing is known."""

    title: str
    svg: Markup | None
    captions: tuple[str, ...]
    note: str = ""
    wide: bool = False


def describe(tally: Tally, of: tuple[str, str], value: Callable[[float], str], unit: str = "") -> str:
    """`n = 12 rows; median …, middle half … to …, range … to … dB; absent in 3`."""
    if not tally.n:
        return f"no value in {several(tally.absent, *of)}" if tally.absent else "no value"
    least, first, middle, third, most = (value(tally.quantile(q) or 0.0) for q in (0, 0.25, 0.5, 0.75, 1))
    parts = [f"n = {several(tally.n, *of)}"]
    summary = f"median {middle}, middle half {first} to {third}, range {least} to {most}" if tally.n > 1 else f"value {middle}"
    parts.append(f"{summary}{NB}{unit}" if unit else summary)
    if tally.absent:
        parts.append(f"absent in {count(tally.absent)}")
    return "; ".join(parts)


def one(tally: Tally, of: tuple[str, str], look: Look, value: Callable[[float], str], note: str = "") -> Figure:
    """A single distribution."""
    words = describe(tally, of, value)
    svg = histogram([tally], [], look, words) if tally.n else None
    return Figure(look.title, svg, (words,), note)


def two(tallies: Sequence[Tally], title: str, axis: str, unit: str, note: str) -> Figure:
    """The distributions of both channels, back to back."""
    words = tuple(
        f"{name[0].upper()}{name[1:]}: {describe(tally, ('recording', 'recordings'), number, unit)}"
        for name, tally in zip(SIDES, tallies, strict=True)
    )
    look = Look(title=title, axis=axis, of="recordings")
    svg = histogram(tallies, SIDES, look, ". ".join(words)) if any(tally.n for tally in tallies) else None
    return Figure(title, svg, words, note)


def of_recordings(totals: Totals) -> list[Figure]:
    """How long the recordings are."""
    look = Look(title="Recording duration", axis="duration (logarithmic)", of="recordings", label=moment_label)
    return [one(totals.duration, ("recording", "recordings"), look, lasting)]


def of_health(condition: Condition) -> list[Figure]:
    """Levels of both channels of each recording."""
    return [
        two(condition.level, "Speech level", "active speech level (dBFS)", "dBFS", "Mean power over speech; absent without speech."),
        two(condition.noise, "Noise floor", "noise floor (dBFS)", "dBFS", "Absent where everything outside speech is digital silence."),
        two(
            condition.snr, "Signal-to-noise ratio (SNR)", "speech level minus noise floor (dB)", "dB", "Absent where either of the two is."
        ),
        two(condition.leakage, "Leakage heard", "power of the other side in this channel (dB)", "dB", "Absent where no leak was found."),
    ]


def of_mixtures(mixtures: Mixtures) -> list[Figure]:
    """How sure it is who speaks in each conversation made from one channel."""
    conversations = ("conversation", "conversations")
    sure = Look(title="Confidence", axis="expected share of speech on the right channel (%)", of="conversations", label=percent_label)
    alike = Look(title="Likeness of the voices", axis="cosine between the two voice models", of="conversations")
    return [
        one(mixtures.confidence, conversations, sure, share, "Absent where the diarization gives none."),
        one(mixtures.similarity, conversations, alike, lambda value: number(value, 2), "Near 1 two voices are hard to tell apart."),
    ]


def of_taking(totals: Totals, taking: Taking) -> list[Figure]:
    """Overlap and balance of each row."""
    rows = ("row", "rows")
    overlap = Look(
        title="Overlap",
        axis="share of the row's time in which both speak (%)",
        of="rows",
        label=percent_label,
        lines=((FISHER_SHAPE["overlap"] / 60, "reference", "Fisher"),),
    )
    balance = Look(
        title="Balance of talk",
        axis="channel 0's share of all speech (%)",
        of="rows",
        label=percent_label,
        lines=((0.5, "reference", "equal shares"),),
    )
    return [
        one(
            taking.overlap_share, rows, overlap, share, f"The dashed line marks the share in Fisher, {share(FISHER_SHAPE['overlap'] / 60)}."
        ),
        one(totals.balance, rows, balance, share, "The dashed line marks equal shares. Absent in rows without speech."),
    ]


def of_transfers(taking: Taking) -> Figure:
    """Floor transfer offsets of all rows together."""
    median = taking.transfers.quantile(0.5)
    marks = [(0.0, "zero", "no gap and no overlap"), (CANDOR_MEDIAN_FTO, "reference", "CANDOR")]
    if median is not None:
        marks.append((median, "own", "this set"))
    title, axis = "Floor transfer offset (FTO)", "start of the next turn minus end of the one before (s); below zero they overlap"
    look = Look(title=title, axis=axis, of="transfers", label=plain_label, width=900, whole=True, lines=tuple(marks))
    words = transfer_words(taking)
    svg = histogram([taking.transfers], [], look, words) if taking.transfers.n else None
    note = f"Solid line: median of this set. Dashed line: median in CANDOR, {with_unit(CANDOR_MEDIAN_FTO, 's', 2)}. Dotted line: zero."
    return Figure(title, svg, (words,), note if svg else "", wide=True)


def transfer_words(taking: Taking) -> str:
    """The pooled offsets in a sentence; quartiles are read from bins of 0.1 s."""
    tally = taking.transfers
    if not tally.n:
        return "no transfer of the floor"
    first, middle, third = (offset(tally.quantile(q)) for q in (0.25, 0.5, 0.75))
    spread = f"median {middle}, middle half {first} to {third} (from bins of 0.1 s)"
    return f"n = {several(tally.n, 'transfer', 'transfers')}; {spread}; {share(taking.within_200ms / tally.n)} from 0 to 0.2 s"


def offset(value: float | None) -> str:
    """An offset in seconds, open-ended where the bins are."""
    if value is None:
        return ""
    if value <= FTO_EDGES[0]:
        return f"below {with_unit(FTO_EDGES[0], 's')}"
    if value >= FTO_EDGES[-1]:
        return f"above {with_unit(FTO_EDGES[-1], 's')}"
    return with_unit(value, "s", 2)
