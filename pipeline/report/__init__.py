"""The report: one page that tells what is in a data set, what was left out, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pipeline import player
from pipeline.place import Place
from pipeline.report import words
from pipeline.report.condition import Condition
from pipeline.report.mixtures import Mixtures
from pipeline.report.players import PLAYERS, write_players
from pipeline.report.reading import batches
from pipeline.report.said import said
from pipeline.report.taking import Taking
from pipeline.report.timelines import SHOWN
from pipeline.report.totals import Totals
from pipeline.report.view import Gathered, view
from schemas.errors import DuologueError, RejectRecord

FOLDER = Path(__file__).parent


def write_report(out: Place, manifest: dict[str, Any], rejects: Sequence[RejectRecord]) -> Gathered:
    """Write `report.html` beside the shards that `manifest` lists, from those shards, the manifest and the rejects alone.

    Players of the rows that it draws go to `report_files/`, and what lay there before goes. Equal inputs give equal files. Memory does not
    grow with the number of rows. Returns what was added up. Raises `DuologueError` when the shards do not hold what the manifest says.
    """
    gathered = gather(out, manifest)
    samples = gathered.totals.samples
    names = write_players(out, [shard["name"] for shard in manifest["shards"]], samples, gathered.said)
    out.put("report.html", render(view(manifest, rejects, gathered), names).encode())
    out.sweep(PLAYERS)
    for name in sorted(set(out.names(PLAYERS)) - {name.rpartition("/")[2] for name in names.values()}):
        out.delete(f"{PLAYERS}/{name}")
    return gathered


def scripting(plays: bool) -> dict[str, Any]:
    """Script, style and security policy of a page with players; of one without, a policy that lets nothing run."""
    from markupsafe import Markup

    text = player.script(FOLDER / "report.js") if plays else ""
    policy = player.policy(text) if plays else "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    style = Markup(player.style() if plays else "")  # noqa: S704 - our own file
    return {"script": Markup(text), "policy": policy, "player_style": style}  # noqa: S704 - our own file


def gather(out: Place, manifest: Mapping[str, Any]) -> Gathered:
    """Read the shards once and add them up; raises `DuologueError` when rows or recordings are not those of the manifest."""
    gathered = Gathered(Totals(), Taking(), Condition(), Mixtures())
    for table in batches(out, [shard["name"] for shard in manifest["shards"]]):
        for part in (gathered.totals, gathered.taking, gathered.condition, gathered.mixtures, gathered.tokens):
            part.add(table)
    whole = gathered.totals.whole
    if (whole.rows, whole.recordings) != (manifest["rows"], manifest["recordings"]):
        counted = f"{manifest['rows']} rows of {manifest['recordings']} recordings"
        raise DuologueError(
            f"{out.root}: the shards hold {whole.rows} rows of {whole.recordings} recordings, not the {counted} of the manifest"
        )
    ids = [sample.id for sample in gathered.totals.samples]
    gathered.said.update(said(out, [shard["name"] for shard in manifest["shards"]], ids, SHOWN))
    return gathered


def render(values: Mapping[str, Any], players: Mapping[str, str] | None = None) -> str:
    """The page, with style and drawings inside it; every value is escaped unless it was built as markup.

    `players` names the player files by row id.
    """
    return str(_page().render(**values, players=players or {}, **scripting(bool(players)))) + "\n"


@cache
def _page() -> Any:
    """The page's template, compiled once for a process."""
    return template("page.html.j2")


def template(name: str, *folders: Path) -> Any:
    """A template in one of `folders` or in the report's own, with the report's style, macros and filters at hand."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader([*folders, FOLDER]), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    filters = (words.visible, words.plainly, words.count, words.number, words.share, words.hours, words.lasting, words.hertz, words.several)
    environment.filters.update({function.__name__: function for function in filters})
    style = Markup((FOLDER / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return environment.get_template(name, globals={"style": style})
