"""The run of an audit: the engine measures every recording, then all are judged together and everything is written down."""

from __future__ import annotations

import logging
from typing import Any

from pipeline.audit.contents import contents_of
from pipeline.audit.items import Item, failed, turned_down
from pipeline.audit.listed import add_listed, checksums_of
from pipeline.audit.page import page
from pipeline.audit.players import write_players
from pipeline.audit.request import AuditRequest
from pipeline.audit.sums import wrong_sums
from pipeline.audit.tables import write_tables
from pipeline.audit.together import judge_together
from pipeline.build import Run, Summary
from pipeline.drive import Stop
from pipeline.ledger import Balance, Standing
from pipeline.measured import Told, told, whole
from pipeline.place import place_at
from schemas.errors import Reject
from schemas.plain import to_plain
from schemas.prints import Prints
from stages.audit.findings import recording_findings
from stages.audit.prints import prints

log = logging.getLogger("duologue")


def audit(asked: AuditRequest, stop: Stop) -> tuple[Summary, dict[str, Any] | None]:
    """Measure what is not measured yet, judge, and write `audit.json`, `audit.html`, the tables and the players.

    Returns what was done, and the contents of the JSON: None when the run was stopped before all was there. Raises `UsageError` when
    another process writes there, and `Halt` when the run cannot go on.
    """
    return told(asked.request, stop, "audit", lambda run, standings, counts: _judge(asked, run, standings, counts))


def _judge(asked: AuditRequest, run: Run, standings: dict[str, Standing], counts: Balance) -> Told:
    """Everything of an audit but the measuring: all in memory, a few kilobytes for each recording."""
    items = items_of(run, standings)
    add_listed(items, asked.delivery)
    for item in items:
        if item.source is not None and item.measured is not None:
            item.findings += recording_findings(item.source, item.measured, asked.policy, checksums_of(item, asked.delivery))
    evaluation, unread = _evaluation(asked)
    together = judge_together(items, asked.policy, evaluation, asked.seed)
    items.sort(key=lambda item: (item.id, item.key))
    out = place_at(asked.request.out)
    write_players(out, items, run.plan.steps[0].stage, asked.policy, asked.players)
    wrong = wrong_sums(asked.delivery, items, asked.delivery.folder)
    contents = contents_of(asked.request.src, items, asked.delivery, asked.policy, to_plain(counts), together, wrong)
    contents["problems"] += unread
    write_tables(out, contents)
    return Told(contents, page(contents), [finding["name"] for finding in contents["findings"]])


def items_of(run: Run, standings: dict[str, Standing]) -> list[Item]:
    """Every input of the run once, whatever became of it."""
    step = run.plan.steps[0]
    found = []
    for key, standing in standings.items():
        source = run.sources[key]
        if standing.end == "result":
            found.append(Item(source.id, key, source.uris, source, whole(run, step, key)))
    found += _errors(run, standings)
    rejects = run.rejects(standings)
    for reject in rejects:
        item = turned_down(reject)
        item.source = run.sources.get(reject.key)
        found.append(item)
    return found


def _errors(run: Run, standings: dict[str, Standing]) -> list[Item]:
    keys = sorted(key for key, standing in standings.items() if standing.end == "error")
    told = {each["key"]: str(each.get("error", "")) for each in run.ledger.errors(run.plan.steps[0], keys)}
    return [failed(run.sources[key], told.get(key, "")) for key in keys]


def _evaluation(asked: AuditRequest) -> tuple[list[tuple[str, Prints]], list[str]]:
    """Fingerprints of the evaluation audio that the corpus is held against, and a sentence for each of it that could not be read."""
    if asked.against is None:
        return [], []
    decode = asked.request.config.chain[0].decode.load("cpu")
    listing = asked.against.listing
    made, told = [], [f"evaluation audio {reject.id}: not compared, {reject.reason}: {reject.detail}" for reject in listing.rejects]
    for source in listing.sources:
        try:
            made.append((source.id, prints(decode(source))))
        except Reject as reject:
            told.append(f"evaluation audio {source.id}: not compared, {reject}")
    return made, told
