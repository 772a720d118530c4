"""The strictest of data and model weights from the source into shards, exports, cards and policies; sets without it open all the same."""

from __future__ import annotations

import dataclasses
import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from pipeline.build import build
from pipeline.drive import Stop
from pipeline.merge import merge
from pipeline.pools import InProcess
from pipeline.shape.run import run_shape
from pipeline.shards import group_ranges, hash_range
from schemas.errors import UsageError
from schemas.row import RowSource, RowWeights
from stages.rights.policy import policy_of
from stages.stage import Weights
from tests.pipeline.calling import Cli, rows
from tests.pipeline.exports import sets
from tests.pipeline.shape.made import set_of, spoken
from tests.pipeline.toy import ToyDecode, listing, request

NC = RowWeights("DiariZen", "1", "", "CC-BY-NC-4.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundDecode(ToyDecode):
    """A decoder that a model shaped, whose licence forbids commercial use."""

    def weights(self) -> tuple[Weights, ...]:
        return (Weights("bound", "1", "ab" * 32, "CC-BY-NC-4.0"), Weights("free", "1", "cd" * 32, "mit"))


SOURCES: dict[str, dict[str, Any]] = {
    "call-0": {"licence": "cc-by-4.0", "consent": "form 3", "extra": json.dumps({"jurisdiction": "DE", "expires": "2030-01-31"})},
    "call-1": {"licence": "CC-BY-4.0", "consent": "withdrawn", "extra": "{}"},
    "call-2": {"licence": None, "consent": None, "extra": json.dumps({"permitted_uses": "research", "expires": "2020"})},
}


def built(out: Path, decode: ToyDecode) -> Path:
    asked = request(out, list(SOURCES), lambda: (InProcess(), 1), seconds=6.0)
    config = dataclasses.replace(asked.config, chain=(decode, *asked.config.chain[1:]))
    made = tuple(dataclasses.replace(source, **SOURCES[source.id]) for source in listing(list(SOURCES)).sources)
    build(dataclasses.replace(asked, config=config, listing=dataclasses.replace(asked.listing, sources=made)), Stop())
    return out


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("bound") / "set", BoundDecode(seconds=6.0))


@pytest.fixture(scope="module")
def older(bound: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_before(bound, tmp_path_factory.mktemp("older") / "set")


def as_before(made: Path, folder: Path) -> Path:
    """The same set as a version before the column wrote it."""
    (folder / "data").mkdir(parents=True)
    manifest = json.loads((made / "manifest.json").read_text())
    for shard in manifest["shards"]:
        path = folder / shard["name"]
        pq.write_table(pq.read_table(made / shard["name"]).drop_columns(["rights"]), path)
        groups = [{"rows": r, "offset": o, "length": n, "sha256": hash_range(path, o, n)} for r, o, n in group_ranges(path)]
        shard |= {"sha256": hash_range(path), "bytes": path.stat().st_size, "groups": groups}
    (folder / "rejects.parquet").write_bytes((made / "rejects.parquet").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 1}))
    return folder


@pytest.fixture
def duologue(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def test_every_row_says_what_may_be_done_with_it(bound: Path) -> None:
    found = {row["id"]: row["rights"] for row in rows(bound)}
    assert found["call-0"] == {
        "expression": "CC-BY-4.0 AND CC-BY-NC-4.0 AND MIT",
        "commercial": False,
        "derivatives": True,
        "share_alike": False,
        "attribution": True,
        "jurisdiction": ["DE"],
        "permitted_uses": None,
        "expires": "2030-01-31",
        "weights": ["bound"],
    }
    assert found["call-2"]["expression"] == "CC-BY-NC-4.0 AND LicenseRef-Unknown AND MIT"
    assert (found["call-2"]["commercial"], found["call-2"]["derivatives"], found["call-2"]["share_alike"]) == (False, None, None)
    assert (found["call-2"]["permitted_uses"], found["call-2"]["expires"], found["call-2"]["weights"]) == (
        ["research"],
        "2020-12-31",
        ["bound", "free"],
    )
    assert {row["source"]["licence"] for row in rows(bound)} == {"cc-by-4.0", "CC-BY-4.0", None}, "what was written stays"


def test_without_models_the_rights_are_the_datas_own(tmp_path: Path) -> None:
    found = rows(built(tmp_path / "set", ToyDecode(seconds=6.0)))
    assert [(row["rights"]["expression"], row["rights"]["weights"]) for row in found] == [
        ("CC-BY-4.0", []),
        ("CC-BY-4.0", []),
        ("NOASSERTION", []),
    ]


@pytest.mark.parametrize("format", ["hf", "labels", "chat"])
def test_every_export_names_the_rights_of_what_it_holds(bound: Path, tmp_path: Path, format: str) -> None:
    if format == "chat":
        bound = sets.publish(tmp_path / "set", [sets.talk("a", weights=[NC, RowWeights("free", "1", "", "MIT")])], 1)
    told = sets.run(bound, tmp_path / "out", format)
    data = json.loads((tmp_path / "out" / "export.json").read_text())
    expression = "CC-BY-4.0 AND CC-BY-NC-4.0 AND MIT"
    assert data["terms"] == {"expression": expression, "commercial": False, "derivatives": True, "share_alike": False, "attribution": True}
    assert {name: tally["rows"] for name, tally in data["rights"].items()} == {expression: told["written"]["rows"]}
    weights = next(iter(data["weights"]))
    assert data["weights"][weights]["rows"] == told["written"]["rows"]
    assert data["refused"] == {}


def test_the_card_asks_no_less_than_the_weights(bound: Path, tmp_path: Path) -> None:
    sets.run(bound, tmp_path / "out", "hf")
    _, front, page = (tmp_path / "out" / "README.md").read_text().split("---\n", 2)
    data = yaml.safe_load(front)
    assert (data["license"], data["license_name"]) == ("other", "cc-by-4-0-and-cc-by-nc-4-0-and-mit")
    assert "extra_gated_prompt" in data
    assert "| CC-BY-4.0 AND CC-BY-NC-4.0 AND MIT | no | yes | not asked | asked | 2 |" in page
    held: list[Any] = pq.read_table(tmp_path / "out" / "data").column("rights").to_pylist()
    assert [rights["weights"] for rights in held] == [["bound"], ["bound"]]


def test_weights_that_forbid_copies_are_refused_like_data(tmp_path: Path) -> None:
    held = [
        sets.talk("a"),
        sets.talk("b", weights=[RowWeights("odd", "1", "", "CC-BY-ND-4.0")]),
        sets.talk("c", weights=[RowWeights("own", "1", "", "")]),
    ]
    made = sets.publish(tmp_path / "set", held, 1)
    told = sets.run(made, tmp_path / "a", "chat")
    assert set(told["left_out"]) == {"licence CC-BY-ND-4.0 of the weights odd", "licence NOASSERTION of the weights own"}
    assert told["written"]["rows"] == 1
    assert sets.run(made, tmp_path / "b", "chat", allowed=("CC-BY-ND-4.0", "NOASSERTION"))["written"]["rows"] == 3


def test_a_policy_leaves_rows_out_counted_and_listed(duologue: Cli, bound: Path, tmp_path: Path) -> None:
    policy = tmp_path / "mine.yaml"
    policy.write_text("on: 2026-11-28\nrequire: [consent]\njurisdictions: [EU]\n")
    told = duologue.json("export", bound, tmp_path / "a", "--to", "labels", "--policy", policy, "--workers", 0, "-q")
    assert told["written"]["rows"] == 1
    assert {reason: tally["rows"] for reason, tally in told["left_out"].items()} == {
        "policy mine: consent_missing, rights_missing": 1,
        "policy mine: consent_missing, rights_missing, expired": 1,
    }
    listed = json.loads((tmp_path / "a" / "export.json").read_text())["refused"]
    assert sorted(listed) == ["call-1", "call-2"]
    assert "consent_missing: recorded as refused or withdrawn: withdrawn" in listed["call-1"]
    assert "expired: on 2020-12-31; the policy asks for 2026-11-28" in listed["call-2"]
    assert told["came"]["rows"] == 3
    text = duologue("export", bound, tmp_path / "b", "--to", "labels", "--policy", policy, "--workers", 0, "-q")
    assert "rejected by the policy: 2 rows, each with its reasons in export.json" in text
    assert "for non-commercial use only: 1 rows" in text, "the weights make it so"


def test_a_policy_for_products_refuses_what_such_weights_made(duologue: Cli, bound: Path, tmp_path: Path) -> None:
    said = duologue("export", bound, tmp_path / "a", "--to", "labels", "--policy", "commercial", "--workers", 0, "-q", code=2)
    assert "policy commercial: weights_refused" in said
    assert not (tmp_path / "a" / "export.json").exists()
    assert "did you mean" in duologue("export", bound, tmp_path / "b", "--to", "chat", "--policy", _wrong(tmp_path), "--workers", 0, code=2)


def _wrong(folder: Path) -> Path:
    (folder / "wrong.yaml").write_text("comercial: true\n")
    return folder / "wrong.yaml"


def test_a_licence_that_the_policy_allows_is_exported(tmp_path: Path) -> None:
    made = sets.publish(tmp_path / "set", [sets.talk("a", source=RowSource("ldc", (), "LicenseRef-LDC", "yes", "en", "{}"))], 1)
    with pytest.raises(UsageError, match="licence LicenseRef-LDC"):
        sets.run(made, tmp_path / "a", "chat")
    policy = policy_of({"allow": ["LicenseRef-LDC"]}, "p", datetime.date(2026, 1, 1))
    assert sets.run(made, tmp_path / "b", "chat", policy=policy)["written"]["rows"] == 1


def test_the_same_export_on_another_day_is_the_same_export(
    duologue: Cli, bound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("export", bound, tmp_path / "a", "--to", "labels", "--policy", "research", "--workers", 0, "-q")
    first = duologue.json(*call)
    begun = json.loads((tmp_path / "a" / ".duologue" / "export.json").read_text())["options"]["policy"]["on"]

    later = datetime.date.fromisoformat(begun) + datetime.timedelta(days=400)
    monkeypatch.setattr("pipeline.exports.rights.today", lambda: later)
    assert duologue.json(*call) == first
    policy = tmp_path / "research.yaml"
    policy.write_text(f"on: {begun}\nrequire: [licence]\n")
    assert "holds an export of other options" in duologue(*call[:-5], "--policy", policy, "--workers", 0, "-q", code=2)


@pytest.mark.parametrize("format", ["hf", "labels"])
def test_an_older_set_is_exported_as_one_of_today(bound: Path, older: Path, tmp_path: Path, format: str) -> None:
    now, then = (sets.run(each, tmp_path / each.parent.name, format) for each in (bound, older))
    assert {name: now[name] for name in ("terms", "rights", "weights", "written")} == {
        name: then[name] for name in ("terms", "rights", "weights", "written")
    }
    if format == "hf":
        tables = [pq.read_table(tmp_path / each.parent.name / "data") for each in (bound, older)]
        assert tables[0].column("rights").to_pylist() == tables[1].column("rights").to_pylist()
        assert tables[0].schema.equals(tables[1].schema, check_metadata=True)


def test_an_older_set_is_shaped_and_gains_the_column(tmp_path: Path) -> None:
    set_of(tmp_path / "now", [spoken(5, 60.0, "a"), spoken(6, 30.0, "b")])
    as_before(tmp_path / "now", tmp_path / "then")
    for name in ("now", "then"):
        run_shape(str(tmp_path / name), str(tmp_path / f"{name}-shaped"), None, {"min_clip": "5", "max_turn": "4"}, False)
    shaped = [[(row["id"], row["rights"]) for row in rows(tmp_path / f"{name}-shaped")] for name in ("now", "then")]
    assert shaped[0] == shaped[1]
    assert {rights["expression"] for _, rights in shaped[0]} == {"CC-BY-4.0 AND MIT"}
    formats = [json.loads((tmp_path / f"{name}-shaped" / "manifest.json").read_text())["format"] for name in ("now", "then")]
    assert formats[0] == formats[1]


def test_merged_sets_keep_the_column_and_two_forms_are_not_mixed(bound: Path, older: Path, tmp_path: Path) -> None:
    merge(str(tmp_path / "one"), [str(bound)])
    assert [row["rights"] for row in rows(tmp_path / "one")] == [row["rights"] for row in rows(bound)]
    with pytest.raises(UsageError, match="its format is not that of"):
        merge(str(tmp_path / "two"), [str(bound), str(older)])
