"""How the talk of the whole set goes: distributions over its rows, what was said, and how it compares with known corpora."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.report.axes import percent_label
from pipeline.report.charts import Look, histogram
from pipeline.report.figures import SIDES, Figure, describe, one
from pipeline.report.taking import OVERLAPS, Taking
from pipeline.report.tally import Tally
from pipeline.report.words import count, number, share
from schemas.stats import FISHER_SHAPE

ROWS = ("row", "rows")
UNITS = {"backchannel_inside": ""}
"""Units of constants that are not seconds."""
KINDS = {
    "turn_final": ("Turn-final", "the other comes in as the first one's stretch of speech ends"),
    "mid_turn": ("Mid-turn", "the other comes in earlier"),
    "simultaneous_start": ("Simultaneous start", "both begin together"),
}


def distributions(taking: Taking) -> list[Figure]:
    """Backchannels, interruptions, dominance and, where there are words, the rate of speech, row by row."""

    def rate(value: float) -> str:
        return number(value, 2)

    backchannels = Look(title="Backchannels", axis="backchannels per minute", of="rows")
    interruptions = Look(title="Interruptions", axis="interruptions per minute", of="rows")
    found = [
        one(taking.backchannels, ROWS, backchannels, rate, "Both channels together."),
        one(taking.interruptions, ROWS, interruptions, rate, "Those after which the newcomer keeps the floor, of both channels."),
        _pair(
            (taking.speech_dominance, taking.floor_dominance),
            ("speech", "floor"),
            Look(title="Dominance", axis="share of the side that has more (%)", of="rows", label=percent_label),
            lambda value: share(value),
            "Above: of all speech; below: of all time with the floor, which is speech and the speaker's own pauses.",
        ),
    ]
    if taking.worded_rows:
        look = Look(title="Rate of speech", axis="words per second of speech", of="rows")
        found.append(_pair(taking.speech_rate, SIDES, look, lambda value: number(value, 1), "Over stretches of speech that have words."))
    return found


def _pair(tallies: Sequence[Tally], names: Sequence[str], look: Look, value: Callable[[float], str], note: str) -> Figure:
    words = tuple(f"{name[0].upper()}{name[1:]}: {describe(tally, ROWS, value)}" for name, tally in zip(names, tallies, strict=True))
    svg = histogram(tallies, names, look, ". ".join(words)) if any(tally.n for tally in tallies) else None
    return Figure(look.title, svg, words, note)


def compared(taking: Taking) -> list[tuple[str, str, str]]:
    """Figures of the whole set that stand beside a reference or explain one: name, value, remark."""
    both, alone = taking.lasting["overlap"], taking.lasting["single"]
    fisher = FISHER_SHAPE["overlap"] / (FISHER_SHAPE["ipu"] - FISHER_SHAPE["overlap"])
    found = [("Overlap, share of time with speech", share(both / (both + alone)) if both + alone else "", f"Fisher: {share(fisher)}")]
    middle = {name: getattr(taking, name).quantile(0.5) for name in ("speech_dominance", "floor_dominance")}
    found.append(("Dominance in speech, median row", share(middle["speech_dominance"]), "share of the side that speaks more"))
    found.append(("Dominance of the floor, median row", share(middle["floor_dominance"]), "share of the side that has it longer"))
    return found


def overlap_kinds(taking: Taking) -> list[dict[str, str]]:
    """Overlaps by where the other comes in."""
    whole = sum(taking.overlaps.values())
    return [
        {
            "name": KINDS[kind][0],
            "meaning": KINDS[kind][1],
            "count": count(taking.overlaps[kind]),
            "per_minute": number(taking.per_minute(taking.overlaps[kind]), 2),
            "share": share(taking.overlaps[kind] / whole) if whole else "",
        }
        for kind in OVERLAPS
    ]


def spoken(taking: Taking) -> list[tuple[str, str, str]]:
    """What both channels said, in the rows that have words: name, channel 0, channel 1."""
    minutes = taking.worded_seconds / 60

    def pair(values: Sequence[str]) -> tuple[str, str]:
        return values[0], values[1]

    amount = {name: [float(value) for value in taking.spoken[name]] for name in taking.spoken}
    speech = [float(value) for value in taking.worded_speech]
    return [
        ("Words", *pair([count(int(n)) for n in amount["words"]])),
        ("Words per minute of the conversation", *pair([number(n / minutes, 1) if minutes else "" for n in amount["words"]])),
        ("Words per second of speech, median row", *pair([_median(tally) for tally in taking.speech_rate])),
        ("Fillers", *pair([count(int(n)) for n in amount["fillers"]])),
        ("Fillers per minute of the conversation", *pair([number(n / minutes, 2) if minutes else "" for n in amount["fillers"]])),
        ("Speech without words", *pair([share(n / s) if s else "" for n, s in zip(amount["unworded"], speech, strict=True)])),
    ]


def _median(tally: Tally) -> str:
    middle = tally.quantile(0.5)
    return "" if middle is None else number(middle, 2)


def constants(taking: Taking) -> list[tuple[str, str]]:
    """Every constant with its value and unit."""
    found = []
    for name, value in (taking.constants or {}).items():
        text = ", ".join(value) if isinstance(value, list) else value if isinstance(value, str) else f"{value}{UNITS.get(name, ' s')}"
        found.append((name.replace("_", " "), text))
    return found
