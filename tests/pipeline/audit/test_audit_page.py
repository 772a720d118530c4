"""The audit's page as text: everything in it, nothing foreign run by it, and the most pressing first."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from pipeline.audit import page_data
from pipeline.audit.page import page
from pipeline.audit.page_data import listed
from pipeline.audit.page_next import headline, steps
from pipeline.player import policy
from tests.pipeline.audit.made_contents import HOSTILE, contents

SMALL = contents(60)


class Parsed(HTMLParser):
    """Tags with attributes, the text outside scripts, and what each script element holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("script", "style"):
            self.inside = tag
            self.scripts += [""] if tag == "script" else []

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data
        elif not self.inside:
            self.text += data


@pytest.fixture(scope="module")
def text() -> str:
    return page(SMALL)


def test_it_runs_its_own_script_only_and_loads_nothing_from_elsewhere(text: str) -> None:
    parsed = Parsed(text)
    data, script = parsed.scripts
    allowed = [a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert allowed == [policy(script)]
    assert json.loads(data)["recordings"]
    assert not {"iframe", "img", "object", "embed", "base", "form"} & {tag for tag, _ in parsed.tags}
    assert not [name for _, attributes in parsed.tags for name in attributes if name.startswith("on") or name == "src"]
    assert {a["href"] for tag, a in parsed.tags if tag == "a" and not a["href"].startswith("#")} == {
        "https://arxiv.org/abs/2410.00037",
        "https://doi.org/10.1126/sciadv.adf3197",
    }


def test_hostile_ids_and_paths_stay_text(text: str) -> None:
    parsed = Parsed(text)
    data = json.loads(parsed.scripts[0])
    assert HOSTILE in {each[0] for each in data["recordings"]}
    assert f"lost+found/{HOSTILE}" in {each[0] for each in data["files"]}
    assert "<script>document.title" not in text
    assert not {"\u202e", "\x00", "\u200b", "\u2028"} & set(text)


def test_equal_contents_give_an_equal_page(text: str) -> None:
    assert page(contents(60)) == text


def test_every_recording_and_file_is_listed_with_its_verdict(text: str) -> None:
    data = json.loads(Parsed(text).scripts[0])
    assert {each[0]: each[1] for each in data["recordings"]} == {
        r["id"]: ("pass", "flag", "reject").index(r["verdict"]) for r in SMALL["recordings"]
    }
    verdicts = {"pass": 0, "flag": 1, "reject": 2, "none": None}
    assert {each[0]: each[3] for each in data["files"]} == {f["path"]: verdicts[f["verdict"]] for f in SMALL["files"]}
    found = {each[0]: {data["words"][f[0]] for f in each[15]} for each in data["recordings"]}
    assert found == {r["id"]: {f["name"] for f in r["findings"]} for r in SMALL["recordings"]}


def test_numbers_of_the_verdict_add_up_to_all_hours() -> None:
    amounts = [part["width"] for part in headline(SMALL)["parts"]]
    assert sum(amounts) == pytest.approx(100, abs=0.01)
    rejected = sum(r["seconds"] for r in SMALL["recordings"] if r["verdict"] == "reject")
    assert amounts[2] == pytest.approx(100 * rejected / 3600 / SMALL["hours"], abs=0.01)


@pytest.mark.parametrize(
    ("verdict", "held", "title"),
    [
        ("pass", "pass", "Ready to use"),
        ("flag", "flag", "Usable, after a look"),
        ("reject", "pass", "Not ready as it is"),
        ("reject", "reject", "Do not use it"),
    ],
)
def test_the_verdict_is_said_first(verdict: str, held: str, title: str) -> None:
    each = contents(5)
    for recording in each["recordings"]:
        recording["verdict"] = held
    each |= {"verdict": verdict, "counts": {"recordings": 5, "pass": 0, "flag": 0, "reject": 0, "files": 5} | {held: 5}}
    assert re.search(r"<h1[^>]*>([^<]*)</h1>", page(each)).group(1) == title  # type: ignore[union-attr]


def test_what_must_not_be_used_is_dealt_with_first_and_commands_are_quoted() -> None:
    found = steps(SMALL)
    severities = [each["severity"] for each in found]
    assert severities == sorted(severities, key=("reject", "flag", "pass").index)
    hours = {f["name"]: f["hours"] for f in SMALL["findings"]}
    for severity in ("reject", "flag"):
        mine = [hours[each["name"]] for each in found if each["severity"] == severity]
        assert mine == sorted(mine, reverse=True)
    assert found[-1]["command"] is None, "a plain build would take in what must not be used"
    assert steps(SMALL | {"build": "duologue build good.jsonl x"})[-1]["command"] == "duologue build good.jsonl x"
    clean = SMALL | {"counts": SMALL["counts"] | {"reject": 0}}
    assert steps(clean)[-1]["command"] == "duologue build '/data/spring delivery' Spring-delivery-set"
    assert "outlier" not in {each["name"] for each in found}, "a note asks for nothing"
    own = contents(60)
    own["findings"][0] |= {"severity": "reject", "command": "duologue redact x"}
    assert steps(own)[0]["command"] == "duologue redact x"


def test_an_empty_delivery_has_a_page() -> None:
    each = contents(0)
    each |= {"shape": {}, "hours_by": {}, "duplicates": [], "rights": {}, "splits": {}, "personal": {}}
    text = Parsed(page(each)).text
    assert "Nothing to use" in text
    assert "Nothing was found." in text
    assert text.count("Nothing to draw.") == 3


def test_what_the_sections_hold_is_shown_whatever_it_is() -> None:
    each = contents(5)
    each["rights"] = {"a": {"b": [{"c": 1, "d": [HOSTILE] * 9}, {"e": None}]}, "f": True, "g": [], "h": 0.25}
    text = re.sub(r"\s+", " ", Parsed(page(each)).text)
    for told in ("A: b", "and 3 more", "yes", "0.25"):
        assert told in text


def test_too_many_to_list_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_data, "MOST", 10)
    data: dict[str, Any] = listed(SMALL)
    assert len(data["recordings"]) == 10
    worst = [each[1] for each in data["recordings"]]
    assert worst == sorted(worst, reverse=True)
    assert "The 50 that are best of all are not listed here" in page(SMALL)


def test_no_number_is_broken(text: str) -> None:
    assert not re.search(r"\b(nan|inf|None|undefined)\b", Parsed(text).text.replace("data/None", ""))


def test_everybody_can_read_it(text: str) -> None:
    tags = Parsed(text).tags
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(a["aria-labelledby"] in ids for _, a in tags if "aria-labelledby" in a)
    assert all(a["href"][1:] in ids for tag, a in tags if tag == "a" and a["href"].startswith("#"))
    assert all(a.get("scope") for tag, a in tags if tag == "th")
