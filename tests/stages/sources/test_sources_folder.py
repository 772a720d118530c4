"""Folders of stereo files and of one file per side, told apart by name and channel count."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.decode.stream import Header
from stages.sources import SourceSettings, list_sources, summarise
from tests.shared import SHARED, needs_shared
from tests.stages.sources.folders import fill, found, header, listed, probe_of


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


@needs_shared
def test_real_pair() -> None:
    result = list_sources(str(SHARED / "aws_lca"), SourceSettings(), probe_of({}))
    assert found(result) == {"Auto_Repairs_40_UTC": ("Auto_Repairs_40_UTC_agent.wav", "Auto_Repairs_40_UTC_caller.wav")}
    assert result.sources[0].roles == ("agent", "caller")
