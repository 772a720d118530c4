"""The command `duologue shape`; imports nothing heavy until it runs."""

from __future__ import annotations

import json
import sys
from typing import Any

import click


@click.command()
@click.argument("source", metavar="SET")
@click.argument("out")
@click.option("--targets", "file", metavar="YAML", help="Targets from a file; an option given beside it goes before it.")
@click.option("--max-turn", metavar="SECONDS", help="Longest turn of a clip (default: 10; none: any).")
@click.option("--max-monologue", metavar="SECONDS", help="Longest that one speaker holds the floor (default: 60; none: any).")
@click.option("--min-clip", metavar="SECONDS", help="Shortest clip (default: 10).")
@click.option("--max-clip", metavar="SECONDS", help="Longest clip (default: none).")
@click.option("--overlap-share", metavar="LOW:HIGH", help="Of the set: share of time in which both speak, such as 0.03:0.10.")
@click.option("--backchannels", metavar="LOW:HIGH", help="Of the set: backchannels per minute, such as 2:8.")
@click.option("--hours", metavar="N", help="Of the set: at most this many.")
@click.option("--seed", metavar="N", help="Another choice between equals for another number (default: 0).")
@click.option("--dry-run", is_flag=True, help="Only say what would be kept and left out.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable result on stdout.")
def shape(source: str, out: str, file: str | None, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Choose rows of the finished SET, and cut clips out of them, into a set of a wanted conversational shape in OUT.

    Exit code 1 says that the set was made and a target of the set as a whole could not be met. Resumes by itself.
    """
    from pipeline.shape.run import run_shape
    from pipeline.show import text_of

    result = run_shape(source, out, file, options, dry_run)
    click.echo(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) if as_json else text_of(result))
    sys.exit(result["exit_code"])
