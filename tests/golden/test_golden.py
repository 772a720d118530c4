"""The same dialogues give the same data in every version, unless it is changed on purpose."""

from __future__ import annotations

import json

from tests.golden.renew import HERE, golden_rows


def test_the_golden_shard_holds_the_same_data() -> None:
    wanted = json.loads((HERE / "shard.json").read_text(encoding="utf-8"))
    assert golden_rows() == wanted, "renew on purpose with: python -m tests.golden.renew"
