"""Policies: checked whole, told where and how they are wrong, and given back as they were."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.policy import listed_policies, load_policy, names_its_day
from schemas.audit import AUDIT_KINDS, HEALTH_ADVICE, kind_of
from schemas.errors import REASONS, UsageError
from stages.rights.policy import CLASSES, LIMITS, REQUIRABLE, Policy, denied, policy_of

TODAY = datetime.date(2026, 11, 28)


def read(text: str) -> Policy:
    return policy_of(yaml.safe_load(text), "p.yaml", TODAY)


def test_everything_that_a_policy_can_say() -> None:
    policy = read("""
        commercial: true
        allow: [cc-by-4.0, CC0-1.0, LicenseRef-Own]
        deny: [nc, gpl-3.0]
        require: [consent, licence]
        deny_weights: [NC, ND, SA, LicenseRef-Gemma]
        jurisdictions: [EU, usa, NO]
        uses: [Model training, evaluation]
        on: 2027-01-31
        findings: {leakage: reject, hum: note, near_duplicate: flag, too_short: note}
        limits: {speech_without_words: 0.2, max_leakage_db: -35}
        fail_on: flag
        max_rejected_hours: 0.05
    """)
    assert policy.allow == ("CC-BY-4.0", "CC0-1.0", "LicenseRef-Own")
    assert policy.deny == ("NC", "GPL-3.0-only")
    assert policy.deny_weights == ("NC", "ND", "SA", "LicenseRef-Gemma")
    assert policy.jurisdictions == ("EU", "US", "NO"), "a bare NO is Norway, and false to YAML"
    assert policy.uses == ("training", "evaluation")
    assert policy.on == datetime.date(2027, 1, 31), "a bare on is true to YAML"
    assert (policy.severity("leakage"), policy.severity("hum"), policy.severity("too_short")) == ("reject", "note", "note")
    assert policy.severity("upsampled") == kind_of("upsampled").severity
    assert (policy.limit("speech_without_words"), policy.limit("max_leakage_db"), policy.limit("word_errors")) == (0.2, -35.0, 0.5)
    assert (policy.fail_on, policy.max_rejected_hours) == ("flag", 0.05)


def test_a_policy_that_says_nothing_is_for_today_and_has_the_usual_severities_and_limits() -> None:
    policy = read("{}")
    assert policy == Policy(on=TODAY)
    assert all(policy.severity(name) == kind_of(name).severity for name in (*AUDIT_KINDS, *HEALTH_ADVICE, *REASONS))
    assert {name: policy.limit(name) for name in LIMITS} == LIMITS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("comercial: true", "p.yaml: comercial: no such setting; did you mean 'commercial'?"),
        ("commercial: 1", "p.yaml: commercial: wanted true or false, got 1"),
        ("allow: [CC-BY-4..0]", "p.yaml: allow: no such licence: 'CC-BY-4..0'; did you mean CC-BY-4.0?"),
        ("allow: [MIT OR CC0-1.0]", "p.yaml: allow: 'MIT OR CC0-1.0' is no single licence that is known; name each by itself"),
        ("allow: [NOASSERTION]", "p.yaml: allow: 'NOASSERTION' is no single licence that is known"),
        ("deny: [NCC]", "p.yaml: deny: no such licence: 'NCC'"),
        ("deny: {NC: true}", "p.yaml: deny: wanted a list of names, got dict"),
        ("require: [consnt]", "p.yaml: require: no such choice: 'consnt'; did you mean 'consent'?"),
        ("jurisdictions: [Narnia]", "p.yaml: jurisdictions: 'NARNIA': wanted two letters of ISO 3166"),
        ("uses: [3]", "p.yaml: uses: wanted text, got 3"),
        ("on: tomorrow", "p.yaml: on: wanted a day, such as 2026-11-28, got 'tomorrow'"),
        ("findings: {leakege: reject}", "p.yaml: findings.leakege: no such finding; did you mean 'leakage'?"),
        ("findings: {leakage: refuse}", "p.yaml: findings.leakage: no such choice: 'refuse'; valid are flag, note, reject"),
        ("findings: {hum: off}", "p.yaml: findings.hum: no such choice: False"),
        ("findings: [hum]", "p.yaml: findings: wanted a mapping"),
        ("limits: {word_error: 0.5}", "p.yaml: limits.word_error: no such limit; did you mean 'word_errors'?"),
        ("limits: {word_errors: .nan}", "p.yaml: limits.word_errors: wanted a number, got nan"),
        ("limits: {word_errors: true}", "p.yaml: limits.word_errors: wanted a number, got True"),
        ("fail_on: rejects", "p.yaml: fail_on: no such choice: 'rejects'; did you mean 'reject'?"),
        ("max_rejected_hours: 2", "p.yaml: max_rejected_hours: wanted a share from 0 to 1, got 2"),
        ("- commercial", "p.yaml: wanted a mapping of settings"),
        ("{commercial: true, allow: [CC-BY-NC-4.0]}", "allow: CC-BY-NC-4.0 forbids commercial use, and 'commercial: true' intends it"),
        ("{deny: [SA], allow: [CC-BY-SA-4.0]}", "allow: CC-BY-SA-4.0 is also denied, by 'SA' under deny"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        *(("CC-BY-NC-4.0", {"NC"}), ("CC-BY-NC-ND-4.0", {"NC", "ND"}), ("CC-BY-NC-SA-4.0", {"NC", "SA"}), ("CC-BY-4.0", set())),
        *(("GPL-3.0-only", {"SA"}), ("LicenseRef-x", {"unknown"}), ("LicenseRef-LDC-User-Agreement", {"NC", "ND"})),
    ],
)
def test_classes_of_licences(name: str, classes: set[str]) -> None:
    assert {each for each in CLASSES if denied(name, [each])} == classes
    assert denied(name, [name]) == name


severities = st.dictionaries(st.sampled_from([*AUDIT_KINDS, *REASONS]), st.sampled_from(["note", "flag", "reject"]), max_size=4)
contents = st.fixed_dictionaries(
    {},
    optional={
        "commercial": st.booleans(),
        "require": st.lists(st.sampled_from(REQUIRABLE), unique=True),
        "deny_weights": st.lists(st.sampled_from(["NC", "ND", "SA", "unknown", "MIT"]), unique=True),
        "jurisdictions": st.lists(st.sampled_from(["EU", "US", "NO", "US-CA"]), unique=True),
        "uses": st.lists(st.sampled_from(["training", "research"]), unique=True),
        "on": st.dates(),
        "findings": severities,
        "limits": st.dictionaries(st.sampled_from(list(LIMITS)), st.floats(-100, 100)),
        "max_rejected_hours": st.floats(0, 1),
    },
)


@given(contents)
def test_a_policy_comes_back_from_its_plain_contents(data: dict[str, Any]) -> None:
    policy = policy_of(data, "p.yaml", TODAY)
    assert policy_of(json.loads(json.dumps(policy.plain())), "p.yaml", datetime.date(1999, 1, 1)) == policy
    assert policy_of(yaml.safe_load(yaml.safe_dump(policy.plain())), "p.yaml", datetime.date(1999, 1, 1)) == policy


def test_ready_made_policies_load_by_name_and_the_default_changes_nothing() -> None:
    assert {"commercial", "default", "research"} <= set(listed_policies())
    for name in listed_policies():
        assert load_policy(name, TODAY).name == name
    assert load_policy(None, TODAY) == Policy(on=TODAY, name="default")
    assert load_policy("commercial", TODAY).commercial
    assert not names_its_day("commercial")


def test_a_policy_file_is_read_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("on: 2026-01-02\nrequire: consent\n")
    assert load_policy(str(path), TODAY) == Policy(on=datetime.date(2026, 1, 2), name="mine", require=("consent",))
    assert names_its_day(str(path))
    path.write_text("require: [consent\n")
    with pytest.raises(UsageError, match=r"mine\.yaml: not valid YAML"):
        load_policy(str(path), TODAY)
    with pytest.raises(UsageError, match="no such policy file; ready-made are commercial, default, research"):
        load_policy("comercial", TODAY)
