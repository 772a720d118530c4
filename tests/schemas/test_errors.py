"""Verdicts: a closed list of reasons, facts that survive pickling and storing."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import REASONS, DuologueError, LawError, Reject, RejectRecord, UsageError
from schemas.plain import from_plain, to_plain

FACTS = st.dictionaries(
    st.text(st.characters(categories=["Ll"]), min_size=1).filter(lambda name: name not in ("reason", "detail", "self")),
    st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.none(), st.lists(st.integers())),
    max_size=4,
)


@given(st.sampled_from(sorted(REASONS)), st.text(), FACTS)
def test_a_reject_crosses_processes_and_the_store_unchanged(reason: str, detail: str, facts: dict[str, object]) -> None:
    reject = Reject(reason, detail, **facts)
    again = pickle.loads(pickle.dumps(reject))
    assert (again.reason, again.detail, again.facts, str(again)) == (reason, reject.detail, facts, str(reject))
    record = RejectRecord.of(reject, "the id", "the-key", "decode", ("a.wav", "b.wav"))
    assert from_plain(RejectRecord, json.loads(json.dumps(to_plain(record)))) == record
    assert json.loads(record.facts) == facts


def test_an_unknown_reason_is_a_fault_of_the_stage() -> None:
    with pytest.raises(LawError, match="'tired' is not in"):
        Reject("tired")


def test_without_a_detail_the_list_explains_the_reason() -> None:
    assert Reject("silent").detail == REASONS["silent"]
    assert all(text == text.strip() and not text.endswith(".") for text in REASONS.values())


def test_facts_of_any_type_can_be_stored() -> None:
    record = RejectRecord.of(Reject("missing", path={1}), "id", "key", "decode", ())
    assert json.loads(record.facts) == {"path": "{1}"}


def test_every_error_for_people_has_one_base() -> None:
    assert all(issubclass(kind, DuologueError) for kind in (Reject, LawError, UsageError))
