"""The one spelling of jurisdictions, of uses, and of what people write into manifests about consent and time."""

from __future__ import annotations

import datetime
import re

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
GROUPS: dict[str, frozenset[str]] = {"EU": frozenset(_EU.split(" ")), "EEA": frozenset(f"{_EU} IS LI NO".split(" "))}
"""Groups of states by ISO 3166-1 code: the European Union (since 2020) and the European Economic Area."""

_PLACES = {
    **dict.fromkeys(("USA", "U.S.", "U.S.A.", "UNITED STATES", "UNITED STATES OF AMERICA"), "US"),
    **dict.fromkeys(("UK", "UNITED KINGDOM", "GREAT BRITAIN"), "GB"),
    **dict.fromkeys(("EUROPEAN UNION",), "EU"),
    **dict.fromkeys(("EL", "GREECE"), "GR"),
    **dict.fromkeys(("GERMANY", "DEUTSCHLAND"), "DE"),
    **dict.fromkeys(("FRANCE",), "FR"),
    **dict.fromkeys(("CANADA",), "CA"),
    **dict.fromkeys(("JAPAN",), "JP"),
    **dict.fromkeys(("CHINA", "PRC"), "CN"),
    **dict.fromkeys(("INDIA",), "IN"),
    **dict.fromkeys(("CALIFORNIA",), "US-CA"),
}
_USES = {
    **dict.fromkeys(("train", "ai-training", "ml-training", "model-training", "machine-learning"), "training"),
    **dict.fromkeys(("eval", "test", "testing", "benchmark", "benchmarking"), "evaluation"),
    **dict.fromkeys(("academic", "non-commercial-research", "scientific-research", "academic-research"), "research"),
    **dict.fromkeys(("all", "unrestricted", "*"), "any"),
    **dict.fromkeys(("commercial-use",), "commercial"),
}
_NO_CONSENT = ("", "no", "false", "none", "null", "0", "n", "unknown", "not given", "not obtained", "n/a", "na", "missing", "pending")
_REFUSED = re.compile(
    r"(?<!not )(?<!be )\b(withdrawn|withdrew|revoked|refused|denied|declined|objected)\b|^(no|false|0|not given|not obtained)$"
)


def jurisdiction(text: str) -> str:
    """ISO 3166 code of a state or a part of it (`US-CA`), or a group; a name that is not known stays, in capitals."""
    plain = " ".join(text.split()).upper().replace("_", "-")
    return _PLACES.get(plain, plain)


def inside(code: str, allowed: str) -> bool:
    """Whether a jurisdiction is another one, a part of it, or in the group."""
    state, group = code.partition("-")[0], GROUPS.get(allowed, frozenset())
    return allowed in (code, state) or state in group or (code in GROUPS and GROUPS[code] <= group)


def use(text: str) -> str:
    """The one spelling of a use: small letters, words joined by dashes; `any` where everything is permitted."""
    plain = "-".join(re.split(r"[\s_-]+", text.strip().lower()))
    return _USES.get(plain, plain)


def consent_given(text: str | None) -> bool:
    """Whether what is recorded of consent says that there is some."""
    return text is not None and text.strip().lower() not in _NO_CONSENT and not consent_refused(text)


def consent_refused(text: str | None) -> bool:
    """Whether it says that there is none, or no longer."""
    return text is not None and _REFUSED.search(text.strip().lower()) is not None


def day_of(value: object) -> datetime.date | None:
    """The day of an ISO 8601 date or time, the last one of a month or year; None where it is none."""
    text = str(value).strip()
    if match := re.fullmatch(r"(\d{4})(?:-(\d{2}))?", text):
        year, month = int(match[1]), int(match[2] or 12)
        if not (1 <= year < 9999 and 1 <= month <= 12):
            return None
        after = datetime.date(year + month // 12, month % 12 + 1, 1)
        return after - datetime.timedelta(days=1)
    try:
        return datetime.datetime.fromisoformat(text).date()
    except ValueError:
        return None
