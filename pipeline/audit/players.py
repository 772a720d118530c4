"""Players for the recordings that a person should hear first."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence

from pipeline.audit.items import Item
from pipeline.place import Place
from pipeline.player.file import Found, Played, Said, player_file
from schemas.errors import LawError, Reject
from schemas.plain import to_plain
from stages.audit.given import read_given
from stages.audit.measure import AuditMeasure, tracks_of
from stages.rights.policy import Policy

log = logging.getLogger("duologue")

FOLDER = "audit_files"


def write_players(out: Place, items: Sequence[Item], stage: AuditMeasure, policy: Policy, most: int) -> None:
    """Write a player for the `most` recordings with most against them, and say in each item where it lies.

    What is there already and would be the same is left; players of earlier audits that nothing names are deleted.
    """
    chosen = [item for item in sorted(items, key=lambda item: _urgency(item, policy)) if item.measured is not None][:most]
    out.sweep(FOLDER)
    there = set(out.names(FOLDER))
    named: set[str] = set()
    player: _Player | None = None
    for item in chosen:
        stem = _stem(item, policy)
        if f"{stem}.js" not in there:
            player = player or _Player(stage)
            try:
                data = player.file(item, stem, policy)
            except (Reject, OSError) as gone:
                log.warning("%s: no player was made: %s", item.id, gone)
                continue
            out.put(f"{FOLDER}/{stem}.js", data)
        named.add(f"{stem}.js")
        item.player = f"{FOLDER}/{stem}.js"
    for name in sorted(there - named):
        out.delete(f"{FOLDER}/{name}")


def _urgency(item: Item, policy: Policy) -> tuple[int, int, str]:
    order = {"reject": 0, "flag": 1, "pass": 2}
    heard = sum(bool(finding.stretches) for finding in item.findings)
    return order[item.verdict(policy)], -heard, item.key


def _stem(item: Item, policy: Policy) -> str:
    said = json.dumps([to_plain(f) | {"severity": policy.severity(f.name)} for f in item.findings], sort_keys=True)
    return f"{item.key}-{hashlib.blake2b(said.encode(), digest_size=6).hexdigest()}"


class _Player:
    """The stages that a player needs, loaded once."""

    def __init__(self, stage: AuditMeasure) -> None:
        from stages.audit.listen import listener

        self.stage = stage
        self.decode, self.listen = stage.decode.load("cpu"), listener(stage.vad)

    def file(self, item: Item, stem: str, policy: Policy) -> bytes:
        source, measured = item.source, item.measured
        if source is None or measured is None:
            raise LawError(f"{item.id}: a recording that was not decoded has no player")
        recording = self.decode(source)
        activity = self.listen(recording)
        rate = recording.rate
        tracks = tracks_of(recording, source) if recording.channels == 2 else None
        given = read_given(self.stage.given, source, tracks, activity)
        words = tuple(Said(w.channel, *w.span.seconds(rate), w.text) for w in given.words or () if w.channel < recording.channels)
        played = Played(
            key=stem,
            id=item.id,
            outline=measured.outline,
            sides=_sides(item, recording.channels),
            speech=tuple(tuple(span.seconds(rate) for span in spans) for spans in activity.channels),
            words=words,
            findings=tuple(
                Found(f.name, policy.severity(f.name), f.detail, tuple((s.start, s.end, s.channel) for s in f.stretches))
                for f in item.findings
            ),
            source=source.uris[0],
        )
        return player_file(played, recording.samples, rate, recording.bits)


def _sides(item: Item, channels: int) -> tuple[str, ...]:
    source = item.source
    if channels == 1 or source is None:
        return ("mono",)
    return source.roles or source.speakers or ("A", "B")
