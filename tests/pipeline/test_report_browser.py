"""The page in a real browser."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.place import LocalPlace
from pipeline.player import key_of
from pipeline.report import write_report
from schemas.row import Row, RowAudio
from tests.browser import Page, browser, needs_browser
from tests.pipeline.report_sets import RATE, calls, mixed, publish, rejected, spoken

pytestmark = needs_browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


def sounding(row: Row) -> Row:
    """The row with 70 s of noise of its own."""
    file, noise = io.BytesIO(), np.random.default_rng(3).normal(0, 2000, (70 * RATE, 2)).astype(np.int16)
    soundfile.write(file, noise, RATE, format="FLAC")
    return replace(row, audio=RowAudio(file.getvalue(), None))


def report(where: Path) -> Path:
    rng = np.random.default_rng(1)
    rows = [sounding(spoken(rng, "a", 70.0)), sounding(mixed(rng, "b", 70.0)), *calls(12)]
    write_report(LocalPlace(str(where)), publish(where, rows, rejected()), rejected())
    return where / "report.html"


def test_a_browser_shows_it_and_runs_nothing_foreign(page: Page, tmp_path: Path) -> None:
    page.asked.clear()
    address = report(tmp_path).as_uri()
    page.open(address)
    shown = page.js("document.documentElement.outerHTML")
    assert re.search(r"<title>[^<]*data set report</title>", shown), "a hostile id changed the title"
    assert "<footer>" in shown
    assert shown.count("<svg") == 14 + 2 + 3 + 3, (
        "two figures of mixtures, three of talk, then the rate of speech, the legend and the words of one row"
    )
    assert not re.search(r"<(img|iframe)\b", shown)
    assert len(re.findall(r"<script\b", shown)) == 1, "the player's own"
    assert set(re.findall(r'<(\w+)[^>]*href="https?://', shown)) <= {"a"}
    assert page.complaints == []
    assert page.asked == [address]


def test_a_script_that_is_not_the_players_is_refused(page: Page, tmp_path: Path) -> None:
    where = report(tmp_path)
    where.write_text(
        where.read_text(encoding="utf-8").replace("</body>", "<script>document.title = 'owned'</script></body>"), encoding="utf-8"
    )
    page.open(where.as_uri())
    assert page.js("document.title") != "owned"
    assert any("Content Security Policy" in text for text in page.complaints)
    page.complaints.clear()


def test_a_drawn_row_plays_with_its_words_and_origins(page: Page, tmp_path: Path) -> None:
    where = report(tmp_path)
    page.open(where.as_uri())
    assert page.js("document.querySelectorAll('[data-player] button').length") == 6
    first = f'[data-player$="{key_of("a")}.js"]'
    page.click(f"{first} button")
    page.until(f"document.querySelector('{first} .player')")
    assert page.js(f"document.querySelector('{first} .status').textContent") == "Ready: the first 1:00 of 1:10 can be heard."
    page.click(f"{first} .toggle")
    page.until(f"document.querySelector('{first} .player').dataset.state === 'playing'")
    page.until(f"Number(document.querySelector('{first} .wave').getAttribute('aria-valuenow')) > 0.1")
    second = f'[data-player$="{key_of("b")}.js"]'
    page.click(f"{second} button")
    page.until(f"document.querySelector('{second} .legend')?.textContent.includes('routed overlap')")
    assert page.complaints == []


def test_the_layout_fits_a_telephone(page: Page, tmp_path: Path) -> None:
    page.look(420, 900)
    page.open(report(tmp_path).as_uri())
    wide, seen = page.js("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen == 420, "the page is wider than the telephone"
    page.look()
