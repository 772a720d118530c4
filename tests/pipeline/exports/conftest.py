"""A small data set that many formats are tried on, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.row import Row, RowSource
from tests.pipeline.exports import sets


@pytest.fixture(scope="package")
def rows() -> list[Row]:
    made = [sets.talk("call/0", 11.0), sets.talk("call/1", 7.5, 24000, subtype="PCM_24"), sets.talk(sets.HOSTILE, 9.3, 11025)]
    return [*made, sets.talk("refused", 5.0, source=RowSource("ldc", (), "LicenseRef-LDC", None, "en", "{}"))]


@pytest.fixture(scope="package")
def made(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sets.publish(tmp_path_factory.mktemp("made") / "set", rows)


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return sets.tokenizer_at(tmp_path_factory.mktemp("model"))
