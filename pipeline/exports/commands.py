"""What the command `export` does, as plain values that `--json` prints."""

from __future__ import annotations

import logging
import os
from typing import Any

from pipeline.commands import on_signals, pool_maker
from pipeline.config import RunSettings
from pipeline.environment import quiet as quiet_telemetry
from pipeline.exports.format import Options
from pipeline.exports.licence import non_commercial
from pipeline.exports.rights import asked_policy
from pipeline.exports.run import STATE, export, manifest_of
from pipeline.place import place_at
from pipeline.pools import InProcess, Pool
from pipeline.progress import human_time
from schemas.errors import UsageError

KINDS = {"seconds": "hours", "words": "words", "frames": "codec frames"}


def run_export(
    set: str,
    out: str,
    format: str,
    *,
    main: tuple[int, ...],
    splits: tuple[tuple[str, float], ...],
    tokenizer: str | None,
    text: str | None,
    allowed: tuple[str, ...],
    policy: str | None = None,
    push: str | None,
    public: bool,
    local: bool,
    address: str | None,
    workers: int | None,
    quiet: bool,
) -> dict[str, Any]:
    """Export a data set, and upload it when asked."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    quiet_telemetry()
    if (push is not None or public) and (format != "hf" or push is None):
        raise UsageError("export: --push goes with --to hf, and --public with --push")
    path = None if tokenizer is None else os.path.abspath(tokenizer)  # workers may stand elsewhere
    options = Options(
        main=main, splits=splits, allowed=allowed, tokenizer=path, text=text, policy=asked_policy(policy, place_at(out), STATE)
    )
    alone = workers == 0 or len(manifest_of(place_at(set))[0]["shards"]) == 1
    make = pool_maker(RunSettings(), local, address, workers)

    def make_pool() -> tuple[Pool, int]:
        return (InProcess(), 1) if alone and address is None else make()

    result = {"command": "export", **export(set, out, format, options, make_pool, on_signals(), quiet)}
    if push is not None and result["ending"] == "done":
        from pipeline.exports.push import push as upload

        result["push"] = upload(out, push, public)
    return result


def lines(result: dict[str, Any]) -> list[str]:
    """The result for people: what came, what was written, and where the difference went."""
    if result["ending"] == "interrupted":
        return [f"{result['format']} in {result['out']}: interrupted; the same command continues from here"]
    came, written = result["came"], result["written"]
    found = [f"{result['format']} in {result['out']}: {written['rows']} of {came['rows']} rows as {result['items']} items"]
    for kind in result["carries"]:
        amounts = [_amount(kind, each[kind]) for each in (written, came)]
        found.append(f"  {KINDS[kind]}: {amounts[0]} of {amounts[1]}")
    for name, tally in result["rights"].items():
        if non_commercial(name):
            found.append(f"  for non-commercial use only: {tally['rows']} rows, {human_time(tally['seconds'])}: licence {name}")
    for reason, tally in result["left_out"].items():
        found.append(f"  left out: {tally['rows']} rows, {human_time(tally['seconds'])}: {reason}")
    for reason, parts in result["lost"].items():
        what = ", ".join(f"{_amount(kind, amount)} {KINDS[kind]}" for kind, amount in parts.items())
        found.append(f"  left out of rows: {what}: {reason}")
    found += [f"  {name}: {int(rows)} rows" for name, rows in result["sums"].items() if name.startswith("split ")]
    if result["sums"].get("text_tokens"):
        sums = result["sums"]
        share = 100 * sums["text_tokens_dropped"] / sums["text_tokens"]
        found.append(f"  text tokens: {int(sums['text_tokens'])}, {share:.2f} % dropped, {int(sums['text_tokens_unknown'])} unknown")
    if result["refused"]:
        found.append(f"  rejected by the policy: {len(result['refused'])} rows, each with its reasons in export.json under refused")
    if any(reason.startswith("licence ") for reason in result["left_out"]):
        found.append("  rows refused for their licence are exported with --allow-licence NAME to a new folder, when you may")
    if "push" in result:
        found.append(f"uploaded {result['push']['uploaded']} files to {result['push']['url']}")
    return found


def _amount(kind: str, amount: float) -> str:
    return f"{amount / 3600:.4f}" if kind == "seconds" else str(int(amount))
