"""The demo from end to end: calls are made, a data set is built from them, exported for a trainer, and audited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.audit.commands import run_audit
from pipeline.commands import run_build
from pipeline.demo import MANIFEST, make_calls
from pipeline.exports.commands import run_export


def run_demo(folder: str, local: bool) -> dict[str, Any]:
    """What the build did and, where it ended well, what the export did."""
    make_calls(Path(folder, "calls"))
    built = run_build(f"{folder}/calls/{MANIFEST}", f"{folder}/set", "demo", (), local, None, None, None, False)
    if built["exit_code"]:
        return {"command": "demo", "exit_code": built["exit_code"], "build": built, "export": None, "audit": None}
    exported = run_export(
        f"{folder}/set",
        f"{folder}/moshi",
        "moshi",
        main=(0, 1),
        splits=(),
        tokenizer=None,
        text=None,
        allowed=(),
        push=None,
        public=False,
        local=True,
        address=None,
        workers=0,
        quiet=True,
    )
    if exported["ending"] == "interrupted":
        return {"command": "demo", "exit_code": 130, "build": built, "export": exported, "audit": None}
    # What the audit finds is the demo's last word and no failure of it: the calls are made to have something wrong.
    return {"command": "demo", "exit_code": 0, "build": built, "export": exported, "audit": _audit(folder)}


def _audit(folder: str) -> dict[str, Any]:
    return run_audit(
        f"{folder}/set",
        f"{folder}/audit",
        policy=None,
        on=None,
        against=None,
        asr=False,
        voices=False,
        players=40,
        config=None,
        overrides=(),
        local=True,
        address=None,
        workers=0,
        work=None,
        quiet=True,
    )
