"""Contents of `audit.json` as an audit of a mixed, messy delivery has them, of any size; the same seed gives the same contents."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from schemas.audit import kind_of
from schemas.stats import FTO_EDGES

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\u202egpj.exe\x00\u200b\u2028\"'&`${1}`"
"""Ends scripts, attributes, templates and lines, runs backwards, and hides."""
LICENCES = ("LicenseRef-LDC-User-Agreement", "CC-BY-4.0", "CC-BY-NC-4.0", None)
CORPORA = ("fisher", "callhome", "hotline <2025>", "SpokenWOZ", None)
NAMES = (
    *("speech_without_words", "licence_unknown", "leakage", "personal_data", "near_duplicate", "dual_mono", "clipping", "no_transcript"),
    *("outlier", "hum", "swapped_sides", "cut_off", "consent_missing"),
)
CHANCES = (0.09, 0.07, 0.06, 0.05, 0.015, 0.02, 0.03, 0.03, 0.02, 0.02, 0.006, 0.004, 0.01)


def finding(rng: np.random.Generator, name: str, seconds: float) -> dict[str, Any]:
    measured = {"leakage": (-18.0, "dB", -30.0), "clipping": (0.004, "share", 0.001), "hum": (22.0, "dB", 12.0)}.get(name)
    stretches = []
    if name in ("speech_without_words", "personal_data", "clipping"):
        for start in sorted(rng.uniform(0, max(1.0, seconds - 12), int(rng.integers(1, 5)))):
            end = float(min(seconds, start + rng.uniform(1, 9)))
            stretches.append({"start": round(float(start), 3), "end": round(end, 3), "channel": int(rng.integers(2))})
    return {
        "name": name,
        "severity": kind_of(name).severity,
        "detail": f"{rng.integers(3, 90)} s of speech on channel 0 have no words" if name == "speech_without_words" else "",
        "channel": int(rng.integers(2)) if measured else None,
        "value": measured[0] if measured else None,
        "unit": measured[1] if measured else None,
        "limit": measured[2] if measured else None,
        "facts": {},
        "stretches": stretches,
    }


def recording(rng: np.random.Generator, index: int) -> dict[str, Any]:
    id = HOSTILE if index == 3 else f"part{index % 7}/fe_03_{index:05d}"
    seconds = float(np.round(min(3600.0, 560 * rng.lognormal(0, 0.35)), 3))
    corpus = CORPORA[int(rng.choice(5, p=(0.62, 0.14, 0.1, 0.1, 0.04)))]
    findings = [finding(rng, name, seconds) for name, chance in zip(NAMES, CHANCES, strict=True) if rng.random() < chance]
    severities = {found["severity"] for found in findings}
    two = not any(found["name"] == "dual_mono" for found in findings)
    levels = [round(float(value), 2) for value in rng.normal(-26, 5, 2)]
    leaky = any(found["name"] == "leakage" for found in findings)
    leaks = [round(float(rng.normal(-18 if leaky else -48, 6)), 2) if leaky or rng.random() < 0.5 else None for _ in (0, 1)]
    return {
        "id": id,
        "uri": f"data/{corpus}/{index:05d}.sph",
        "uris": [f"data/{corpus}/{index:05d}.sph"],
        "corpus": corpus,
        "verdict": "reject" if "reject" in severities else "flag" if "flag" in severities else "pass",
        "seconds": seconds,
        "rate": 8000,
        "channels": 2,
        "licence": LICENCES[int(rng.choice(4, p=(0.7, 0.15, 0.08, 0.07)))],
        "consent": "form 3" if rng.random() < 0.9 else None,
        "language": str(rng.choice(["en-US", "es", "ar-EG"], p=(0.85, 0.1, 0.05))),
        "speakers": [f"s{rng.integers(9000)}", f"s{rng.integers(9000)}"],
        "split": str(rng.choice(["train", "validation", "test"], p=(0.9, 0.05, 0.05))),
        "findings": findings,
        "levels": levels,
        "leakage_db": leaks if two else [None, None],
        "taking": {
            "overlap_share": round(float(rng.beta(2, 30)), 4),
            "backchannels_per_minute": round(float(rng.gamma(4, 0.9)), 3),
            "interruptions_per_minute": round(float(rng.gamma(2, 0.4)), 3),
            "fto_median": round(float(rng.normal(0.12, 0.17)), 3),
            "speech_dominance": round(float(0.5 + 0.4 * rng.beta(1.5, 4)), 3),
        }
        if two
        else None,
        "player": None,
    }


def hours_by(recordings: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    seconds: Counter[Any] = Counter()
    counts: Counter[Any] = Counter()
    for each in recordings:
        values = each["speakers"] if name == "speaker" else [each[name]]
        for value in values:
            seconds[value] += each["seconds"]
            counts[value] += 1
    return [{"name": key, "hours": value / 3600, "recordings": counts[key]} for key, value in seconds.most_common()]


def summary(recordings: list[dict[str, Any]], whole: float) -> list[dict[str, Any]]:
    found = []
    for name in NAMES:
        mine = [each["seconds"] for each in recordings if any(f["name"] == name for f in each["findings"])]
        if mine:
            kind = kind_of(name)
            about = {"name": name, "area": kind.area, "meaning": kind.meaning, "advice": kind.advice, "severity": kind.severity}
            found.append({**about, "recordings": len(mine), "hours": sum(mine) / 3600, "share": sum(mine) / 3600 / whole})
    return sorted(found, key=lambda each: -each["hours"])


def files_of(recordings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for index, each in enumerate(recordings):
        mine = {"recordings": [each["id"]], "verdict": each["verdict"], "why": each["findings"][0]["name"] if each["findings"] else ""}
        found.append({"path": each["uri"], "what": "audio", "bytes": int(each["seconds"] * 16000), **mine})
        if index % 3 == 0:
            found.append({"path": each["uri"].replace(".sph", ".txt"), "what": "transcript", "bytes": 9000 + index, **mine})
    lost = [("doc/readme.html", "document"), (f"lost+found/{HOSTILE}", "other"), ("tables/fe_03_p1_calldata.tbl", "table")]
    return found + [
        {"path": path, "what": what, "bytes": 4096, "recordings": [], "verdict": "none", "why": "no audio"} for path, what in lost
    ]


def contents(count: int = 200, seed: int = 5) -> dict[str, Any]:
    """A whole `audit.json` of `count` recordings."""
    rng = np.random.default_rng(seed)
    recordings = [recording(rng, index) for index in range(count)]
    whole = sum(each["seconds"] for each in recordings) / 3600
    verdicts = Counter(each["verdict"] for each in recordings)
    files = files_of(recordings)
    offsets = rng.normal(0.12, 0.55, 40 * count)
    counts = np.bincount(np.searchsorted(FTO_EDGES, offsets, side="right"), minlength=len(FTO_EDGES) + 1)
    found = summary(recordings, whole) if count else []
    return {
        "format": 1,
        "name": "Spring delivery",
        "source": "/data/spring delivery",
        "verdict": "reject" if verdicts["reject"] else "flag" if verdicts["flag"] else "pass",
        "policy": {"commercial": True, "allow": ["CC-BY-4.0"]},
        "hours": whole,
        "counts": {"recordings": count, **{name: verdicts[name] for name in ("pass", "flag", "reject")}, "files": len(files)},
        "balance": {"inputs": count, "results": count, "rejects": 0, "errors": 0, "pending": 0},
        "findings": found,
        "recordings": recordings,
        "files": files,
        "hours_by": {name: hours_by(recordings, name) for name in ("corpus", "language", "licence", "speaker")}
        | {"sex": [{"name": "f", "hours": whole * 1.1, "recordings": count}, {"name": "m", "hours": whole * 0.9, "recordings": count}]},
        "shape": {
            "fto": {"edges": list(FTO_EDGES), "counts": counts.tolist()},
            "seconds_per_minute": {"ipu": 49.2, "pause": 7.4, "gap": 5.1, "overlap": 3.9},
            "speech rate (words per s)": 2.9,
        },
        "duplicates": [{"kind": "near", "recordings": [HOSTILE, "part1/fe_03_00008"], "detail": "the same call, resampled"}],
        "rights": {
            "strictest": "LicenseRef-LDC-User-Agreement AND CC-BY-NC-4.0",
            "expires": None,
            "by verdict": {"pass": 4600, "reject": 400},
        },
        "splits": {
            "by split": [
                {"split": "train", "hours": 0.9 * whole, "speakers": 5100},
                {"split": "test", "hours": 0.05 * whole, "speakers": 300},
            ]
        },
        "personal": {"kinds": [{"kind": "name", "count": 412, "recall": 0.93}, {"kind": "telephone number", "count": 37, "recall": 0.99}]},
    }
