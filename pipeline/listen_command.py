"""The command `duologue listen`; imports nothing heavy until it runs."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("out")
@click.argument("id")
@click.option("-o", "--output", metavar="WAV", help="The file to write (default: ID.wav).")
@click.option("--model", metavar="PLACE", help="Where the codec's weights lie, when not where they were.")
@click.option("--device", default="cpu", help="cpu (default), cuda or cuda:N.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable result on stdout.")
def listen(out: str, id: str, output: str | None, model: str | None, device: str, as_json: bool) -> None:
    """Decode the codec tokens of row ID of OUT back to a stereo WAV, to hear what a model is trained on."""
    from pipeline.environment import quiet
    from pipeline.listen import run_listen
    from pipeline.show import text_of

    quiet()
    result = run_listen(out, id, output, model, device)
    click.echo(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) if as_json else text_of(result))
