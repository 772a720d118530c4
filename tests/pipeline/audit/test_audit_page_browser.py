"""The audit's page in a real browser: fast with 5,000 recordings, usable with mouse and keyboard, and fit for a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.audit.page import page as page_of
from pipeline.player import key_of, player_file
from tests.browser import Page, browser, needs_browser
from tests.pipeline.audit.made_contents import HOSTILE, contents
from tests.pipeline.player.made_played import RATE, played, tones

pytestmark = needs_browser

LIST = '[data-list="recordings"]'
ROWS = f"document.querySelectorAll('{LIST} .row.body')"
SHOWN = f"document.querySelector('{LIST} output').textContent"
DIALOG = "document.getElementById('open')"
TITLE = "document.getElementById('open-title').textContent"
CLEAN = (
    f"for (const e of document.querySelectorAll('{LIST} input, {LIST} select')) {{ e.value = ''; e.dispatchEvent(new Event('input'));"
    " e.dispatchEvent(new Event('change')); }"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    where = tmp_path_factory.mktemp("audit")
    (where / "audit_files").mkdir()
    samples, made = tones(), contents(5000)
    for each in made["recordings"][::250]:
        key = key_of(each["id"])
        each["player"] = f"audit_files/{key}.js"
        (where / each["player"]).write_bytes(player_file(played(samples, id=each["id"]), samples, RATE))
    text = page_of(made)
    assert len(text.encode()) < 20e6
    (where / "audit.html").write_text(text, encoding="utf-8")
    return (where / "audit.html").as_uri()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        page.open(address)
        yield page
        assert page.complaints == []
        assert all(asked.startswith("file://") for asked in page.asked)


def test_five_thousand_recordings_open_at_once(page: Page, address: str) -> None:
    took = [page.open(address) for _ in range(3)]
    assert min(took) < 2, took
    assert page.js("document.title") == "Spring delivery: audit", "a hostile id changed the title"
    assert page.js(SHOWN) == "5,000"
    assert page.js(f"{ROWS}.length") < 60, "the list is not virtual"
    assert page.js("document.querySelectorAll('*').length") < 6000


def test_the_list_is_searched_sorted_and_filtered(page: Page) -> None:
    page.js(CLEAN)
    page.js(f"document.querySelector('{LIST} input').focus()")
    page.press(*"fe_03_00042")
    assert page.js(SHOWN) == "1 of 5,000"
    assert "fe_03_00042" in page.js(f"{ROWS}[0].textContent")
    page.js(CLEAN)
    select = f"document.querySelectorAll('{LIST} select')[0]"
    page.js(f"{select}.value = '2'; {select}.dispatchEvent(new Event('change'))")
    rejected = sum(each["verdict"] == "reject" for each in contents(5000)["recordings"])
    assert page.js(SHOWN) == f"{rejected:,} of 5,000"
    page.js(CLEAN)
    page.click(f"{LIST} .heads > :nth-child(3) button")
    page.click(f"{LIST} .heads > :nth-child(3) button")
    lengths = [
        sum(int(part) * 60**place for place, part in enumerate(reversed(text.split(":"))))
        for text in page.js(f"[...{ROWS}].slice(0, 8).map((row) => row.children[2].textContent)")
    ]
    assert lengths == sorted(lengths, reverse=True)
    assert page.js(f"document.querySelector('{LIST} .heads > :nth-child(3)').getAttribute('aria-sort')") == "descending"
    page.js(f"document.querySelector('{LIST} .grid-of-rows').scrollTop = 1e9")
    page.until(f"[...{ROWS}].some((row) => row.dataset.at === '4999')")


def test_a_recording_opens_and_plays(page: Page) -> None:
    page.js(CLEAN)
    page.js(
        "document.querySelectorAll('[data-list=\"recordings\"] select')[2].value = '1';"
        "document.querySelectorAll('[data-list=\"recordings\"] select')[2].dispatchEvent(new Event('change'))"
    )
    assert page.js(SHOWN) == "20 of 5,000"
    page.js(f"document.querySelector('{LIST} .grid-of-rows').focus()")
    page.press("Home", "ArrowDown", "Enter")
    page.until(f"{DIALOG}.open && document.querySelector('#open-player .player')")
    second = page.js(f"document.querySelector('{LIST} .row.active .id').textContent")
    assert page.js(TITLE) == second
    page.click("#open-player .toggle")
    page.until("document.querySelector('.player').dataset.state === 'playing'")
    page.until("Number(document.querySelector('.wave').getAttribute('aria-valuenow')) > 13.1")
    page.click("#open-on")
    page.until(f"{TITLE} !== {second!r} && document.querySelector('#open-player .player')?.dataset.state !== 'playing'")
    page.press("Escape")
    page.until(f"!{DIALOG}.open")
    assert page.js("document.querySelectorAll('.player').length") == 0


def test_findings_lead_to_their_recordings(page: Page) -> None:
    page.js(CLEAN)
    page.click(".steps li:first-child .see")
    name = page.js("document.querySelector('.steps li:first-child .see').dataset.finding")
    page.until(f"document.getElementById('finding-{name}').open")
    page.until(f"document.querySelectorAll('#finding-{name} .open-it').length === 25")
    page.click(f"#finding-{name} .open-it")
    page.until(f"{DIALOG}.open")
    assert name.replace("_", " ") in page.js("document.getElementById('open-about').textContent")
    page.press("Escape")
    page.click(f"#finding-{name} .open-it:last-child")
    count = sum(any(found["name"] == name for found in each["findings"]) for each in contents(5000)["recordings"])
    assert page.js(SHOWN) == f"{count:,} of 5,000"


def test_a_dot_opens_its_recording(page: Page) -> None:
    page.js("document.querySelector('[data-plot=levels] canvas').focus()")
    page.press("ArrowRight", "ArrowRight")
    told = page.js("document.querySelector('[data-plot=levels] .tip').textContent")
    page.press("Enter")
    page.until(f"{DIALOG}.open")
    assert told.startswith(page.js(TITLE)[:60])
    page.press("Escape")
    page.until(f"!{DIALOG}.open")
    page.click("[data-plot=levels] canvas", 0.55, 0.45)
    page.until(f"{DIALOG}.open")
    page.press("Escape")
    page.until(f"!{DIALOG}.open")


def test_a_hostile_recording_is_shown_as_text(page: Page) -> None:
    page.js(CLEAN)
    box = f"document.querySelector('{LIST} input')"
    page.js(f"{box}.value = 'onerror'; {box}.dispatchEvent(new Event('input'))")
    page.click(f"{LIST} .row.body")
    page.until(f"{DIALOG}.open")
    assert HOSTILE[:20] in page.js(TITLE)
    assert page.js("document.querySelectorAll('img').length") == 0
    assert page.js("document.title") == "Spring delivery: audit"
    page.press("Escape")


@pytest.mark.parametrize("dark", [False, True])
def test_pictures_are_not_blank_and_dots_are_drawn(page: Page, tmp_path: Path, dark: bool) -> None:
    page.look(1280, 900, dark)
    page.js("document.querySelector('[data-plot=levels]').scrollIntoView({ block: 'center' })")
    page.js("new Promise((done) => setTimeout(done, 200))")
    picture = np.asarray(Image.open(page.shot(tmp_path / "shot.png")).convert("RGB")).astype(int).reshape(-1, 3)
    page.look()
    ground = (20, 23, 26) if dark else (251, 251, 250)
    assert (np.abs(picture - ground).max(axis=1) <= 2).mean() > 0.1, "not in the colours asked for"
    green = (picture[:, 1] - picture[:, 0] > 25) & (picture[:, 1] - picture[:, 2] > 10)
    assert green.sum() > 2000, "recordings that pass are not drawn"


def test_it_fits_a_telephone(page: Page) -> None:
    page.look(390, 844)
    wide, seen = page.js("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    page.look()
    assert wide <= seen == 390
