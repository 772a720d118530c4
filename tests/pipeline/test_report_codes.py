"""The report's section on codec tokens: what it adds up, and what it says of a stand-in."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.coded import row_codes
from pipeline.report import FOLDER, template
from pipeline.report.codes import COLUMNS, Tokens, codecs, fidelity
from schemas.codes import ChannelFidelity, Codes, Fidelity
from schemas.row import row_schema
from schemas.span import Span

FIELD = row_schema().field("codes")


def row(codec: str, seconds: float, stoi: float | None = None, mismatch: float | None = None, bins: int = 2048) -> dict[str, Any]:
    length = round(seconds * 8000)
    samples = np.zeros((2, 8, -(-length // 640)), np.int16)
    checked = None
    if stoi is not None:
        channels = tuple(ChannelFidelity(log_mel_db=4.0, stoi=each, si_sdr_db=None) for each in (stoi, stoi - 0.1))
        checked = Fidelity(span=Span(0, length), channels=channels, mismatch=mismatch)
    made = Codes(
        samples=samples, codec=codec, sha256="f" * 64, codec_rate=24_000, hop=1920, bins=bins, length=length, rate=8000, fidelity=checked
    )
    found = row_codes(made, Span(0, length))
    assert found is not None
    return {"codes": dataclasses.asdict(found)}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=pa.schema([FIELD]))


def test_frames_and_checks_are_added_up_over_batches() -> None:
    tokens = Tokens()
    tokens.add(table([row("mimi", 3600), {"codes": None}, row("mimi", 1800, 0.9, 0.02)]))
    tokens.add(table([row("mimi", 1800, 0.8), row("melrvq-standin", 60, bins=512)]))
    tokens.add(table([{"codes": None}]))
    assert [(each["codec"], each["rows"], each["frames"], each["hours"], each["stand_in"]) for each in codecs(tokens)] == [
        ("mimi", "3", "90,000", "2.00", ""),
        ("melrvq-standin", "1", "750", "0.02", "yes"),
    ]
    assert codecs(tokens)[0]["layout"] == "12.5\u00a0Hz, 8 codebooks of 2,048"
    lines = {line["name"]: line for line in fidelity(tokens)}
    assert set(lines) == {"Log-mel distance", "STOI", "Codes changed by lower precision"}
    assert (lines["STOI"]["n"], lines["STOI"]["worst"]) == ("4", "0.70")
    assert lines["Log-mel distance"]["median"] == "4.0\u00a0dB"
    assert lines["Codes changed by lower precision"]["median"].startswith("2")
    assert tokens.checked == 4


def test_columns_leave_the_codes_themselves_alone() -> None:
    names = {column.removeprefix("codes.") for column in COLUMNS}
    assert names == {field.name for field in FIELD.type} - {"channel_0", "channel_1", "lead"}
    narrow = pa.schema([pa.field("codes", pa.struct([field for field in FIELD.type if field.name in names]))])
    rows = [{"codes": {name: value for name, value in row("mimi", 8)["codes"].items() if name in names}}]
    tokens = Tokens()
    tokens.add(pa.Table.from_pylist(rows, schema=narrow))
    assert [made.frames for made in tokens.codecs.values()] == [100]


@pytest.mark.parametrize(("codec", "stands_in"), [("mimi", False), ("melrvq-standin", True)])
def test_the_section_says_what_made_the_codes(codec: str, stands_in: bool) -> None:
    tokens = Tokens()
    tokens.add(table([row(codec, 60, 0.9), row(codec, 60)]))
    page = rendered(tokens)
    assert f">{codec}" in page or f"<bdi>{codec}" in page
    assert "f" * 12 in page
    assert ("is a stand-in" in page) == stands_in
    assert "2\u00a0channels" in page
    assert "STOI" in page


def test_a_set_without_codes_has_no_section() -> None:
    assert "Codec tokens" not in rendered(Tokens())


def rendered(tokens: Tokens) -> str:
    environment = template("codes.html.j2").environment
    source = '{% import "parts.html.j2" as parts %}{% include "codes.html.j2" %}'
    assert (FOLDER / "codes.html.j2").is_file()
    return str(environment.from_string(source).render(tokens=tokens, token_codecs=codecs(tokens), token_fidelity=fidelity(tokens)))
