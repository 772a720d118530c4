"""The data set card, and the upload against a hub of our own on this machine."""

from __future__ import annotations

import base64
import dataclasses
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.exports.card import card_text, front_matter
from pipeline.exports.format import Account, Tally
from pipeline.exports.push import push
from schemas.errors import UsageError
from schemas.row import RowLanguage, RowTranscript
from tests.pipeline.exports import sets


def account(*licences: str, **sums: float) -> Account:
    each = Tally(7, 3600.0, 50, 10)
    return Account(came=each, written=each, licences={name: Tally(7, 3600.0, 50, 10) for name in licences}, sums=sums)


def test_the_card_is_read_back_by_the_hubs_own_library(made: Path, tmp_path: Path) -> None:
    from huggingface_hub import DatasetCard

    sets.run(made, tmp_path / "out", "hf", splits=(("valid", 0.3),))
    card = DatasetCard.load(tmp_path / "out" / "README.md")
    assert card.data.license == "cc-by-4.0"
    assert card.data.language == ["en"]
    assert [each["split"] for each in card.data.to_dict()["configs"][0]["data_files"]] == ["train", "valid"]
    assert "3 two-party conversations" in card.text


def test_the_card_names_the_languages_of_both_sides(tmp_path: Path) -> None:
    languages = (RowLanguage(0, "ja", "fixed", None, None), RowLanguage(1, "en-GB", "fixed", None, None))
    row = dataclasses.replace(sets.talk("a", 4.0), transcript=RowTranscript(languages, (), (0.0, 0.0)))
    sets.run(sets.publish(tmp_path / "set", [row], 1), tmp_path / "out", "hf")
    front = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---\n")[1])
    assert front["language"] == ["en", "ja"]


def test_row_groups_keep_to_their_size(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pq.read_table(made / "data" / "train-00000-of-00002.parquet")
    sizes = [first.slice(index, 1).nbytes for index in (0, 1)]
    monkeypatch.setattr("pipeline.exports.hub.GROUP_BYTES", (max(sizes) + sum(sizes)) // 2)
    sets.run(made, tmp_path / "out", "hf")
    groups = [pq.ParquetFile(path).metadata.num_row_groups for path in sorted((tmp_path / "out" / "data").iterdir())]
    assert groups == [2, 1], "two rows that are too large together are not written together"


@pytest.mark.parametrize(
    ("licences", "licence", "name", "gated"),
    [
        (("CC-BY-4.0",), "cc-by-4.0", None, False),
        (("CC-BY-NC-4.0",), "cc-by-nc-4.0", None, True),
        (("LicenseRef-LDC-User-Agreement",), "other", "licenseref-ldc-user-agreement", True),
        (("CC-BY-4.0", "CC0-1.0"), "other", "mixed", False),
        (("CC-BY-4.0 AND LicenseRef-LDC",), "other", "cc-by-4-0-and-licenseref-ldc", True),
        (("CC-BY-4.0 AND (MIT OR CC0-1.0)",), "other", "cc-by-4-0-and-mit-or-cc0-1-0", False),
    ],
)
def test_licence_and_gate_of_the_card(licences: tuple[str, ...], licence: str, name: str | None, gated: bool) -> None:
    data = front_matter(account(*licences), {"name": "x"}, ["train"])
    assert (data["license"], data.get("license_name")) == (licence, name)
    assert ("extra_gated_prompt" in data) is gated


def test_others_words_are_no_markup_in_the_card() -> None:
    told = account("CC-BY-4.0", **{"corpus <script>|# x\n": 1})
    text = card_text(told, {"name": "a\n---\nlicense: mit", "chain": []}, ["train"])
    _, front, page = text.split("---\n", 2)
    assert yaml.safe_load(front)["license"] == "cc-by-4.0"
    assert yaml.safe_load(front)["pretty_name"] == "a --- license: mit"
    assert "<script>" not in page


class Hub(ThreadingHTTPServer):
    """As much of the hub's interface as an upload asks for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.created: list[dict[str, Any]] = []
        self.commits: list[list[str]] = []
        self.refuse = False
        self.tree: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: Any) -> None:
        return

    def answer(self, value: Any, code: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_GET(self) -> None:
        self.answer(self.server.tree if "/tree/" in self.path else {"id": "me/calls", "sha": "0" * 40, "siblings": []})

    def do_POST(self) -> None:
        data = self.body()
        if self.server.refuse:
            self.answer({"error": "not yours"}, 403)
        elif self.path.endswith("/repos/create"):
            self.server.created.append(json.loads(data))
            self.answer({"url": f"{self.server.url}/datasets/me/calls", "name": "me/calls"})
        elif "/preupload/" in self.path:
            names = [each["path"] for each in json.loads(data)["files"]]
            self.answer({"files": [{"path": name, "uploadMode": "regular", "shouldIgnore": False} for name in names]})
        elif "/commit/" in self.path:
            adds = [entry["value"] for line in data.splitlines() if (entry := json.loads(line))["key"] == "file"]
            self.server.files |= {each["path"]: base64.b64decode(each["content"]) for each in adds}
            self.server.commits.append([each["path"] for each in adds])
            self.answer({"commitUrl": f"{self.server.url}/datasets/me/calls/commit/{'1' * 40}", "commitOid": "1" * 40, "success": True})
        else:
            self.answer({"errors": [], "warnings": []})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    server = Hub()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_export_is_uploaded_whole_and_the_card_comes_last(made: Path, tmp_path: Path, hub: Hub) -> None:
    sets.run(made, tmp_path / "out", "hf")
    told = push(str(tmp_path / "out"), "me/calls", token="hf_" + "x" * 34)
    assert hub.files == sets.tree(tmp_path / "out")
    assert hub.created[0].get("private", hub.created[0].get("visibility") == "private") is True
    assert set(hub.commits[-1]) == {"README.md", "SHA256SUMS", "export.json"}
    assert told["uploaded"] == len(hub.files)


def test_a_hub_that_says_no_is_told_in_a_sentence(made: Path, tmp_path: Path, hub: Hub) -> None:
    hub.refuse = True
    sets.run(made, tmp_path / "out", "hf")
    with pytest.raises(UsageError, match="me/calls: the hub did not take it"):
        push(str(tmp_path / "out"), "me/calls", token="hf_" + "x" * 34)
    with pytest.raises(UsageError, match="no finished export"):
        push(str(tmp_path), "me/calls")


def test_shards_of_another_export_on_the_hub_are_not_mixed_with_ours(made: Path, tmp_path: Path, hub: Hub) -> None:
    sets.run(made, tmp_path / "out", "hf")
    digest = next(line.split()[0] for line in (tmp_path / "out" / "SHA256SUMS").read_text().splitlines() if "data/train-00001" in line)

    def held(name: str) -> dict[str, Any]:
        lfs = {"oid": digest, "size": 9, "pointerSize": 130}
        return {"type": "file", "path": name, "size": 9, "oid": "2" * 40, "lfs": lfs}

    hub.tree = [held("data/train-00001-of-00002.parquet"), held("data/train-00000-of-00007.parquet"), held("notes/mine.bin")]
    with pytest.raises(UsageError, match=r"me/calls: holds data/train-00000-of-00007\.parquet, which is not of this export"):
        push(str(tmp_path / "out"), "me/calls", token="hf_" + "x" * 34)
    assert hub.commits == []
    hub.tree = [hub.tree[0], hub.tree[2]]
    told = push(str(tmp_path / "out"), "me/calls", token="hf_" + "x" * 34)
    assert told["kept"] == 1
    assert "data/train-00001-of-00002.parquet" not in hub.files
