"""Folders: stereo files, pairs by name, and every file in exactly one place."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reject, UsageError
from stages.decode.stream import Header
from stages.sources import Listing, Probe, SourceSettings, list_sources, summarise
from tests.shared import SHARED, needs_shared


def header(channels: int, rate: int = 8000, frames: int | None = 8000) -> Header:
    return Header(container="WAV", encoding="PCM_16", rate=rate, channels=channels, frames=frames)


def probe_of(channels: Mapping[str, int], usual: int = 1) -> Probe:
    """Channel count by file name; 0 stands for a file that no decoder reads."""

    def probe(uri: str) -> Header:
        count = channels.get(uri.rpartition("/")[2], usual)
        if count == 0:
            raise Reject("unreadable", "no decoder")
        return header(count)

    return probe


def fill(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")


def listed(
    folder: Path, *paths: str, channels: Mapping[str, int] | None = None, usual: int = 1, named_only: bool = False, **settings: object
) -> Listing:
    fill(folder, *paths)
    probe = None if named_only else probe_of(channels or {}, usual)
    return list_sources(str(folder), SourceSettings(**settings), probe)  # type: ignore[arg-type]


def found(listing: Listing) -> dict[str, tuple[str, ...]]:
    return {source.id: source.uris for source in listing.sources}


@pytest.mark.parametrize(
    ("left", "right", "id", "roles"),
    [
        ("call_agent.wav", "call_caller.wav", "call", ("agent", "caller")),
        ("call-Agent.wav", "call-Customer.wav", "call", ("agent", "customer")),
        ("call.assistant.flac", "call.user.flac", "call", ("assistant", "user")),
        ("agent_call.wav", "client_call.wav", "call", ("agent", "client")),
        ("17_agent_day.wav", "17_caller_day.wav", "17_day", ("agent", "caller")),
        ("agent/17.wav", "caller/17.wav", "17", ("agent", "caller")),
        ("day/agent/a/17.wav", "day/caller/a/17.wav", "day/a/17", ("agent", "caller")),
        ("17/agent.wav", "17/caller.wav", "17", ("agent", "caller")),
        ("call_left.wav", "call_right.wav", "call", ()),
        ("call_L.wav", "call_R.wav", "call", ()),
        ("call_A.wav", "call_B.wav", "call", ()),
        ("sw02001A.wav", "sw02001B.wav", "sw02001", ()),
        ("call_1.wav", "call_2.wav", "call", ()),
        ("call_0.wav", "call_1.wav", "call", ()),
        ("call-ch0.wav", "call-ch1.wav", "call", ()),
        ("call_channel_1.wav", "call_channel_2.wav", "call", ()),
        ("call.c0.wav", "call.c1.wav", "call", ()),
        ("call_in.wav", "call_out.wav", "call", ()),
        ("rx-call.wav", "tx-call.wav", "call", ()),
        ("A/call.wav", "B/call.wav", "call", ()),
        ("call_spk1.wav", "call_spk2.wav", "call", ()),
        ("call_doctor.wav", "call_patient.wav", "call", ("doctor", "patient")),
        ("x_agent.wav", "x_caller.mp3", "x", ("agent", "caller")),
        ("-x_agent.wav", "-x_caller.wav", "-x", ("agent", "caller")),
    ],
)
@pytest.mark.parametrize("swap", [False, True])
def test_pairs_are_recognised(tmp_path: Path, left: str, right: str, id: str, roles: tuple[str, ...], swap: bool) -> None:
    result = listed(tmp_path, *((right, left) if swap else (left, right)))
    assert found(result) == {id: (left, right)}
    assert result.sources[0].roles == roles
    assert result.counts["pair"] == 1
    assert result.rejects == ()


def test_sides_alone_in_the_root_take_the_folders_name(tmp_path: Path) -> None:
    assert list(found(listed(tmp_path / "call7", "agent.wav", "caller.wav"))) == ["call7"]


@pytest.mark.parametrize(
    "names",
    [
        ("call_1.wav", "call_2.wav", "call_3.wav"),
        ("a_A.wav", "a_B.wav", "a_C.wav"),
        ("x_2.wav", "x_3.wav"),
        ("x_ch0.wav", "x_ch1.wav", "x_ch2.wav"),
    ],
)
def test_takes_parts_and_arrays_are_no_pairs(tmp_path: Path, names: tuple[str, ...]) -> None:
    result = listed(tmp_path, *names)
    assert sorted(uri for uris in found(result).values() for uri in uris) == sorted(names)
    assert len(result.sources) == len(names)
    assert result.rejects == ()


@pytest.mark.parametrize("names", [("x_1.wav", "x_2.wav"), ("x_agent.wav", "x_caller.wav")])
def test_two_stereo_files_are_two_recordings(tmp_path: Path, names: tuple[str, str]) -> None:
    result = listed(tmp_path, *names, usual=2)
    assert len(result.sources) == 2
    assert result.counts["stereo"] == 2


def test_stereo_and_pairs_mix(tmp_path: Path) -> None:
    result = listed(
        tmp_path, "p_1.wav", "p_2.wav", "s_1.wav", "s_2.wav", "t_5.wav", "whole.wav", channels={"s_1.wav": 2, "s_2.wav": 2, "t_5.wav": 2}
    )
    assert found(result) == {
        "p": ("p_1.wav", "p_2.wav"),
        "s_1": ("s_1.wav",),
        "s_2": ("s_2.wav",),
        "t_5": ("t_5.wav",),
        "whole": ("whole.wav",),
    }
    assert result.problems == ()


def test_one_mono_file_without_partner_spoils_weak_names(tmp_path: Path) -> None:
    result = listed(tmp_path, "p_1.wav", "p_2.wav", "q_1.wav")
    assert len(result.sources) == 3
    assert any("'q_1.wav' has no partner" in problem and "source.pattern" in problem for problem in result.problems)


def test_half_stereo_pairs_are_told(tmp_path: Path) -> None:
    weak = listed(tmp_path / "weak", "p_1.wav", "p_2.wav", channels={"p_1.wav": 2})
    strong = listed(tmp_path / "strong", "p_left.wav", "p_right.wav", channels={"p_left.wav": 2})
    for result in (weak, strong):
        assert len(result.sources) == 2
        assert len(result.problems) == 1
        assert "several channels" in result.problems[0]


def test_a_file_that_cannot_be_read_does_not_spoil_the_others(tmp_path: Path) -> None:
    result = listed(
        tmp_path, "p_1.wav", "p_2.wav", "q_1.wav", "q_2.wav", "r_agent.wav", "r_caller.wav", channels={"q_1.wav": 0, "r_agent.wav": 0}
    )
    assert list(found(result)) == ["p", "q", "r"]


def test_weak_names_need_a_look_and_strong_ones_do_not(tmp_path: Path) -> None:
    result = listed(tmp_path, "p_1.wav", "p_2.wav", "r_agent.wav", "r_caller.wav", named_only=True)
    assert list(found(result)) == ["p_1", "p_2", "r"]
    assert any("were not opened" in problem for problem in result.problems)


def test_an_orphan_names_the_missing_partner(tmp_path: Path) -> None:
    result = listed(tmp_path, "a_Agent.wav", "a_Customer.wav", "b_Agent.wav", "c_agent.wav", channels={"c_agent.wav": 2})
    assert found(result) == {"a": ("a_Agent.wav", "a_Customer.wav"), "c_agent": ("c_agent.wav",)}
    (reject,) = result.rejects
    assert (reject.reason, reject.stage, reject.uris) == ("side_missing", "scan", ("b_Agent.wav",))
    assert "b_Customer.wav" in reject.detail
    assert '"wanted": ["b_Customer.wav"]' in reject.facts


def test_an_orphan_in_a_side_folder(tmp_path: Path) -> None:
    result = listed(tmp_path, "left/1.wav", "right/1.wav", "left/9.wav")
    assert found(result) == {"1": ("left/1.wav", "right/1.wav")}
    assert "right/9.wav" in result.rejects[0].detail


def test_side_words_elsewhere_in_a_name_are_no_orphans(tmp_path: Path) -> None:
    result = listed(tmp_path, "my_agent_day.wav", "user_17.wav", "ch3.wav", "left/only.wav")
    assert len(result.sources) == 4
    assert result.rejects == ()


def test_three_sides_are_ambiguous_and_told(tmp_path: Path) -> None:
    result = listed(tmp_path, "x_agent.wav", "x_caller.wav", "x_customer.wav")
    assert len(result.sources) == 3
    assert "not two sides" in result.problems[0]


def test_two_encodings_of_one_pair_are_two_pairs(tmp_path: Path) -> None:
    result = listed(tmp_path, "x_agent.wav", "x_caller.wav", "x_agent.flac", "x_caller.flac", "x.wav")
    assert found(result) == {
        "x_agent.wav": ("x_agent.wav", "x_caller.wav"),
        "x_agent.flac": ("x_agent.flac", "x_caller.flac"),
        "x.wav": ("x.wav",),
    }


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


def test_probing_all_gives_kinds_and_totals(tmp_path: Path) -> None:
    fill(tmp_path, "p_agent.wav", "p_caller.wav", "s.wav", "m.wav", "six.wav", "bad.wav", "q_left.wav", "q_right.wav")
    probe = probe_of({"s.wav": 2, "six.wav": 6, "bad.wav": 0, "q_left.wav": 0})
    result = list_sources(str(tmp_path), SourceSettings(), probe, probe_all=True)
    assert result.counts == {"stereo": 1, "pair": 1, "mono": 1, "other": 1, "unknown": 0}
    assert [(reject.id, reject.reason) for reject in result.rejects] == [("bad", "unreadable"), ("q", "unreadable")]
    assert "q_left.wav" in result.rejects[1].facts
    summary = summarise(result)
    assert (summary.recordings, summary.opened, summary.untimed) == (4, 4, 0)
    assert summary.hours == pytest.approx(4 / 3600)
    assert summary.rates == (("8000", 4),)
    assert summary.encodings == (("WAV PCM_16", 5),)
    assert summary.rejects == (("unreadable", 2),)


def test_a_build_opens_only_what_may_be_a_side(tmp_path: Path) -> None:
    fill(tmp_path, "a.wav", "b.wav", "c_agent.wav", "c_caller.wav", "call_001.wav", "call_003.wav")
    opened: list[str] = []

    def probe(uri: str) -> Header:
        opened.append(uri)
        return header(1)

    list_sources(str(tmp_path), SourceSettings(), probe)
    assert sorted(opened) == [str(tmp_path / "c_agent.wav"), str(tmp_path / "c_caller.wav")]


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


@needs_shared
def test_real_pair() -> None:
    result = list_sources(str(SHARED / "aws_lca"), SourceSettings(), probe_of({}))
    assert found(result) == {"Auto_Repairs_40_UTC": ("Auto_Repairs_40_UTC_agent.wav", "Auto_Repairs_40_UTC_caller.wav")}
    assert result.sources[0].roles == ("agent", "caller")
