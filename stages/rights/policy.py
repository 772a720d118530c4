"""What a person wants to do with a corpus, and what they do not accept: the plain contents of a policy file, checked whole."""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast

from schemas.audit import AUDIT_KINDS, HEALTH_ADVICE, Severity, kind_of
from schemas.errors import REASONS, UsageError
from stages.rights.licences import ABSENT, UNKNOWN_NAME, hint, licence_problem, spdx_name
from stages.rights.terms import Terms, terms_of
from stages.rights.words import GROUPS, jurisdiction, use

FailOn = Literal["reject", "flag", "never"]
SEVERITIES = ("note", "flag", "reject")
FAIL_ON = ("reject", "flag", "never")

REQUIRABLE = ("licence", "consent", "jurisdiction", "permitted_uses", "expires", "corpus", "language")
"""What a policy may want to be recorded."""

CLASSES: dict[str, Callable[[Terms], bool]] = {
    "NC": lambda terms: terms.commercial is False,
    "ND": lambda terms: terms.derivatives is False,
    "SA": lambda terms: terms.share_alike is True,
    "unknown": lambda terms: None in (terms.commercial, terms.derivatives),
}
"""Kinds of licences that a policy may deny beside single ones: no commercial use, no adaptations, share alike, unknown terms."""

LIMITS: dict[str, float] = {
    "speech_without_words": 0.25,
    "words_without_speech": 0.25,
    "word_errors": 0.5,
    "untranscribed_end_s": 30.0,
    "header_mismatch": 0.01,
    "max_leakage_db": -30.0,
}
"""Every limit that an audit holds a value against, with its default: shares from 0 to 1, seconds (`_s`) and decibels (`_db`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What decides over every recording of a corpus. Names of licences, uses and jurisdictions are in their one spelling."""

    on: datetime.date
    """The day for which permissions must hold."""
    name: str = "policy"
    commercial: bool = False
    """Commercial use is intended: a licence of data or of weights that forbids it, or does not say, is refused."""
    allow: tuple[str, ...] = ()
    """The only licences of data that are taken, where any is named. The person answers for those whose terms nobody here knows; what is
    known to forbid the intended use is refused all the same."""
    deny: tuple[str, ...] = ()
    """Licences, or classes of them (`CLASSES`), of data."""
    require: tuple[str, ...] = ()
    deny_weights: tuple[str, ...] = ()
    """Licences, or classes of them, of model weights."""
    jurisdictions: tuple[str, ...] = ()
    """The only ones that are taken, where any is named: ISO 3166 codes, or a group such as `EU`."""
    uses: tuple[str, ...] = ()
    """What is intended: each must be among a recording's permitted uses, where it names any."""
    findings: tuple[tuple[str, Severity], ...] = ()
    """Severities that are not those of `schemas.audit`, by name."""
    limits: tuple[tuple[str, float], ...] = ()
    """Limits that are not those of `LIMITS`, by name."""
    fail_on: FailOn = "reject"
    """The severity of a finding that makes an audit fail."""
    max_rejected_hours: float = 0.0
    """Share of all hours that may be rejected before an audit fails."""

    def severity(self, name: str) -> Severity:
        """How severe a finding is under this policy."""
        return dict(self.findings).get(name) or kind_of(name).severity

    def limit(self, name: str) -> float:
        """What a value is held against; `KeyError` for a name that is not in `LIMITS`."""
        return dict(self.limits).get(name, LIMITS[name])

    def plain(self) -> dict[str, Any]:
        """As the contents of a policy file that gives it back, every default spelled out."""
        data = {field.name: getattr(self, field.name) for field in fields(Policy)}
        lists = {name: list(value) for name, value in data.items() if isinstance(value, tuple)}
        return {**data, **lists, "on": self.on.isoformat(), "findings": dict(self.findings), "limits": dict(self.limits)}

    def at(self, day: datetime.date) -> Policy:
        """The same policy for another day."""
        return replace(self, on=day)


def policy_of(data: Any, place: str, today: datetime.date) -> Policy:
    """A policy from the contents of the file `place`; for `today` where it names no day of its own.

    Raises `UsageError` that names the file, the setting and the nearest valid choice.
    """
    if not isinstance(data, Mapping):
        raise UsageError(f"{place}: wanted a mapping of settings, such as 'commercial: true', got {type(data).__name__}")
    readers = _readers(place, today)
    found: dict[str, Any] = {}
    for key, value in data.items():
        name = "on" if key is True else key  # YAML 1.1 takes the bare word `on` for true
        if name not in readers:
            raise UsageError(f"{place}: {key}: no such setting{_near(str(key), readers)}")
        if value is not None:
            found[name] = readers[name](f"{place}: {name}", value)
    policy = Policy(**{"on": today, **found})
    _check_allowed(policy, place)
    return policy


def denied(name: str, wanted: Iterable[str]) -> str | None:
    """The entry, a name or a class, by which a licence is denied."""
    base = name.partition(" WITH ")[0]
    return next((each for each in wanted if each in (name, base) or (each in CLASSES and CLASSES[each](terms_of(name)))), None)


def _check_allowed(policy: Policy, place: str) -> None:
    """Two settings that contradict each other are a slip, and it shows before an hour of audio is read."""
    for name in policy.allow:
        if policy.commercial and terms_of(name).commercial is False:
            raise UsageError(f"{place}: allow: {name} forbids commercial use, and 'commercial: true' intends it; leave out one of the two")
        if (entry := denied(name, (each for each in policy.deny if each != "unknown"))) is not None:
            raise UsageError(f"{place}: allow: {name} is also denied, by {entry!r} under deny; leave out one of the two")


Reader = Callable[[str, Any], Any]


def _readers(place: str, today: datetime.date) -> dict[str, Reader]:
    return {
        "name": _text,
        "commercial": _flag,
        "allow": lambda at, value: tuple(_licence(at, each) for each in _list(at, value)),
        "deny": _denials,
        "require": lambda at, value: tuple(_choice(at, each, REQUIRABLE) for each in _list(at, value)),
        "deny_weights": _denials,
        "jurisdictions": _jurisdictions,
        "uses": lambda at, value: tuple(use(_text(at, each)) for each in _list(at, value)),
        "on": _day,
        "findings": _severities,
        "limits": _limits,
        "fail_on": lambda at, value: cast(FailOn, _choice(at, value, FAIL_ON)),
        "max_rejected_hours": _share,
    }


def _text(at: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{at}: wanted text, got {_short(value)}")
    return value.strip()


def _flag(at: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{at}: wanted true or false, got {_short(value)}")
    return value


def _list(at: str, value: Any) -> list[Any]:
    """A list without doubles; one thing alone counts as a list of it."""
    held = value if isinstance(value, list) else [value]
    if any(isinstance(each, (list, dict)) or each is None for each in held):
        raise UsageError(f"{at}: wanted a list of names, got {_short(value)}")
    return list(dict.fromkeys(held))


def _choice(at: str, value: Any, valid: Iterable[str]) -> str:
    known = tuple(valid)
    if value not in known or not isinstance(value, str):
        raise UsageError(f"{at}: no such choice: {_short(value)}{_near(str(value), known)}")
    return value


def _licence(at: str, value: Any) -> str:
    text = _text(at, value)
    name = spdx_name(text)
    if name in (None, UNKNOWN_NAME) or text == ABSENT:
        if licence_problem(text) is None:
            raise UsageError(f"{at}: {text!r} is no single licence that is known; name each by itself")
        raise UsageError(f"{at}: no such licence: {_short(text)}; {hint(text)}")
    return str(name)


def _denials(at: str, value: Any) -> tuple[str, ...]:
    classes = {name.lower(): name for name in CLASSES}
    return tuple(classes.get(str(each).lower()) or _licence(at, each) for each in _list(at, value))


def _jurisdictions(at: str, value: Any) -> tuple[str, ...]:
    # the code of Norway, bare, is YAML 1.1's false
    codes = tuple(jurisdiction("NO" if each is False else _text(at, each)) for each in _list(at, value))
    for code in codes:
        if code not in GROUPS and not (code.partition("-")[0].isalpha() and len(code.partition("-")[0]) == 2):
            raise UsageError(f"{at}: {code!r}: wanted two letters of ISO 3166, such as DE or US-CA, or one of {', '.join(GROUPS)}")
    return codes


def _day(at: str, value: Any) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{at}: wanted a day, such as 2026-11-28, got {_short(value)}") from error


def _severities(at: str, value: Any) -> tuple[tuple[str, Severity], ...]:
    valid = (*AUDIT_KINDS, *HEALTH_ADVICE, *REASONS)
    found = {}
    for name, severity in _mapping(at, value).items():
        if name not in valid:
            raise UsageError(f"{at}.{name}: no such finding{_near(str(name), valid)}")
        found[name] = cast(Severity, _choice(f"{at}.{name}", severity, SEVERITIES))
    return tuple(sorted(found.items()))


def _limits(at: str, value: Any) -> tuple[tuple[str, float], ...]:
    found = {}
    for name, number in _mapping(at, value).items():
        if name not in LIMITS:
            raise UsageError(f"{at}.{name}: no such limit{_near(str(name), LIMITS)}")
        found[name] = _number(f"{at}.{name}", number)
    return tuple(sorted(found.items()))


def _mapping(at: str, value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{at}: wanted a mapping of names to values, got {_short(value)}")
    return value


def _number(at: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UsageError(f"{at}: wanted a number, got {_short(value)}")
    return float(value)


def _share(at: str, value: Any) -> float:
    number = _number(at, value)
    if not 0 <= number <= 1:
        raise UsageError(f"{at}: wanted a share from 0 to 1, got {_short(value)}")
    return number


def _near(wrong: str, valid: Iterable[str]) -> str:
    known = list(valid)
    near = difflib.get_close_matches(wrong, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(sorted(known)) if len(known) < 40 else 'those of an audit'}"


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value) if isinstance(value, (str, int, float, bool, datetime.date)) else type(value).__name__
    return text if len(text) <= limit else text[:limit] + "…"
