"""What is asked about the licence of weights that a person names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from stages.rights.terms import KNOWN
from stages.rights.weights import check_licence

OPEN = [*sorted(name for name, terms in KNOWN.items() if terms.commercial), "CC-BY-4.0", "CC-BY-SA-4.0"]
CLOSED = [*sorted(name for name, terms in KNOWN.items() if terms.commercial is False), "CC-BY-NC-4.0", "CC-BY-NC-SA-4.0"]
UNTOLD = ["NOASSERTION", "NONE", "LicenseRef-Own", "as agreed by letter"]


def said(stage: str, licence: str, accepted: str) -> str:
    """Why these weights are refused; empty when they are not."""
    try:
        check_licence(stage, licence, accepted)
    except UsageError as error:
        return str(error)
    return ""


@given(st.sampled_from(["separate", "restore"]), st.sampled_from([*OPEN, *UNTOLD]), st.sampled_from(["", *OPEN, *CLOSED, *UNTOLD]))
def test_what_may_be_sold_and_what_is_not_known_is_never_refused(stage: str, licence: str, accepted: str) -> None:
    assert said(stage, licence, accepted) == ""


@given(st.sampled_from(["separate", "restore"]), st.sampled_from(CLOSED), st.sampled_from(["", "yes", *OPEN, *CLOSED, *UNTOLD]))
def test_what_may_not_be_sold_is_refused_until_its_own_licence_is_accepted(stage: str, licence: str, accepted: str) -> None:
    told = said(stage, licence, accepted)
    if licence == accepted:
        assert told == ""
    else:
        assert told.startswith(f"{stage}.accept_licence: the network is under {licence}, which forbids commercial use")
        assert f"write 'accept_licence: {licence}' if that suits you" in told


@given(st.sampled_from(CLOSED), st.sampled_from([*OPEN, *CLOSED]))
def test_an_expression_is_accepted_in_any_spelling_and_order(closed: str, other: str) -> None:
    both = f"{closed} AND {other}"
    assert said("restore", both, "").startswith("restore.accept_licence: ")
    assert said("restore", both, f"{other.lower()} and {closed.lower()}") == ""
    # Of a choice the mild one holds, so nothing has to be accepted where one of the two may be sold.
    assert bool(said("restore", f"{closed} OR {other}", "")) == (other in CLOSED)


@pytest.mark.parametrize("licence", ["", " ", "\t\n"])
def test_a_licence_must_be_told(licence: str) -> None:
    with pytest.raises(UsageError, match=re.escape("separate.licence: must not be empty; write NOASSERTION when you do not know it")):
        check_licence("separate", licence, licence)
