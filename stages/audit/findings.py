"""From one recording's measurements to its findings, under a policy's limits: pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.audit import AuditFinding, Stretch
from schemas.source import Source
from stages.audit.accord import Accord
from stages.audit.audited import Audited
from stages.audit.gating import Gating
from stages.audit.traces import Trace
from stages.rights.policy import Policy

GATED = 0.9
"""Share of a channel's time away from its speaker that is perfectly silent, from which it counts as gated."""
LEAST_QUIET_S = 5.0
"""Seconds away from its speaker that a channel must have for that to mean anything."""
CUT_BOTH = 0.002
"""Share of sounding time in which both channels sound, below which they were cut from one mixture."""
CUT_SAME = 0.5
"""Or the share of that time in which both hold the same sound, above which they were."""
LOCKED = 0.4
JUMPS_DB = 6.0
"""Traces in phase with their source, whose level jumps by so much: masks of a separator."""
CUT_OFF_S = 1.0
"""Seconds by which a transcript may go on after the sound."""
LEAST_FIT = 0.2
"""Correlation of words and speech below which a transcript fits nothing."""
SURE_FIT = 0.5
"""Above this a transcript belongs to its recording; in between it must fit better than when it is moved round the recording."""
GAIN = 0.15
"""By which another reading of a transcript, crossed or moved, must fit better to be the right one."""
MOVED_S = 0.5
"""Seconds that a transcript must be moved for that to be told."""
PERSONAL_KINDS = 6


def recording_findings(source: Source, found: Audited, policy: Policy, checksums: Mapping[str, str]) -> list[AuditFinding]:
    """Everything found about one recording by itself. `checksums` are `algorithm:hex` by uri."""
    return [
        *_whole(found, policy),
        *_sums(found, checksums),
        *_channels(found, policy),
        *_transcript(source, found, policy),
        *_personal(found),
    ]


def _facts(**facts: Any) -> str:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False)


def _whole(found: Audited, policy: Policy) -> list[AuditFinding]:
    decoding = found.decoding
    findings = []
    promised = decoding.header_frames
    if promised and promised != found.length and not decoding.padded:
        off = (promised - found.length) / promised
        name = "truncated" if off > policy.limit("header_mismatch") else "header_mismatch"
        if abs(off) > policy.limit("header_mismatch") or (name == "header_mismatch" and decoding.exact):
            detail = f"the header says {promised / found.rate:.2f} s, and {found.seconds:.2f} s are there"
            facts = _facts(header_frames=promised, frames=found.length)
            findings.append(
                AuditFinding(name=name, detail=detail, value=off, unit="share", limit=policy.limit("header_mismatch"), facts=facts)
            )
    if decoding.damaged:
        detail = f"{decoding.damaged} packets could not be decoded"
        findings.append(AuditFinding(name="damaged", detail=detail, value=float(decoding.damaged), unit="packets", limit=0.0))
    return findings


def _sums(found: Audited, checksums: Mapping[str, str]) -> list[AuditFinding]:
    findings = []
    for file in found.files:
        wanted = checksums.get(file.uri)
        if wanted is not None and wanted not in file.digests:
            kind = wanted.partition(":")[0]
            is_now = next((digest for digest in file.digests if digest.startswith(kind)), None)
            detail = f"{file.uri}: the list says {wanted}, the file is {is_now}"
            findings.append(AuditFinding(name="checksum", detail=detail, facts=_facts(file=file.uri, listed=wanted, found=is_now)))
        if file.sphere_sum is False:
            detail = f"{file.uri}: the samples do not add up to the header's sample_checksum"
            findings.append(AuditFinding(name="checksum", detail=detail, facts=_facts(file=file.uri, kind="sample_checksum")))
    return findings


def _channels(found: Audited, policy: Policy) -> list[AuditFinding]:
    findings = []
    if found.channels == 1:
        findings.append(AuditFinding(name="mono"))
    for each in found.health.findings:
        if each.name == "leakage" or (found.channels == 1 and each.name == "one_sided"):
            continue
        findings.append(AuditFinding(name=each.name, channel=each.channel, value=each.value, unit=each.unit, limit=each.limit))
    limit = policy.limit("max_leakage_db")
    for leak in found.health.leaks:
        if leak.level_db is not None and leak.level_db > limit:
            findings.append(AuditFinding(name="leakage", channel=leak.into, value=leak.level_db, unit="dB", limit=limit))
    return [*findings, *disguise(found.gating, found.traces)]


def disguise(gate: Gating | None, traces: Iterable[Trace]) -> list[AuditFinding]:
    """What two channels are if they are no two microphones."""
    findings = []
    if gate is not None and min(gate.quiet_s) >= LEAST_QUIET_S and min(share or 0.0 for share in gate.dead) >= GATED:
        both, same = gate.both or 0.0, gate.same or 0.0
        name = "cut_mono" if both < CUT_BOTH or same > CUT_SAME else "gated_silence"
        silent = min(share or 0.0 for share in gate.dead)
        detail = f"{silent:.1%} of the time away from their speakers is perfectly silent; both channels sound in {both:.2%} of the time"
        findings.append(
            AuditFinding(name=name, detail=detail, value=silent, unit="share", limit=GATED, facts=_facts(both=gate.both, same=gate.same))
        )
    for trace in traces:
        if (trace.locked or 0.0) >= LOCKED and (trace.jumps_db or 0.0) >= JUMPS_DB:
            detail = f"side {'AB'[trace.source]} lies in the other channel at {trace.level_db:.0f} dB, in phase and at levels that jump"
            facts = _facts(locked=trace.locked, jumps_db=trace.jumps_db, level_db=trace.level_db)
            findings.append(
                AuditFinding(
                    name="separated", channel=1 - trace.source, detail=detail, value=trace.locked, unit="", limit=LOCKED, facts=facts
                )
            )
    return findings


def _transcript(source: Source, found: Audited, policy: Policy) -> list[AuditFinding]:
    findings = []
    if found.transcript_problem is not None:
        findings.append(AuditFinding(name="bad_transcript", detail=found.transcript_problem))
    accord = found.accord
    if accord is None:
        return findings
    misfit = fit(accord)
    if misfit:
        # What is missing where follows from that.
        return [*findings, *misfit]
    if accord.beyond_s > CUT_OFF_S:
        detail = f"the transcript goes on for {accord.beyond_s:.1f} s after the sound ends"
        findings.append(AuditFinding(name="cut_off", detail=detail, value=accord.beyond_s, unit="s", limit=CUT_OFF_S))
    if accord.tail_s > policy.limit("untranscribed_end_s"):
        limit = policy.limit("untranscribed_end_s")
        end = (Stretch(accord.last_word_s or 0.0, found.seconds),)
        findings.append(AuditFinding(name="untranscribed_end", value=accord.tail_s, unit="s", limit=limit, stretches=end))
    for channel in (0, 1):
        findings += _coverage(channel, accord, policy)
    if found.heard is not None:
        limit = policy.limit("word_errors")
        for channel, rate in enumerate(found.heard.wer):
            if rate is not None and rate > limit:
                findings.append(
                    AuditFinding(name="word_errors", channel=channel, value=rate, unit="share", limit=limit, detail=found.heard.method)
                )
    return findings


def _coverage(channel: int, accord: Accord, policy: Policy) -> list[AuditFinding]:
    """Speech of a side that has no words near, and words where nobody is heard."""
    side, name = accord.sides[channel], "AB"[channel]
    silent = side.unworded_s / side.speech_s if side.speech_s else 0.0
    unheard = side.unheard_words / side.words if side.words else 0.0
    speech = f"{side.unworded_s:.1f} of {side.speech_s:.1f} s of speech on side {name} have no words near"
    words = f"{side.unheard_words} of {side.words} words of side {name} lie where nobody is heard"
    findings = []
    for kind, share, stretches, detail in (
        ("speech_without_words", silent, accord.unworded, speech),
        ("words_without_speech", unheard, accord.unheard, words),
    ):
        limit = policy.limit(kind)
        if share > limit:
            where = tuple(each for each in stretches if each.channel == channel)
            findings.append(
                AuditFinding(name=kind, channel=channel, value=share, unit="share", limit=limit, detail=detail, stretches=where)
            )
    return findings


def fit(accord: Accord | None) -> list[AuditFinding]:
    """At most one: the sides are the other way round, the transcript is moved in time, or it belongs to another recording."""
    if accord is None or accord.fit is None or accord.crossed is None or accord.shifted is None or accord.shift_s is None:
        return []
    facts = _facts(fit=accord.fit, crossed=accord.crossed, shift_s=accord.shift_s, shifted=accord.shifted, chance=accord.chance)
    if accord.crossed > accord.fit + GAIN and accord.crossed >= 2 * LEAST_FIT:
        detail = f"words and speech agree by {accord.fit:.2f} as they stand, by {accord.crossed:.2f} with the sides exchanged"
        return [AuditFinding(name="swapped_sides", detail=detail, value=accord.crossed, unit="correlation", limit=accord.fit, facts=facts)]
    if abs(accord.shift_s) >= MOVED_S and accord.shifted > accord.fit + GAIN and accord.shifted >= 2 * LEAST_FIT:
        detail = f"moved by {accord.shift_s:+.1f} s the words fit by {accord.shifted:.2f}, as they stand by {accord.fit:.2f}"
        return [AuditFinding(name="shifted_transcript", detail=detail, value=accord.shift_s, unit="s", limit=MOVED_S, facts=facts)]
    if accord.fit < LEAST_FIT or (accord.fit < SURE_FIT and accord.fit <= (accord.chance or 0.0)):
        detail = f"words and speech agree by {accord.fit:.2f}; moved about they agree by up to {accord.chance or 0.0:.2f}"
        return [AuditFinding(name="foreign_transcript", detail=detail, value=accord.fit, unit="correlation", limit=LEAST_FIT, facts=facts)]
    return []


def _personal(found: Audited) -> list[AuditFinding]:
    if not found.personal:
        return []
    kinds: dict[str, int] = {}
    for span in found.personal:
        kinds[span.kind] = kinds.get(span.kind, 0) + 1
    detail = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0]))[:PERSONAL_KINDS])
    where = tuple(sorted({Stretch(*each.span.seconds(found.rate), each.channel) for each in found.personal}, key=_order))
    return [
        AuditFinding(
            name="personal_data", detail=detail, value=float(len(found.personal)), unit="spans", facts=_facts(kinds=kinds), stretches=where
        )
    ]


def _order(stretch: Stretch) -> tuple[float, float, int]:
    return stretch.start, stretch.end, -1 if stretch.channel is None else stretch.channel
