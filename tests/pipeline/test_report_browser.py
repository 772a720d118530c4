"""The page in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipeline.place import LocalPlace
from pipeline.report import write_report
from tests.pipeline.report_sets import calls, publish, rejected, spoken

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = "--headless --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]


def dom(page: Path, profile: Path) -> str:
    """What the browser makes of a page, as HTML."""
    assert CHROMIUM is not None
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [CHROMIUM, *QUIET.split(), *sandbox, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


def test_a_browser_shows_it_and_runs_nothing_foreign(tmp_path: Path) -> None:
    rows = [spoken(np.random.default_rng(1), "a", 70.0), *calls(12)]
    write_report(LocalPlace(str(tmp_path)), publish(tmp_path, rows, rejected()), rejected())
    shown = dom(tmp_path / "report.html", tmp_path / "profile")
    assert re.search(r"<title>[^<]*data set report</title>", shown), "a hostile id changed the title"
    assert "<footer>" in shown
    assert shown.count("<svg") == 14 + 3 + 3, "three figures of talk, then the rate of speech, the legend and the words of one row"
    assert not re.search(r"<(img|iframe)\b", shown)
    assert len(re.findall(r"<script\b", shown)) == 1, "the player's own"
    assert not re.search(r'(src|srcset)="', shown)
    assert set(re.findall(r'<(\w+)[^>]*href="https?://', shown)) <= {"a"}


def test_the_layout_fits_a_telephone(tmp_path: Path) -> None:
    write_report(
        LocalPlace(str(tmp_path)), publish(tmp_path, [spoken(np.random.default_rng(1), "a", 70.0), *calls(12)], rejected()), rejected()
    )
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    # The policy of the page itself forbids scripts, so the measuring copy goes without it.
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<iframe id="f" srcdoc="" style="width:420px;height:900px;border:0"></iframe><script>'
        "const f = document.getElementById('f');"
        "f.onload = () => { const d = f.contentDocument.documentElement; document.title = d.scrollWidth + ' ' + d.clientWidth; };"
        f"f.srcdoc = {json.dumps(text)};</script>",
        encoding="utf-8",
    )
    shown = dom(frame, tmp_path / "profile")
    found = re.search(r"<title>(\d+) (\d+)</title>", shown)
    assert found, "the page was not measured"
    assert int(found[1]) <= int(found[2]), "the page is wider than the telephone"
