"""A mixed delivery: every file accounted for, corpora by their layouts, the rest by name, and lists of checksums."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.sources.checksums import is_checksum_list, placed, read_checksums
from stages.sources.delivery import list_delivery
from stages.sources.listing import Prober
from stages.sources.reader import list_sources
from stages.sources.settings import SourceSettings
from tests.stages.sources.corpora import probe, put, wav
from tests.stages.sources.ldc_trees import callhome, fisher, switchboard

AUTO = SourceSettings(layout="auto")
FILES = {
    **{f"bought/{path}": data for path, data in fisher().items()},
    **{f"old/{path}": data for path, data in switchboard().items()},
    **{f"more/{path}": data for path, data in callhome().items()},
    "own/a_agent.wav": wav(1, 1, seed=11),
    "own/a_caller.wav": wav(1, 1, seed=12),
    "own/b.wav": wav(1, 2, seed=13),
    "own/b.srt": b"1\n00:00:00,100 --> 00:00:00,900\nA: hello\n",
    "own/c_agent.wav": wav(1, 1, seed=14),
    "stray.TextGrid": b"?",
    "notes/readme.txt": b"hello",
    "what.xyz": b"?",
    ".hidden/x.wav": wav(1, 1, seed=15),
}


def deliver(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    return put(folder, files)


def test_corpora_and_plain_files_in_one_folder(tmp_path: Path) -> None:
    found = list_delivery(str(deliver(tmp_path)), AUTO, Prober(probe))
    assert found.corpora == {"fisher": ("bought",), "switchboard": ("old",), "callhome": ("more",)}
    ids = {source.id: source for source in found.listing.sources}
    assert {"fe_03_00001", "sw02001", "ge_4065", "own/a", "own/b"} <= set(ids)
    assert ids["own/b"].transcript == "own/b.srt"
    assert ids["own/a"].transcript is None
    assert found.layouts["sw02001"] == "switchboard"
    assert "own/a" not in found.layouts
    assert found.listed == {"fisher": 4, "switchboard": 5, "callhome": 3}
    assert {reject.id: reject.reason for reject in found.listing.rejects}["own/c_agent.wav"] == "side_missing"


def test_one_layout_by_name_and_none(tmp_path: Path) -> None:
    folder = str(deliver(tmp_path))
    named = list_delivery(folder, SourceSettings(layout="fisher"), Prober(probe))
    assert set(named.corpora) == {"fisher"}
    plain, asked = (list_sources(folder, SourceSettings(layout=name), probe) for name in (None, "folder"))
    assert [source.uris for source in asked.sources] == [source.uris for source in plain.sources]
    assert [source.id for source in asked.sources] == [source.id for source in plain.sources]
    with pytest.raises(UsageError, match="nothing here lies as candor does"):
        list_delivery(folder, SourceSettings(layout="candor"), Prober(probe))
    with pytest.raises(UsageError, match="did you mean 'fisher'"):
        SourceSettings(layout="fishr")


def test_the_same_corpus_twice_keeps_both(tmp_path: Path) -> None:
    twice = {f"{part}/{path}": data for part in ("first", "second") for path, data in fisher().items()}
    found = list_delivery(str(deliver(tmp_path, twice)), AUTO, Prober(probe))
    assert {"first/fe_03_00001", "second/fe_03_00001"} <= {source.id for source in found.listing.sources}
    assert not [reject for reject in found.listing.rejects if reject.reason == "duplicate_id"]


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(sorted(FILES))))
def test_every_file_is_in_the_account_once(left: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = list_delivery(str(deliver(Path(folder), {path: FILES[path] for path in left})), AUTO, Prober(probe))
    assert sorted(account.path for account in found.files) == sorted(left)
    sounding = {path for path in left if path.endswith((".wav", ".sph")) and not path.startswith(".")}
    used = [uri for source in found.listing.sources for uri in source.uris]
    turned_down = {uri for reject in found.listing.rejects for uri in reject.uris}
    assert len(used) == len(set(used))
    assert sounding <= set(used) | turned_down
    assert {account.path for account in found.files if account.what == "audio"} == sounding


def test_checksums_of_a_delivery_are_placed_whoever_owns_the_files(tmp_path: Path) -> None:
    sound = FILES["bought/LDC2004S13/fe_03_p1_sph1/audio/000/fe_03_00001.sph"]
    digest = hashlib.md5(sound, usedforsecurity=False).hexdigest()
    listed = f"{digest}  audio/000/fe_03_00001.sph\n{'0' * 32}  audio/000/gone.sph\nno line\n"
    files = {**FILES, "bought/LDC2004S13/fe_03_p1_sph1/md5sums.txt": listed.encode()}
    found = list_delivery(str(deliver(tmp_path, files)), AUTO, Prober(probe))
    assert found.checksums == {"bought/LDC2004S13/fe_03_p1_sph1/audio/000/fe_03_00001.sph": f"md5:{digest}"}
    assert any("gone.sph" in problem for problem in found.listing.problems)
    assert any("'no line'" in problem for problem in found.listing.problems)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{'a' * 32}  x.wav", {"x.wav": f"md5:{'a' * 32}"}),
        (f"{'A' * 64} *dir/x y.wav", {"dir/x y.wav": f"sha256:{'a' * 64}"}),
        (f"SHA256 (x.wav) = {'b' * 64}", {"x.wav": f"sha256:{'b' * 64}"}),
        (f"MD5 (x (1).wav) = {'b' * 32}", {"x (1).wav": f"md5:{'b' * 32}"}),
        (f"# made today\n\n{'c' * 40}  x.wav", {"x.wav": f"sha1:{'c' * 40}"}),
        ("d" * 32, {"call.wav": f"md5:{'d' * 32}"}),
    ],
)
def test_forms_of_checksum_lists(text: str, wanted: dict[str, str]) -> None:
    assert read_checksums(text, "folder/call.wav.md5") == (wanted, [])


def test_which_files_are_checksum_lists() -> None:
    yes = ("md5sums.txt", "a/SHA256SUMS", "x.wav.md5", "checksums.txt", "b/md5.txt", "sha256sum.txt", "x.sha256")
    no = ("x.wav", "summary.txt", "notes/md5.html", "checks.py")
    assert [path for path in yes if not is_checksum_list(path)] == []
    assert [path for path in no if is_checksum_list(path)] == []


def test_a_list_names_files_from_its_own_folder_or_above() -> None:
    files = ["disc1/a.wav", "disc1/doc/list", "b.wav"]
    known, absent = placed({"a.wav": "md5:1", "./b.wav": "md5:2", "disc1/a.wav": "md5:1", "c.wav": "md5:3"}, "disc1/doc/list", files)
    assert known == {"disc1/a.wav": "md5:1", "b.wav": "md5:2"}
    assert absent == ["c.wav"]
