"""`duologue calibrate` from the command line: every input accounted for, nothing computed twice, chains side by side."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.calibrate.summary import SCORES
from pipeline.card.calibrated import card
from pipeline.config import load_config
from pipeline.plan import make_plan
from tests.pipeline.calling import Cli
from tests.pipeline.talks import write_call
from tests.stages.calibrate.parts import TALK, Seconds, call, rttm

NAMED = (
    *("der", "der_collar_250ms", "miss", "false_alarm", "confusion", "overlap_recall", "overlap_precision", "backchannel_recall"),
    *("speech_kept", "leakage_db", "swaps_per_hour", "si_sdr_db", "si_sdr_solo_db", "si_sdr_overlap_db", "turn_taking_error", "rtf"),
)
"""What a calibration must give for each call and for all, by the issue's own words."""
SWAPPED: tuple[Seconds, Seconds] = ((*TALK[0][:3], *TALK[1][3:]), (*TALK[1][:3], *TALK[0][3:]))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Two calls, one that the chain refuses, and inputs that hold no true channels."""
    folder = tmp_path / "calls"
    for seed, name in enumerate(("good", "half", "three")):
        write_call(folder / f"{name}.wav", call(seed=seed))
    write_call(folder / "mono.wav", call()[:1])
    write_call(folder / "copy.wav", np.stack([call().sum(axis=0).astype(np.int16)] * 2))
    (folder / "broken.wav").write_bytes(b"RIFF no audio at all")
    rttm(folder / "told" / "good.rttm", *TALK)
    rttm(folder / "told" / "half.rttm", *SWAPPED)
    rttm(folder / "told" / "three.rttm", *TALK, ((59.0, 59.5),))
    rttm(folder / "right" / "good.rttm", *TALK)
    rttm(folder / "right" / "half.rttm", *TALK)
    rttm(folder / "right" / "three.rttm", *TALK)
    return folder


def config(folder: Path) -> Path:
    path = folder / "mono.yaml"
    path.write_text(
        "chain: [decode, health, diarize, separate, vad, turns, stats]\n"
        "diarize: {backend: rttm, path: 'told/{id}.rttm'}\n"
        "separate: {backend: route}\n"
        "vad: {backend: energy}\n"
    )
    return path


def run(cli: Cli, calls: Path, out: Path, *more: str, code: int = 0) -> dict[str, Any]:
    return cli.json("calibrate", calls, "-o", out, "-c", config(calls.parent), "--local", "--workers", "0", "-q", *more, code=code)


def written(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "calibration.json").read_text(encoding="utf-8"))
    return found


def untimed(value: Any) -> Any:
    """JSON without what a clock measured: processor time and what is reckoned from it."""
    if isinstance(value, dict):
        return {name: untimed(each) for name, each in value.items() if name not in ("rtf", "processor", "stages")}
    return [untimed(each) for each in value] if isinstance(value, list) else value


BESIDE = ("--beside", "diarize.path=right/{id}.rttm")


def test_every_input_ends_somewhere_and_is_listed(cli: Cli, calls: Path, tmp_path: Path) -> None:
    result = run(cli, calls, tmp_path / "out")
    assert result["balance"] == {"inputs": 6, "results": 3, "rejects": 3, "errors": 0, "pending": 0}
    data = written(tmp_path / "out")
    assert {reject["id"]: reject["reason"] for reject in data["rejects"]} == {
        "broken": "not_audio",
        "copy": "dual_mono",
        "mono": "not_two_channel",
    }
    assert [(each["id"], each["outcome"]) for each in data["calls"]] == [("good", "scored"), ("half", "scored"), ("three", "refused")]
    refused = data["calls"][2]
    assert refused["refusal"]["reason"] == "too_many_speakers"
    assert all(refused[name] is None for name in NAMED)
    assert data["overall"]["refused"] == {"too_many_speakers": 1}
    assert (data["overall"]["mixtures"], data["overall"]["scored"]) == (3, 2)


def test_scores_have_their_names_for_each_call_and_for_all(cli: Cli, calls: Path, tmp_path: Path) -> None:
    run(cli, calls, tmp_path / "out")
    data = written(tmp_path / "out")
    good, half, _ = data["calls"]
    for scores in (good, half, data["overall"], data["conditions"]["clean"]):
        assert set(NAMED) <= set(scores)
        assert all(scores[name] is not None for name in NAMED)
    assert set(SCORES) <= set(good)
    assert good["der_collar_250ms"] == pytest.approx(0.0, abs=1e-6)
    assert good["speech_kept"] > 0.99
    assert half["confusion"] > 0.3
    assert half["amounts"]["swaps"] == 1
    assert data["overall"]["swaps"] == 1
    assert good["confusion"] < data["overall"]["confusion"] < half["confusion"]
    assert data["overall"]["worst"]["speech_kept"]["id"] == "half"
    assert data["overall"]["rank_correlation"] == {"mixtures": 0, "der": None, "speech_lost": None}


def test_a_second_run_computes_nothing_and_writes_the_same(cli: Cli, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(cli, calls, out)["computed"] > 0
    before = {name: (out / name).read_bytes() for name in ("calibration.json", "calibration.html")}
    assert run(cli, calls, out)["computed"] == 0
    assert {name: (out / name).read_bytes() for name in before} == before


def test_a_changed_rttm_is_measured_anew_and_nothing_else_is(cli: Cli, calls: Path, tmp_path: Path) -> None:
    run(cli, calls, tmp_path / "out")
    rttm(calls / "told" / "half.rttm", *TALK)
    assert run(cli, calls, tmp_path / "out")["computed"] == 2, "decoding and the measure of one call"
    assert written(tmp_path / "out")["calls"][1]["confusion"] == pytest.approx(0.0, abs=1e-3)


def test_a_chain_beside_is_measured_alone_and_shown_beside(cli: Cli, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(cli, calls, out)
    alone = written(out)
    result = run(cli, calls, out, *BESIDE)
    data = written(out)
    assert all(untimed(data[name]) == untimed(alone[name]) for name in ("overall", "calls", "recipe"))
    assert [each["outcome"] for each in data["beside"]["calls"]] == ["scored"] * 3
    assert data["beside"]["overall"]["confusion"] == pytest.approx(0.0, abs=1e-3)
    assert result["beside"]["name"] == "with diarize.path=right/{id}.rttm"
    page = (out / "calibration.html").read_text(encoding="utf-8")
    assert "with diarize.path=right/{id}.rttm" in page
    text = cli("calibrate", calls, "-o", out, "-c", config(calls.parent), "--local", "--workers", "0", "-q", *BESIDE)
    assert "mixtures scored" in text
    assert "with diarize.path" in text


def test_what_was_measured_before_a_chain_stood_beside_it_is_not_measured_again(cli: Cli, calls: Path, tmp_path: Path) -> None:
    run(cli, calls, tmp_path / "out")
    alone = written(tmp_path / "out")
    assert run(cli, calls, tmp_path / "out", "--beside", "separate.crossfade=0.01")["computed"] == 3
    assert {**written(tmp_path / "out"), "beside": None} == alone


def test_conditions_are_scored_apart_and_together(cli: Cli, calls: Path, tmp_path: Path) -> None:
    run(cli, calls, tmp_path / "out", "--condition", "clean", "--condition", "level=-12,snr=30")
    data = written(tmp_path / "out")
    assert list(data["conditions"]) == ["clean", "level=-12,snr=30"]
    assert [each["condition"] for each in data["calls"][:2]] == ["clean", "level=-12,snr=30"]
    assert data["overall"]["scored"] == 4
    assert data["conditions"]["clean"]["scored"] == 2
    noisy = data["conditions"]["level=-12,snr=30"]
    assert noisy["si_sdr_solo_db"] < data["conditions"]["clean"]["si_sdr_solo_db"]


def test_the_recipe_names_the_chain_as_a_build_would(cli: Cli, calls: Path, tmp_path: Path) -> None:
    run(cli, calls, tmp_path / "out")
    recipe = written(tmp_path / "out")["recipe"]
    plan = make_plan(load_config(str(config(calls.parent))).chain)
    assert [stage["address"] for stage in recipe["chain"]] == [step.address for step in plan.steps]
    assert recipe["calls"] == 3
    assert recipe["hours"] == pytest.approx(3 / 60)
    lines = card(recipe)
    assert "Chain mono on 3 calls (0.05 h)" in lines
    assert "refused 1 mixture (1 too_many_speakers)" in lines
    assert plan.steps[2].address in lines
    assert lines == card(json.loads(json.dumps(recipe)))


def test_an_error_is_listed_and_tried_again(cli: Cli, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no luck")

    with monkeypatch.context() as patch:
        patch.setattr("stages.calibrate.measure.score", fails)
        result = run(cli, calls, tmp_path / "out", code=1)
    assert result["balance"]["errors"] == 2
    data = written(tmp_path / "out")
    assert [(e["id"], e["stage"]) for e in data["errors"]] == [("good", "calibrate"), ("half", "calibrate")]
    assert "no luck" in data["errors"][0]["error"]
    assert "no luck" in (tmp_path / "out" / "calibration.html").read_text(encoding="utf-8")
    assert run(cli, calls, tmp_path / "out")["balance"]["errors"] == 0


def test_child_processes_give_the_same_scores(cli: Cli, calls: Path, tmp_path: Path) -> None:
    run(cli, calls, tmp_path / "here")
    cli("calibrate", calls, "-o", tmp_path / "there", "-c", config(calls.parent), "--local", "--workers", "1", "-q")
    here, there = (written(tmp_path / name)["calls"] for name in ("here", "there"))
    timed = ("rtf", "stages", "amounts")
    for one, other in zip(here, there, strict=True):
        assert {k: v for k, v in one.items() if k not in timed} == {k: v for k, v in other.items() if k not in timed}


@pytest.mark.cluster
def test_ray_gives_the_file_that_this_machine_gives(cli: Cli, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).resolve().parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    run(cli, calls, tmp_path / "here", *BESIDE)
    cli("calibrate", calls, "-o", tmp_path / "there", "-c", config(calls.parent), "--workers", "2", "-q", *BESIDE)
    here, there = (json.dumps(untimed(written(tmp_path / name)), indent=1, sort_keys=True) for name in ("here", "there"))
    assert len(json.loads(here)["calls"]) == 3
    assert there == here


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--condition", "nois"), "did you mean 'noise'"),
        (("--beside", "diarize.pat=right.rttm"), "did you mean 'path'"),
        (("--condition", "clean", "--condition", "clean"), "each once"),
        (("-c", "stereo_calls"), "no stage of the chain"),
    ],
)
def test_wrong_use_is_said_in_one_sentence(cli: Cli, calls: Path, tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    out = cli("calibrate", calls, "-o", tmp_path / "out", "-c", config(calls.parent), "--local", "--workers", "0", *more, code=2)
    assert said in out
    assert not (tmp_path / "out").exists()
