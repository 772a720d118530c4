"""The player in a real browser, opened from disk and used as a person would: mouse, keyboard, screen reader's view."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.player import player_file, policy, script, style
from pipeline.report import FOLDER
from tests.browser import Page, browser, needs_browser
from tests.pipeline.player.made_played import RATE, played, tones

pytestmark = needs_browser

WAVE = ".wave"
NOW = "Number(document.querySelector('.wave').getAttribute('aria-valuenow'))"
STATE = "document.querySelector('.player').dataset.state"
STATUS = "document.querySelector('.player .status').textContent"


def write(where: Path, data: bytes, key: str) -> str:
    """A page with one player of `data`; returns its address."""
    (where / "audit_files").mkdir()
    (where / "audit_files" / f"{key}.js").write_bytes(data)
    own = f"duologue.open('{key}', 'audit_files/{key}.js', document.getElementById('host')).then((made) => {{ window.made = made; }});"
    css = (FOLDER / "page.css").read_text(encoding="utf-8") + style()
    text = f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy(script(), own)}">'
    text += "<title>mine</title>"
    text += f'<style>{css}</style><div id="host"></div><script>{script()}</script><script>{own}</script>'
    (where / "page.html").write_text(text, encoding="utf-8")
    return (where / "page.html").as_uri()


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(chromium: Page, tmp_path: Path) -> Page:
    samples = tones()
    value = played(samples)
    chromium.open(write(tmp_path, player_file(value, samples, RATE), value.key))
    chromium.until("window.made")
    assert chromium.complaints == []
    return chromium


def test_it_plays_and_pauses(page: Page) -> None:
    assert page.js(STATUS) == "Ready: all 0:20 can be heard."
    page.press("Home")
    page.js("document.querySelector('.wave').focus()")
    page.press("Home", " ")
    page.until(f"{STATE} === 'playing'")
    page.until(f"{NOW} > 0.3")
    assert page.js(STATUS) == "Playing both sides from 0:00.0."
    page.press(" ")
    page.until(f"{STATE} === 'paused'")
    assert page.js(STATUS).startswith("Paused at 0:0")
    before = page.js(NOW)
    page.js("new Promise((done) => setTimeout(done, 200))")
    assert page.js(NOW) == before
    page.click(".toggle")
    page.until(f"{STATE} === 'playing' && {NOW} > {before}")
    page.click(".toggle")
    assert page.complaints == []


def test_a_word_plays_from_where_it_was_said(page: Page) -> None:
    words = page.js("made.talk.words")
    at = next(index for index, word in enumerate(words) if word[1] >= 14_000)
    page.click(f'.said .word[data-at="{at}"]')
    page.until(f"{STATE} === 'playing'")
    page.until(f"{NOW} >= {words[at][1] / 1000 - 0.05}")
    assert page.js(NOW) < words[at][1] / 1000 + 2
    page.until(f"document.querySelector('.word[data-at=\"{at}\"]').classList.contains('now') || {NOW} > {words[at][2] / 1000}")
    page.click(".toggle")
    code = "(() => { made.fit(); made.zoom(0.4, 10000); const h = made.drawing.hits.find((each) => each.left > 9);"
    code += " return [h.index, (h.left + 2) / made.wave.clientWidth, (h.top + h.bottom) / 2 / made.wave.clientHeight]; })()"
    hit = page.js(code)
    page.click(WAVE, hit[1], hit[2])
    page.until("made.sound.playing")
    assert abs(page.js("made.sound.playing.from") - words[hit[0]][1]) < 1
    page.click(".toggle")


def test_words_can_be_walked_with_the_keyboard(page: Page) -> None:
    page.js("document.querySelector('.said .word').focus()")
    page.press("ArrowRight", "ArrowRight", "Enter")
    page.until("made.sound.playing")
    assert page.js("made.sound.playing.from") == page.js("made.talk.words[Number(document.activeElement.dataset.at)][1]")
    assert page.js("[...document.querySelectorAll('.word')].filter((each) => each.tabIndex === 0).length") == 1
    page.press(" ")


def test_sides_are_switched_without_a_break(page: Page) -> None:
    page.js("document.querySelector('.wave').focus()")
    page.press("Home", " ")
    page.until("made.sound.playing")
    source = page.js("window.before = made.sound.playing.chains, before.length")
    assert source == 2
    gains = "made.sound.playing.chains.map(({ gain }) => Math.round(gain.gain.value))"
    for key, wanted, told in (
        ("1", [1, 0], "Heard: agent only."),
        ("2", [0, 1], "Heard: caller only."),
        ("3", [1, 1], "Heard: both sides."),
    ):
        page.press(key)
        page.until(f"String({gains}) === '{wanted[0]},{wanted[1]}'")
        assert page.js(STATUS) == told
        assert (
            page.js("document.querySelector('.sides [aria-checked=true]').textContent") == {"1": "agent", "2": "caller", "3": "Both"}[key]
        )
    assert page.js("made.sound.playing.chains === before"), "switching sides started the sound anew"
    page.click('.sides [data-side="1"]')
    page.until(f"String({gains}) === '0,1'")
    page.click(".toggle")


def test_both_sides_sound_at_their_own_time(page: Page) -> None:
    page.js("made.sound.decoded(made.sound.windows[0])")
    first = "buffer.getChannelData(0).findIndex((value) => Math.abs(value) > 0.05) / buffer.sampleRate"
    starts = page.js(f"made.sound.buffers.get(made.sound.windows[0]).map((buffer) => {first})")
    assert starts == pytest.approx([0.5, 3.5], abs=0.005), "the browser's decoder has moved a side"


def test_zoom_scroll_and_seek(page: Page) -> None:
    view = "[made.view.from, made.view.span]"
    page.js("document.querySelector('.wave').focus()")
    page.press("0")
    assert page.js(view) == [0, 20_000]
    page.press("+", "+")
    assert page.js(view)[1] == pytest.approx(5000)
    page.press("Home")
    page.press("PageDown")
    assert page.js(view)[0] == pytest.approx(4500)
    page.wheel(WAVE, 0, -200, modifiers=2)
    page.until("made.view.span < 4900")
    before = page.js("made.view.from")
    page.wheel(WAVE, 120, 0)
    page.until(f"made.view.from > {before}")
    page.click(".fit")
    page.click(WAVE, 0.5, 0.5)
    assert page.js(NOW) == pytest.approx(10, abs=0.1)
    assert "agent speaks" in page.js("document.querySelector('.wave').getAttribute('aria-valuetext')")
    page.js("document.querySelector('.wave').focus()")
    page.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert page.js(NOW) == pytest.approx(11, abs=0.1)
    page.press("End")
    assert page.js(NOW) == 20
    page.press("p")
    assert page.js(NOW) == 14
    assert page.js(STATUS).startswith("speech without words, 0:14.0 to 0:18.0")


def test_foreign_text_stays_text(page: Page) -> None:
    assert page.js("document.title") == "mine"
    assert page.js("document.querySelectorAll('.player script, .player img').length") == 0
    assert "</script>" in page.js("document.querySelector('.said').textContent")
    assert "U+202E" in page.js("document.querySelector('.said').textContent")
    assert "\u202e" not in page.js("document.body.textContent")


def test_it_is_named_for_those_who_do_not_see_it(page: Page) -> None:
    found = page.call("Accessibility.getFullAXTree")["nodes"]
    names = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in found if not node["ignored"]}
    for wanted in (
        ("slider", "Position in call/1"),
        ("button", "Play (space)"),
        ("radiogroup", "What is heard"),
        ("button", "hello"),
        ("group", "Player for call/1"),
    ):
        assert wanted in names
    assert ("status", "") in names
    assert not [role for role, name in names if role in ("button", "slider", "radio") and not name]


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_of_it_shows_both_sides(page: Page, tmp_path: Path, dark: bool) -> None:
    page.look(1000, 700, dark)
    page.click(".fit")
    page.js("new Promise((done) => setTimeout(done, 100))")
    picture = np.asarray(Image.open(page.shot(tmp_path / "shot.png")).convert("RGB")).reshape(-1, 3)
    page.look()
    colours = {"light": [(28, 93, 153), (163, 71, 0)], "dark": [(111, 177, 238), (240, 163, 92)]}["dark" if dark else "light"]
    for colour in colours:
        assert (np.abs(picture.astype(int) - colour).max(axis=1) <= 2).sum() > 2000, "a side's waveform is not drawn in its colour"


def test_what_cannot_be_heard_is_said(chromium: Page, tmp_path: Path) -> None:
    samples = tones(60.0)
    value = replace(played(samples), findings=())
    chromium.open(write(tmp_path, player_file(value, samples, RATE, most=10.0), value.key))
    chromium.until("window.made")
    assert chromium.js(STATUS) == "Ready: of 1:00, only 0:00–0:10 can be heard here. The recording itself is /data/call 1.sph."
    chromium.js("made.seek(40000)")
    assert chromium.js(STATUS).endswith("No sound here on this page.")
    chromium.click(".toggle")
    chromium.until(f"{STATE} === 'playing'")
    chromium.until(f"{STATUS} === 'Playing both sides from 0:00.0: there is no sound at 0:40.0 on this page.'")
    chromium.click(".toggle")


def test_without_sound_it_still_shows(chromium: Page, tmp_path: Path) -> None:
    value = replace(played(tones()), silent="The page holds sound for 200 recordings; this is not one of them.")
    chromium.open(write(tmp_path, player_file(value), value.key))
    chromium.until("window.made")
    assert chromium.js("document.querySelector('.toggle').disabled")
    assert chromium.js(STATUS).startswith("The page holds sound for 200 recordings")


def test_a_missing_file_and_a_broken_sound_are_told(chromium: Page, tmp_path: Path) -> None:
    samples = tones()
    value = played(samples)
    data = player_file(value, samples, RATE)
    address = write(tmp_path, data, value.key)
    (tmp_path / "audit_files" / f"{value.key}.js").unlink()
    chromium.open(address)
    chromium.until("document.querySelector('.status.failed')")
    assert "keep that folder beside this page" in chromium.js("document.querySelector('.status.failed').textContent")
    broken = json.loads(data[len("duologue.recording(") : -3])
    broken["audio"][0]["sides"][1] = "AAAA"
    text = io.BytesIO(f"duologue.recording({json.dumps(broken)});".encode()).getvalue()
    (tmp_path / "audit_files" / f"{value.key}.js").write_bytes(text)
    chromium.open(address)
    chromium.until("window.made")
    chromium.click(".toggle")
    chromium.until(f"{STATUS}.startsWith('This browser cannot play the sound')")
    assert chromium.js(STATE) == "paused"
    chromium.complaints.clear()
