"""Folders as they lie on disk or on a store: every file ends in exactly one place, whatever its name."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.sources import SourceSettings, list_sources
from tests.stages.sources.folders import fill, found, listed, probe_of


def test_ids_that_differ_in_suffix_only_keep_it(tmp_path: Path) -> None:
    result = listed(tmp_path, "call.wav", "call.flac", "call.wav.mp3", "other.wav")
    assert found(result) == {
        "call.flac": ("call.flac",),
        "call.wav": ("call.wav",),
        "call.wav.mp3": ("call.wav.mp3",),
        "other": ("other.wav",),
    }
    assert "keeps it" in result.problems[0]


def test_ids_that_differ_in_case_or_unicode_form_are_duplicates(tmp_path: Path) -> None:
    nfd = unicodedata.normalize("NFD", "é.wav")
    result = listed(tmp_path, "Call.wav", "call.wav", "é.wav", nfd)
    assert found(result) == {"Call": ("Call.wav",), "é": (nfd,)}
    assert [reject.reason for reject in result.rejects] == ["duplicate_id", "duplicate_id"]
    assert "Call.wav" in result.rejects[0].detail
    assert len({reject.key for reject in result.rejects}) == 2


def test_what_is_no_audio_is_counted(tmp_path: Path) -> None:
    result = listed(tmp_path, "a.WAV", "a.txt", "b.TXT", "README", ".hidden.wav", ".git/x.wav", "c.0123456789abcdef")
    assert list(found(result)) == ["a"]
    assert dict(result.ignored) == {".txt": 2, "(hidden)": 2, "(no suffix)": 1, "(other)": 1}
    assert result.inputs == 1


def test_defaults_and_fingerprints(tmp_path: Path) -> None:
    result = listed(tmp_path, "a.wav", corpus="c", licence="CC-BY-4.0", consent="yes", language="en")
    (source,) = result.sources
    stat = (tmp_path / "a.wav").stat()
    assert (source.corpus, source.licence, source.consent, source.language) == ("c", "CC-BY-4.0", "yes", "en")
    assert (source.fingerprints, source.bytes) == ((f"{stat.st_size}-{stat.st_mtime_ns}",), 1)
    assert source.base == str(tmp_path)
    fill(tmp_path, "a.wav")
    (tmp_path / "a.wav").write_bytes(b"longer")
    assert listed(tmp_path).sources[0].key != source.key


def test_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    fill(tmp_path, "outside.wav", "root/deep/in.wav")
    (root / "out.wav").symlink_to(tmp_path / "outside.wav")
    (root / "in.wav").symlink_to("deep/in.wav")
    (root / "loop").symlink_to(root)
    (root / "up").symlink_to(tmp_path)
    (root / "gone.wav").symlink_to("nowhere.wav")
    os.mkfifo(root / "pipe.wav")
    result = list_sources(str(root), SourceSettings())
    assert list(found(result)) == ["deep/in", "in"]
    assert dict(result.ignored) == {"(link out of the folder)": 2, "(link to a folder)": 1, "(broken link)": 1, "(not a regular file)": 1}
    assert any("2 links lead out" in problem for problem in result.problems)


def test_a_name_that_is_no_text_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.wav")).write_bytes(b"x")
    result = list_sources(str(tmp_path), SourceSettings())
    assert result.sources == ()
    (reject,) = result.rejects
    assert (reject.reason, reject.id) == ("bad_name", "caf\\xe9.wav")


def test_hostile_names_live(tmp_path: Path) -> None:
    names = [
        "new\nline.wav",
        "tab\t.wav",
        "🎧.wav",
        "שלום‮gnp.wav",
        "-rf.wav",
        "a::b.wav",
        "pipe:1.wav",
        "$(x);`y`.wav",
        "x" * 240 + ".wav",
        "..x/y.wav",
        " .wav",
        "a\\b.wav",
    ]
    result = listed(tmp_path, *names)
    uris = [uri for uris in found(result).values() for uri in uris]
    hidden = dict(result.ignored).get("(hidden)", 0)
    assert sorted(uris) == sorted(name for name in names if not name.startswith("."))
    assert hidden == 1
    assert all(source.key.isascii() and "/" not in source.key and len(source.key) < 80 for source in result.sources)


def test_a_folder_on_a_store() -> None:
    fs = fsspec.filesystem("memory")
    for path in ("x/a_agent.wav", "x/a_caller.wav", "x/deep/s.flac", "x/n.txt", "xy/other.wav"):
        fs.pipe(f"/folder-test/{path}", b"abc")
    result = list_sources("memory://folder-test/x/", SourceSettings())
    assert found(result) == {"a": ("a_agent.wav", "a_caller.wav"), "deep/s": ("deep/s.flac",)}
    assert result.sources[0].base == "memory://folder-test/x"
    assert result.sources[0].bytes == 6
    assert all(mark.startswith("3-") for source in result.sources for mark in source.fingerprints)
    assert dict(result.ignored) == {".txt": 1}


@pytest.mark.parametrize("src", ["no/such/folder", "memory://nowhere/at/all", "zip://x.zip", "https://a::file://b"])
def test_a_source_that_is_not_there(src: str) -> None:
    with pytest.raises(UsageError):
        list_sources(src, SourceSettings())


def test_a_near_miss_is_named(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    with pytest.raises(UsageError, match=r"did you mean .*recordings"):
        list_sources(str(tmp_path / "recording"), SourceSettings())
    fill(tmp_path, "one.wav")
    with pytest.raises(UsageError, match="neither a folder nor a manifest"):
        list_sources(str(tmp_path / "one.wav"), SourceSettings())


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    result = list_sources(str(tmp_path), SourceSettings())
    assert result.inputs == 0
    assert "No audio file" in result.problems[0]


_NAMES = st.lists(
    st.builds(
        lambda folder, stem, side, suffix: f"{folder}{stem}{side}{suffix}",
        st.sampled_from(["", "a/", "agent/", "caller/", "d/left/", "1/"]),
        st.one_of(st.sampled_from(["x", "y", "call", "É", "agent_q"]), st.text("ab1_-. é\n☎", min_size=1, max_size=4)),
        st.sampled_from(["", "_agent", "_caller", "-left", "-right", "_1", "_2", "_3", "A", "B", "_ch0", "_ch1", ".user"]),
        st.sampled_from([".wav", ".WAV", ".flac", ".txt", ""]),
    ),
    max_size=14,
    unique=True,
)


@given(_NAMES, st.integers(0, 3), st.booleans(), st.data())
def test_every_file_ends_in_exactly_one_place(names: list[str], usual: int, probe_all: bool, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        written = []
        for name in names:
            path = Path(folder, name)
            if not path.is_dir() and name.rpartition("/")[2] not in (".", ".."):
                fill(Path(folder), name)
                written.append(name)
        channels = {name.rpartition("/")[2]: data.draw(st.integers(0, 3)) for name in written}
        result = list_sources(folder, SourceSettings(), probe_of(channels, usual), probe_all)
        uris = [uri for source in result.sources for uri in source.uris]
        rejected = [uri for reject in result.rejects for uri in reject.uris]
        assert len(set(uris + rejected)) == len(uris + rejected)
        assert set(uris + rejected) <= set(written)
        assert len(uris + rejected) + sum(dict(result.ignored).values()) == len(written)
        ids = [source.id for source in result.sources]
        assert ids == sorted(ids)
        assert len({unicodedata.normalize("NFC", id).casefold() for id in ids}) == len(ids)
        keys = [source.key for source in result.sources] + [reject.key for reject in result.rejects]
        assert len(set(keys)) == len(keys) == result.inputs
