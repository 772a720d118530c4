"""Whole builds of odd sources: hostile names, manifests, roles, and every file of the shared data."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.calling import ENERGY, Cli, rejects, rows
from tests.pipeline.talks import decoded, talk, write_call
from tests.shared import SHARED, needs_shared


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


HOSTILE = [
    "line\nbreak.wav",
    "emoji 🎧.wav",
    ";rm -rf x.wav",
    "$(touch pwned).wav",
    "-rf.wav",
    "quote'\".wav",
    "x..wav.wav",
    "%2e%2e.wav",
    "a\\b.wav",
    "\u202eevil.wav",
]


def test_hostile_names_keep_their_ids_and_nothing_lands_outside(cli: Cli, tmp_path: Path) -> None:
    src, out = tmp_path / "src", tmp_path / "sets/out"
    for index, name in enumerate(HOSTILE):
        write_call(src / name, talk(index))
    write_call(src / ("x" * 240 + ".wav"), talk(50))
    write_call(src / "../outside.wav", talk(60))
    before = {path for path in tmp_path.rglob("*") if out not in path.parents}
    summary = cli.build(src, out)
    assert summary["balance"]["results"] == len(HOSTILE) + 1
    wanted = {name.removesuffix(".wav") for name in HOSTILE} | {"x" * 240}
    assert {row["id"] for row in rows(out)} == wanted
    assert {path for path in tmp_path.rglob("*") if out not in path.parents} - {out, out.parent} == before
    for text in (cli("scan", src), cli("status", out), cli("plan", src, out, *ENERGY)):
        assert all(character.isprintable() or character == "\n" for character in text)


def test_names_that_are_no_text_end_as_rejects(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "src/good.wav", talk(1))
    Path(os.fsdecode(os.fsencode(tmp_path / "src") + b"/bad\xff.wav")).write_bytes((tmp_path / "src/good.wav").read_bytes())
    summary = cli.build(tmp_path / "src", tmp_path / "out")
    assert (summary["balance"]["results"], summary["rejects"]) == (1, {"bad_name": 1})


def test_a_manifest_cannot_reach_up_by_its_ids(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "audio/a.wav", talk(1))
    ids = ["../../up", "/abs/olute", "a\0b", "", " ", "x" * 5000, "a/../b"]
    lines = [json.dumps({"id": id, "audio": "audio/a.wav"}) for id in ids]
    (tmp_path / "calls.jsonl").write_text("\n".join(lines))
    summary = cli.build(tmp_path / "calls.jsonl", tmp_path / "sets/out")
    counts = summary["balance"]
    assert (counts["inputs"], counts["errors"]) == (len(ids), 0)
    assert {row["id"] for row in rows(tmp_path / "sets/out")} >= {"../../up", "/abs/olute", "x" * 5000, "a/../b"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audio", "calls.jsonl", "sets"]
    assert [path.name for path in (tmp_path / "sets").iterdir()] == ["out"]


def test_a_csv_manifest_carries_its_other_fields_to_the_rows(cli: Cli, tmp_path: Path) -> None:
    write_call(tmp_path / "a.wav", talk(1))
    write_call(tmp_path / "b.wav", talk(2))
    with (tmp_path / "calls.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "path", "licence", "language", "consent", "mood", "agent id"])
        writer.writerow(["one", "a.wav", "CC-BY-4.0", "en-GB", "signed", 'glad, "very"', "007"])
        writer.writerow(["two", "b.wav", "", "", "", "", ""])
    cli.build(tmp_path / "calls.csv", tmp_path / "out")
    one, two = rows(tmp_path / "out")
    assert (one["id"], one["source"]["licence"], one["source"]["language"], one["source"]["consent"]) == (
        "one",
        "CC-BY-4.0",
        "en-GB",
        "signed",
    )
    assert json.loads(one["source"]["extra"]) == {"agent id": "007", "mood": 'glad, "very"'}
    assert (two["source"]["licence"], two["source"]["consent"]) == (None, None)


def test_a_role_decides_which_side_is_the_model(cli: Cli, tmp_path: Path) -> None:
    first, second = talk(1), talk(2)
    for name, samples in (("one", first), ("two", second)):
        write_call(tmp_path / f"{name}.wav", samples)
    lines = [
        {"id": "one", "audio": "one.wav", "roles": ["caller", "agent"], "speakers": ["Ann", "Bob"]},
        {"id": "two", "audio": "two.wav", "roles": ["agent", "caller"], "speakers": ["Cid", "Dot"]},
    ]
    (tmp_path / "calls.jsonl").write_text("\n".join(map(json.dumps, lines)))
    cli.build(tmp_path / "calls.jsonl", tmp_path / "out", "--set", "tracks.first=role:agent")
    one, two = rows(tmp_path / "out")
    assert np.array_equal(decoded(one["audio"]["bytes"]), first[::-1])
    assert np.array_equal(decoded(two["audio"]["bytes"]), second)
    assert [(s["name"], s["role"], s["recorded_channel"], s["chosen"]) for s in one["speakers"]] == [
        ("Bob", "agent", 1, "role:agent"),
        ("Ann", "caller", 0, "role:agent"),
    ]
    assert {turn["channel"]: turn["speaker"] for turn in one["turns"]} == {0: "Bob", 1: "Ann"}


def test_a_random_side_is_recorded_and_falls_the_same_way_again(cli: Cli, tmp_path: Path) -> None:
    for index in range(8):
        write_call(tmp_path / f"src/{index}.wav", talk(index))
    cli.build(tmp_path / "src", tmp_path / "out", "--set", "tracks.first=random:3")
    orders = {}
    for row in rows(tmp_path / "out"):
        order = [speaker["recorded_channel"] for speaker in row["speakers"]]
        assert np.array_equal(decoded(row["audio"]["bytes"]), talk(int(row["id"]))[order])
        assert {speaker["chosen"] for speaker in row["speakers"]} == {"random:3"}
        orders[row["id"]] = order
    assert {tuple(order) for order in orders.values()} == {(0, 1), (1, 0)}
    cli.build(tmp_path / "src", tmp_path / "again", "--set", "tracks.first=random:3")
    assert {row["id"]: [s["recorded_channel"] for s in row["speakers"]] for row in rows(tmp_path / "again")} == orders


@pytest.mark.slow
@needs_shared
def test_every_odd_file_of_the_shared_data_is_accounted_for(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = cli.json("build", SHARED, out, "--local", "-q", *ENERGY)
    counts = summary["balance"]
    assert counts["inputs"] == counts["results"] + counts["rejects"]
    assert counts["inputs"] > 150
    assert sum(summary["rejects"].values()) == counts["rejects"] == len(rejects(out))
    found = {row["id"]: row for row in rows(out)}
    assert {"aws_lca/Auto_Repairs_40_UTC", "spokenwoz/MUL1423", "wavefile_zoo/M1F1-float32-AFsp"} <= set(found)
    reasons = {row["id"]: row["reason"] for row in rejects(out)}
    assert reasons["faster_whisper/jfk"] == "dual_mono"
    assert reasons["zoo_mutagen/emptyfile"] == "empty"
    assert reasons["azure/enrollment_audio_katie"] == "truncated"
    assert cli.json("verify", out)["damages"] == []
