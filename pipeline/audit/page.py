"""The audit as one page that opens from disk, from the contents of `audit.json` alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipeline import player
from pipeline.audit import page_figures as figures
from pipeline.audit.page_data import findings_of, listed, sections
from pipeline.audit.page_next import headline, steps
from pipeline.player.file import safe_json
from pipeline.report import template

FOLDER = Path(__file__).parent
SCRIPTS = ("audit_list.js", "audit_plots.js", "audit_page.js")
STYLES = ("audit.css",)
BARS = (
    ("corpus", "Corpus"),
    ("language", "Language"),
    ("licence", "Licence"),
    ("sex", "Sex of the speakers"),
    ("speaker", "Speakers with most hours"),
)


def page(contents: Mapping[str, Any]) -> str:
    """The page, with style, script, drawings and data inside it; the same contents give the same page.

    Players are loaded on demand from the files that `recordings[].player` names, relative to the page. Beside what the format of
    `audit.json` fixes, `findings[].command` and `build` may hold commands to run, `shape.fto` a histogram of floor transfer offsets
    (`edges` in s, `counts` with one more item than `edges`) and `shape.seconds_per_minute` the time of ipu, pause, gap and overlap.
    `duplicates`, `rights`, `splits`, `personal` and the rest of `shape` may hold any plain values: they are shown as tables.
    """
    from markupsafe import Markup

    script = player.script(*(FOLDER / name for name in SCRIPTS))
    styles = "\n".join([player.style(), *((FOLDER / name).read_text(encoding="utf-8") for name in STYLES)])
    data = listed(contents)
    values = {
        "audit": contents,
        "verdict": headline(contents),
        "steps": steps(contents),
        "findings": findings_of(contents),
        "cut": data["cut"],
        "players": sum(bool(each.get("player")) for each in contents["recordings"]),
        "figures": figures.all_of(contents),
        "shape": figures.beside_references(contents.get("shape") or {}),
        "bars": [(title, name, figures.bars(contents, name)) for name, title in BARS],
        "sections": sections(contents),
        "policy": player.policy(script),
        "own_style": Markup(styles),  # noqa: S704 - our own files
        "script": Markup(script),  # noqa: S704 - our own files
        "data": Markup(safe_json(data)),  # noqa: S704 - holds no character that markup gives a meaning to
    }
    return str(_template().render(**values)) + "\n"


@cache
def _template() -> Any:
    return template("audit.html.j2", FOLDER)
