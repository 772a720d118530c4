"""The contents of an audit as the page's script and tables take them: what is the same in many recordings is written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.report.words import count, hours, number, share
from schemas.stats import CANDOR_MEDIAN_FTO, FISHER_SHAPE

MOST = 20_000
"""Recordings, and files, in the page's lists; those with a verdict against them first. `audit.json` has all."""
MOST_ROWS = 100
"""Lines of a table of plain values."""
MOST_ITEMS = 6
"""Items of a list inside such a table."""
VERDICTS = ("pass", "flag", "reject")
SEVERITIES = ("note", "flag", "reject")
SECTIONS = (
    ("shape", "Shape of the talk", "What else was measured of all talk together."),
    ("duplicates", "Duplicates", "Recordings that hold the same sound."),
    ("rights", "Rights", "What the licences, consents and the policy allow."),
    ("splits", "Splits", "Train, validation and test without a speaker, a pair or a source in two of them."),
    ("personal", "Personal data", "Names, numbers and addresses that are spoken."),
)
DRAWN = {"shape": ("fto", "seconds_per_minute", "histograms", "constants")}
"""Parts of a section that the page draws."""


class Words:
    """Texts that repeat, each with its number."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}

    def __call__(self, text: Any) -> int | None:
        return None if text in (None, "") else self.of.setdefault(str(text), len(self.of))


def listed(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Recordings and files for the lists, worst first, as rows of plain values; see `audit_page.js` for their order."""
    words = Words()
    worst = {"reject": 0, "flag": 1, "pass": 2}
    recordings = sorted(contents["recordings"], key=lambda r: (worst.get(r["verdict"], 3), r["id"]))
    files = sorted(contents["files"], key=lambda f: ({**worst, "pass": 4}.get(f["verdict"], 3), f["path"]))
    return {
        "recordings": [_recording(each, words) for each in recordings[:MOST]],
        "files": [_file(each, words) for each in files[:MOST]],
        "cut": [max(0, len(recordings) - MOST), max(0, len(files) - MOST)],
        "words": list(words.of),
        "references": {"fto": ["CANDOR", CANDOR_MEDIAN_FTO], "overlap": ["Fisher", FISHER_SHAPE["overlap"] / 60]},
        "meanings": {found["name"]: [found["meaning"], found["advice"]] for found in contents["findings"]},
    }


def _recording(each: Mapping[str, Any], words: Words) -> list[Any]:
    taking, rate = each.get("taking") or {}, each.get("rate")
    measured = [*(_rounded(each.get(name) or (), 1) for name in ("levels", "leakage_db"))]
    names = ("overlap_share", "fto_median", "backchannels_per_minute", "interruptions_per_minute", "speech_dominance")
    return [
        each["id"],
        VERDICTS.index(each["verdict"]) if each["verdict"] in VERDICTS else 0,
        _round(each.get("seconds"), 2),
        *(words(each.get(name)) for name in ("corpus", "licence", "language", "consent", "split")),
        rate,
        each.get("channels"),
        *measured,
        [_round(taking.get(name), 3) for name in names],
        [str(speaker) for speaker in each.get("speakers") or ()],
        [str(uri) for uri in each.get("uris") or ([each["uri"]] if each.get("uri") else [])],
        [_finding(found, words) for found in each["findings"]],
        each.get("player"),
    ]


def _finding(found: Mapping[str, Any], words: Words) -> list[Any]:
    stretches = [[_round(s["start"], 2), _round(s["end"], 2), s.get("channel")] for s in found.get("stretches") or ()]
    severity = SEVERITIES.index(found["severity"]) if found["severity"] in SEVERITIES else 1
    value, limit = (_round(found.get(name), 4) for name in ("value", "limit"))
    return [
        words(found["name"]),
        severity,
        found.get("detail") or "",
        found.get("channel"),
        value,
        words(found.get("unit")),
        limit,
        stretches,
    ]


def _file(each: Mapping[str, Any], words: Words) -> list[Any]:
    owners = each.get("recordings") or ()
    verdict = VERDICTS.index(each["verdict"]) if each["verdict"] in VERDICTS else None
    return [each["path"], words(each.get("what")), each.get("bytes"), verdict, words(each.get("why")), list(owners[:3]), len(owners)]


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _rounded(values: Sequence[float | None], digits: int) -> list[float | None]:
    return [_round(value, digits) for value in values]


def findings_of(contents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Findings in the order given, each with how much of the longest bar it fills."""
    most = max((found["hours"] for found in contents["findings"]), default=0) or 1
    return [
        {
            **found,
            "words": found["name"].replace("_", " "),
            "amount": hours(3600 * found["hours"]),
            "part": share(found["share"]),
            "width": round(100 * found["hours"] / most, 2),
        }
        for found in contents["findings"]
    ]


def sections(contents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parts of the audit without a drawing of their own, as tables."""
    found = []
    for name, title, about in SECTIONS:
        value = contents.get(name)
        if isinstance(value, Mapping):
            value = {key: part for key, part in value.items() if key not in DRAWN.get(name, ())}
        blocks = _blocks(value) if value else []
        if blocks or name != "shape":
            found.append({"name": name, "title": title, "about": about, "blocks": blocks})
    return found


def _blocks(value: Any, title: str = "") -> list[dict[str, Any]]:
    """Plain values as tables: of names and values, or with a column for each name."""
    if isinstance(value, Mapping):
        facts = [(_named(key), _told(part)) for key, part in value.items() if not _nested(part)]
        rest = [
            block
            for key, part in value.items()
            if _nested(part)
            for block in _blocks(part, f"{title}: {_named(key)}" if title else _named(key))
        ]
        return ([{"title": title, "facts": facts, "columns": [], "rows": [], "more": 0}] if facts else []) + rest
    rows = [row if isinstance(row, Mapping) else {"value": row} for row in value]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    told = [[_told(row.get(column)) for column in columns] for row in rows[:MOST_ROWS]]
    more = max(0, len(rows) - MOST_ROWS)
    return [{"title": title, "facts": [], "columns": [_named(column) for column in columns], "rows": told, "more": more}]


def _nested(value: Any) -> bool:
    """Whether it needs a table of its own."""
    return bool(value) and (
        isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and all(isinstance(each, Mapping) for each in value))
    )


def _named(key: Any) -> str:
    return str(key).replace("_", " ")


def _told(value: Any) -> list[Any]:
    """A value as a list of texts; of many only the first, and how many more."""
    if value is None or value in ("", [], {}, ()):
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, int):
        return [count(value)]
    if isinstance(value, float):
        return [number(value, 0 if value == round(value) else 2 if abs(value) >= 0.1 else 4)]
    if isinstance(value, (list, tuple)):
        found = [text for each in value[:MOST_ITEMS] for text in _told(each)]
        return [*found, f"and {count(len(value) - MOST_ITEMS)} more"] if len(value) > MOST_ITEMS else found
    if isinstance(value, Mapping):
        return [f"{_named(key)}: {', '.join(_told(part)) or '–'}" for key, part in value.items()]
    return [str(value)]
