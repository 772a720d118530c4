"""Who holds the floor, IPU after IPU, and how it goes from one to the other.

Every boundary is made to be what `stages.turns.floor` will call it: the distances kept here follow from the constants there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from stages.simulate.draws import lengths
from stages.simulate.ipu import Ipu, Speaker
from stages.simulate.shape import Budget

Boundary = Literal["start", "pause", "gap", "transition", "interruption"]

SHORTEST_PAUSE = 0.205
"""Seconds; from 0.2 s on a silence parts two IPUs."""
SHORTEST_GAP = 0.02
BEFORE_TRANSITION = 0.5
"""Seconds; an IPU that is overlapped by up to 0.19 s at its end is at least this long, so that it is no backchannel."""
AFTER_TRANSITION = 0.9
"""Seconds; the same for the one that overlaps, which may be overlapped in its turn."""
BEFORE_INTERRUPTION = 1.3
"""Seconds left of an IPU that was cut off, so that it is no backchannel."""
HELD_BEFORE = 0.5
"""Seconds that an interrupted IPU has lasted when the other starts."""
OUTLASTS = 1.1
"""Seconds by which an interruption that succeeds outlasts what it interrupts; by 1.0 s or less it might have given up."""
MOST_CUT = 1.0
"""Seconds of an interrupted IPU that remain unsaid, at most."""
ENDING = 4.0
"""Seconds before the end in which no overlap starts, so that the last IPU can be cut to fit."""
EARLY = 0.9
"""Share of the rest within which each overlap is due; it comes at the first occasion from then on."""
LAST = 0.4
"""Seconds; an IPU cut at the end of the dialogue is at least this long."""


@dataclass(frozen=True, slots=True)
class Held:
    """An IPU that holds the floor, and how it took it."""

    ipu: Ipu
    boundary: Boundary
    overlap: int = 0
    """Samples by which it starts before the end of the one before."""


@dataclass(slots=True)
class FloorPlan:
    """The floor's IPUs in order, filled one by one until the budget's time is used up."""

    budget: Budget
    rate: int
    rng: np.random.Generator
    speakers: tuple[Speaker, Speaker]
    transitions: list[int]
    """Overlaps still to be placed, in samples."""
    interruptions: list[int]
    hosts: list[int]
    """Lengths of IPUs that backchannels and failed interruptions are still to find room in."""
    held: list[Held] = field(default_factory=list)

    def fill(self) -> None:
        """Lay IPUs until speech and silence fill the dialogue; the last is cut to fit."""
        speech = self.budget.length - 2 * self.budget.edge - self.budget.pause - self.budget.gap
        most = EARLY * (speech - ENDING * self.rate)
        due = {
            kind: sorted(self.rng.uniform(0, max(0.0, most), len(left)))
            for kind, left in (("transition", self.transitions), ("interruption", self.interruptions), ("host", self.hosts))
        }
        said = 0
        ipu, overlap = self.speakers[int(self.rng.integers(2))].next(True), 0
        boundary: Boundary = "start"
        while True:
            # What overlaps takes no time of its own.
            said -= overlap
            left = speech - said
            if len(ipu) > left:
                if left >= LAST * self.rate:
                    self.held.append(Held(ipu.shortened(left), boundary, overlap))
                return
            self.held.append(Held(ipu, boundary, overlap))
            said += len(ipu)
            if self.hosts and len(ipu) >= self.hosts[0]:
                self.hosts.pop(0)
                due["host"].pop(0)
            late = [kind for kind, times in due.items() if times and times[0] <= said] if left - len(ipu) > ENDING * self.rate else []
            ipu, boundary, overlap, lost = self._step(late)
            said -= lost
            if boundary in due:
                due[boundary].pop(0)

    def _step(self, late: Sequence[str]) -> tuple[Ipu, Boundary, int, int]:
        """The next IPU, its boundary and overlap, and how many samples of the one before it cuts off."""
        last = self.held[-1]
        own, other = self.speakers[last.ipu.channel], self.speakers[1 - last.ipu.channel]
        if "interruption" in late and last.boundary != "interruption" and (before := self._cut(last.ipu)) is not None:
            overlap = self.interruptions.pop(0)
            self.held[-1] = Held(before, last.boundary, last.overlap)
            return other.next(True, overlap + round(OUTLASTS * self.rate)), "interruption", overlap, len(last.ipu) - len(before)
        if "transition" in late and len(last.ipu) >= BEFORE_TRANSITION * self.rate:
            return other.next(True, round(AFTER_TRANSITION * self.rate)), "transition", self.transitions.pop(0), 0
        # While an interruption is due, IPUs are long enough to be interrupted; and some are long enough for what is to lie inside them.
        least = max(round(1.2 * self._kept()) if "interruption" in late else 0, self.hosts[0] if "host" in late else 0)
        if self._switch(last.ipu.finished):
            return other.next(True, least), "gap", 0, 0
        return own.next(False, least), "pause", 0, 0

    def _kept(self) -> float:
        """Samples that remain of an IPU under the next interruption, at least."""
        return max(BEFORE_INTERRUPTION * self.rate, HELD_BEFORE * self.rate + self.interruptions[0])

    def _cut(self, ipu: Ipu) -> Ipu | None:
        """What the next interruption leaves of an IPU; None when it is too short for one."""
        kept = self._kept()
        if len(ipu) < 1.1 * kept:
            return None
        most = len(ipu) - self.rng.uniform(0.05, MOST_CUT) * self.rate
        before = ipu.shortened(round(max(1.02 * kept, most)))
        return before if len(before) >= kept else None

    def _switch(self, finished: bool) -> bool:
        """Whether the floor changes: towards the budget's share of changes, and rather where an utterance ends than inside it."""
        if not self._room("pause") or not self._room("gap"):
            return not self._room("pause")
        pauses, gaps = self._count("pause"), self._count("gap")
        behind = (1 - self.budget.stay) * (pauses + gaps + 1) - gaps
        chance = (1 - self.budget.stay) * (1.6 if finished else 0.3) + 0.2 * (behind - 0.5)
        return bool(self.rng.random() < chance)

    def _count(self, kind: Boundary) -> int:
        return sum(each.boundary == kind for each in self.held)

    def _room(self, kind: Boundary) -> bool:
        """Whether the silence of the budget is enough for one more boundary of this kind."""
        whole, least = (self.budget.pause, SHORTEST_PAUSE) if kind == "pause" else (self.budget.gap, SHORTEST_GAP)
        return (self._count(kind) + 1) * least * 1.2 * self.rate <= whole

    def starts(self) -> list[int]:
        """Where each IPU starts, in samples: silences are drawn so that each kind adds up to its budget."""
        drawn = {
            "pause": lengths(self.budget.pause, self._count("pause"), round(SHORTEST_PAUSE * self.rate), None, self.rng, 0.7),
            "gap": lengths(self.budget.gap, self._count("gap"), round(SHORTEST_GAP * self.rate), None, self.rng, self.budget.gap_sigma),
        }
        found: list[int] = []
        at = self.budget.edge
        for each in self.held:
            at += drawn[each.boundary].pop() if each.boundary in drawn else -each.overlap
            found.append(at)
            at += len(each.ipu)
        return found
