"""Check a data set or an export, and say what was found: the command `lint`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.exports.format import SUMS, Options
from pipeline.exports.lint.checks import examine
from pipeline.exports.lint.readers import KINDS, reader_of
from pipeline.exports.lint.subject import CHECKS, Finding, Subject
from pipeline.exports.text import FRAME_RATE, dropped_of
from pipeline.shards import hash_range
from schemas.row import RowWord

PLACES = 5
"""Places of one finding that are told."""
MOST_DROPPED = 0.05
"""Share of dropped text tokens of an item from which it is an error, unless told otherwise."""


def run_lint(path: str, tokenizer: str | None = None, most_dropped: float = MOST_DROPPED) -> dict[str, Any]:
    """Check what lies at `path`; the result's `ok` is false when anything is wrong that makes training worse without a word.

    With the speech model's SentencePiece model the share of text tokens that training would drop is found from the words.
    """
    kind, items = reader_of(path)
    told: dict[str, list[Finding]] = {}
    counts: dict[str, int] = {}
    totals = {"items": 0, "seconds": 0.0, "tokens": 0, "dropped": 0, "with_conditions": 0, "without_conditions": 0}

    def take(finding: Finding) -> None:
        counts[finding.check] = counts.get(finding.check, 0) + 1
        if len(told.setdefault(finding.check, [])) < PLACES:
            told[finding.check].append(finding)

    for finding in _files(Path(path)):
        take(finding)
    for subject in items():
        totals["items"] += 1
        _measure(subject, tokenizer, totals)
        examine(subject, most_dropped)
        for finding in subject.found:
            take(finding)
    if not totals["items"] and kind in KINDS:
        take(Finding("empty", path, "its lists name nothing"))
    if totals["with_conditions"] and totals["without_conditions"]:
        what = f"{totals['with_conditions']} items have them, {totals['without_conditions']} have not"
        take(Finding("text_conditions", path, what))
    findings = [_plain(check, counts[check], told[check]) for check in CHECKS if check in counts]
    rate = totals["dropped"] / totals["tokens"] if totals["tokens"] else None
    return {
        "command": "lint",
        "path": path,
        "kind": kind,
        "items": totals["items"],
        "hours": round(totals["seconds"] / 3600, 6),
        "token_drop_rate": rate,
        "findings": findings,
        "ok": not any(finding["severity"] == "error" for finding in findings),
    }


def _measure(subject: Subject, tokenizer: str | None, totals: dict[str, Any]) -> None:
    """Duration and dropped tokens of one item, and whether it has conditions."""
    seconds = subject.sound.duration if subject.sound is not None else subject.duration
    if seconds is None and subject.codes is not None and subject.codes.ndim == 2:
        seconds = subject.codes.shape[1] / (subject.frame_rate or FRAME_RATE)
    totals["seconds"] += seconds or 0.0
    if subject.conditions is not None:
        totals["with_conditions" if subject.conditions else "without_conditions"] += 1
    if tokenizer is not None and subject.words and seconds:
        words = [RowWord(word.channel, word.start, word.end, word.text, None, "given") for word in subject.words if word.finite]
        written, dropped = dropped_of(words, 0, seconds, Options(tokenizer=tokenizer))
        totals["tokens"] += written + dropped
        totals["dropped"] += dropped
        subject.drop_rate = dropped / (written + dropped) if written + dropped else None


def _files(path: Path) -> Iterator[Finding]:
    """For an export of ours: whether it is finished, and its files are the ones written."""
    state = path / ".duologue" / "export.json"
    if not (path / "export.json").is_file():
        if state.is_file():
            yield Finding("unfinished", str(path), "there is no export.json")
        return
    if not (path / SUMS).is_file():
        yield Finding("missing", SUMS, "the list of checksums")
        return
    about = json.loads((path / "export.json").read_text(encoding="utf-8"))
    if hash_range(path / SUMS) != about.get(SUMS):
        yield Finding("changed", SUMS, "its SHA-256 is not that in export.json")
    for line in (path / SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if not (path / name).is_file():
            yield Finding("missing", name, f"listed in {SUMS}")
        elif hash_range(path / name) != digest:
            yield Finding("changed", name, f"its SHA-256 is not that in {SUMS}")


def _plain(check: str, count: int, found: list[Finding]) -> dict[str, Any]:
    severity, meaning = CHECKS[check]
    places = [{"where": each.where, "what": each.what} for each in found]
    return {"check": check, "severity": severity, "meaning": meaning, "count": count, "places": places}


def lines(result: dict[str, Any]) -> list[str]:
    """The result for people."""
    rate = result["token_drop_rate"]
    dropped = "" if rate is None else f", {100 * rate:.2f} % of the text tokens dropped"
    found = [f"{result['path']}: {result['kind']}, {result['items']} items, {result['hours']:.2f} h{dropped}"]
    for finding in result["findings"]:
        found.append(f"{finding['severity']}: {finding['check']} ({finding['count']}): {finding['meaning']}")
        found += [f"  {place['where']}: {place['what']}" for place in finding["places"]]
        if finding["count"] > len(finding["places"]):
            found.append(f"  and {finding['count'] - len(finding['places'])} more")
    if result["ok"] and not result["items"]:
        return [*found, f"all files are those that were written; what is in them is not examined for {result['kind']}"]
    return [*found, "fit for training" if result["ok"] else "not fit for training"]
