"""What the command `audit` does, as plain values that `--json` prints."""

from __future__ import annotations

import dataclasses
import datetime
import logging
from collections.abc import Sequence
from typing import Any

from pipeline.audit.contents import short_name
from pipeline.audit.request import AuditRequest
from pipeline.audit.run import audit
from pipeline.build import Build
from pipeline.commands import on_signals, pool_maker, probing
from pipeline.config import Config, load_config
from pipeline.environment import quiet as quiet_telemetry
from pipeline.policy import load_policy
from schemas.errors import UsageError
from schemas.plain import to_plain
from stages.audit.measure import AuditMeasure
from stages.sources import with_files
from stages.sources.delivery import Delivery
from stages.sources.reader import list_delivered
from stages.stage import what_fields

DEFAULT = "stereo_channels"
"""Config whose source and run settings are used when none is named."""
HEARING = "stereo_calls"
"""The same when a recogniser is asked for."""


def run_audit(
    src: str,
    out: str | None,
    policy: str | None,
    on: str | None,
    against: str | None,
    asr: bool,
    voices: bool,
    players: int,
    config: str | None,
    overrides: Sequence[str],
    local: bool,
    address: str | None,
    workers: int | None,
    work: str | None,
    quiet: bool,
) -> dict[str, Any]:
    """Audit; returns the verdict and the ranked findings with the exit code, and where the whole of it lies."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    quiet_telemetry()
    chosen = load_policy(policy, datetime.date.today())
    if on is not None:
        chosen = chosen.at(_day(on))
    base = load_config(config or (HEARING if asr else DEFAULT), overrides)
    settings = audit_config(base, asr, voices)
    delivery = deliver(src, settings)
    place = out or f"audit-{short_name(src)}"
    if not delivery.listing.inputs and not delivery.files:
        raise UsageError(f"{src}: nothing lies here; give a folder of recordings, a data set or a manifest")
    if workers:
        settings = dataclasses.replace(settings, run=dataclasses.replace(settings.run, workers=workers))
    listing = with_files(delivery.listing, settings.chain)
    make_pool = pool_maker(settings.run, local, address, workers)
    request = Build(src=src, out=place, config=settings, listing=listing, make_pool=make_pool, work=work, quiet=quiet)
    evaluation = None if against is None else deliver(against, settings)
    asked = AuditRequest(request=request, delivery=delivery, policy=chosen, against=evaluation, players=players)
    summary, found = audit(asked, on_signals())
    plain: dict[str, Any] = to_plain(dataclasses.replace(summary, rejects={}))
    for name in ("shards", "rows", "left_out", "rejects"):
        plain.pop(name, None)
    told = {} if found is None else {name: found[name] for name in ("verdict", "failed", "counts", "findings", "problems")}
    code = summary.exit_code or int(found is not None and found["failed"])
    return {"command": "audit", "src": src, "out": place, **plain, **told, "exit_code": code}


def audit_config(base: Config, asr: bool, voices: bool = False) -> Config:
    """The measuring stage in a config with the base's source and run settings; errors never stop an audit, for they are part of it.

    Raises `UsageError` when a recogniser is asked for and the base has none.
    """
    known = {stage.name: stage for stage in base.chain}
    if asr and known.get("transcribe") is None:
        raise UsageError(f"--asr: the config {base.name} has no transcribe stage to listen with; use -c {HEARING}")
    stage = AuditMeasure(asr=known["transcribe"] if asr else None, voices=voices)
    vad = known.get("vad")
    if vad is not None and vad.backend == stage.vad.backend:
        stage = dataclasses.replace(stage, vad=type(stage.vad)(**what_fields(vad)))
    source = dataclasses.replace(base.source, layout=base.source.layout or "auto")
    run = dataclasses.replace(base.run, crews=(), failure_limit=1.0)
    return dataclasses.replace(base, name="audit", chain=(stage,), source=source, run=run)


def deliver(src: str, config: Config) -> Delivery:
    """A source as an audit sees it."""
    with probing() as probe:
        return list_delivered(src, config.source, probe)


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--on: {text!r} is no day; wanted one such as 2026-11-28") from error
