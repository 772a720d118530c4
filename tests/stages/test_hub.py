"""Names of models and the token that goes with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import UsageError
from stages.hub import TOKEN, check_named, named_weights, token
from stages.local_files import folder_sha256


def test_a_token_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    assert token() is False
    monkeypatch.setenv(TOKEN, "")
    assert token() is False
    monkeypatch.setenv(TOKEN, "hf_x")
    assert token() == "hf_x"


@pytest.mark.parametrize("name", ["a", "", "   ", "a/b/c", "/a/b", "../a", "a b/c", "https://x/y", "-a/b"])
def test_what_is_neither_a_folder_nor_a_hub_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"separate\.model: .* such as 'a/b'"):
        check_named("separate", name, "a/b")


def test_a_folder_goes_before_a_hub_name_spelt_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert named_weights("owner/model", "v1", "MIT").revision == "v1"
    folder = tmp_path / "owner" / "model"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"1")
    check_named("separate", "owner/model", "a/b")
    found = named_weights("owner/model", "v1", "MIT")
    assert (found.revision, found.sha256) == ("local folder", folder_sha256("owner/model"))
    (folder / "weights").write_bytes(b"2")
    assert named_weights("owner/model", "v1", "MIT").sha256 != found.sha256
