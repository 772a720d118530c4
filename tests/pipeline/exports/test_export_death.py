"""An export that dies just before each change it makes to the disk: the next run ends as one that never died."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.exports import sets
from tests.pipeline.test_crash_points import DIED, in_child


@pytest.mark.parametrize("name", ["moshi", "webdataset"])
def test_wherever_it_dies_the_next_run_ends_as_if_it_had_not(tmp_path: Path, name: str) -> None:
    made = sets.publish(tmp_path / "set", [sets.talk(f"call/{i}", 2.0) for i in range(2)], 2)

    def run(out: Path) -> Callable[[], Any]:
        return lambda: sets.run(made, out, name)

    whole = run(tmp_path / "whole")()
    expected = sets.tree(tmp_path / "whole")
    code, changes = in_child(run(tmp_path / "counted"), tmp_path / "counted", None)
    assert (code, sets.tree(tmp_path / "counted")) == (0, expected)
    for point in range(1, changes + 1):
        out = tmp_path / f"at-{point}"
        code, _ = in_child(run(out), out, point)
        assert code == DIED, f"change {point} of {changes} was not reached"
        assert {**run(out)(), "out": ""} == {**whole, "out": ""}
        assert sorted(sets.tree(out)) == sorted(expected), f"other files after a death at change {point} of {changes}"
        assert sets.tree(out) == expected, f"other contents after a death at change {point} of {changes}"
        shutil.rmtree(out)
