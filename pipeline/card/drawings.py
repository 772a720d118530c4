"""The report's drawings as files of their own, which a card shows: no style sheet, so that no page can take their colours away."""

from __future__ import annotations

import re

from pipeline.report import figures
from pipeline.report.figures import Figure
from pipeline.report.talk import distributions
from pipeline.report.view import Gathered

PAINT = {
    "grid": 'stroke="#d9dde2" stroke-width="1"',
    "tick": 'stroke="#545c66"',
    "axis": 'fill="#1b1f24"',
    "name": 'fill="#1b1f24"',
    "side0": 'fill="#1c5d99"',
    "side1": 'fill="#a34700"',
    "beyond": 'opacity="0.55"',
    "mark": 'stroke="#1b1f24" stroke-width="2"',
    "reference": 'stroke-dasharray="6 4"',
    "zero": 'stroke-dasharray="1 4"',
}
"""What the style sheet of the report says of each class, in the light theme; others have no paint of their own."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
GROUND = '<rect width="100%" height="100%" fill="#ffffff"/>'
FOLDER = "card"


def drawings(gathered: Gathered) -> dict[str, Figure]:
    """Figures with something to draw, by the name of their file."""
    totals, taking = gathered.totals, gathered.taking
    duration, (overlap, balance) = figures.of_recordings(totals), figures.of_taking(totals, taking)
    found = {"floor_transfers": figures.of_transfers(taking), "overlap": overlap, "balance": balance, "duration": duration[0]}
    if taking.rows:
        found["backchannels"] = distributions(taking)[0]
    return {f"{FOLDER}/{name}.svg": figure for name, figure in found.items() if figure.svg is not None}


def standing_alone(figure: Figure) -> bytes:
    """A figure's drawing as a whole SVG file."""
    text = re.sub(r' class="([^"]*)"', lambda found: _painted(found[1]), str(figure.svg))
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FONT}" font-size="12" fill="#545c66"'
    head, _, rest = text.partition(">")
    return f"{head.replace('<svg', opening, 1)}>{GROUND}{rest}\n".encode()


def _painted(names: str) -> str:
    paint = [PAINT[name] for name in names.split() if name in PAINT]
    return "".join(f" {each}" for each in paint)
