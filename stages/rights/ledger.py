"""What a policy finds in the rights of one recording, and in those of the model weights that shaped its rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from schemas.audit import AuditFinding
from stages.rights.licences import UNKNOWN_NAME, Expression, strictest
from stages.rights.policy import Policy, denied
from stages.rights.recorded import Licensed, Rights
from stages.rights.terms import terms_of
from stages.rights.words import inside

Verdict = Literal["pass", "flag", "reject"]

NOT_GIVEN = "{} is not recorded, and the policy requires it"


def findings(rights: Rights, weights: Iterable[Licensed], policy: Policy) -> tuple[AuditFinding, ...]:
    """Everything that is wrong with one recording's rights under a policy, in a fixed order."""
    return (
        *_licence(rights, policy),
        *_consent(rights, policy),
        *_required(rights, policy),
        *_jurisdiction(rights, policy),
        *_uses(rights, policy),
        *_expiry(rights, policy),
        *_weights(weights, policy),
    )


def verdict(found: Iterable[AuditFinding], policy: Policy) -> Verdict:
    """The worst of findings: a note leaves a recording passed."""
    severities = {policy.severity(each.name) for each in found}
    return "reject" if "reject" in severities else "flag" if "flag" in severities else "pass"


def _finding(name: str, detail: str, **facts: Any) -> AuditFinding:
    return AuditFinding(name=name, detail=detail, facts=json.dumps(facts, sort_keys=True, ensure_ascii=False))


def _licence(rights: Rights, policy: Policy) -> list[AuditFinding]:
    found = []
    if rights.expression is None:
        found.append(_finding("licence_unclear", f"{rights.licence!r} is no SPDX expression", licence=rights.licence))
    elif not rights.expression.known:
        found.append(_finding("licence_unknown", "", licence=rights.licence))
    why = refused(rights.known, policy)
    if why:
        facts = {"licence": rights.licence, "expression": str(rights.known), "why": list(why)}
        found.append(_finding("licence_refused", "; ".join(why), **facts))
    return found


def refused(expression: Expression, policy: Policy) -> tuple[str, ...]:
    """Why the licence of data is refused, a sentence for each name that stands in the way; none where it is not.

    A choice is refused only where each of its licences is.
    """
    found: list[str] = []
    for clause in expression.clauses:
        reasons = [_why_not(name, policy) for name in clause]
        if all(reasons):
            found += [reason for reason in reasons if reason]
    return tuple(dict.fromkeys(found))


def _why_not(name: str, policy: Policy) -> str | None:
    shown = "the licence, which is not known," if name == UNKNOWN_NAME else name
    answered = _answered(name, policy)
    entry = denied(name, (each for each in policy.deny if not (answered and each == "unknown")))
    if entry is not None:
        return f"{shown} is denied" if entry == name else f"{shown} is denied as {entry}"
    if policy.allow and not answered:
        return f"{shown} is not among the allowed"
    return _not_commercial(name, shown, policy)


def _not_commercial(name: str, shown: str, policy: Policy) -> str | None:
    commercial = terms_of(name).commercial
    if not policy.commercial or commercial:
        return None
    if commercial is False:
        return f"{shown} forbids commercial use"
    return None if _answered(name, policy) else f"nothing here knows whether {shown} permits commercial use"


def _answered(name: str, policy: Policy) -> bool:
    return name in policy.allow or name.partition(" WITH ")[0] in policy.allow


def _consent(rights: Rights, policy: Policy) -> list[AuditFinding]:
    if rights.consent_refused is not None:
        return [_finding("consent_missing", f"recorded as refused or withdrawn: {rights.consent_refused}", consent=rights.consent_refused)]
    if "consent" in policy.require and rights.consent is None:
        return [_finding("consent_missing", NOT_GIVEN.format("consent"))]
    return []


def _required(rights: Rights, policy: Policy) -> list[AuditFinding]:
    held = {
        "licence": rights.expression is None or rights.expression.known,
        "jurisdiction": bool(rights.jurisdiction),
        "permitted_uses": rights.permitted_uses is not None,
        "expires": rights.expires is not None,
        "corpus": rights.corpus is not None,
        "language": rights.language is not None,
    }
    missing = [name for name in policy.require if not held.get(name, True)]
    return [_finding("rights_missing", NOT_GIVEN.format(name), missing=name) for name in missing]


def _jurisdiction(rights: Rights, policy: Policy) -> list[AuditFinding]:
    if not policy.jurisdictions:
        return []
    if not rights.jurisdiction:
        if "jurisdiction" in policy.require:
            return []
        detail = f"jurisdiction is not recorded, and the policy takes {', '.join(policy.jurisdictions)} only"
        return [_finding("rights_missing", detail, missing="jurisdiction")]
    outside = [code for code in rights.jurisdiction if not any(inside(code, each) for each in policy.jurisdictions)]
    if not outside:
        return []
    detail = f"{', '.join(outside)}; the policy takes {', '.join(policy.jurisdictions)}"
    return [_finding("jurisdiction_refused", detail, jurisdiction=list(rights.jurisdiction), allowed=list(policy.jurisdictions))]


def _uses(rights: Rights, policy: Policy) -> list[AuditFinding]:
    permitted, banned = rights.permitted_uses, rights.prohibited_uses
    open_to_all = permitted is None or "any" in permitted
    wanted = (*policy.uses, *(("commercial",) if policy.commercial and "commercial" in banned else ()))
    bad = [each for each in dict.fromkeys(wanted) if each in banned or "any" in banned or not (open_to_all or each in (permitted or ()))]
    if not bad:
        return []
    said = [f"permitted are {', '.join(permitted) or 'none'}"] if permitted is not None else []
    said += [f"prohibited are {', '.join(banned)}"] if banned else []
    facts = {"wanted": bad, "permitted": None if permitted is None else list(permitted), "prohibited": list(banned)}
    return [_finding("use_refused", f"{', '.join(bad)}: {'; '.join(said)}", **facts)]


def _expiry(rights: Rights, policy: Policy) -> list[AuditFinding]:
    found = []
    if rights.unread_expiry is not None:
        detail = f"the last day of the permission cannot be read: {rights.unread_expiry}; wanted a day such as 2026-11-28"
        found.append(_finding("rights_missing", detail, missing="expires"))
    if rights.expires is not None and rights.expires < policy.on:
        detail = f"on {rights.expires.isoformat()}; the policy asks for {policy.on.isoformat()}"
        found.append(_finding("expired", detail, expires=rights.expires.isoformat(), on=policy.on.isoformat()))
    return found


def _weights(weights: Iterable[Licensed], policy: Policy) -> list[AuditFinding]:
    found = []
    for name, licence in dict.fromkeys((each.name, each.licence) for each in weights):
        why = _weights_refused(licence, policy)
        if why:
            found.append(_finding("weights_refused", f"{name}: {why}", weights=name, licence=licence))
    return found


def _weights_refused(licence: str, policy: Policy) -> str:
    """Why weights of this licence are refused; empty where they are not."""
    found: list[str] = []
    for clause in strictest(licence).clauses:
        reasons = [_why_not_weights(name, policy) for name in clause]
        if all(reasons):
            found += [reason for reason in reasons if reason]
    return "; ".join(dict.fromkeys(found))


def _why_not_weights(name: str, policy: Policy) -> str | None:
    shown = "its licence, which is not known," if name == UNKNOWN_NAME else name
    answered = _answered(name, policy)
    entry = denied(name, (each for each in policy.deny_weights if not (answered and each == "unknown")))
    if entry is not None:
        return f"{shown} is denied" if entry == name else f"{shown} is denied as {entry}"
    return _not_commercial(name, shown, policy)
