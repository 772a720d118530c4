"""How a run is going, on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Protocol

LINE_EVERY = 10.0
"""Seconds between plain lines."""


class Reporter(Protocol):
    """What the run tells while it works."""

    def update(self, text: str, done: float, total: float) -> None:
        """Show a new state: a text, and how much of the work is done."""
        ...


class Progress:
    """Dialogues, hours, multiple of real time, rejects, errors and time left of one run."""

    def __init__(self, dialogues: int, amount: float, quiet: bool = False) -> None:
        """`amount` is the work in all, in any unit that grows with it (bytes of audio files); `dialogues` how many it is spread over."""
        self.dialogues = dialogues
        self.amount = amount
        self.finished = self.rejects = self.errors = 0
        self.done_amount = self.seconds = 0.0
        self.started = time.monotonic()
        self._reporter: Reporter = _Nothing() if quiet else _Bar() if sys.stderr.isatty() else _Lines()

    def add(self, amount: float, seconds: float, end: str) -> None:
        """Count one dialogue: its share of the work, the recording's duration, and how it ended."""
        self.finished += 1
        self.done_amount += amount
        self.seconds += seconds
        self.rejects += end == "reject"
        self.errors += end == "error"

    def show(self) -> None:
        """Let the reporter know."""
        self._reporter.update(self.text(), self.done_amount, self.amount)

    def text(self) -> str:
        """One line: `12/90 dialogues, 1.2 h, 140x real time, 2 rejects, 0 errors, 3 min left`."""
        elapsed = time.monotonic() - self.started
        parts = [f"{self.finished}/{self.dialogues} dialogues", f"{self.seconds / 3600:.2f} h"]
        if self.seconds and elapsed > 0:
            parts.append(f"{self.seconds / elapsed:.0f}x real time")
        parts += [_count(self.rejects, "reject"), _count(self.errors, "error")]
        share = self.done_amount / self.amount if self.amount else self.finished / max(1, self.dialogues)
        if 0 < share < 1:
            parts.append(f"{human_time(elapsed * (1 - share) / share)} left")
        return ", ".join(parts)

    def __enter__(self) -> Progress:
        self.show()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.show()
        if isinstance(self._reporter, _Bar | _Lines):
            self._reporter.close()


class _Nothing:
    def update(self, text: str, done: float, total: float) -> None:
        return


class _Lines:
    def __init__(self) -> None:
        self._last = 0.0
        self._text = ""

    def update(self, text: str, done: float, total: float) -> None:
        self._text = text
        if time.monotonic() - self._last >= LINE_EVERY:
            self._last = time.monotonic()
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        print(self._text, file=sys.stderr, flush=True)


class _Bar:
    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        self._bar: Any = RichProgress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), console=Console(stderr=True), expand=True
        )
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def update(self, text: str, done: float, total: float) -> None:
        self._bar.update(self._task, description=text, completed=done, total=total or None)

    def close(self) -> None:
        self._bar.stop()


def human_time(seconds: float) -> str:
    """`45 s`, `12 min`, `3.4 h`, `2.1 days`."""
    for limit, unit, scale in ((90, "s", 1), (5400, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / scale:.{1 if unit == 'h' else 0}f} {unit}"
    return f"{seconds / 86400:.1f} days"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
