"""The part of the calibration's page about overlaps: its figures, its pictures and sounds, and a real browser."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipeline.backends import BACKENDS, table
from pipeline.calibrate.lines import lines
from pipeline.calibrate.page import page as page_of
from pipeline.calibrate.panel import text_inside
from pipeline.calibrate.pictures import HOP, LEVELS, ROWS, palette, png, signals, spectrogram
from pipeline.calibrate.words_inside import INSIDE_DEFINITIONS, INSIDE_LABELS
from pipeline.card.calibrated import holds_for
from pipeline.cli import main
from schemas.overlaps import SIGNALS, Excerpt
from tests.browser import Page, browser, needs_browser
from tests.pipeline.talks import write_call
from tests.stages.calibrate.oracle import MANY
from tests.stages.calibrate.parts import call, rttm

BESIDE = ("--beside", "separate.backend=sides", "--beside", "separate.spoiled=[0.1, 0.3, 0.7]")
SOUND = re.compile(r'<audio controls preload="metadata" aria-label="([^"]*)" src="data:audio/flac;base64,([^"]*)">')
PICTURE = re.compile(r'<image href="data:image/png;base64,([^"]*)"')


@pytest.fixture(autouse=True, scope="module")
def known() -> Iterator[None]:
    """The tests' own separator as a backend."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKENDS["separate"], "sides", "tests.stages.calibrate.oracle:SidesSeparate")
        table.cache_clear()
        yield
    table.cache_clear()


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overlaps") / "calls"
    for seed, name in enumerate(("one", "<i>two")):
        write_call(folder / f"{name}.wav", call(MANY, seed=seed))
        np.save(folder / f"{name}.npy", call(MANY, seed=seed))
        rttm(folder / "told" / f"{name}.rttm", *MANY)
    (folder.parent / "mono.yaml").write_text(
        "chain: [decode, health, diarize, separate, vad, turns, stats]\n"
        "diarize: {backend: rttm, path: 'told/{id}.rttm'}\nseparate: {backend: route, margin: 0}\nvad: {backend: energy}\n"
    )
    return folder


def run(calls: Path, out: str, *more: str) -> tuple[dict[str, Any], str]:
    """A calibration's JSON and page; runs into one folder share what they have measured."""
    options = ("-c", calls.parent / "mono.yaml", "--local", "--workers", 0, "-q", *more)
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in ("calibrate", calls, "-o", calls.parent / out, "--work", calls.parent / "work", *options)])
    assert ended.value.code == 0
    data: dict[str, Any] = json.loads((calls.parent / out / "calibration.json").read_text(encoding="utf-8"))
    return data, (calls.parent / out / "calibration.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def both(calls: Path) -> tuple[dict[str, Any], str]:
    return run(calls, "both", *BESIDE)


def test_two_separators_stand_side_by_side(both: tuple[dict[str, Any], str]) -> None:
    data, text = both
    route, sides = data["overall"]["overlaps"], data["beside"]["overall"]["overlaps"]
    assert (route["kept"], sides["kept"]) == (0, route["count"])
    assert route["routed"] > 0.9
    assert abs(route["gain_db"]) < 0.5 < sides["gain_db"]
    assert 0.2 < sides["kept_worse"] < 0.5, "a third of the overlaps holds more of the other voice than of its own"
    assert sides["rank_correlation"]["gain"] > 0.9
    assert set(INSIDE_LABELS) <= set(route)
    assert all(name in data["definitions"] for name in INSIDE_DEFINITIONS)
    for each in (*data["calls"], *data["beside"]["calls"]):
        assert each["overlaps"]["count"] == len(each["overlaps"]["found"]) > 8
    for label, _ in INSIDE_LABELS.values():
        assert label in text
    assert "Confidence and improvement, with separate.backend=sides" in text
    assert text.count("<circle") == sides["rank_correlation"]["overlaps"]
    result = {"rejects": {}, "balance": {"errors": 0}, "report": "x.html", **{name: data[name] for name in ("name", "overall", "beside")}}
    assert any(line.startswith("  Improvement over routing (SI-SDRi)") and " dB" in line for line in lines(result))


def test_the_worst_overlaps_can_be_heard_and_seen(both: tuple[dict[str, Any], str]) -> None:
    data, text = both
    sounds = SOUND.findall(text)
    assert len(sounds) == len(PICTURE.findall(text)) == 2 * 8 * len(SIGNALS)
    assert text.count('<article class="excerpt"') == 16
    assert all("overlap" in label and " s of " in label for label, _ in sounds)
    assert "&lt;i&gt;two" in text
    assert "<i>two" not in text
    assert "This page holds recorded speech" in text
    assert "media-src data:" in text
    assert "Licence of the recording: <span" in text, "a recording without a licence is not said to have one"
    least = min(min(v["gain_db"] for v in each["voices"]) for c in data["beside"]["calls"] for each in c["overlaps"]["found"])
    second = text[text.index("with separate.backend=sides", text.index("worst-overlaps")) :]
    assert text_inside({"gain_db": least}, "gain_db") in second[: second.index("</article>")]
    for label, sound in sounds[:5]:
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(sound)))
        assert rate == 8000
        assert 2 < len(samples) / rate <= 4, label
    assert "flac" not in json.dumps(data), "speech is in the figures"


def test_recorded_speech_is_left_out_when_it_is_not_wanted(calls: Path) -> None:
    with_speech, _ = run(calls, "with")
    without, text = run(calls, "without", "--no-excerpts")
    assert with_speech == without
    assert "<audio" not in text
    assert "data:image/png" not in text
    assert "media-src" not in text
    assert "no recorded speech is on this page" in text


def test_true_activity_is_said_and_is_no_data_set_s_recipe(calls: Path) -> None:
    estimated, _ = run(calls, "estimated")
    true, text = run(calls, "true", "--activity", "true")
    assert (estimated["recipe"]["activity"], true["recipe"]["activity"]) == ("estimated", "true")
    assert "its diarization was not run" in text
    assert true["overall"]["der"] < 0.05
    chain = estimated["recipe"]["chain"]
    assert holds_for(estimated, chain) is not None
    assert holds_for(true, chain) is None


def test_nothing_to_hear_is_said() -> None:
    from tests.pipeline.test_calibrate_page import data

    contents = data(count=3, beside=False)
    assert contents["overall"]["overlaps"]["count"] == 0
    assert "No overlap was measured" in page_of(contents, [()])
    assert "Left out, as" in page_of(contents)


def test_a_png_holds_the_levels() -> None:
    levels = np.random.default_rng(0).integers(0, LEVELS, (7, 13)).astype(np.uint8)
    found = np.asarray(Image.open(io.BytesIO(png(levels))).convert("RGB"))
    assert np.array_equal(found, palette()[levels])
    lightness = palette().astype(float) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(lightness) > 0).all(), "the order of levels is not seen without colour"


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000])
def test_a_tone_is_drawn_at_its_place(rate: int) -> None:
    time = np.arange(rate * 2) / rate
    tone = np.where(time >= 1.0, np.sin(2 * np.pi * 1500 * time), 0.0)
    found = spectrogram(tone, rate)
    assert found.shape[0] == ROWS
    assert not np.isfinite(found[:, : round(0.9 / HOP)]).any(), "silence has a level"
    loudest = found[:, round(1.5 / HOP)].argmax()
    assert loudest == pytest.approx(1500 / (rate / 2) * ROWS, abs=1)


def test_pictures_of_an_excerpt_share_one_scale() -> None:
    sound = np.zeros((8000, 5), np.int16)
    sound[:, 0] = 20_000 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    sound[:, 3] = sound[:, 0] // 64  # 36 dB below
    file = io.BytesIO()
    soundfile.write(file, sound, 8000, subtype="PCM_16", format="FLAC")
    found, highest = signals(Excerpt(overlap=0, start=0.0, end=1.0, flac=base64.b64encode(file.getvalue()).decode()))
    assert highest == 4000
    pictures = [np.asarray(Image.open(io.BytesIO(base64.b64decode(each.picture.partition(",")[2])))) for each in found]
    assert pictures[0].max() == LEVELS - 1
    assert pictures[3].max() == pytest.approx((LEVELS - 1) * (60 - 36) / 60, abs=1)
    assert pictures[1].max() == 0


@pytest.mark.parametrize("name", list(INSIDE_LABELS))
def test_unknown_figures_are_empty_text(name: str) -> None:
    assert text_inside({name: {"gain": None, "overlaps": 0} if name == "rank_correlation" else None}, name) == ""


class TestInABrowser:
    """The page opened from disk, listened to with the keyboard."""

    pytestmark = needs_browser

    @pytest.fixture
    def page(self, calls: Path, both: tuple[dict[str, Any], str], tmp_path: Path) -> Iterator[Page]:
        with browser(tmp_path / "profile") as page:
            page.open((calls.parent / "both" / "calibration.html").as_uri())
            yield page
            assert page.complaints == []
            assert all(asked.startswith(("file://", "data:")) for asked in page.asked)

    def test_it_plays_by_keyboard_is_named_and_fits(self, page: Page, tmp_path: Path) -> None:
        page.until("[...document.querySelectorAll('audio')].every((each) => each.readyState >= 1 && !each.error)")
        seconds = page.js("[...document.querySelectorAll('audio')].map((each) => each.duration)")
        assert len(seconds) == 80
        assert all(2 < each <= 4 for each in seconds)
        assert page.js("[...document.querySelectorAll('audio')].every((each) => each.getAttribute('aria-label').includes('overlap'))")
        told = "each.getAttribute('role') === 'img' && each.querySelector('desc').textContent"
        assert page.js(f"[...document.querySelectorAll('.tracks svg')].every((each) => {told})")
        assert page.js("document.querySelectorAll('script').length") == 0
        page.js("document.querySelector('audio').scrollIntoView({ block: 'center' })")
        page.js("document.querySelector('audio').focus()")
        page.press(" ")
        page.until("document.querySelector('audio').currentTime > 0.2")
        page.press(" ")
        page.until("document.querySelector('audio').paused")
        names = [node["name"]["value"] for node in page.call("Accessibility.getFullAXTree")["nodes"] if node.get("name")]
        assert any(name.startswith("Spectrogram, true channel 1, overlap 1") for name in names)
        assert any(name.startswith("Made for channel 0, overlap 1") for name in names)
        shot = np.asarray(Image.open(page.shot(tmp_path / "shot.png")).convert("RGB"))
        wanted = {tuple(each) for each in palette().tolist()}
        assert len(wanted & {tuple(each) for each in shot.reshape(-1, 3)[::7].tolist()}) > 8, "the pictures are blank"
        page.look(390, 844)
        wide, seen = page.js("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= seen == 390
