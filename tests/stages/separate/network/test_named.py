"""Separators that are named by their place on the hub: what they say of a name, a revision and a folder, without loading anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import UsageError
from stages.local_files import folder_sha256
from stages.separate.network.dialoguesidon import SIDON, DialogueSidonSeparate
from stages.separate.network.pixit import PIXIT, PixItSeparate
from stages.separate.network.sepformer import SEPFORMER, SepFormerSeparate
from stages.stage import Weights

KINDS = [(PixItSeparate, PIXIT), (SepFormerSeparate, SEPFORMER), (DialogueSidonSeparate, SIDON)]


@pytest.mark.parametrize(("kind", "published"), KINDS)
def test_a_name_is_known_by_its_revision_and_a_folder_by_what_it_holds(kind: Any, published: str, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"weights")

    def weights(**settings: Any) -> Weights:
        (found,) = kind(licence="MIT", **settings).network_weights()
        assert isinstance(found, Weights)
        return found

    assert weights() == Weights(published, "main", "", "MIT")
    assert weights(model="own/copy", revision="v2") == Weights("own/copy", "v2", "", "MIT")
    before = weights(model=str(tmp_path))
    assert before == Weights(str(tmp_path), "local folder", folder_sha256(str(tmp_path)), "MIT")
    (tmp_path / "weights.bin").write_bytes(b"others")
    assert weights(model=str(tmp_path)).sha256 != before.sha256


@pytest.mark.parametrize(("kind", "published"), KINDS)
def test_what_is_no_name_is_told_with_the_published_one(kind: Any, published: str) -> None:
    for model in ("", "absent", "a/b/c", "own/copy "):
        with pytest.raises(
            UsageError, match=f"^{re.escape(f'separate.model: {model!r} is neither a folder that is there')}.*'{published}'$"
        ):
            kind(licence="MIT", model=model)
    with pytest.raises(UsageError, match=r"^separate\.revision: must not be empty; 'main' is the newest$"):
        kind(licence="MIT", revision=" ")
    with pytest.raises(UsageError, match=r"^separate\.batch: 0 must be 1 or more$"):
        kind(licence="MIT", batch=0)
