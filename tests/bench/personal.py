"""How much of the personal data in a conversation the rules find: on generated calls with exact truth, and on real transcripts.

Run as `python -m tests.bench.personal`; `--seen` takes only what was looked at while the rules were written.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from schemas.personal import PersonalSpan
from stages.personal.find import find_personal
from tests.bench.personal_real import Real, real_calls
from tests.stages.personal.said import RATE, SEEN, UNSEEN, Said, Truth, conversation

CALLS = 100


@dataclass
class Score:
    """Found, by kind. Whole: every word of it is in a span of any kind."""

    truth: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    forms: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    spans: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, truth: Sequence[Truth], channels: Sequence[int], found: Iterable[PersonalSpan], seconds: float) -> None:
        """`channels` are those of the words, in order."""
        found = tuple(found)
        covered = {at: span.kind for span in found for at in range(span.first, span.last + 1) if channels[at] == span.channel}
        true = {at for each in truth for at in range(each.first, each.last + 1) if channels[at] == each.channel}
        for each in truth:
            mine = [at for at in range(each.first, each.last + 1) if channels[at] == each.channel]
            whole = all(at in covered for at in mine)
            self.truth[each.kind] += 1
            self.whole[each.kind] += whole
            self.named[each.kind] += whole and any(covered[at] == each.kind for at in mine)
            tally = self.forms[f"{each.kind}: {each.form}"]
            tally[0] += whole
            tally[1] += 1
        for span in found:
            self.spans[span.kind] += 1
            self.false[span.kind] += not any(at in true for at in range(span.first, span.last + 1) if channels[at] == span.channel)
        self.seconds += seconds

    def lines(self) -> list[str]:
        rows = [f"{'kind':12} {'recall':>14} {'of its kind':>12} {'false spans':>12} {'per hour':>9}"]
        hours = self.seconds / 3600
        for kind in sorted(self.truth | self.spans):
            there = self.truth[kind]
            recall = f"{self.whole[kind]}/{there} {self.whole[kind] / there:.2f}" if there else "none there"
            named = f"{self.named[kind] / there:.2f}" if there else ""
            rows.append(f"{kind:12} {recall:>14} {named:>12} {self.false[kind]:>12} {self.false[kind] / hours:>9.2f}")
        whole, there, false, spans = (sum(c.values()) for c in (self.whole, self.truth, self.false, self.spans))
        rows.append(
            f"all: recall {whole}/{there} = {whole / max(there, 1):.3f}; {spans - false} of {spans} spans hold personal data "
            f"({(spans - false) / max(spans, 1):.3f}); {false / hours:.2f} false spans per hour of {hours:.2f} h"
        )
        return rows


def score_made(calls: Iterable[Said]) -> Score:
    """Of generated calls."""
    score = Score()
    for call in calls:
        score.add(call.truth, [word.channel for word in call.words], find_personal(call.words, RATE), call.seconds)
    return score


def score_real(calls: Iterable[Real]) -> Score:
    """Of real ones."""
    score = Score()
    for call in calls:
        score.add(call.truth, [word.channel for word in call.words], find_personal(call.words, call.rate), call.seconds)
    return score


def speed() -> float:
    """Milliseconds for ten minutes of conversation of 200 words a minute of both sides together."""
    call = conversation(SEEN, 1, 80)
    words = [word for word in call.words if word.span.end <= 600 * RATE]
    find_personal(words[:100], RATE)
    times = []
    for _ in range(5):
        start = time.process_time()
        find_personal(words, RATE)
        times.append(time.process_time() - start)
    return min(times) * 1000 * 2000 / len(words)


def main(seen_only: bool) -> None:
    """Print all figures."""
    parts = [("generated, seen templates", score_made(conversation(SEEN, seed) for seed in range(CALLS)))]
    if not seen_only:
        parts.append(("generated, held-out templates", score_made(conversation(UNSEEN, 1000 + seed) for seed in range(CALLS))))
    for half in ("seen", "held out")[: 1 if seen_only else 2]:
        for corpus in ("switchboard", "spokenwoz", "primock57"):
            calls = [call for call in real_calls() if call.corpus == corpus and call.half == half]
            if calls:
                parts.append((f"real, {half}: {corpus}, {len(calls)} calls", score_real(calls)))
    for title, score in parts:
        print(f"== {title}")
        print("\n".join(score.lines()))
        weak = sorted((hit / all, form) for form, (hit, all) in score.forms.items() if hit < all)
        print("   weakest: " + ", ".join(f"{form} {share:.2f}" for share, form in weak[:8]))
    print(f"== speed: {speed():.1f} ms for ten minutes of conversation (2,000 words)")


if __name__ == "__main__":
    main("--seen" in sys.argv)
