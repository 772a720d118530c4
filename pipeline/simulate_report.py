"""What a finished simulation says of itself: a manifest to build from, and its statistics against what was asked for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.place import Place
from pipeline.simulate_utterances import Utterances
from schemas.errors import RejectRecord
from schemas.plain import from_plain, to_plain
from schemas.stats import Stats
from schemas.truth import Truth
from stages.simulate.shape import Shape

CORPUS = "duologue-simulated"
DURATIONS = ("ipu", "pause", "gap", "overlap")
COUNTS = ("backchannels", "interruptions", "failed_interruptions", "transitions")


def finish(
    place: Place,
    ids: Sequence[str],
    request: dict[str, Any],
    utterances: Utterances,
    shape: Shape,
    licence: str | None,
    language: str | None,
    mono: bool,
) -> dict[str, Any]:
    """Write `manifest.jsonl` (and `mono.jsonl`), `rejects.jsonl` and `simulation.json`; returns the last one's contents."""
    sums = Sums()
    lines: list[dict[str, Any]] = []
    for truth in _truths(place, ids):
        sums.add(truth.stats)
        known = {"corpus": CORPUS, "licence": licence, "consent": "synthetic", "language": language}
        lines.append({"id": truth.id, **known, "speakers": list(truth.speakers), "truth": f"truth/{truth.id}.json"})
    for name, folder in (("manifest.jsonl", "audio"), *([("mono.jsonl", "mono")] if mono else [])):
        place.put(name, _lines({**line, "uri": f"{folder}/{line['id']}.flac"} for line in lines))
    rejects = _rejects(place, utterances)
    place.put("rejects.jsonl", _lines(map(to_plain, rejects)))
    used = sorted({speaker for line in lines for speaker in line["speakers"]})
    summary = {
        "request": request,
        "dialogues": len(ids),
        "hours": sums.seconds / 3600,
        "speakers": len(used),
        "wanted": {name: getattr(shape, name) for name in (*DURATIONS, *COUNTS)},
        "achieved": sums.per_minute(),
        "median_fto": sums.median_fto(),
        "utterances": len(utterances.entries),
        "rejects": dict(sorted(Counter(reject.reason for reject in rejects).items())),
        "problems": list(utterances.problems),
    }
    place.put("simulation.json", json.dumps(summary, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n")
    return summary


class Sums:
    """Statistics of many dialogues together."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.durations: Counter[str] = Counter()
        self.occurrences: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.edges: tuple[float, ...] = ()
        self.offsets: list[int] = []

    def add(self, stats: Stats) -> None:
        """One more dialogue."""
        self.seconds += stats.duration
        for name in DURATIONS:
            measure = getattr(stats, name)
            self.durations[name] += measure.seconds
            self.occurrences[name] += measure.count
        for name in COUNTS:
            self.counts[name] += sum(getattr(channel, name) for channel in stats.channels)
        self.edges = stats.transfers.edges
        counts = stats.transfers.counts
        self.offsets = [a + b for a, b in zip(self.offsets or [0] * len(counts), counts, strict=True)]

    def per_minute(self) -> dict[str, float]:
        """Seconds per minute of each duration, and occurrences per minute (`<name>_count` for the durations)."""
        minutes = self.seconds / 60
        found = {name: self.durations[name] / minutes for name in DURATIONS}
        found |= {f"{name}_count": self.occurrences[name] / minutes for name in DURATIONS}
        return found | {name: self.counts[name] / minutes for name in COUNTS}

    def median_fto(self) -> float | None:
        """Median floor transfer offset in seconds, linear inside its bin of 0.1 s; None where it is beyond the bins or there is none."""
        half, below = sum(self.offsets) / 2, 0
        for place, count in enumerate(self.offsets):
            if count and below + count >= half and 0 < place < len(self.edges):
                return self.edges[place - 1] + (half - below) / count * (self.edges[place] - self.edges[place - 1])
            below += count
            if count and below >= half:
                return None
        return None


def _truths(place: Place, ids: Sequence[str]) -> Iterator[Truth]:
    for id in ids:
        yield from_plain(Truth, json.loads(place.get(f"truth/{id}.json")))


def _rejects(place: Place, utterances: Utterances) -> list[RejectRecord]:
    """Each unusable utterance once, whether its header or its sound showed it."""
    found = {(reject.id, reject.reason): reject for reject in utterances.rejects}
    for name in place.names("rejects"):
        for data in json.loads(place.get(f"rejects/{name}")):
            reject = from_plain(RejectRecord, data)
            found[reject.id, reject.reason] = reject
    return [found[key] for key in sorted(found)]


def _lines(rows: Iterator[dict[str, Any]] | map[Any]) -> bytes:
    return "".join(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n" for row in rows).encode()
