"""Markdown that others' words cannot break out of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from pipeline.report.words import INVISIBLE, shortened

MARKUP = "|<>`*_[]#&~\\"
ADDRESS = re.compile(r"(?i)\b(?:https?:|www\.|mailto:)|@")
"""Where a page for reading would make a link by itself."""


def cell(text: str) -> str:
    """Foreign text that stays on its line and in its cell of a table, is no markup, and makes no link."""
    clean = "".join(" " if unicodedata.category(c) in INVISIBLE else c for c in shortened(text))
    spelled = "".join(f"&#{ord(c)};" if c in MARKUP else c for c in " ".join(clean.split()))
    return ADDRESS.sub(lambda found: found[0][:-1] + f"&#{ord(found[0][-1])};", spelled)


def known(text: str | None) -> str:
    """Foreign text, or that it is not stated."""
    return cell(text) if text else "*not stated*"


def title(name: object) -> str:
    """A data set's name on one line, never empty."""
    clean = "".join(" " if unicodedata.category(c) in INVISIBLE else c for c in str(name or ""))
    return " ".join(clean.split()) or "Dialogues"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> list[str]:
    """Lines of a table and an empty one after it; columns with an index in `numbers` are set to the right. Nothing without rows."""
    right = set(numbers)
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return []
    rule = "|".join("---:" if index in right else "---" for index in range(len(head)))
    return [f"| {' | '.join(head)} |", f"|{rule}|", *lines, ""]
