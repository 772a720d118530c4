"""A published pipeline from a folder and from a hub, and what is said where it cannot be had."""

from __future__ import annotations

import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.diarization import Diarization
from schemas.errors import UsageError
from schemas.recording import Recording
from stages.diarize.community import CommunityDiarize
from stages.diarize.plain import PlainDiarize
from stages.local_files import folder_sha256
from tests.stages.diarize.cam_model import community_folder
from tests.stages.diarize.sound import SOURCE, call, health
from tests.stages.diarize.test_plain import error_rate

ROOT = Path(__file__).resolve().parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return community_folder(tmp_path_factory.mktemp("hub") / "community")


def of(stage: Any, made: Recording) -> Diarization:
    found: Diarization = stage.load("cpu")(SOURCE, made, health(made))
    return found


def test_a_folder_laid_out_as_community_1_is_loaded(folder: Path) -> None:
    found = of(CommunityDiarize(model=str(folder)), call())
    assert error_rate(found, 0.5) < 0.02


def test_the_same_networks_and_clustering_give_what_plain_gives(tmp_path: Path) -> None:
    folder = community_folder(tmp_path / "clustered", "AgglomerativeClustering")
    assert of(CommunityDiarize(model=str(folder)), call()) == of(PlainDiarize(), call())


def test_the_folders_hash_is_over_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"1")
    first = folder_sha256(str(tmp_path))
    (tmp_path / ".cache").write_bytes(b"hidden")
    assert folder_sha256(str(tmp_path)) == first
    (tmp_path / "a" / "x").write_bytes(b"22")
    second = folder_sha256(str(tmp_path))
    (tmp_path / "a" / "x").rename(tmp_path / "a" / "y")
    assert len({first, second, folder_sha256(str(tmp_path))}) == 3


def test_the_weights_name_folder_or_revision(folder: Path) -> None:
    (local,) = CommunityDiarize(model=str(folder), licence="MIT").weights()
    assert (local.name, local.sha256, local.licence) == (str(folder), folder_sha256(str(folder)), "MIT")
    (hub,) = CommunityDiarize(revision=COMMIT).weights()
    assert (hub.name, hub.revision, hub.sha256, hub.licence) == ("pyannote/speaker-diarization-community-1", COMMIT, "", "CC-BY-4.0")


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"model": "/no/such/folder"}, "neither a folder that is there nor a hub name"),
        ({"model": "community"}, "neither a folder"),
        ({"revision": " "}, "must not be empty"),
        ({"batch": 0}, "1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_told(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(UsageError, match=wanted):
        CommunityDiarize(**settings)


def test_folders_that_hold_no_pipeline_are_told(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no config\.yaml"):
        CommunityDiarize(model=str(tmp_path)).load("cpu")
    (tmp_path / "config.yaml").write_text((folder / "config.yaml").read_text())
    with pytest.raises(UsageError, match=r"cannot be loaded: .*segmentation"):
        CommunityDiarize(model=str(tmp_path)).load("cpu")
    (tmp_path / "config.yaml").write_text("pipeline:\n  name: no.such.Pipeline\n")
    with pytest.raises(UsageError, match="cannot be loaded"):
        CommunityDiarize(model=str(tmp_path)).load("cpu")
    (tmp_path / "config.yaml").write_text("pipeline: [")
    with pytest.raises(UsageError, match="cannot be loaded"):
        CommunityDiarize(model=str(tmp_path)).load("cpu")


class Hub(http.server.ThreadingHTTPServer):
    """As much of a model hub as its client asks for: one open model, one gated one, everything else unknown."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens: set[str | None] = set()
        super().__init__(("127.0.0.1", 0), Request)


class Request(http.server.BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self.answer(False)

    def do_GET(self) -> None:
        self.answer(True)

    def answer(self, body: bool) -> None:
        self.server.tokens.add(self.headers.get("Authorization"))
        owner, name, resolve, revision, *rest = (*self.path.strip("/").split("/"), "", "", "")
        path = self.server.folder.joinpath(*filter(None, rest))
        status, extra = 200, {"X-Repo-Commit": COMMIT}
        data = path.read_bytes() if path.is_file() else b""
        if (owner, resolve) != ("owner", "resolve"):
            status, data, extra = 404, b"", {"X-Error-Code": "RepoNotFound"}
        elif name == "gated":
            status, data, extra = 401, b"", {"X-Error-Code": "GatedRepo"}
        elif revision != "main":
            status, data, extra = 404, b"", {"X-Error-Code": "RevisionNotFound"}
        elif name != "open":
            status, data, extra = 404, b"", {"X-Error-Code": "RepoNotFound"}
        self.send_response(status)
        for key, value in {**extra, "ETag": f'"{hash(path) & 0xFFFFFFFF:x}"', "Content-Length": str(len(data))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[Hub]:
    server = Hub(folder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


LOAD = """
import sys
from schemas.errors import UsageError
from stages.diarize.community import CommunityDiarize
try:
    CommunityDiarize(model=sys.argv[1], revision=sys.argv[2]).load("cpu")
    print("loaded")
except UsageError as error:
    print(error)
"""


def load(home: Path, model: str, revision: str = "main", **env: str) -> str:
    """What a process of its own says: the hub's client reads its settings when it is imported."""
    settings = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
    settings |= {"HF_HOME": str(home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_XET": "1", **env}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, model, revision], cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_model_of_the_hub_is_fetched_once_and_then_found_offline(hub: Hub, tmp_path: Path) -> None:
    where = f"http://127.0.0.1:{hub.server_port}"
    assert load(tmp_path, "owner/open", HF_ENDPOINT=where) == "loaded"
    fetched = list(tmp_path.rglob("pytorch_model.bin"))
    assert {path.parent.name for path in fetched} == {"segmentation", "embedding"}
    assert load(tmp_path, "owner/open", HF_HUB_OFFLINE="1") == "loaded"


@pytest.mark.slow
def test_the_token_comes_from_the_environment_only(hub: Hub, tmp_path: Path) -> None:
    where = f"http://127.0.0.1:{hub.server_port}"
    (tmp_path / "token").write_text("hf_stored")
    hub.tokens.clear()
    gated = load(tmp_path, "owner/gated", HF_ENDPOINT=where)
    assert hub.tokens == {None}
    assert "owner/gated at revision main cannot be had from the model hub (it is gated): accept its conditions" in gated
    assert "put a token of that account into HF_TOKEN" in gated
    assert "\n" not in gated
    hub.tokens.clear()
    refused = load(tmp_path, "owner/gated", HF_ENDPOINT=where, HF_TOKEN="hf_given")
    assert "Bearer hf_given" in hub.tokens
    assert hub.tokens <= {"Bearer hf_given", None}, "the client asks some things of anybody"
    assert "see that the token in HF_TOKEN belongs to that account" in refused
    assert "hf_given" not in refused


@pytest.mark.slow
def test_names_and_revisions_that_are_not_there_are_told(hub: Hub, tmp_path: Path) -> None:
    where = f"http://127.0.0.1:{hub.server_port}"
    assert "there is none of that name, or it is private" in load(tmp_path, "owner/other", HF_ENDPOINT=where)
    assert "no such revision" in load(tmp_path, "owner/open", "v9", HF_ENDPOINT=where)


def test_offline_says_what_to_do(tmp_path: Path) -> None:
    said = load(tmp_path, "pyannote/speaker-diarization-community-1", HF_HUB_OFFLINE="1")
    assert said.startswith("diarize.model: pyannote/speaker-diarization-community-1 at revision main cannot be had from the model hub (")
    assert said.endswith(
        "load it once while online, or name a local copy of its folder in diarize.model,"
        " or use the backend pyannote, which needs no download"
    )
