"""Everything the page shows, as plain values for the template."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.report import codes, figures, lines, talk
from pipeline.report import mixtures as made
from pipeline.report.codes import Tokens
from pipeline.report.condition import Condition
from pipeline.report.marks import legend
from pipeline.report.mixtures import Mixtures
from pipeline.report.said import Said
from pipeline.report.strips import strips
from pipeline.report.taking import MEASURES, Taking
from pipeline.report.timelines import timeline
from pipeline.report.totals import Sample, Totals, by_hours
from pipeline.report.words import count, hours, lasting, number, several, share, with_unit
from schemas.diarization import DROPPED
from schemas.errors import REASONS, RejectRecord
from schemas.stats import CANDOR_MEDIAN_FTO, FISHER_SHAPE

SHOWN_REJECTS = 10
"""Rejected inputs named for each reason."""
SHOWN_GROUPS = 100
"""Lines of a table of combinations."""
LABELS = {
    "ipu": "Speech (IPUs, both channels added)",
    "pause": "Pauses (silence inside one side's talk)",
    "gap": "Gaps (silence between the sides)",
    "overlap": "Overlap (both speak)",
}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was added up from the shards."""

    totals: Totals
    taking: Taking
    condition: Condition
    mixtures: Mixtures = field(default_factory=Mixtures)
    tokens: Tokens = field(default_factory=Tokens)
    said: dict[str, Said] = field(default_factory=dict)
    """Words and events of the rows that are drawn, by id."""


def view(manifest: Mapping[str, Any], rejects: Sequence[RejectRecord], gathered: Gathered) -> dict[str, Any]:
    """The template's variables."""
    totals, taking, condition, mixtures = gathered.totals, gathered.taking, gathered.condition, gathered.mixtures
    inputs, left_out = manifest["inputs"], manifest["left_out"]
    return {
        "name": manifest["name"],
        "manifest": manifest,
        "config": json.dumps(manifest["config"], indent=2, sort_keys=True),
        "cards": [*cards(totals, taking, mixtures, inputs), *left_out_card(left_out)],
        "notices": notices(totals, condition, inputs, left_out),
        "left_out": left_out,
        "left_out_lines": left_out_lines(left_out),
        "inputs": inputs,
        "holds": inputs["inputs"] == inputs["results"] + inputs["rejects"] + inputs["errors"] + inputs["pending"],
        "terms": grouped(totals.terms),
        "formats": grouped(totals.formats),
        "reasons": reasons(rejects, inputs["inputs"]),
        "shown_rejects": SHOWN_REJECTS,
        "totals": totals,
        "taking": taking,
        "shape": shape(taking) if taking.rows else [],
        "shares": taking_facts(taking) if taking.rows else [],
        "kinds": {name: [int(n) for n in pair] for name, pair in taking.kinds.items()},
        "condition": condition,
        "found": lines.found(condition),
        "columns": lines.COLUMNS,
        "entries": lines.entries(condition),
        "mixtures": mixtures,
        "mixture_kinds": made.kinds(mixtures),
        "mixture_figures": figures.of_mixtures(mixtures) if mixtures.recordings else [],
        "other_sounds": made.others(mixtures),
        "mixture_lines": made.lines(mixtures.least_sure),
        "tokens": gathered.tokens,
        "token_codecs": codes.codecs(gathered.tokens),
        "token_fidelity": codes.fidelity(gathered.tokens),
        "recording_figures": figures.of_recordings(totals),
        "health_figures": figures.of_health(condition) if condition.recordings else [],
        "taking_figures": [*figures.of_taking(totals, taking), *(talk.distributions(taking) if taking.rows else [])],
        "transfers": figures.of_transfers(taking) if taking.rows else None,
        "constants": talk.constants(taking) if taking.constants else [],
        "overlap_kinds": talk.overlap_kinds(taking) if taking.rows else [],
        "spoken": talk.spoken(taking) if taking.worded_rows else [],
        "legend": legend() if any(each.words or each.events for each in gathered.said.values()) else None,
        "timelines": [_drawn(sample, index, gathered.said.get(sample.id, Said())) for index, sample in enumerate(totals.samples)],
    }


def _drawn(sample: Sample, index: int, said: Said) -> tuple[Any, ...]:
    """A row to draw: itself, its timeline, what that shows, and its words line by line."""
    return (sample, *timeline(sample, index, said), strips(sample, index, said))


def cards(totals: Totals, taking: Taking, mixtures: Mixtures, inputs: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """The headline: label, value and a word on it."""
    whole = totals.whole
    rejected = inputs["rejects"] / inputs["inputs"] if inputs["inputs"] else None
    overlap = taking.share_of_overlap
    mixed = f", {count(mixtures.recordings)} from one channel" if mixtures.recordings else ""
    return [
        ("Audio", hours(whole.seconds), "two channels, counted once"),
        ("Recordings", count(whole.recordings), f"in {several(whole.rows, 'row', 'rows')}{mixed}"),
        ("Speech, channel 0", hours(float(totals.speech[0])), "the model's voice"),
        ("Speech, channel 1", hours(float(totals.speech[1])), "the other side"),
        ("Overlap", share(overlap) or "–", "of the time both speak" if overlap is not None else "no turn-taking statistics"),
        ("Rejected", share(rejected) or "0", f"{count(inputs['rejects'])} of {several(inputs['inputs'], 'input', 'inputs')}"),
    ]


def left_out_card(left_out: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """A card when anything of the recordings in the set became no row."""
    seconds = _dropped(left_out, "seconds") + left_out["silence"]
    pieces = several(_dropped(left_out, "pieces"), "piece", "pieces")
    return [("Left out", hours(seconds), f"of recordings in the set: {pieces}, and silence")] if seconds else []


def left_out_lines(left_out: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Dropped pieces by reason, most audio first, then the silence between pieces."""
    ordered = sorted(left_out["dropped"], key=lambda each: (-each["seconds"], each["reason"]))
    found = [
        {
            "name": lines.words(each["reason"]),
            "pieces": count(each["pieces"]),
            "seconds": each["seconds"],
            "meaning": DROPPED.get(each["reason"], ""),
        }
        for each in ordered
    ]
    silence = {"name": "silence between pieces", "pieces": "", "seconds": left_out["silence"], "meaning": "nobody speaks"}
    return [*found, *([silence] if left_out["silence"] else [])]


def _dropped(left_out: Mapping[str, Any], name: str) -> Any:
    return sum(each[name] for each in left_out["dropped"])


def notices(totals: Totals, condition: Condition, inputs: Mapping[str, int], left_out: Mapping[str, Any]) -> list[str]:
    """What a person should know before using or passing on the set."""
    found = []
    if inputs["errors"]:
        found.append(f"{several(inputs['errors'], 'input', 'inputs')} ended in a fault rather than a verdict; duologue status lists them.")
    if inputs["pending"]:
        found.append(f"{several(inputs['pending'], 'input is', 'inputs are')} still to be done.")
    if left_out["dropped"]:
        pieces = several(_dropped(left_out, "pieces"), "piece of a recording", "pieces of recordings")
        found.append(f"{pieces} in the set ({hours(_dropped(left_out, 'seconds'))}) became no row, being no conversation of two.")
    for index, what in ((1, "licence"), (2, "consent")):
        missing = sum(amount.seconds for key, amount in totals.terms.items() if key[index] is None)
        if missing:
            found.append(f"{hours(missing)} of audio ({share(missing / totals.whole.seconds)}) without a stated {what}.")
    if condition.flagged:
        of = f"{count(condition.flagged)} of {several(condition.recordings, 'recording', 'recordings')}"
        found.append(f"{of} in the set with a flagged finding of channel health.")
    if totals.cut_in_speech:
        found.append(
            f"{several(totals.cut_in_speech, 'row ends', 'rows end')} in the middle of speech, because no silence was near the cut."
        )
    return found


def grouped(groups: dict[Any, Any]) -> dict[str, Any]:
    """The largest combinations, and what the others add up to."""
    ordered = by_hours(groups)
    rest = ordered[SHOWN_GROUPS:]
    return {
        "lines": ordered[:SHOWN_GROUPS],
        "others": len(rest),
        "other_rows": sum(a.rows for _, a in rest),
        "other_recordings": sum(a.recordings for _, a in rest),
        "other_seconds": sum(a.seconds for _, a in rest),
    }


def reasons(rejects: Sequence[RejectRecord], inputs: int) -> list[dict[str, Any]]:
    """Rejects by reason, most frequent first, each with its first inputs by id."""
    ordered = sorted(rejects, key=lambda r: (r.id, r.key, r.stage))
    amounts = sorted(Counter(r.reason for r in ordered).items(), key=lambda item: (-item[1], item[0]))
    found = []
    for reason, amount in amounts:
        mine = [r for r in ordered if r.reason == reason]
        found.append(
            {
                "reason": reason,
                "words": lines.words(reason),
                "count": amount,
                "share": share(amount / inputs) if inputs else "",
                "stages": ", ".join(sorted({r.stage for r in mine})),
                "meaning": REASONS.get(reason, ""),
                "first": mine[:SHOWN_REJECTS],
            }
        )
    return found


def shape(taking: Taking) -> list[dict[str, Any]]:
    """Speech, pauses, gaps and overlap beside the reference."""
    found = []
    for name in MEASURES:
        own, reference = taking.per_minute(taking.lasting[name]), FISHER_SHAPE[name]
        seconds, amount = taking.lasting[name], taking.counts[name]
        found.append(
            {
                "label": LABELS[name],
                "own": own,
                "reference": reference,
                "difference": f"{'+' if own >= reference else ''}{number(100 * (own / reference - 1), 0)}\u00a0%",
                "per_minute": number(taking.per_minute(amount)),
                "mean": with_unit(seconds / amount, "s", 2) if amount else "",
                "total": hours(seconds),
            }
        )
    return found


def taking_facts(taking: Taking) -> list[tuple[str, str, str]]:
    """Other figures of the whole set: name, value, reference or remark."""
    transfers, speech = taking.transfers, float(taking.speech.sum())
    rate = {name: number(taking.per_minute(float(pair.sum())), 2) for name, pair in taking.kinds.items()}
    return [
        ("Median floor transfer offset", figures.offset(transfers.quantile(0.5)), f"CANDOR: {with_unit(CANDOR_MEDIAN_FTO, 's', 2)}"),
        ("Transfers from 0 to 0.2 s", share(taking.within_200ms / transfers.n) if transfers.n else "", f"of {count(transfers.n)}"),
        ("Overlap, share of time", share(taking.share_of_overlap), f"Fisher: {share(FISHER_SHAPE['overlap'] / 60)}"),
        *talk.compared(taking),
        ("Silence, share of time", share(taking.lasting["silence"] / taking.seconds), "neither speaks"),
        ("Channel 0's share of speech", share(float(taking.speech[0]) / speech) if speech else "", "IPU seconds"),
        ("Backchannels per minute", rate["backchannels"], "both channels together"),
        ("Interruptions per minute", rate["interruptions"], "the newcomer keeps the floor"),
        ("Failed interruptions per minute", rate["failed_interruptions"], "the newcomer gives it up"),
        ("Changes of the floor per minute", number(taking.per_minute(transfers.n), 2), "floor transfers"),
        ("Longest monologue", lasting(taking.longest), "inner pauses included"),
    ]
