"""The command `duologue redact`; imports nothing heavy until it runs."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("source", metavar="SET")
@click.argument("out")
@click.option("--kinds", metavar="A,B", help="Only these: name, phone, email, card, identifier, postcode, address, birth_date.")
@click.option("--how", default="noise", help="What is put there: noise like the channel's background (default), silence, or tone.")
@click.option("--margin", metavar="SECONDS", type=float, default=0.05, help="Muted with the words, before and after (default: 0.05).")
@click.option("--both", is_flag=True, help="Mute the other channel too, for calls in which one side is heard in the other.")
@click.option("--presidio", is_flag=True, help="Look with Microsoft Presidio too; needs: pip install 'duologue[personal]'.")
@click.option("--codes", default="encode", help="Codec tokens: encode muted stretches anew (default), or drop those of such rows.")
@click.option("--model", metavar="PLACE", help="Where the codec's weights lie, when not where they were.")
@click.option("--device", default="cpu", help="For the codec: cpu (default), cuda or cuda:N.")
@click.option("--dry-run", is_flag=True, help="Only say what would be muted, without its text.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable result on stdout.")
def redact(
    source: str,
    out: str,
    kinds: str | None,
    how: str,
    margin: float,
    both: bool,
    presidio: bool,
    codes: str,
    model: str | None,
    device: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Mute personal data of the finished SET in sound, words and tokens together, into OUT. Resumes by itself.

    Found is what is said in the row's words: see the measured recall in the README; rows without words are told and stay as they are.
    The voice itself is biometric data, and it is not removed. Neither are names in ids, file names and a manifest's further fields.
    """
    from pipeline.environment import quiet
    from pipeline.redact.run import run_redact
    from pipeline.redact.settings import Redaction
    from pipeline.show import text_of
    from schemas.personal import PERSONAL_KINDS

    quiet()
    chosen = tuple(PERSONAL_KINDS) if kinds is None else tuple(name.strip() for name in kinds.split(",") if name.strip())
    settings = Redaction(kinds=chosen, how=how, margin=margin, both=both, codes=codes, presidio=presidio)
    result = run_redact(source, out, settings, model, device, dry_run)
    click.echo(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) if as_json else text_of(result))
