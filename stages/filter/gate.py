"""The gate: only dialogues of which an expression over their numbers is true go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.errors import Reject
from schemas.health import Health
from schemas.quality import Figure, Gate, Held, Quality
from schemas.stats import Stats
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.filter.evaluate import decide
from stages.filter.figures import Values, figures_of
from stages.filter.language import Truth, names, terms, text
from stages.filter.names import check, meaning
from stages.filter.parser import parse
from stages.stage import Weights

PLACE = "filter: keep"
KINDS = (Activity, Health, Diarization, Transcript, Quality, Stats, Tracks)
"""What a gate may read, in the order in which it takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFilter:
    """Keeps the dialogues of which `keep` is true, and rejects the others as `gated` with the term that fails and its numbers.

    `quality.dnsmos.ovrl >= 2.8 and health.leakage_db <= -20 and stats.overlap_share >= 0.01`: the language is told in
    `stages/filter/language.py`, the names in `stages/filter/names.py`. A name with one number for each channel must meet its comparison in
    every channel; `min`, `max`, `mean`, `[0]` and `[1]` ask otherwise. A number that is not known makes its comparison unknown, and a
    dialogue of which the whole is unknown does not pass: `known(x)` and `x ?? 0` say what to do instead.

    It reads only the values that `keep` names, and the chain must give those before it. It judges whole recordings.
    """

    name: ClassVar[str] = "filter"
    backend: ClassVar[str] = "gate"
    version: ClassVar[int] = 1
    gives: ClassVar[type] = Gate

    keep: str = ""
    """Empty: all pass."""
    scores: tuple[str, ...] = ()
    """Names of scores, without `quality.`, that a backend of another package gives."""

    def __post_init__(self) -> None:
        for term in self.terms:
            check(term, PLACE, self.scores)

    @property
    def terms(self) -> tuple[Truth, ...]:
        """The parts of `keep` that are joined by `and`."""
        return terms(_parsed(self.keep)) if self.keep.strip() else ()

    @property
    def takes(self) -> tuple[type, ...]:
        """The values that hold what `keep` names, and the tracks where one of a health's sides is asked for."""
        found: set[type] = set()
        for name in (name for term in self.terms for name in names(term)):
            stands = meaning(name.name, self.scores)
            if stands is not None:
                found |= {stands.kind, *stands.also}
                if stands.kind is Health and name.channel is not None:
                    found.add(Tracks)
        return tuple(kind for kind in KINDS if kind in found)

    @property
    def may_take(self) -> tuple[type, ...]:
        """The tracks, which tell which side of a health is which channel, where a number of each side is named."""
        named = (meaning(name.name, self.scores) for term in self.terms for name in names(term))
        sided = any(stands is not None and stands.kind is Health and stands.channels for stands in named)
        return (Tracks,) if sided and Tracks not in self.takes else ()

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def load(self, device: str) -> Callable[..., Gate]:
        """The judgement as a pure function; `device` does not matter. Raises `Reject` for what does not pass."""
        asked, kinds = self.terms, (*self.takes, *self.may_take)

        def gate(*values: Any) -> Gate:
            given = dict(zip(kinds, values, strict=True))
            figures = figures_of(given, self.scores)
            verdicts = [decide(term, figures) for term in asked]
            if not all(verdict.yes.all() for verdict in verdicts):
                raise self._rejection(given)
            return Gate(keep=self.keep, terms=tuple(Held(text(term), self._figures(term, given)) for term in asked))

        return gate

    def _figures(self, term: Truth, values: Values) -> tuple[Figure, ...]:
        numbers = figures_of(values, self.scores)
        asked = dict.fromkeys(name.name for name in names(term))
        return tuple(Figure(name, tuple(None if each != each else each for each in numbers(name)[0].tolist())) for name in asked)

    def _rejection(self, values: Values) -> Reject:
        figures = figures_of(values, self.scores)
        failing = [term for term in self.terms if not decide(term, figures).yes.all()]
        first, found = failing[0], self._figures(failing[0], values)
        unknown = bool(decide(first, figures).unknown.any())
        facts = {figure.name: figure.channels if len(figure.channels) > 1 else figure.channels[0] for figure in found}
        told = "; ".join(_told(figure) for figure in found)
        verdict = "is unknown" if unknown else "does not hold"
        return Reject(
            "gated", f"{text(first)} {verdict}: {told}", term=text(first), unknown=unknown, figures=facts, failing=[*map(text, failing)]
        )


@cache
def _parsed(keep: str) -> Truth:
    return parse(keep, PLACE)


def _told(figure: Figure) -> str:
    numbers = [("not known" if value is None else f"{value:.4g}") for value in figure.channels]
    channels = numbers if len(numbers) == 1 else [f"{number} on channel {channel}" for channel, number in enumerate(numbers)]
    return f"{figure.name} is {', '.join(channels)}"
