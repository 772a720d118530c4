"""Text for people: aligned, complete, and harmless to a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.show import SHOW, clean, table, text_of

BALANCE = {"inputs": 9, "results": 4, "rejects": 3, "errors": 1, "pending": 1}
BUILT: dict[str, Any] = {
    "command": "build",
    "out": "out",
    "balance": BALANCE,
    "rejects": {"silent": 1, "clipping": 1, "too_short": 5},
    "computed": 24,
    "hours": 2.0,
    "seconds": 36.0,
    "costs": [{"stage": "vad", "rtf": 0.01}, {"stage": "tokenize", "rtf": 0.3}, {"stage": "turns", "rtf": 0.0001}],
    "report": "out/report.html",
    "rows": 4,
    "shards": 1,
    "ending": "errors",
    "left_out": {"recordings": 0, "dropped": [], "silence": 0.0},
}


@given(st.text())
def test_clean_text_is_printable_and_keeps_what_already_was(text: str) -> None:
    assert clean(text).isprintable()
    assert clean("".join(c for c in text if c.isprintable())) == "".join(c for c in text if c.isprintable())


@given(st.lists(st.lists(st.text(st.characters(categories=["L", "N"]), max_size=9), min_size=3, max_size=3), min_size=1, max_size=6))
def test_columns_line_up(rows: list[list[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    ends = [widths[0], widths[0] + 2 + widths[1], widths[0] + widths[1] + 4 + widths[2]]
    for row, line in zip(rows, table(rows), strict=True):
        padded = line.ljust(ends[2])
        assert (padded[: ends[0]].rstrip(), padded[ends[0] + 2 : ends[1]].strip(), padded[ends[1] + 2 :].strip()) == tuple(row)


def test_a_build_tells_the_balance_the_reasons_and_what_to_do() -> None:
    lines = text_of(BUILT).splitlines()
    assert lines[0] == "9 inputs = 4 results + 3 rejects + 1 errors + 1 pending"
    assert lines[2:5] == ["  5 too_short", "  1 clipping", "  1 silent"]
    assert "24 stage results computed on 2.00 h in" in lines[5]
    assert "(200x real time)" in lines[5]
    assert lines[6] == "of real time, for one worker: tokenize 0.150 per channel, vad 0.010"
    assert "duologue retry out" in lines[-1]


def test_a_build_with_nothing_to_do_says_so() -> None:
    text = text_of({**BUILT, "computed": 0, "seconds": 0.0, "rejects": {}, "balance": {**BALANCE, "errors": 0}, "ending": "done"})
    assert "nothing to compute" in text
    assert "rejects by reason" not in text
    assert "retry" not in text


def test_a_build_tells_what_it_left_out_and_only_then() -> None:
    assert "left out" not in text_of(BUILT)
    dropped = [{"reason": "one_turn", "pieces": 2, "seconds": 50.0}, {"reason": "unsure", "pieces": 1, "seconds": 9.6}]
    text = text_of({**BUILT, "left_out": {"recordings": 2, "dropped": dropped, "silence": 600.0}})
    (told,) = [line for line in text.splitlines() if line.startswith("left out")]
    assert told.endswith("3 pieces of 60 s that are no conversation of two (2 one_turn, 1 unsure), and 10 min of silence between pieces")
    silent = text_of({**BUILT, "left_out": {"recordings": 1, "dropped": [], "silence": 7.0}})
    assert "left out of 1 recordings cut into conversations: 7 s of silence between pieces" in silent.splitlines()


def test_an_interrupted_build_says_how_to_go_on() -> None:
    assert "the same command continues from here" in text_of({**BUILT, "ending": "interrupted", "report": None})


def test_an_id_cannot_drive_a_terminal() -> None:
    error = {"id": "a\x1b[2J\u202e\n", "stage": "vad", "error": "Traceback\nValueError: \x07"}
    status = {"command": "status", "src": "s\r", "work": "w", "balance": BALANCE, "stages": [], "errors_listed": [error]}
    text = text_of(status)
    assert all(c.isprintable() or c == "\n" for c in text)
    assert r"a\x1b[2J\x202e\x0a in vad" in text


@pytest.mark.parametrize(
    ("damages", "last"),
    [([], "all as committed"), ([{"file": "data/a", "group": 2, "what": "bad"}], "delete the damaged files")],
)
def test_verify_says_where_the_damage_is(damages: list[dict[str, Any]], last: str) -> None:
    text = text_of({"command": "verify", "shards": 1, "rows": 2, "bytes": 3_000_000, "damages": damages})
    assert text.splitlines()[-1].startswith(last)
    assert ("damaged: data/a, row group 2: bad" in text) == bool(damages)


def test_every_command_with_a_result_has_a_text() -> None:
    from pipeline.cli import cli

    assert set(cli.commands) - {"config"} <= set(SHOW), "config prints YAML"


def test_a_demo_shows_its_build_and_then_its_export() -> None:
    interrupted = {"command": "export", "format": "moshi", "out": "moshi", "ending": "interrupted"}
    text = text_of({"command": "demo", "exit_code": 130, "build": BUILT, "export": interrupted, "audit": None})
    assert text == text_of(BUILT) + "\n" + text_of(interrupted)
    assert text_of({"command": "demo", "exit_code": 1, "build": BUILT, "export": None, "audit": None}) == text_of(BUILT)
