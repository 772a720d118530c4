"""How much of a corpus there is by each thing that it says about itself."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from schemas.source import Source
from schemas.stats import Stats

SEXES: dict[str, str] = {
    **dict.fromkeys(("f", "female", "woman", "girl", "w", "fem"), "female"),
    **dict.fromkeys(("m", "male", "man", "boy", "masc"), "male"),
    **dict.fromkeys(("x", "d", "other", "nonbinary", "diverse"), "other"),
}
"""Spellings of corpora, in small letters without spaces and hyphens."""
NOT_SAID = ("", "u", "unk", "unknown", "na", "n/a", "none", "null", "?", "-")
KEYS = ("sex", "gender", "sexes", "genders")
"""Fields of a manifest, the first that is there."""
BOTH = re.compile(r"[fmwxFMWX]{2}")
"""`FM`: both sides in one word."""
NAMES = ("corpus", "language", "licence", "speaker", "sex", "consent", "rate")
PER_SIDE = ("speaker", "sex")


class Item(NamedTuple):
    """One recording: its length in seconds, its turn-taking where it was measured, and its rate in Hz where that is known."""

    source: Source
    seconds: float
    stats: Stats | None = None
    rate: int | None = None


@dataclass(slots=True)
class Hours:
    """Seconds and recordings by corpus, language, licence, speaker, sex, consent and rate. Memory grows with the number of names only."""

    seconds: dict[str, defaultdict[Any, float]] = field(default_factory=lambda: {name: defaultdict(float) for name in NAMES})
    recordings: dict[str, Counter[Any]] = field(default_factory=lambda: {name: Counter() for name in NAMES})
    speech: dict[str, defaultdict[Any, float]] = field(default_factory=lambda: {name: defaultdict(float) for name in PER_SIDE})

    def add(self, item: Item) -> None:
        """Count one recording."""
        source, sides = item.source, sides_of(item.source)
        for name in ("corpus", "language", "licence", "consent"):
            self._count(name, getattr(source, name), item.seconds)
        self._count("rate", item.rate, item.seconds)
        for name in PER_SIDE:
            for value in dict.fromkeys(sides[name]):
                mine = [side for side, each in enumerate(sides[name]) if each == value]
                # One person counts once, two sides of one sex twice: what is counted is time of a channel.
                self._count(name, value, item.seconds * (1 if name == "speaker" and value is not None else len(mine)))
                if item.stats is not None:
                    self.speech[name][value] += sum(item.stats.channels[side].speech for side in mine)

    def _count(self, name: str, value: Any, seconds: float) -> None:
        self.seconds[name][value] += seconds
        self.recordings[name][value] += 1

    def plain(self) -> dict[str, list[dict[str, Any]]]:
        """Lines of each table, most hours first, then by name with the absent (None) last.

        In `speaker` and `sex` hours are those of the sides: both together have twice the hours of the corpus; `speech_hours` are those
        in which they speak, as far as it was measured.
        """
        return {name: self._lines(name) for name in NAMES}

    def _lines(self, name: str) -> list[dict[str, Any]]:
        def order(item: tuple[Any, float]) -> tuple[Any, ...]:
            return -item[1], item[0] is None, str(item[0])

        found = []
        for value, seconds in sorted(self.seconds[name].items(), key=order):
            line = {"name": None if value is None else str(value), "hours": seconds / 3600, "recordings": self.recordings[name][value]}
            found.append({**line, "speech_hours": self.speech[name][value] / 3600} if name in PER_SIDE else line)
        return found


def hours_by(items: Iterable[Item]) -> dict[str, list[dict[str, Any]]]:
    """The tables of `Hours` for a corpus."""
    hours = Hours()
    for item in items:
        hours.add(item)
    return hours.plain()


def sides_of(source: Source) -> dict[str, tuple[str | None, str | None]]:
    """Speaker and sex of each side, None where the corpus does not say."""
    speakers = (source.speakers[0] or None, source.speakers[1] or None) if source.speakers else (None, None)
    return {"speaker": speakers, "sex": sexes_of(source.extra)}


def sexes_of(extra: str) -> tuple[str | None, str | None]:
    """Sex of each side from a manifest's other fields: `["f", "m"]`, `"female, male"`, `"F/M"`, `"FM"`; also spelled as Fisher's `f.a`."""
    fields = json.loads(extra)
    value = next((fields[key] for key in KEYS if fields.get(key)), None) if isinstance(fields, dict) else None
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, str):
        value = list(value) if BOTH.fullmatch(value) else [part for part in re.split(r"[\s,;/|+&]+", value) if part]
    if not isinstance(value, list) or len(value) != 2:
        return None, None
    return _sex(value[0]), _sex(value[1])


def _sex(value: object) -> str | None:
    """One side's; a word that is not known is kept as it is written."""
    if not isinstance(value, str):
        return None
    word = value.strip()
    plain = re.sub(r"[\s_-]", "", word.lower().partition(".")[0])
    return None if word.lower() in NOT_SAID or plain in NOT_SAID else SEXES.get(plain, word)
