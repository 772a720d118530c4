"""The page: whole, safe, reachable for everybody, and the same for the same data."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from pipeline.left_out import DroppedPieces, LeftOut
from pipeline.place import LocalPlace
from pipeline.player import policy, script
from pipeline.report import FOLDER, write_report
from pipeline.report.marks import NAMES, SHAPES
from pipeline.report.said import Said
from pipeline.report.strips import strips
from pipeline.report.timelines import clipped, overlap, timeline
from pipeline.report.totals import Sample
from schemas.diarization import DROPPED
from schemas.errors import DuologueError, RejectRecord
from schemas.row import Row, RowAudio, RowEvent, RowWord
from tests.pipeline.report_sets import HOSTILE, calls, mixed, publish, rejected, spoken, without_measures

VOID = {"meta", "link"}


class Page(HTMLParser):
    """Every start tag with its attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def made(where: Path, rows: list[Row], rejects: list[RejectRecord]) -> str:
    write_report(LocalPlace(str(where)), publish(where, rows, rejects), rejects)
    return (where / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module", params=["many", "one", "none", "bare", "mixed", "spoken"])
def text(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    first = calls(1)[0]
    sets: dict[str, list[Row]] = {
        "many": calls(60),
        "one": [replace(first, clip=replace(first.clip, count=1))],
        "none": [],
        "mixed": [*calls(3), mixed(np.random.default_rng(1), HOSTILE + "2", 60.0), mixed(np.random.default_rng(2), "a", 60.0, mono=False)],
        "spoken": [*calls(2), *(spoken(np.random.default_rng(i), f"a{i}", 70.0) for i in range(3))],
        "bare": [without_measures(each) for each in calls(3)],
    }
    return made(tmp_path_factory.mktemp("set"), sets[request.param], rejected() if request.param == "many" else [])


def test_the_page_is_well_formed_and_loads_nothing(text: str) -> None:
    page = Page(text)
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not names & {"iframe", "img", "object", "embed", "audio", "video", "base", "form"}
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert "src" not in attributes
        if "href" in attributes and tag != "a":
            assert attributes["href"] == "data:,"
    ours = script(FOLDER / "report.js")
    plays = 'data-player="' in text
    assert page.all("script") == [{}] * plays
    assert text.count(f"<script>{ours}</script>") == plays
    (allowed,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert allowed == (policy(ours) if plays else "default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    links = {a["href"] for a in page.all("a") if not a["href"].startswith("#")}
    assert links <= {"https://arxiv.org/abs/2410.00037", "https://doi.org/10.1126/sciadv.adf3197"}
    assert "url(" not in (FOLDER / "page.css").read_text()
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {f"#both-{i}" for i in range(6)}


def test_everybody_can_read_it(text: str) -> None:
    page = Page(text)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert all(a["aria-labelledby"] in ids for _, a in page.tags if "aria-labelledby" in a)
    assert all(a["href"][1:] in ids for a in page.all("a") if a["href"].startswith("#"))
    assert all(a.get("scope") in ("col", "row", "rowgroup") for a in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    drawings = page.all("svg")
    assert all(a["role"] == "img" and a["aria-label"] for a in drawings)
    assert len(page.all("desc")) == len(drawings)
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in page.all("div") if a.get("class") == "scroll")
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(landmark)) == 1
    assert page.all("html")[0]["lang"] == "en"


def test_no_number_is_broken(text: str) -> None:
    assert not re.search(r"\b(nan|inf|None|undefined)\b", Page(text).text)
    assert not re.search(r'="-?(nan|inf)', text)


def test_mixtures_are_shown_and_said_to_be_mono(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    page = Page(made(tmp_path, [*calls(2), *(mixed(rng, f"a{i}", 60.0, mono=i > 0) for i in range(3))], []))
    words = re.sub(r"\s+", " ", page.text)
    assert "3 recordings (3 min 00 s) held both voices in one channel, 2 of them in mono." in words
    assert ", 3 from one channel" in words
    assert words.count("Made from one channel. All 1 min 00 s") == 3
    for said in (
        "both voices, on both channels, because nothing separated them",
        "third voice",
        "a voice that is neither",
        "two channels alike",
    ):
        assert said in words
    assert "Confidence" in {a["aria-label"] for a in page.all("svg")}


def test_what_was_left_out_is_shown_and_only_then(tmp_path: Path) -> None:
    rows = calls(2)
    assert "Left out" not in Page(made(tmp_path / "whole", rows, [])).text
    unused = LeftOut(3, (DroppedPieces("one_turn", 12, 250.0), DroppedPieces("one_sided", 1, 4000.0)), 65.0)
    where = tmp_path / "cut"
    write_report(LocalPlace(str(where)), publish(where, rows, [], left_out=unused), [])
    text = (where / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    words = re.sub(r"\s+", " ", page.text)
    assert "Left out1.20 hof recordings in the set: 13 pieces, and silence" in words
    assert "13 pieces of recordings in the set (1.18 h) became no row, being no conversation of two." in words
    assert "3 recordings were cut into conversations at long silences." in words
    for said in ("one sided", DROPPED["one_sided"], "one turn", DROPPED["one_turn"], "silence between pieces"):
        assert said in words
    assert words.index(DROPPED["one_sided"]) < words.index(DROPPED["one_turn"]), "most audio first"


def test_numbers_stand_on_the_page(tmp_path: Path) -> None:
    rows = calls(60)
    page = Page(made(tmp_path, rows, rejected()))
    words = re.sub(r"\s+", " ", page.text)
    assert f"{len(rows)} rows" in words
    assert "24 of 85 inputs" in words
    assert "adds up" in words
    assert "the recording is mono, and this chain takes one channel per speaker" in words
    assert "Rejected as not two channel (first 10 of 23)" in words
    assert "mono/009" in words
    assert "mono/010" not in words
    assert "silero_vad.onnx" in words
    assert "LicenseRef-LDC-User-Agreement" in words
    assert words.count("flagged") >= 2 * sum(bool(r.health and r.health.findings) for r in rows if r.clip.index == 0)


def test_a_hostile_id_is_text(tmp_path: Path) -> None:
    text = made(tmp_path, calls(6), rejected()).replace(f"<script>{script(FOLDER / 'report.js')}</script>", "")
    assert "<script" not in text
    assert not set(HOSTILE) & {"\u202e", "\x00", "\u200b"} & set(text)
    assert "&lt;script&gt;" in text
    assert '<span class="code-point">U+202E</span>' in text


def test_equal_data_give_an_equal_page(tmp_path: Path) -> None:
    assert made(tmp_path / "a", calls(20), rejected()) == made(tmp_path / "b", calls(20), rejected()[::-1])


def test_long_tables_say_what_they_leave_out(tmp_path: Path) -> None:
    base = calls(1)[-1]
    rows = []
    for i in range(230):
        source = replace(base.source, consent=f"form {i}")
        rows.append(replace(base, id=f"c{i:03d}", source=source, clip=replace(base.clip, recording=f"c{i:03d}", index=0, count=1)))
    words = re.sub(r"\s+", " ", Page(made(tmp_path, rows, [])).text)
    assert "130 other combinations" in words
    assert "The first 200 of 230" in words


def test_words_and_events_stand_on_the_timelines(tmp_path: Path) -> None:
    each = spoken(np.random.default_rng(5), "a", 70.0)
    text = made(tmp_path, [each, *calls(1)], [])
    page = Page(text)
    words = re.sub(r"\s+", " ", page.text)
    names = [a["aria-label"] for a in page.all("svg")]
    assert names.count("Marks on the timelines") == names.count("Words and events of a") == 1
    early = [word for word in each.words if word.start < 60]
    for word in early:
        assert text.count(f">{word.text}<title>") == sum(other.text == word.text for other in early) or word.text == HOSTILE
    assert f"{len(each.words)} words with" in words
    for kind in ("backchannel", "interruption", "floor_change", "filler", "laughter"):
        assert any(event.kind == kind for event in each.events), kind
    backchannels = sum(event.kind == "backchannel" for event in each.events)
    assert f"{backchannels} backchannel{'s' if backchannels > 1 else ''}" in words.replace("\u00a0", " ")
    assert "uh (recovered)" in words
    assert "[laughter] (recovered)" in words
    assert "0:00 channel" in words, "the words can be heard"
    assert "\u202e" not in text
    assert "Words of each channel in 1 row with a transcript" in words.replace("\u00a0", " ")
    for name in ("Backchannels", "Interruptions", "Dominance", "Rate of speech"):
        assert name in names


def test_without_words_there_is_no_legend_and_no_rate(tmp_path: Path) -> None:
    names = [a["aria-label"] for a in Page(made(tmp_path, calls(3), [])).all("svg")]
    assert "Marks on the timelines" not in names
    assert "Rate of speech" not in names
    assert "Dominance" in names


def test_a_word_and_a_mark_over_the_end_of_a_line_go_on_in_the_next() -> None:
    sample = Sample("x", 30.0, ("", ""), (((9.0, 11.0),), ()))
    event = RowEvent("backchannel", 0, 9.0, 11.0, None, None, "right", False)
    drawn = str(strips(sample, 0, Said((RowWord(0, 9.0, 11.0, "right", None, "given"),), (event,))))
    assert drawn.count(">right<title>") == 1
    assert drawn.count("right: 9.00 to 11.00 s, given</title></rect>") == 2
    assert drawn.count('class="event backchannel extent"') == 2
    assert drawn.count('<g class="event backchannel"') == 1
    assert strips(sample, 0, Said()) is None


def test_every_mark_has_a_shape_and_a_name() -> None:
    assert set(SHAPES) == set(NAMES)
    assert len({str(shape) for shape in SHAPES.values()}) == len(SHAPES) - 1, "the two interruptions are one shape, filled and hollow"
    sample = Sample("x", 30.0, ("", ""), ((), ()))
    pause = Said(
        (), (RowEvent("pause", 0, 1.0, 2.0, None, None, None, False), RowEvent("floor_change", 1, 2.0, 3.0, None, 1.0, None, False))
    )
    drawing, sentence = timeline(sample, 0, pause)
    assert sentence.endswith(" 1\u00a0change of the floor.")
    assert str(drawing).count('<g class="event') == 1


def test_overlap_of_stretches() -> None:
    assert overlap(((0.0, 2.0), (3.0, 5.0)), ((1.0, 4.0),)) == ((1.0, 2.0), (3.0, 4.0))
    assert clipped(((0.0, 1.0), (2.0, 9.0), (12.0, 13.0)), 5.0) == ((0.0, 1.0), (2.0, 5.0))


def palettes() -> list[dict[str, str]]:
    blocks = re.findall(r":root \{([^}]*)\}", (FOLDER / "page.css").read_text())
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark", "print"])
def test_contrast_is_enough(palette: dict[str, str]) -> None:
    grounds = [palette[name] for name in ("ground", "sheet", "faint")]
    for name in ("ink", "soft", "link", "flag"):
        assert min(contrast(palette[name], ground) for ground in grounds) >= 4.5, name
    assert contrast(palette["flag"], palette["flag-ground"]) >= 4.5
    assert contrast(palette["ink"], palette["note-ground"]) >= 4.5
    for name in ("side0", "side1", "own", "overlap", "note-line", "backchannel", "interruption", "filler", "laughter"):
        assert contrast(palette[name], palette["sheet"]) >= 3, name


def test_players_are_of_the_rows_drawn_and_others_go(tmp_path: Path) -> None:
    made(tmp_path / "a", calls(8), [])
    (tmp_path / "b" / "report_files").mkdir(parents=True)
    for name in ("old.js", ".tmp-1-aa.js"):
        (tmp_path / "b" / "report_files" / name).write_text("of an earlier set")
    text = made(tmp_path / "b", calls(8), [])
    one, other = ({path.name: path.read_bytes() for path in (tmp_path / part / "report_files").iterdir()} for part in "ab")
    assert one == other
    assert {a["data-player"] for a in Page(text).all("div") if "data-player" in a} == {f"report_files/{name}" for name in one}
    assert len(one) == 6
    made(tmp_path / "b", calls(1), [])
    assert len(list((tmp_path / "b" / "report_files").iterdir())) == 1


def test_a_row_whose_sound_is_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(DuologueError, match=r"row call/00000.*: its audio cannot be read.*duologue verify"):
        made(tmp_path, [replace(calls(1)[0], audio=RowAudio(b"fLaC" + bytes(50), None))], [])
