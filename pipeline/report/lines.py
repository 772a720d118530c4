"""Tables of channel health: what was found how often, and a line for each side of the recordings that need a look first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.report.condition import Condition, Line
from pipeline.report.words import hertz, number, share, with_unit
from schemas.errors import REASONS

CELL_OF = {"low_level": "level", "leakage": "leakage", "clipping": "clipping", "upsampled": "bandwidth"}
"""The column in which a finding's number stands."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number; empty text is an absent one."""

    text: str
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording: a row of cells for each side, and what holds for both."""

    id: str
    sides: tuple[tuple[Cell, ...], ...]
    correlation: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of finding over the whole set."""

    name: str
    recordings: int
    share: str
    limit: str
    meaning: str


COLUMNS = ("Speech level", "Noise floor", "SNR", "Clipped", "Zeros", "Bandwidth", "Leakage heard")


def found(condition: Condition) -> list[Found]:
    """Most frequent first."""
    ordered = sorted(condition.findings.items(), key=lambda item: (-item[1], item[0]))
    return [Found(words(name), n, share(n / condition.recordings), _limit(condition, name), REASONS.get(name, "")) for name, n in ordered]


def _limit(condition: Condition, name: str) -> str:
    limit = condition.limits[name]
    return "differs" if limit is None else amount(*limit)


def entries(condition: Condition) -> list[Entry]:
    """The recordings kept, worst first."""
    return [_entry(line) for line in condition.worst]


def _entry(line: Line) -> Entry:
    health = line.health
    flags = {(CELL_OF.get(f["name"]), f["channel"]) for f in health["findings"]}
    heard = {leak["into"]: leak["level_db"] for leak in health["leaks"]}
    sides = tuple(
        _side(side, heard.get(channel), {name for name, c in flags if c == channel}) for channel, side in enumerate(health["sides"])
    )
    correlation = (health["likeness"] or {}).get("correlation")
    return Entry(line.id, sides, "" if correlation is None else number(correlation, 2), tuple(sentence(f) for f in health["findings"]))


def _side(side: dict[str, Any], heard: float | None, flags: set[str | None]) -> tuple[Cell, ...]:
    level, noise = side["level_dbfs"], side["noise_dbfs"]
    return (
        Cell(with_unit(level, "dBFS"), "level" in flags),
        Cell(with_unit(noise, "dBFS")),
        Cell("" if level is None or noise is None else with_unit(level - noise, "dB")),
        Cell(share(side["clipping"]), "clipping" in flags),
        Cell(share(side["zeros"])),
        Cell(hertz(side["bandwidth_hz"]), "bandwidth" in flags),
        Cell(with_unit(heard, "dB"), "leakage" in flags),
    )


def sentence(finding: dict[str, Any]) -> str:
    """`leakage on channel 1: -12.0 dB, limit -30.0 dB`."""
    where = "" if finding["channel"] is None else f" on channel {finding['channel']}"
    value, limit = (amount(finding[name], finding["unit"]) for name in ("value", "limit"))
    return f"{words(finding['name'])}{where}: {value}, limit {limit}"


def amount(value: float, unit: str) -> str:
    """A finding's number in its unit."""
    if unit == "share":
        return share(value)
    if unit == "Hz":
        return hertz(value)
    return with_unit(value, unit, 1 if unit.startswith("dB") else 3)


def words(name: str) -> str:
    """A reason's name as words."""
    return name.replace("_", " ")
