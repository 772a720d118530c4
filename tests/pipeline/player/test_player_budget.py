"""Who gets sound: never more than allowed, every finding heard before any is heard twice over, and some of what is good."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.player import with_sound
from tests.pipeline.audit.made_contents import contents

ALL = contents(600)


@pytest.mark.parametrize("most", [1, 20, 60, 200, 10_000])
def test_the_cap_holds_and_is_used(most: int) -> None:
    chosen = with_sound(ALL["recordings"], ALL["findings"], most)
    assert len(chosen) == min(most, 600)
    assert chosen == with_sound(ALL["recordings"], ALL["findings"], most)


def test_every_finding_can_be_heard_and_so_can_what_is_good() -> None:
    chosen = with_sound(ALL["recordings"], ALL["findings"], 60)
    heard = Counter(found["name"] for each in ALL["recordings"] if each["id"] in chosen for found in each["findings"])
    assert set(heard) == {finding["name"] for finding in ALL["findings"]}
    assert sum(not each["findings"] for each in ALL["recordings"] if each["id"] in chosen) == 6
