"""Pairs by a person's own pattern, and settings that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import UsageError
from stages.sources import Listing, SourceSettings, list_sources


def listed(folder: Path, *paths: str, pattern: str, sides: tuple[str, ...] = ()) -> Listing:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    return list_sources(str(folder), SourceSettings(pattern=pattern, sides=sides))


def found(listing: Listing) -> dict[str, tuple[str, ...]]:
    return {source.id: source.uris for source in listing.sources}


def test_weak_names_pair_without_a_look(tmp_path: Path) -> None:
    result = listed(tmp_path, "d/x_y_1.wav", "d/x_y_2.wav", "z_1.wav", pattern="{id}_{side}.wav")
    assert found(result) == {"d/x_y": ("d/x_y_1.wav", "d/x_y_2.wav")}
    (reject,) = result.rejects
    assert reject.reason == "side_missing"
    assert "z_2.wav is not there" in reject.detail


def test_sides_give_channel_order_and_roles(tmp_path: Path) -> None:
    paths = ("7/mic.salesman.wav", "7/mic.buyer.wav")
    result = listed(tmp_path, *paths, pattern="{id}/mic.{side}.wav", sides=("Salesman", "buyer"))
    assert found(result) == {"7": paths}
    assert result.sources[0].roles == ("Salesman", "buyer")
    other = listed(tmp_path, pattern="{id}/mic.{side}.wav", sides=("buyer", "salesman"))
    assert found(other) == {"7": paths[::-1]}


def test_sides_without_a_pattern_are_the_only_names(tmp_path: Path) -> None:
    for name in ("x_salesman.wav", "x_buyer.wav", "y_left.wav", "y_right.wav"):
        (tmp_path / name).write_bytes(b"x")
    result = list_sources(str(tmp_path), SourceSettings(sides=("salesman", "buyer")))
    assert found(result) == {"x": ("x_salesman.wav", "x_buyer.wav"), "y_left": ("y_left.wav",), "y_right": ("y_right.wav",)}
    assert result.sources[0].roles == ("salesman", "buyer")


def test_found_sides_take_the_order_of_a_known_vocabulary(tmp_path: Path) -> None:
    result = listed(tmp_path, "out-1.wav", "in-1.wav", pattern="{side}-{id}.wav")
    assert found(result) == {"1": ("in-1.wav", "out-1.wav")}


def test_wildcards_are_not_part_of_the_id(tmp_path: Path) -> None:
    result = listed(tmp_path, "day1/a/x_A_0900.wav", "day2/x_B_0907.wav", "top_A_1.wav", pattern="**/{id}_{side}_*.wav", sides=("a", "b"))
    assert found(result)["x"] == ("day1/a/x_A_0900.wav", "day2/x_B_0907.wav")
    assert result.rejects[0].uris == ("top_A_1.wav",)


def test_a_pattern_without_side_names_whole_recordings(tmp_path: Path) -> None:
    result = listed(tmp_path, "call-1/audio.wav", "call-2/audio.wav", "call-2/music.wav", pattern="{id}/audio.wav")
    assert found(result) == {"call-1": ("call-1/audio.wav",), "call-2": ("call-2/audio.wav",)}
    assert dict(result.ignored) == {"(outside source.pattern)": 1}
    assert "1 audio files do not match" in result.problems[0]


def test_two_files_for_one_side(tmp_path: Path) -> None:
    result = listed(tmp_path, "1/x_a.wav", "2/x_a.wav", "1/x_b.wav", pattern="*/{id}_{side}.wav")
    assert found(result) == {"x": ("1/x_a.wav", "1/x_b.wav")}
    assert [(reject.reason, reject.uris) for reject in result.rejects] == [("duplicate_id", ("2/x_a.wav",))]


def test_more_than_two_sides_ask_for_the_two(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"more than two side names \(a, b, mix\).*source.sides"):
        listed(tmp_path, "x_a.wav", "x_b.wav", "x_mix.wav", pattern="{id}_{side}.wav")
    result = listed(tmp_path, pattern="{id}_{side}.wav", sides=("a", "b"))
    assert list(found(result)) == ["x"]
    assert dict(result.ignored) == {"(outside source.pattern)": 1}


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"sides": ("a",)}, "source.sides"),
        ({"sides": ("a", "A")}, "source.sides"),
        ({"sides": ("a", "")}, "source.sides"),
        ({"pattern": "x.wav"}, "source.pattern"),
        ({"pattern": "{id}_{id}.wav"}, "source.pattern"),
        ({"pattern": "{id}_{channel}.wav"}, "source.pattern"),
        ({"suffixes": ("wav",)}, "source.suffixes"),
        ({"suffixes": ()}, "source.suffixes"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], place: str) -> None:
    with pytest.raises(UsageError, match=place):
        SourceSettings(**settings)  # type: ignore[arg-type]


def test_a_pattern_is_for_folders(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"uri": "a.wav"}\n')
    with pytest.raises(UsageError, match=r"source.pattern.*manifest"):
        list_sources(str(tmp_path / "m.jsonl"), SourceSettings(pattern="{id}.wav"))
