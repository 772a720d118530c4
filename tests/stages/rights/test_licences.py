"""Licences against their texts and against another house's judgement of them, and the laws of putting them together."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from license_expression import get_license_index

from stages.rights.licences import Expression, expression_of, licence_problem, listed, spdx_name, strictest, together
from stages.rights.terms import FREE, KNOWN, LDC, UNKNOWN, Terms, all_of, any_of, terms_of
from stages.sources.corpus import LDC_LICENCE

JUDGED = {each["spdx_license_key"]: each["category"] for each in get_license_index() if each.get("spdx_license_key")}
"""Category of each licence in the database of the scancode project, which its lawyers keep by hand."""


def test_every_known_licence_is_in_the_category_that_its_terms_say() -> None:
    names = [name for name in (*KNOWN, *(n for n in JUDGED if n.startswith("CC-"))) if listed(name)]
    assert len(names) > 100
    for name in names:
        terms = terms_of(name)
        category = JUDGED[name]
        assert terms != UNKNOWN, name
        assert ("Copyleft" in category) == (terms.share_alike is True and terms.commercial is True), name
        assert (category in ("Source-available", "Free Restricted")) == (terms.commercial is False or terms.derivatives is False), name
        assert terms.attribution or category in ("Public Domain", "Permissive") or name == "CC-SA-1.0", name
        assert category != "Public Domain" or terms == FREE, name


@pytest.mark.parametrize(
    ("licence", "commercial", "derivatives", "share_alike", "attribution"),
    [
        ("CC-BY-4.0", True, True, False, True),  # legal code, 2(a)(1) and 3(a)
        ("CC-BY-SA-3.0", True, True, True, True),  # 4(b)
        ("CC-BY-NC-4.0", False, True, False, True),  # 2(a)(1): for NonCommercial purposes only
        ("CC-BY-NC-SA-2.5", False, True, True, True),
        ("CC-BY-ND-4.0", True, False, False, True),  # 3(a)(1): no permission to Share Adapted Material
        ("CC-BY-NC-ND-3.0-IGO", False, False, False, True),
        ("CC-SA-1.0", True, True, True, False),
        ("CC0-1.0", True, True, False, False),
        ("CC-PDM-1.0", True, True, False, False),
        ("MIT", True, True, False, True),
        ("Apache-2.0", True, True, False, True),
        ("ODC-By-1.0", True, True, False, True),  # 4.2 and 4.3: notices
        ("ODbL-1.0", True, True, True, True),  # 4.4: share alike
        ("CDLA-Sharing-1.0", True, True, True, True),  # 3.1
        ("GPL-3.0-only WITH GCC-exception-3.1", True, True, True, True),
        ("LicenseRef-LDC-User-Agreement", False, False, False, True),
        ("LicenseRef-Somebody", None, None, None, None),
        ("LicenseRef-scancode-proprietary-license", None, None, None, None),
        ("C-UDA-1.0", None, None, None, None),
        (None, None, None, None, None),
        ("NONE", None, None, None, None),
        ("CC-BY-4.0 AND CC-BY-NC-4.0", False, True, False, True),
        ("CC0-1.0 AND LicenseRef-x", None, None, None, None),
        ("CC-BY-NC-SA-4.0 AND LicenseRef-x", False, None, True, True),
        ("MIT OR CC-BY-NC-4.0", True, True, False, True),
        ("CC0-1.0 OR LicenseRef-x", True, True, False, False),
        ("CC-BY-NC-4.0 OR LicenseRef-x", None, True, False, None),
    ],
)
def test_what_licences_permit_and_ask(
    licence: str | None, commercial: object, derivatives: object, share_alike: object, attribution: object
) -> None:
    found = expression_of(licence)
    assert found is not None
    terms = found.terms
    assert (terms.commercial, terms.derivatives, terms.share_alike, terms.attribution) == (
        commercial,
        derivatives,
        share_alike,
        attribution,
    )


def test_the_agreement_of_the_ldc_has_one_name() -> None:
    assert LDC == LDC_LICENCE


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(("cc-by-4.0", "CC-BY-4.0"), ("apache-2.0", "Apache-2.0"), ("odc-by", "ODC-By-1.0"), ("odbl", "ODbL-1.0"), ("pddl", "PDDL-1.0")),
        *(
            ("cc0-1.0", "CC0-1.0"),
            ("agpl-3.0", "AGPL-3.0-only"),
            ("openrail", "LicenseRef-OpenRAIL"),
            ("cdla-permissive-2.0", "CDLA-Permissive-2.0"),
        ),
        *(("CC BY-NC 4.0", "CC-BY-NC-4.0"), ("cc by nc nd 4.0", "CC-BY-NC-ND-4.0"), ("Creative Commons BY 3.0", "CC-BY-3.0")),
        ("https://creativecommons.org/licenses/by-sa/3.0/de/", "CC-BY-SA-3.0-DE"),
        ("http://www.creativecommons.org/licenses/by-nc/4.0/legalcode.en", "CC-BY-NC-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("licenseref-ldc-user-agreement", "LicenseRef-LDC-User-Agreement"),
        ("mit and cc0-1.0", "CC0-1.0 AND MIT"),
        ("MIT AND (MIT OR CC0-1.0)", "MIT"),
        ("(CC0-1.0 OR MIT) AND CC-BY-4.0", "CC-BY-4.0 AND (CC0-1.0 OR MIT)"),
        *((None, "NOASSERTION"), ("", "NOASSERTION"), ("other", "NOASSERTION"), ("unknown", "NOASSERTION"), ("NOASSERTION", "NOASSERTION")),
        *(("cc", None), ("bsd", None), ("CC-BY", None), ("by arrangement", None), ("(", None), ("MIT AND", None)),
        *(("MIT WITH x", None), ("CC-BY-4.0+", None), ("CC-BY-9.0", None), ("x" * 5000, None)),
        (" AND ".join(f"(LicenseRef-a{i} OR LicenseRef-b{i})" for i in range(30)), ...),
        (" OR ".join(f"(LicenseRef-a{i} AND LicenseRef-b{i})" for i in range(30)), None),
    ],
)
def test_how_licences_are_read(written: str | None, read: object) -> None:
    found = expression_of(written)
    if read is not ...:
        assert (None if found is None else str(found)) == read
    if found is not None:
        assert expression_of(str(found)) == found


NAMES = ["CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-SA-4.0", "CC0-1.0", "MIT", "LicenseRef-x", "LicenseRef-y", LDC]
expressions = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
    max_leaves=6,
)
licences = st.one_of(expressions, st.sampled_from([None, "", "NOASSERTION", "by arrangement", "odc-by"]))
RANK = {
    "commercial": {False: 0, None: 1, True: 2},
    "derivatives": {False: 0, None: 1, True: 2},
    "share_alike": {True: 0, None: 1, False: 2},
    "attribution": {True: 0, None: 1, False: 2},
}


def milder(terms: Terms, than: Terms) -> list[str]:
    return [name for name, rank in RANK.items() if rank[getattr(terms, name)] > rank[getattr(than, name)]]


@given(st.lists(licences, min_size=1, max_size=4), st.randoms())
def test_the_order_of_licences_does_not_matter(held: list[str | None], random: object) -> None:
    found = str(strictest(*held))
    for order in itertools.islice(itertools.permutations(held), 8):
        assert str(strictest(*order)) == found


@given(licences, licences, licences)
def test_putting_together_is_associative_and_idempotent(a: str | None, b: str | None, c: str | None) -> None:
    assert strictest(str(strictest(a, b)), c) == strictest(a, str(strictest(b, c))) == strictest(a, b, c)
    assert strictest(a, a) == strictest(a)
    assert together([strictest(a), strictest(b)]) == strictest(a, b)
    assert strictest(str(strictest(a, b)), a) == strictest(a, b)


@given(licences, licences)
def test_one_more_licence_never_permits_more(a: str | None, b: str | None) -> None:
    assert milder(strictest(a, b).terms, than=strictest(a).terms) == []
    assert milder(strictest(a, b).terms, than=strictest(b).terms) == []
    for allowed in (set(NAMES[:1]), set(NAMES[:4]), set(NAMES)):
        assert not strictest(a, b).met(allowed.__contains__) or strictest(a).met(allowed.__contains__)


@given(expressions, st.sets(st.sampled_from(NAMES)))
def test_the_one_form_means_what_was_written(written: str, held: set[str]) -> None:
    words = written.replace("(", " ( ").replace(")", " ) ").split()
    python = " ".join({"AND": "and", "OR": "or", "(": "(", ")": ")"}.get(word) or str(word in held) for word in words)
    found = expression_of(written)
    assert found is not None
    assert found.met(held.__contains__) is eval(python)


@given(st.lists(st.sampled_from([terms_of(name) for name in (*NAMES, "ODbL-1.0")]), min_size=1, max_size=4))
def test_all_of_terms_is_the_strictest_answer_to_each_question_and_any_of_the_mildest(terms: list[Terms]) -> None:
    for name, rank in RANK.items():
        ranks = [rank[getattr(each, name)] for each in terms]
        assert rank[getattr(all_of(terms), name)] == min(ranks)
        assert rank[getattr(any_of(terms), name)] == max(ranks)
    assert all_of([]) == FREE


@given(st.text(max_size=40))
def test_any_text_is_read_or_is_not(text: str) -> None:
    found = expression_of(text)
    assert found is None or expression_of(str(found)) == found
    assert isinstance(strictest(text, text), Expression)


def test_problems_tell_how_a_licence_is_read_all_the_same() -> None:
    assert "read as 'ODC-By-1.0'" in str(licence_problem("odc-by"))
    assert "read as CC-BY-NC-4.0" in str(licence_problem("https://creativecommons.org/licenses/by-nc/4.0/"))
    assert "did you mean CC-BY-4.0" in str(licence_problem("CC-BY-4..0"))
    assert licence_problem("licenseref-own") is None
    assert (spdx_name("mit"), spdx_name("MIT OR X11"), spdx_name("nothing like it")) == ("MIT", None, None)
