"""What a run leaves beside its data set so that later commands find it: `<out>/.duologue/`."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from pipeline.config import Config, build_config
from pipeline.place import Place, join, place_at
from schemas.errors import RejectRecord, UsageError
from schemas.plain import from_plain, to_plain
from schemas.source import Source
from stages.sources.listing import Listing
from stages.stage import what_fields

FOLDER = ".duologue"


@dataclass(frozen=True, slots=True)
class RunState:
    """The last run into an output folder."""

    src: str
    work: str
    config: Config
    config_data: dict[str, Any]
    sources: tuple[Source, ...]
    rejects: tuple[RejectRecord, ...]
    """Inputs turned down while listing."""


def state_place(out: str) -> Place:
    """Where the state of an output folder lies."""
    return place_at(join(out, FOLDER))


def default_work(out: str) -> str:
    """The work folder of an output folder when none is named."""
    return join(out, f"{FOLDER}/work")


def write_state(place: Place, src: str, work: str, config: Config, listing: Listing) -> None:
    """Keep what later commands need; written before the first dialogue is worked on."""
    lines = [json.dumps(to_plain(source), sort_keys=True, ensure_ascii=False) for source in listing.sources]
    place.put("sources.jsonl", "".join(line + "\n" for line in lines).encode())
    rejects = [json.dumps(to_plain(reject), sort_keys=True, ensure_ascii=False) for reject in listing.rejects]
    place.put("scan_rejects.jsonl", "".join(line + "\n" for line in rejects).encode())
    run = {"src": src, "work": work, "config": config_data(config)}
    place.put("run.json", json.dumps(run, indent=1, sort_keys=True).encode())


def read_state(out: str) -> RunState:
    """The last run into `out`; raises `UsageError` when there was none."""
    place = state_place(out)
    data = place.get_or_none("run.json")
    if data is None:
        raise UsageError(f"{out}: no run of duologue has written here; start one with: duologue build SRC {out}")
    run = json.loads(data)
    config = build_config(json.loads(json.dumps(run["config"])), f"{place.root}/run.json")
    sources = tuple(from_plain(Source, json.loads(line)) for line in place.get("sources.jsonl").splitlines())
    rejects = tuple(from_plain(RejectRecord, json.loads(line)) for line in place.get("scan_rejects.jsonl").splitlines())
    return RunState(run["src"], run["work"], config, run["config"], sources, rejects)


def config_data(config: Config, speed: bool = True) -> dict[str, Any]:
    """A config as the plain contents of a YAML file that gives it back, every default spelled out.

    Without `speed`, fields of stages that change only their speed are left out: two runs that differ in those make one data set.
    """
    data: dict[str, Any] = {"name": config.name, "chain": [stage.name for stage in config.chain]}
    for stage in config.chain:
        fields = _plain(stage)
        what = fields if speed else what_fields(stage)
        data[stage.name] = {"backend": stage.backend, **{name: value for name, value in fields.items() if name in what}}
    for section in ("source", "pack", "run"):
        data[section] = _plain(getattr(config, section))
    return data


def _plain(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(value)))
    return plain
