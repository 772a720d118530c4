"""Sources: ids, keys that are safe file names, and what makes an input new."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import LawError
from schemas.source import Source, same_id, slug

CALL = Source(
    id="fe_03_00001", uris=("a.wav", "b.wav"), fingerprints=("1", "2"), language="en", speakers=("A", "B"), roles=("agent", "caller")
)


@given(st.text(min_size=1))
def test_a_key_is_a_safe_file_name(id: str) -> None:
    key = Source(id=id, uris=("a.wav",)).key
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{20}", key)
    assert len(key) <= 61


@given(st.text(min_size=1), st.text(min_size=1))
def test_different_ids_have_different_keys(left: str, right: str) -> None:
    keys = [Source(id=id, uris=("a.wav",)).key for id in (left, right)]
    assert (keys[0] == keys[1]) == (left == right)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "fe_03_00002"),
        ("uris", ("a.wav", "c.wav")),
        ("fingerprints", ("1", "3")),
        ("language", "de"),
        ("speakers", ("A", "C")),
        ("roles", ("caller", "agent")),
        ("transcript", "a.txt"),
    ],
)
def test_what_is_processed_makes_a_new_key(field: str, value: object) -> None:
    assert replace(CALL, **{field: value}).key != CALL.key  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [("base", "/elsewhere"), ("corpus", "fisher"), ("licence", "CC0-1.0"), ("consent", "yes"), ("extra", '{"a": 1}'), ("bytes", 9)],
)
def test_what_is_only_told_keeps_the_key(field: str, value: object) -> None:
    assert replace(CALL, **{field: value}).key == CALL.key  # type: ignore[arg-type]


def test_the_key_is_the_same_in_every_version() -> None:
    assert CALL.key == "fe-03-00001-18d5fb97ef1949ca8b3a"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"id": "", "uris": ("a",)}, "the id is empty"),
        ({"id": "x", "uris": ()}, "one file or one per side, got 0"),
        ({"id": "x", "uris": ("a", "b", "c")}, "got 3"),
        ({"id": "x", "uris": ("a",), "roles": ("agent",)}, "roles must name both sides or none"),
        ({"id": "x", "uris": ("a",), "speakers": ("A", "B", "C")}, "speakers must name both sides"),
    ],
)
def test_broken_laws_are_named(fields: dict[str, object], message: str) -> None:
    with pytest.raises(LawError, match=message):
        Source(**fields)  # type: ignore[arg-type]


@given(st.text(), st.integers(1, 60))
def test_a_slug_is_short_plain_and_never_empty(text: str, limit: int) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug(text, limit))
    assert len(slug(text, limit)) <= limit


@given(st.text())
def test_ids_are_compared_without_unicode_form_or_letter_case(text: str) -> None:
    assert same_id(text) == same_id(unicodedata.normalize("NFD", text)) == same_id(unicodedata.normalize("NFC", text))
    assert same_id("Straße") == same_id("STRASSE")
