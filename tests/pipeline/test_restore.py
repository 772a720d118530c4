"""Restored stretches on their way to a row: stored, read again, named, and held to the licence policy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.config import load_config, ready_made
from tests.pipeline.calling import WITHOUT_WORDS, Cli, rejects, rows
from tests.pipeline.talks import decoded, talk, write_call
from tests.stages.restore.sound import Scale, script
from tests.stages.restore.test_deepfilter import needs_package

RESTORED = ("--set", "chain=[decode, tracks, health, restore, vad, turns, stats]")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return script(tmp_path / "quieter.pt", Scale(0.5))


def by_model(network: Path, licence: str = "MIT", **more: Any) -> tuple[str, ...]:
    settings = {"backend": "model", "model": str(network), "rate": 8000, "licence": licence, "limit": None, **more}
    return tuple(part for name, value in settings.items() for part in ("--set", f"restore.{name}={json.dumps(value)}"))


def test_no_ready_made_chain_restores() -> None:
    assert not [name for name in ready_made() if "restore" in [stage.name for stage in load_config(name).chain]]


@pytest.mark.parametrize("first", ["as_recorded", "random:3"])
def test_recorded_channels_come_out_restored_and_still_know_whose_they_are(cli: Cli, network: Path, tmp_path: Path, first: str) -> None:
    for index in range(3):
        write_call(tmp_path / f"src/{index}.wav", talk(index, bits=24 if index == 2 else 16))
    cli.build(tmp_path / "src", tmp_path / "out", *RESTORED, *by_model(network), "--set", f"tracks.first={first}")
    found = rows(tmp_path / "out")
    assert len(found) == 3
    turned = set()
    for index, row in enumerate(sorted(found, key=lambda row: str(row["source"]["uris"]))):
        made, recorded = decoded(row["audio"]["bytes"]), talk(index, bits=24 if index == 2 else 16)
        order = [speaker["recorded_channel"] for speaker in row["speakers"]]
        turned.add(tuple(order))
        assert made.dtype == recorded.dtype
        assert np.abs(made.astype(int) - np.rint(recorded[order] / 2)).max() <= 1
        assert {(o["channel"], o["kind"]) for o in row["origins"]} == {(0, "restored"), (1, "restored")}
        (weights,) = next(s["weights"] for s in row["provenance"] if s["stage"] == "restore")
        assert (weights["licence"], weights["sha256"]) == ("MIT", hashlib.sha256(network.read_bytes()).hexdigest())
    assert (len(turned) == 2) == (first != "as_recorded")


def test_a_separated_mixture_is_restored_where_one_speaks_alone(cli: Cli, network: Path, tmp_path: Path) -> None:
    mixture = talk(1, seconds=6.0).sum(axis=0, dtype=np.int16)
    write_call(tmp_path / "src/a.wav", mixture[None])
    (tmp_path / "a.rttm").write_text("".join(f"SPEAKER a 1 {s} {d} <NA> <NA> {w} <NA> <NA>\n" for s, d, w in [(0, 3, "x"), (2.5, 3, "y")]))
    settings = ("--set", "diarize.backend=rttm", "--set", f"diarize.path={tmp_path}/{{id}}.rttm", "--set", "separate.margin=0")
    chain = WITHOUT_WORDS[1].replace("separate, ", "separate, restore, ")
    cli.build(
        tmp_path / "src",
        tmp_path / "out",
        "-c",
        "mono_calls",
        "--set",
        chain,
        *settings,
        *by_model(network),
        "--set",
        "separate.backend=route",
    )
    (row,) = rows(tmp_path / "out")
    made = decoded(row["audio"]["bytes"])
    for origin in row["origins"]:
        start, end = round(origin["start"] * 8000), round(origin["end"] * 8000)
        part, given = made[origin["channel"], start:end], mixture[start:end]
        if origin["kind"] == "routed":
            assert (part == given).mean() > 0.9, "both but for the ramps"
        elif origin["kind"] == "restored":
            assert np.abs(part[100:-100] - np.rint(given[100:-100] / 2)).max() <= 1
            assert part[0] == given[0]
    assert {o["kind"] for o in row["origins"]} == {"restored", "routed", "silence"}


@needs_package
def test_the_packaged_denoiser_builds_and_is_named(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "src/a.wav", talk(0))
    cli.build(tmp_path / "src", tmp_path / "out", *RESTORED)
    (row,) = rows(tmp_path / "out")
    (weights,) = next(s["weights"] for s in row["provenance"] if s["stage"] == "restore")
    assert (weights["name"], weights["licence"]) == ("DeepFilterNet3_onnx.tar.gz", "MIT OR Apache-2.0")
    assert {o["kind"] for o in row["origins"]} == {"restored"}
    assert not np.array_equal(decoded(row["audio"]["bytes"]), talk(0))


def test_the_licence_policy_judges_the_network(cli: Cli, network: Path, tmp_path: Path) -> None:
    write_call(tmp_path / "src/a.wav", talk(0))
    (tmp_path / "policy.yaml").write_text("deny_weights: [NC]\n")
    policy = ("--policy", str(tmp_path / "policy.yaml"))
    closed = by_model(network, "CC-BY-NC-4.0")
    assert "write 'accept_licence: CC-BY-NC-4.0'" in cli("build", tmp_path / "src", tmp_path / "a", "--local", *RESTORED, *closed, code=2)
    accepted = by_model(network, "CC-BY-NC-4.0", accept_licence="CC-BY-NC-4.0")
    assert cli.build(tmp_path / "src", tmp_path / "b", *RESTORED, *accepted)["rejects"] == {}
    assert rows(tmp_path / "b")[0]["rights"]["commercial"] is False
    assert cli.build(tmp_path / "src", tmp_path / "c", *RESTORED, *accepted, *policy)["rejects"] == {"rights": 1}
    assert "quieter.pt" in rejects(tmp_path / "c")[0]["detail"]
    assert cli.build(tmp_path / "src", tmp_path / "d", *RESTORED, *by_model(network), *policy)["rejects"] == {}


def test_wrong_settings_name_the_nearest(cli: Cli, network: Path, tmp_path: Path) -> None:
    write_call(tmp_path / "src/a.wav", talk(0))
    for more, said in ((("restore.origins=[routed]",), "restore.origins"), (("restore.limt=3",), "did you mean 'limit'?")):
        assert said in cli("build", tmp_path / "src", tmp_path / "out", "--local", *RESTORED, *by_model(network), "--set", *more, code=2)
