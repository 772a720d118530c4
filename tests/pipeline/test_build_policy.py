"""`duologue build --policy`: what the policy rejects is a typed reject, and everything still adds up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.calling import Cli, rejects, rows
from tests.pipeline.talks import talk, write_call


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


LINES: list[dict[str, Any]] = [
    {"licence": "cc-by-4.0", "consent": "form 3"},
    {"licence": "CC-BY-NC-4.0", "consent": "form 3"},
    {"licence": "CC-BY-4.0"},
    {"licence": "CC0-1.0", "consent": "form 3", "expires": "2020-01-01"},
    {"consent": "form 3"},
]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    for index in range(len(LINES)):
        write_call(tmp_path / f"src/{index}.wav", talk(index))
    path = tmp_path / "src/calls.jsonl"
    path.write_text("".join(json.dumps({"id": f"call-{i}", "uri": f"{i}.wav", **line}) + "\n" for i, line in enumerate(LINES)))
    return path


def test_rejected_recordings_are_typed_rejects_and_the_balance_holds(cli: Cli, manifest: Path, tmp_path: Path) -> None:
    summary = cli.build(manifest, tmp_path / "out", "--policy", "commercial")
    assert (summary["balance"]["inputs"], summary["balance"]["results"], summary["rejects"]) == (5, 1, {"rights": 4})
    (row,) = rows(tmp_path / "out")
    assert (row["id"], row["rights"]["expression"], row["rights"]["commercial"]) == ("call-0", "CC-BY-4.0", True)
    why = {each["id"]: json.loads(each["facts"])["findings"] for each in rejects(tmp_path / "out")}
    assert why == {
        "call-1": ["licence_refused"],
        "call-2": ["consent_missing"],
        "call-3": ["expired"],
        "call-4": ["licence_unknown", "licence_refused", "rights_missing"],
    }
    assert {each["reason"] for each in rejects(tmp_path / "out")} == {"rights"}


def test_the_same_source_without_a_policy_is_whole(cli: Cli, manifest: Path, tmp_path: Path) -> None:
    cli.build(manifest, tmp_path / "out", "--policy", "commercial")
    summary = cli.build(manifest, tmp_path / "out")
    assert (summary["balance"]["results"], summary["rejects"]) == (5, {})
    assert [row["rights"]["commercial"] for row in rows(tmp_path / "out")] == [True, False, True, True, None]


def test_a_chain_whose_models_the_policy_denies_builds_nothing(cli: Cli, manifest: Path, tmp_path: Path) -> None:
    policy = tmp_path / "none.yaml"
    policy.write_text("deny_weights: [MIT]\n")
    summary = cli.build(manifest, tmp_path / "out", "--policy", str(policy))
    assert (summary["balance"]["results"], summary["rejects"]) == (4, {"rights": 1}), "no model; one has expired"
    more = ("--policy", str(policy), "--set", "vad.backend=silero")
    assert cli.build(manifest, tmp_path / "b", *more)["rejects"] == {"rights": 5}
    assert "no such policy file" in cli("build", manifest, tmp_path / "c", "--policy", "comercial", "--local", code=2)
