"""The command `duologue audit`; imports nothing heavy until it runs."""

from __future__ import annotations

import json
import sys

import click


@click.command()
@click.argument("src")
@click.option("-o", "--output", "out", metavar="DIR", help="Where the audit is written (default: audit-NAME beside where you are).")
@click.option("--policy", metavar="YAML", help="What is wanted and refused: a file, or a ready-made one: default, research, commercial.")
@click.option("--on", metavar="DAY", help="The day for which permissions must hold (default: today, or the policy's own).")
@click.option("--against", metavar="SRC", help="Evaluation audio (folder or manifest) that must not be in the corpus.")
@click.option("--asr", is_flag=True, help="Listen too, and tell the word errors of the transcripts. Some four times real time on a core.")
@click.option("--voices", is_flag=True, help="Compare voices too: who speaks in two splits under two names.")
@click.option("--players", type=click.IntRange(0), default=40, show_default=True, help="Recordings that can be heard on the page.")
@click.option("--config", "-c", metavar="YAML", help="A config whose source, run and transcribe settings are used.")
@click.option("--set", "overrides", metavar="A.B=VALUE", multiple=True, help="Override one setting, such as source.licence=CC-BY-4.0.")
@click.option("--local", is_flag=True, help="Child processes of this machine, without Ray.")
@click.option("--address", metavar="URL", help="A running Ray cluster.")
@click.option("--workers", type=click.IntRange(0), help="Workers; with --local, 0 runs in this very process.")
@click.option("--work", metavar="PLACE", help="Where measurements are kept (default: DIR/.duologue/work).")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable result on stdout.")
def audit(as_json: bool, local: bool, address: str | None, **asked: object) -> None:
    """Know what a corpus is before a GPU is spent on it: is it two-channel, whole, allowed, clean of copies and personal data?

    SRC is a folder (a raw corpus, a mixed delivery, a data set) or a manifest. Exit code 0 where the policy is met, 1 where it is not.
    """
    from pipeline.audit.commands import run_audit

    if local and address:
        raise click.UsageError("--local and --address exclude each other")
    result = run_audit(local=local, address=address, **asked)  # type: ignore[arg-type]
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        from pipeline.show import SHOW

        click.echo("\n".join(SHOW["audit"](result)))
    sys.exit(result["exit_code"])
