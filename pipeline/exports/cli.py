"""The commands `export` and `lint`. Imports nothing heavy until one of them runs."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from pipeline.exports.table import FORMATS

MAINS = {"first": (0,), "0": (0,), "second": (1,), "1": (1,), "both": (0, 1)}
SPLIT = re.compile(r"([a-z][a-z0-9_]{0,31})=(0?\.\d+)")
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable result on stdout.")


@click.command()
@click.argument("set")
@click.argument("rest", nargs=-1, required=True, metavar="DEST")
@click.option("--to", "format", metavar="FORMAT", help=f"One of: {', '.join(FORMATS)}.")
@click.option("--main", type=click.Choice(list(MAINS)), default="first", help="Who plays the model: first channel (default), second, both.")
@click.option("--split", "splits", metavar="NAME=SHARE", multiple=True, help="Split off a share of the recordings: valid=0.02; repeatable.")
@click.option("--tokenizer", metavar="PATH", help="The speech model's text tokenizer: a SentencePiece .model (csm: tokenizer.json).")
@click.option("--text", metavar="MODE", help="Text tokens without a frame of their own: drop, shift or segment (default: the format's).")
@click.option("--allow-licence", "allowed", metavar="NAME", multiple=True, help="Export rows of this licence too, or of any; repeatable.")
@click.option("--policy", metavar="YAML", help="Leave out rows that this policy, a file or a ready-made one, rejects for their rights.")
@click.option("--push", metavar="OWNER/NAME", help="With hf: upload to this data set on the hub, private unless --public.")
@click.option("--public", is_flag=True, help="With --push: for everybody to see.")
@click.option("--local", is_flag=True, help="Child processes of this machine, without Ray.")
@click.option("--address", metavar="URL", help="A running Ray cluster: auto, host:port or ray://host:10001.")
@click.option("--workers", type=click.IntRange(0), help="Workers; 0, and a data set of one shard, run in this very process.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@JSON
def export(set: str, rest: tuple[str, ...], format: str | None, as_json: bool, **options: Any) -> None:
    """Write the data set SET to DEST for a trainer: duologue export SET DEST --to FORMAT, or SET FORMAT DEST. Resumes by itself."""
    from pipeline.exports.commands import run_export

    if len(rest) == 2 and format is None:
        format, rest = rest[0], rest[1:]
    if len(rest) != 1 or format is None:
        raise click.UsageError("wanted: duologue export SET DEST --to FORMAT")
    if options["local"] and options["address"]:
        raise click.UsageError("--local and --address exclude each other")
    splits = [SPLIT.fullmatch(split) for split in options.pop("splits")]
    if not all(splits):
        raise click.UsageError("--split: wanted a name and a share below 1, such as valid=0.02")
    options["splits"] = tuple((match[1], float(match[2])) for match in splits if match is not None)
    options["main"] = MAINS[options["main"]]
    summary = run_export(set, rest[0], format, **options)
    _show(summary, as_json)
    sys.exit(130 if summary["ending"] == "interrupted" else 0)


@click.command()
@click.argument("path")
@click.option("--tokenizer", metavar="PATH", help="A SentencePiece .model, to find how many text tokens training would drop.")
@click.option("--max-drop", type=click.FloatRange(0, 1), default=0.05, help="Share of dropped text tokens that is fine (default: 0.05).")
@JSON
def lint(path: str, tokenizer: str | None, max_drop: float, as_json: bool) -> None:
    """Check a data set or an export for what silently ruins training; exit code 1 when there is something."""
    from pipeline.exports.lint.run import run_lint

    result = run_lint(path, tokenizer, max_drop)
    _show(result, as_json)
    sys.exit(0 if result["ok"] else 1)


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False))
    else:
        from pipeline.show import text_of

        click.echo(text_of(result))
