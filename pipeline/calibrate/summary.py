"""What `calibration.json` holds: every call under every condition, pooled scores, and the recipe that was measured."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.calibrate import overlaps
from pipeline.calibrate.overlaps import Heard, pooled_overlaps
from pipeline.calibrate.words import DEFINITIONS
from pipeline.calibrate.words_inside import TRUE_ACTIVITY
from pipeline.config import Config
from pipeline.plan import make_plan
from pipeline.rows import provenance
from pipeline.state import config_data
from schemas.calibration import CallScores, ChannelScores, MixScores, Scores
from schemas.errors import RejectRecord
from schemas.plain import to_plain
from schemas.source import Source
from stages.calibrate.heard import pooled_words
from stages.scoring.pool import pooled_taking_error, shares
from stages.scoring.rank import spearman

FORMAT = 1
WORDS = ("wer_true", "wer", "cpwer_true", "cpwer", "wer_mix")
SCORES = (*(f.name for f in dataclasses.fields(Scores)), *WORDS)
PER_CALL = ("channels", "mapping", "stages", "amounts", "words", "overlaps")
"""Fields of a call's scores that are not pooled as they are."""
LEVELS = ("leakage_db", "leakage_solo_db", "si_sdr_db", "si_sdr_solo_db", "si_sdr_overlap_db")
"""Pooled as the median over channels; everything else is pooled by time."""
HEADLINE = (
    *("der", "der_collar_250ms", "miss", "false_alarm", "confusion", "overlap_recall", "overlap_precision", "backchannel_recall"),
    *("speech_kept", "leakage_db", "swaps_per_hour", "si_sdr_db", "si_sdr_solo_db", "si_sdr_overlap_db", "rtf", "confidence"),
    *WORDS,
)
"""Scores that travel in the recipe, beside the largest turn-taking error."""
WORST: tuple[tuple[str, Callable[..., Any], bool], ...] = (
    ("der", max, False),
    ("der_collar_250ms", max, False),
    ("speech_kept", min, True),
    ("leakage_db", max, True),
    ("leakage_solo_db", max, True),
    ("si_sdr_db", min, True),
)
"""Scores whose worst value is told, which way is worse, and whether it is that of a channel or of a call."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One chain and what it scored: `calls` in order of id."""

    name: str
    config: Config
    calls: tuple[tuple[Source, CallScores], ...]
    activity: str = "estimated"
    """As `stages.calibrate.measure.Calibrate.activity`."""
    heard: tuple[Heard, ...] = ()
    """The worst overlaps, worst first."""


@dataclass(frozen=True, slots=True)
class Account:
    """How every input of the run ended."""

    src: str
    inputs: dict[str, int]
    """The ledger's balance."""
    rejects: tuple[RejectRecord, ...]
    errors: tuple[dict[str, Any], ...]


def summarise(account: Account, conditions: Sequence[str], first: Measured, beside: Measured | None) -> dict[str, Any]:
    """The contents of `calibration.json`: JSON values, without any time or path of this machine but the source as it was named."""
    return {
        "format": FORMAT,
        "src": account.src,
        "inputs": account.inputs,
        "rejects": [_reject(each) for each in sorted(account.rejects, key=lambda r: (r.id, r.stage, r.reason))],
        "errors": [{name: each[name] for name in ("id", "stage", "error")} for each in sorted(account.errors, key=lambda e: str(e["id"]))],
        "definitions": DEFINITIONS,
        **_variant(first, conditions),
        "beside": None if beside is None else _variant(beside, conditions),
    }


def _variant(measured: Measured, conditions: Sequence[str]) -> dict[str, Any]:
    entries = [(source, call, mix) for source, call in measured.calls for mix in call.mixes]
    overall = pooled(entries)
    return {
        "name": measured.name,
        "recipe": recipe(measured, conditions, overall),
        "overall": overall,
        "conditions": {name: pooled([each for each in entries if each[2].condition == name]) for name in conditions},
        "calls": [_entry(*each) for each in entries],
    }


def recipe(measured: Measured, conditions: Sequence[str], overall: dict[str, Any]) -> dict[str, Any]:
    """What was measured, and its scores, short enough to travel with a data set that the same chain made."""
    settings = config_data(measured.config, speed=False)
    stages = []
    for stage in to_plain(provenance(make_plan(measured.config.chain))):
        told = measured.activity == "true" and stage["stage"] == "diarize"
        stages.append({**stage, "settings": settings[stage["stage"]], **(TRUE_ACTIVITY if told else {})})
    short = {name: overall[name] for name in HEADLINE}
    return {
        "name": measured.name,
        "activity": measured.activity,
        "chain": stages,
        "calls": len(measured.calls),
        "hours": round(sum(call.length / call.rate for _, call in measured.calls) / 3600, 6),
        "conditions": list(conditions),
        "refused": overall["refused"],
        "overall": {
            **short,
            "turn_taking_error": overall["turn_taking_error"]["largest"],
            "worst": overall["worst"],
            "overlaps": overall["overlaps"],
        },
    }


Entry = tuple[Source, CallScores, MixScores]


def pooled(entries: Sequence[Entry]) -> dict[str, Any]:
    """Scores of some mixtures together: shares by time, levels as medians over channels, the worst of each; absent is None."""
    scored = [(source, mix.scores) for source, _, mix in entries if mix.scores is not None]
    scores = [each for _, each in scored]
    amounts = [each.amounts for each in scores]
    found: dict[str, Any] = dict.fromkeys(name for name in SCORES if name not in PER_CALL)
    found["turn_taking_error"] = {"largest": None}
    if scores:
        found |= shares(amounts)
        found |= pooled_words([each.words for each in scores if each.words is not None])
        found["turn_taking_error"] = to_plain(pooled_taking_error(amounts))
        for name in LEVELS:
            found[name] = _median([getattr(channel, name) for each in scores for channel in each.channels])
        known = [(each.confidence, each.amounts.seconds) for each in scores if each.confidence is not None]
        found["confidence"] = sum(c * s for c, s in known) / sum(s for _, s in known) if known else None
    return {
        **found,
        "stages": _stages(scores),
        "overlaps": pooled_overlaps(scored),
        "worst": {name: _worst(scored, name, worse, per_channel) for name, worse, per_channel in WORST},
        "swaps": sum(each.swaps for each in amounts),
        "transcripts_unread": sum(each.words is not None and each.words.unread is not None for each in scores),
        "rank_correlation": rank_correlation(scores),
        "mixtures": len(entries),
        "scored": len(scores),
        "refused": dict(sorted(Counter(mix.refusal.reason for _, _, mix in entries if mix.refusal is not None).items())),
        "hours": round(sum(each.seconds for each in amounts) / 3600, 6),
    }


def rank_correlation(scores: Sequence[Scores]) -> dict[str, Any]:
    """How well the expected error (1 - confidence) orders the calls by their true errors, from -1 to 1."""
    known = [each for each in scores if each.confidence is not None and each.der is not None and each.speech_kept is not None]
    expected = [1 - (each.confidence or 0.0) for each in known]
    return {
        "mixtures": len(known),
        "der": spearman(expected, [each.der or 0.0 for each in known]),
        "speech_lost": spearman(expected, [1 - (each.speech_kept or 0.0) for each in known]),
    }


def _stages(scores: Sequence[Scores]) -> dict[str, float]:
    """Processor time of each stage as a share of real time, pooled."""
    seconds = sum(each.amounts.seconds for each in scores)
    spent: Counter[str] = Counter()
    for each in scores:
        for cost in each.stages:
            spent[cost.stage] += cost.rtf * each.amounts.seconds  # type: ignore[assignment]
    return {name: amount / seconds for name, amount in spent.items()}


def _worst(scored: Sequence[tuple[Source, Scores]], name: str, worse: Callable[..., Any], per_channel: bool) -> dict[str, Any] | None:
    values = []
    for source, scores in scored:
        holders: Sequence[Scores | ChannelScores] = scores.channels if per_channel else (scores,)
        for number, holder in enumerate(holders):
            value = getattr(holder, name)
            if value is not None:
                values.append((value, source.id, number if per_channel else None))
    if not values:
        return None
    value, id, channel = worse(values, key=lambda each: each[0])
    return {"value": value, "id": id, "channel": channel}


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _entry(source: Source, call: CallScores, mix: MixScores) -> dict[str, Any]:
    scores = dict.fromkeys(SCORES)
    if mix.scores is not None:
        scores |= to_plain(mix.scores)
        scores |= pooled_words([] if mix.scores.words is None else [mix.scores.words])
        scores["overlaps"] = overlaps.entry(source, mix.scores)
    refusal = None if mix.refusal is None else {**to_plain(mix.refusal), "facts": json.loads(mix.refusal.facts)}
    return {
        "id": source.id,
        "condition": mix.condition,
        "outcome": "scored" if mix.refusal is None else "refused",
        "seconds": call.length / call.rate,
        "rate": call.rate,
        "gain_db": mix.gain_db,
        "refusal": refusal,
        **scores,
    }


def _reject(record: RejectRecord) -> dict[str, Any]:
    plain = {name: getattr(record, name) for name in ("id", "stage", "reason", "detail")}
    return {**plain, "facts": json.loads(record.facts)}
