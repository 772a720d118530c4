"""What is recorded of rights, and what policies find in it."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.policy import load_policy
from schemas.source import Source
from stages.rights.ledger import findings, verdict
from stages.rights.policy import Policy, policy_of
from stages.rights.recorded import Rights, rights_of, row_rights
from stages.stage import Weights

DAY = datetime.date(2026, 11, 28)
NC = Weights("DiariZen", "1", "", "CC-BY-NC-4.0")
MIT = Weights("Silero", "6", "", "MIT")
ODD = Weights("mine.onnx", "local file", "", "")


def source(licence: str | None = "CC-BY-4.0", consent: str | None = None, **extra: Any) -> Source:
    return Source(id="a", uris=("a.wav",), corpus="calls", licence=licence, consent=consent, language="en", extra=json.dumps(extra))


def named(rights: Rights, policy: dict[str, Any] | None = None, *weights: Weights) -> list[str]:
    return [each.name for each in findings(rights, weights, policy_of(policy or {}, "p.yaml", DAY))]


@pytest.mark.parametrize(
    ("licence", "policy", "found"),
    [
        ("CC-BY-4.0", {}, []),
        (None, {}, ["licence_unknown"]),
        ("NOASSERTION", {}, ["licence_unknown"]),
        ("by arrangement", {}, ["licence_unclear"]),
        ("MIT AND NONE", {}, ["licence_unknown"]),
        ("CC-BY-NC-4.0", {"commercial": True}, ["licence_refused"]),
        ("cc-by-nc-4.0 OR MIT", {"commercial": True}, []),
        ("CC-BY-NC-4.0 AND MIT", {"commercial": True}, ["licence_refused"]),
        ("CC-BY-NC-4.0 OR CC-BY-ND-4.0", {"commercial": True, "deny": ["ND"]}, ["licence_refused"]),
        (None, {"commercial": True}, ["licence_unknown", "licence_refused"]),
        ("LicenseRef-Own", {"commercial": True}, ["licence_refused"]),
        ("LicenseRef-Own", {"commercial": True, "allow": ["LicenseRef-Own"]}, []),
        ("LicenseRef-Own", {"deny": ["unknown"]}, ["licence_refused"]),
        ("LicenseRef-Own", {"deny": ["unknown"], "allow": ["LicenseRef-Own"]}, []),
        ("MIT", {"allow": ["CC0-1.0"]}, ["licence_refused"]),
        ("CC0-1.0 OR MIT", {"allow": ["CC0-1.0"]}, []),
        ("CC0-1.0 AND MIT", {"allow": ["CC0-1.0"]}, ["licence_refused"]),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"allow": ["GPL-2.0-only"]}, []),
        ("LicenseRef-LDC-User-Agreement", {"commercial": True}, ["licence_refused"]),
        ("odc-by", {"allow": ["ODC-By-1.0"]}, []),
        (None, {"require": ["licence"]}, ["licence_unknown", "rights_missing"]),
    ],
)
def test_licences_under_policies(licence: str | None, policy: dict[str, Any], found: list[str]) -> None:
    assert named(rights_of(source(licence)), policy) == found


@pytest.mark.parametrize(
    ("consent", "extra", "required", "always"),
    [
        ("form 3, 2024", {}, [], []),
        (None, {}, ["consent_missing"], []),
        ("unknown", {}, ["consent_missing"], []),
        ("no", {}, ["consent_missing"], ["consent_missing"]),
        ("given 2020, withdrawn 2024", {}, ["consent_missing"], ["consent_missing"]),
        ("informed; may be withdrawn at any time", {}, [], []),
        (None, {"consent_given": True}, [], []),
        (None, {"Consent-Form": "v3"}, [], []),
        (None, {"consent_given": False}, ["consent_missing"], ["consent_missing"]),
        ("yes", {"consent_withdrawn": "2025-01-01"}, ["consent_missing"], ["consent_missing"]),
        ("yes", {"consent_withdrawn": False}, [], []),
        (None, {"consent_details": {"form": "v3", "withdrawn": False}}, [], []),
        ("yes", {"consent_details": {"withdrawn": True}}, ["consent_missing"], ["consent_missing"]),
    ],
)
def test_consent(consent: str | None, extra: dict[str, Any], required: list[str], always: list[str]) -> None:
    rights = rights_of(source(consent=consent, **extra))
    assert named(rights, {"require": ["consent"]}) == required
    assert named(rights) == always, "consent that was withdrawn counts, whatever the policy requires"
    assert always == [] or rights.consent is None


@pytest.mark.parametrize(
    ("extra", "policy", "found"),
    [
        ({"jurisdiction": "DE"}, {"jurisdictions": ["EU"]}, []),
        ({"jurisdiction": "Germany"}, {"jurisdictions": ["EU"]}, []),
        ({"governing_law": "US-CA"}, {"jurisdictions": ["US"]}, []),
        ({"jurisdiction": "US"}, {"jurisdictions": ["US-CA"]}, ["jurisdiction_refused"]),
        ({"jurisdictions": ["DE", "US"]}, {"jurisdictions": ["EU"]}, ["jurisdiction_refused"]),
        ({"jurisdiction": "NO"}, {"jurisdictions": ["EU"]}, ["jurisdiction_refused"]),
        ({"jurisdiction": "NO"}, {"jurisdictions": ["EEA"]}, []),
        ({"jurisdiction": "EU"}, {"jurisdictions": ["EEA"]}, []),
        ({"jurisdiction": "UK"}, {"jurisdictions": ["GB", "EU"]}, []),
        ({}, {"jurisdictions": ["EU"]}, ["rights_missing"]),
        ({}, {"jurisdictions": ["EU"], "require": ["jurisdiction"]}, ["rights_missing"]),
        ({"permitted_uses": ["research"]}, {"uses": ["training"]}, ["use_refused"]),
        ({"allowed_uses": "research; model training"}, {"uses": ["training"]}, []),
        ({"permitted_uses": []}, {"uses": ["training"]}, ["use_refused"]),
        ({"permitted_uses": "any"}, {"uses": ["training", "commercial"]}, []),
        ({"prohibited_uses": ["training"]}, {"uses": ["training"]}, ["use_refused"]),
        ({"prohibited_uses": ["commercial use"]}, {"commercial": True}, ["use_refused"]),
        ({}, {"uses": ["training"]}, []),
        ({}, {"require": ["permitted_uses"]}, ["rights_missing"]),
        ({"expires": "2026-11-27"}, {}, ["expired"]),
        ({"expires": "2026-11-28"}, {}, []),
        ({"valid_until": "2026-10"}, {}, ["expired"]),
        ({"valid_until": "2026"}, {}, []),
        ({"expiry": 2025}, {}, ["expired"]),
        ({"licence_expires": "2030-01-01", "consent_expires": "2025-01-01T00:00:00+01:00"}, {}, ["expired"]),
        ({"rights": {"Valid Until": "2020-01-01"}}, {}, ["expired"]),
        ({"expires": "31/12/2030"}, {}, ["rights_missing"]),
        ({"expires": "2026-11-28"}, {"on": "2026-11-29"}, ["expired"]),
        ({}, {"require": ["expires", "corpus", "language"]}, ["rights_missing"]),
    ],
)
def test_jurisdiction_uses_and_expiry(extra: dict[str, Any], policy: dict[str, Any], found: list[str]) -> None:
    assert named(rights_of(source(**extra)), policy) == found


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        ({}, []),
        ({"deny_weights": ["NC"]}, ["DiariZen"]),
        ({"deny_weights": ["MIT"]}, ["Silero"]),
        ({"deny_weights": ["unknown"]}, ["mine.onnx"]),
        ({"commercial": True}, ["DiariZen", "mine.onnx"]),
    ],
)
def test_weights(policy: dict[str, Any], refused: list[str]) -> None:
    found = findings(rights_of(source()), (NC, MIT, ODD, NC), policy_of(policy, "p.yaml", DAY))
    assert [each.name for each in found] == ["weights_refused"] * len(refused)
    assert [json.loads(each.facts)["weights"] for each in found] == refused


def test_verdicts_follow_the_policys_severities() -> None:
    found = findings(rights_of(source(None)), (), Policy(on=DAY))
    assert verdict(found, Policy(on=DAY)) == "flag"
    assert verdict(found, Policy(on=DAY, findings=(("licence_unknown", "note"),))) == "pass"
    assert verdict(found, Policy(on=DAY, findings=(("licence_unknown", "reject"),))) == "reject"
    assert verdict((), Policy(on=DAY)) == "pass"


def test_the_ready_made_policies_on_what_people_have() -> None:
    ldc, free = rights_of(source("LicenseRef-LDC-User-Agreement")), rights_of(source("CC-BY-4.0", "signed"))
    verdicts = {
        name: [verdict(findings(each, (MIT,), policy), policy) for each in (ldc, free)]
        for name, policy in ((name, load_policy(name, DAY)) for name in ("default", "research", "commercial"))
    }
    assert verdicts == {"default": ["pass", "pass"], "research": ["pass", "pass"], "commercial": ["reject", "pass"]}


def test_a_row_says_which_weights_made_it_stricter() -> None:
    free = row_rights(source("CC-BY-4.0", jurisdiction="DE", permitted_uses=["training"], expires="2030-06"), (MIT,))
    assert (free.expression, free.commercial, free.weights) == ("CC-BY-4.0 AND MIT", True, ())
    assert (free.jurisdiction, free.permitted_uses, free.expires) == (("DE",), ("training",), "2030-06-30")
    bound = row_rights(source("CC-BY-4.0"), (MIT, NC))
    assert (bound.expression, bound.commercial, bound.weights) == ("CC-BY-4.0 AND CC-BY-NC-4.0 AND MIT", False, ("DiariZen",))
    assert (bound.jurisdiction, bound.permitted_uses, bound.expires) == ((), None, None)
    unknown = row_rights(source("CC-BY-4.0"), (ODD,))
    assert (unknown.expression, unknown.commercial, unknown.weights) == ("CC-BY-4.0 AND LicenseRef-Unknown", None, ("mine.onnx",))
    assert row_rights(source(None), (MIT,)).expression == "LicenseRef-Unknown AND MIT"


texts = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.lists(st.text(max_size=5), max_size=2))
FIELDS = ["jurisdiction", "permitted_uses", "prohibited_uses", "expires", "valid_until", "consent_given", "consent_withdrawn", "rights"]


@given(st.dictionaries(st.sampled_from(FIELDS), texts | st.dictionaries(st.sampled_from(FIELDS), texts)), st.none() | st.text(max_size=12))
def test_whatever_a_manifest_holds_is_read(extra: dict[str, Any], text: str | None) -> None:
    made = Source(id="a", uris=("a",), licence=text, consent=text, extra=json.dumps(extra))
    policy = policy_of({"commercial": True, "require": ["consent", "expires"], "uses": ["training"]}, "p", DAY)
    assert verdict(findings(rights_of(made), (ODD,), policy), policy) == "reject", "nothing is known of the weights"
    assert row_rights(made, (NC,)).commercial is False


@given(
    st.sampled_from(["CC-BY-4.0", "CC-BY-NC-4.0", None, "LicenseRef-x", "MIT OR CC-BY-ND-4.0"]),
    st.sampled_from(["MIT", "", "CC-BY-NC-4.0"]),
)
def test_more_weights_never_lift_a_verdict(licence: str | None, more: str) -> None:
    rank = {"pass": 0, "flag": 1, "reject": 2}
    for name in ("default", "research", "commercial"):
        policy = load_policy(name, DAY)
        few, many = ((MIT,), (MIT, Weights("x", "1", "", more)))
        with_few, with_many = (verdict(findings(rights_of(source(licence, "yes")), each, policy), policy) for each in (few, many))
        assert rank[with_many] >= rank[with_few]
