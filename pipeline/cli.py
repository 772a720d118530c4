"""The command line. Imports nothing heavy until a command runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, Literal

import click

from pipeline.audit.command import audit
from pipeline.exports.cli import export, lint
from pipeline.listen_command import listen
from pipeline.redact.command import redact
from pipeline.shape.command import shape

CONFIG = click.option("--config", "-c", metavar="YAML", help="A config file, or a ready-made one by name (default: stereo_calls).")
SET = click.option("--set", "overrides", metavar="A.B=VALUE", multiple=True, help="Override one setting; may be repeated.")
JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable result on stdout.")
WORK = click.option("--work", metavar="PLACE", help="Where intermediate results are kept (default: OUT/.duologue/work).")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="duologue")
def cli() -> None:
    """Turn raw two-party dialogues into two-channel training data for full-duplex speech models.

    SRC, OUT and the work place are local paths or fsspec URLs such as s3://bucket/calls. Exit codes: 0 done, 1 finished with errors or
    stopped by the failure limit, 2 wrong use, 130 interrupted; an interrupted run continues when the same command is given again.
    """


@cli.command()
@click.argument("src")
@click.argument("out")
@CONFIG
@SET
@click.option("--local", is_flag=True, help="Child processes of this machine, without Ray.")
@click.option("--address", metavar="URL", help="A running Ray cluster: auto, host:port or ray://host:10001.")
@click.option("--workers", type=click.IntRange(0), help="Workers; with --local, 0 runs in this very process, for debuggers.")
@WORK
@click.option("--policy", metavar="YAML", help="Reject recordings whose rights this policy, a file or a ready-made one, does not accept.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@JSON
def build(
    src: str,
    out: str,
    config: str | None,
    overrides: tuple[str, ...],
    local: bool,
    address: str | None,
    workers: int | None,
    work: str | None,
    policy: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Build a data set from SRC in OUT: scan, run the chain, pack, report. Resumes by itself."""
    from pipeline.commands import run_build

    if local and address:
        raise click.UsageError("--local and --address exclude each other")
    summary = run_build(src, out, config, overrides, local, address, workers, work, quiet, policy)
    _show(summary, as_json)
    sys.exit(summary["exit_code"])


@cli.command()
@click.argument("src")
@click.option("-o", "--output", metavar="MANIFEST", help="Write what was recognised as a JSONL manifest, to review and give to build.")
@CONFIG
@SET
@JSON
def scan(src: str, output: str | None, config: str | None, overrides: tuple[str, ...], as_json: bool) -> None:
    """Show what SRC holds: stereo files, side pairs, mono; with counts, hours and problems."""
    from pipeline.commands import run_scan

    _show(run_scan(src, output, config, overrides), as_json)


@cli.command()
@click.argument("src")
@click.argument("out")
@CONFIG
@SET
@WORK
@JSON
def plan(src: str, out: str, config: str | None, overrides: tuple[str, ...], work: str | None, as_json: bool) -> None:
    """Show what a build would compute, stage by stage; computes and writes nothing. What a gate would cost: duologue funnel."""
    from pipeline.commands import run_plan

    _show(run_plan(src, out, config, overrides, work), as_json)


@cli.command()
@click.argument("out")
@JSON
def status(out: str, as_json: bool) -> None:
    """Show how the last run into OUT stands: results, rejects, errors, pending."""
    from pipeline.commands import run_status

    _show(run_status(out), as_json)


@cli.command()
@click.argument("out")
@click.option("--stage", help="Only errors of this stage.")
@JSON
def retry(out: str, stage: str | None, as_json: bool) -> None:
    """Clear the errors of OUT, so that the next build tries those dialogues again."""
    from pipeline.commands import run_retry

    _show(run_retry(out, stage), as_json)


@cli.command()
@click.argument("out")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@JSON
def prune(out: str, dry_run: bool, as_json: bool) -> None:
    """Delete intermediate results that the last run's config and source no longer name."""
    from pipeline.commands import run_prune

    _show(run_prune(out, dry_run), as_json)


@cli.command()
@click.argument("out")
@click.argument("parts", nargs=-1, required=True)
@JSON
def pack(out: str, parts: tuple[str, ...], as_json: bool) -> None:
    """Merge finished data sets of one chain, such as the partitions of a large corpus, into one in OUT."""
    from pipeline.commands import run_pack

    _show(run_pack(out, parts), as_json)


@cli.command()
@click.argument("out")
@JSON
def verify(out: str, as_json: bool) -> None:
    """Check every shard of OUT against the manifest: SHA-256 and page checksums, down to the row group."""
    from pipeline.commands import run_verify

    result = run_verify(out)
    _show(result, as_json)
    sys.exit(1 if result["damages"] else 0)


@cli.command()
@click.argument("out")
@click.option("--keep", metavar="EXPR", multiple=True, help="As filter.keep: 'quality.dnsmos.ovrl >= 2.8 and duration > 30'; repeatable.")
@JSON
def funnel(out: str, keep: tuple[str, ...], as_json: bool) -> None:
    """Show what gates would cost: rows and hours of OUT that each term would leave, and how every score is spread. Reads no audio."""
    from pipeline.funnel import run_funnel

    _show(run_funnel(out, keep), as_json)


@cli.command()
@click.argument("src")
@click.option("-o", "--output", "out", metavar="DIR", default="calibration", help="Where the scores go (default: calibration).")
@click.option("--config", "-c", metavar="YAML", help="The config whose chain is measured (default: mono_calls).")
@SET
@click.option("--condition", "conditions", metavar="NAME", multiple=True, help="How to mix: clean (default), noise, snr=15,codec=mp3:32 …")
@click.option("--beside", metavar="A.B=VALUE", multiple=True, help="Measure the chain with this setting beside it; may be repeated.")
@click.option("--activity", type=click.Choice(["estimated", "true"]), default="estimated", help="Who speaks when: as found, or as it is.")
@click.option("--no-excerpts", is_flag=True, help="Leave recorded speech (the worst overlaps, to be heard) off the page.")
@click.option("--local", is_flag=True, help="Child processes of this machine, without Ray.")
@click.option("--address", metavar="URL", help="A running Ray cluster: auto, host:port or ray://host:10001.")
@click.option("--workers", type=click.IntRange(0), help="Workers; with --local, 0 runs in this very process, for debuggers.")
@click.option("--work", metavar="PLACE", help="Where intermediate results are kept (default: DIR/.duologue/work).")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
@JSON
def calibrate(
    src: str,
    out: str,
    config: str | None,
    overrides: tuple[str, ...],
    conditions: tuple[str, ...],
    beside: tuple[str, ...],
    activity: Literal["estimated", "true"],
    no_excerpts: bool,
    local: bool,
    address: str | None,
    workers: int | None,
    work: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Measure a chain for mono: mix true two-channel recordings of SRC, take them apart again, compare. Resumes by itself."""
    from pipeline.calibrate.run import run_calibrate

    if local and address:
        raise click.UsageError("--local and --address exclude each other")
    summary = run_calibrate(
        src, out, config, overrides, conditions, beside, local, address, workers, work, quiet, activity, not no_excerpts
    )
    _show(summary, as_json)
    sys.exit(summary["exit_code"])


@cli.command()
@click.argument("utterances", required=False)
@click.option("-o", "--output", "out", metavar="OUT", required=True, help="Where the dialogues go.")
@click.option("--hours", type=float, required=True, help="How much to make.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Other dialogues for another number (default: 0).")
@click.option("--shape", default="fisher", help="Turn-taking like: fisher (default), candor, spokenwoz.")
@click.option("--set", "overrides", metavar="A=VALUE", multiple=True, help="minutes=2, snr_db=10..30, codec=none,mp3:32, shape.gap=5 …")
@click.option("--workers", type=click.IntRange(1), default=1, help="Processes (default: 1); the dialogues do not depend on it.")
@click.option("--mono", is_flag=True, help="Also write each dialogue as one channel.")
@click.option("--tracks", is_flag=True, help="Also write each voice alone, before noise, crosstalk and codec.")
@JSON
def simulate(
    utterances: str | None,
    out: str,
    hours: float,
    seed: int,
    shape: str,
    overrides: tuple[str, ...],
    workers: int,
    mono: bool,
    tracks: bool,
    as_json: bool,
) -> None:
    """Make two-channel dialogues with exact truth from single-speaker UTTERANCES, or from packaged voices. Resumes by itself."""
    from pipeline.simulate import run_simulate

    _show(run_simulate(utterances, out, hours, seed, shape, overrides, workers, mono, tracks), as_json)


cli.add_command(shape)
cli.add_command(redact)
cli.add_command(listen)
cli.add_command(export)
cli.add_command(lint)
cli.add_command(audit)


@cli.command()
@JSON
def doctor(as_json: bool) -> None:
    """Say what works on this machine: packages, decoders, models, devices, disk, Ray."""
    from pipeline.doctor import examine

    result = examine()
    _show(result, as_json)
    sys.exit(0 if result["healthy"] else 1)


@cli.command()
@click.argument("folder", default="demo")
@click.option("--local", is_flag=True, help="Child processes of this machine, without Ray.")
@JSON
def demo(folder: str, local: bool, as_json: bool) -> None:
    """Make a few calls with a packaged voice in FOLDER/calls, beside a real one in mono; build a data set in FOLDER/set, export it to
    FOLDER/moshi. No network."""
    from pipeline.demo_run import run_demo

    result = run_demo(folder, local)
    _show(result, as_json)
    sys.exit(result["exit_code"])


@cli.command("config")
@click.argument("name", required=False)
@SET
def show_config(name: str | None, overrides: tuple[str, ...]) -> None:
    """Print a config with every default spelled out, ready to save and change."""
    import yaml

    from pipeline.config import load_config
    from pipeline.state import config_data

    click.echo(yaml.safe_dump(config_data(load_config(name, overrides)), sort_keys=False, allow_unicode=True), nl=False)


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False))
    else:
        from pipeline.show import text_of

        click.echo(text_of(result))


def main(arguments: list[str] | None = None) -> None:
    """Entry point: every error a person can act on becomes one sentence on stderr and an exit code."""
    from schemas.errors import DuologueError, UsageError

    try:
        cli.main(arguments, standalone_mode=False)
    except click.exceptions.Exit as ending:
        sys.exit(ending.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UsageError as error:
        _fail(error, 2)
    except DuologueError as error:
        _fail(error, 1)
    except OSError as error:
        _fail(error, 1)


def _fail(error: Exception, code: int) -> None:
    clean: Callable[[str], str] = lambda text: "".join(c if c.isprintable() or c == "\n" else "?" for c in text)  # noqa: E731
    click.echo(f"duologue: {clean(str(error))}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
