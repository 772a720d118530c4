"""The demo's calls: complete, the same every time, and truthful about what is made and what is real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.config import load_config
from pipeline.demo import MANIFEST, REAL_CALL, make_calls
from stages.sources import list_sources
from tests.pipeline.calling import Cli
from tests.shared import SHARED, needs_shared


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "calls"
    made = make_calls(folder)
    assert sorted(made) == sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return folder


def test_the_manifest_names_every_file_once(calls: Path) -> None:
    listing = list_sources(str(calls / MANIFEST), load_config("demo").source)
    assert (listing.rejects, listing.problems) == ((), ())
    named = sorted({name for source in listing.sources for name in (*source.uris, source.transcript) if name is not None})
    assert named == sorted(str(path.relative_to(calls)) for path in calls.rglob("*") if path.is_file() and path.name != MANIFEST)
    assert {source.id for source in listing.sources} >= {"hotel", "internet", "mono", "one_microphone", "bad/one_voice", "real_mono_call"}


def test_made_and_real_calls_are_told_apart(calls: Path) -> None:
    listing = list_sources(str(calls / MANIFEST), load_config("demo").source)
    terms = {source.id: (source.licence, source.consent) for source in listing.sources}
    licence, consent = terms.pop("real_mono_call")
    assert licence == "MIT"
    assert consent is not None
    assert "not stated" in consent
    assert set(terms.values()) == {("Apache-2.0", "synthetic")}


def test_the_same_files_every_time(calls: Path, tmp_path: Path) -> None:
    make_calls(tmp_path)
    for path in (path for path in calls.rglob("*") if path.is_file()):
        assert (tmp_path / path.relative_to(calls)).read_bytes() == path.read_bytes()


def test_which_of_them_are_mixtures(calls: Path) -> None:
    channels = {str(path.relative_to(calls)): soundfile.info(str(path)).channels for path in calls.rglob("*.wav")}
    assert {name for name, n in channels.items() if n == 1} == {
        "mono.wav",
        "bad/one_voice.wav",
        "internet_agent.wav",
        "internet_caller.wav",
        REAL_CALL,
    }
    twice, _ = soundfile.read(str(calls / "one_microphone.wav"), dtype="int16")
    assert np.array_equal(twice[:, 0], twice[:, 1])


@needs_shared
def test_the_real_call_is_the_one_in_the_package(calls: Path) -> None:
    assert (calls / REAL_CALL).read_bytes() == (SHARED / "pyannote" / "sample.wav").read_bytes()


def test_finding_it_imports_no_model_library(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from pipeline.demo import real_call; real_call(Path(sys.argv[1]))\n"
    code += "import json; print(json.dumps(sorted({'torch', 'pyannote.audio'} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "x.wav")], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_is_one_document_of_its_build_and_its_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = Cli(capsys).json("demo", tmp_path, "--local")
    assert (found["command"], found["exit_code"]) == ("demo", 0)
    assert found["build"]["balance"]["results"] == found["build"]["rows"] > 0
    assert found["build"]["balance"]["rejects"] == 3
    assert found["export"]["written"]["words"] == found["export"]["came"]["words"] > 0
    assert (tmp_path / "moshi").is_dir()
