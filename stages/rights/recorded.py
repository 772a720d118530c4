"""What is recorded of the rights in one recording: its licence and consent, and what its manifest says beside them in common spellings."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.row_rights import RowRights
from stages.rights.licences import UNKNOWN_EXPRESSION, Expression, expression_of, strictest
from stages.rights.terms import all_of
from stages.rights.words import consent_given, consent_refused, day_of, jurisdiction, use

JURISDICTION = ("jurisdiction", "jurisdictions", "legal_jurisdiction", "governing_law")
PERMITTED = ("permitted_uses", "permitted_use", "permitted_purposes", "allowed_uses", "allowed_use", "allowed_purposes", "licensed_uses")
PROHIBITED = ("prohibited_uses", "prohibited_use", "forbidden_uses", "excluded_uses")
EXPIRES = (
    *("expires", "expires_on", "expires_at", "expiry", "expiry_date", "expiration", "expiration_date", "valid_until", "valid_to"),
    *("licence_expires", "license_expires", "licence_until", "license_until", "consent_expires", "consent_valid_until"),
    *("retention_until", "delete_by"),
)
CONSENT = ("consent_given", "consented", "consent_obtained", "has_consent", "consent_date", "consent_form", "consent_id")
WITHDRAWN = ("consent_withdrawn", "consent_revoked", "withdrawn")
NESTED = {"rights": "", "consent_details": "consent_", "consent_info": "consent_"}
"""Objects that a manifest may hold these in, and what their fields' names begin with outside them."""


class Described(Protocol):
    """A `Source` or a `RowSource`."""

    @property
    def corpus(self) -> str | None: ...
    @property
    def licence(self) -> str | None: ...
    @property
    def consent(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def extra(self) -> str: ...


class Licensed(Protocol):
    """Model weights: `stages.stage.Weights` or `schemas.row.RowWeights`."""

    @property
    def name(self) -> str: ...
    @property
    def licence(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What is recorded of one recording. Unknown is absent."""

    licence: str | None
    """As written."""
    expression: Expression | None
    """The licence as it is understood; None where it cannot be."""
    consent: str | None
    """What says that the speakers consented; None where nothing does."""
    consent_refused: str | None = None
    """What says that they did not, or no longer do."""
    jurisdiction: tuple[str, ...] = ()
    permitted_uses: tuple[str, ...] | None = None
    prohibited_uses: tuple[str, ...] = ()
    expires: datetime.date | None = None
    """The earliest of all last days."""
    unread_expiry: str | None = None
    """A field that should hold a day and holds none."""
    corpus: str | None = None
    language: str | None = None

    @property
    def known(self) -> Expression:
        """The licence as it is understood, an unknown one where it cannot be."""
        return self.expression or UNKNOWN_EXPRESSION


def rights_of(source: Described) -> Rights:
    """What a source, or a row's, has recorded."""
    extra = _fields(source.extra)
    consent, refused = _consent(source.consent, extra)
    days = {name: day_of(extra[name]) for name in EXPIRES if not _empty(extra.get(name))}
    read = [day for day in days.values() if day is not None]
    unread = next((f"{name}: {extra[name]!r}"[:120] for name, day in days.items() if day is None), None)
    permitted = [use(each) for each in _texts(extra, PERMITTED)]
    return Rights(
        licence=source.licence,
        expression=expression_of(source.licence),
        consent=consent,
        consent_refused=refused,
        jurisdiction=tuple(sorted({jurisdiction(each) for each in _texts(extra, JURISDICTION)})),
        permitted_uses=tuple(sorted(set(permitted))) if any(name in extra for name in PERMITTED) else None,
        prohibited_uses=tuple(sorted({use(each) for each in _texts(extra, PROHIBITED)})),
        expires=min(read, default=None),
        unread_expiry=unread,
        corpus=source.corpus,
        language=source.language,
    )


def row_rights(source: Described, weights: Iterable[Licensed]) -> RowRights:
    """The rights of rows of a recording that stages with these weights made."""
    rights, held = rights_of(source), tuple(weights)
    own = rights.known.terms
    combined = strictest(rights.known, *(each.licence for each in held))
    terms = combined.terms
    decided = sorted({each.name for each in held if all_of([own, strictest(each.licence).terms]) != own})
    return RowRights(
        expression=str(combined),
        commercial=terms.commercial,
        derivatives=terms.derivatives,
        share_alike=terms.share_alike,
        attribution=terms.attribution,
        jurisdiction=rights.jurisdiction,
        permitted_uses=rights.permitted_uses,
        expires=None if rights.expires is None else rights.expires.isoformat(),
        weights=tuple(decided),
    )


def _fields(extra: str) -> dict[str, Any]:
    """The manifest's other fields, with names in small letters and words joined by `_`; those of its objects of rights go before."""
    try:
        held = json.loads(extra)
    except ValueError:
        return {}
    if not isinstance(held, dict):
        return {}
    found = {_plain(name): value for name, value in held.items()}
    for name, prefix in NESTED.items():
        inner = found.pop(name, None)
        if isinstance(inner, dict):
            plain = {_plain(each): value for each, value in inner.items()}
            found.update({each if each.startswith(prefix) else prefix + each: value for each, value in plain.items()})
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _texts(extra: dict[str, Any], names: Iterable[str]) -> list[str]:
    """The texts of fields that hold one, several parted by `;`, `,` or `|`, or a list."""
    found: list[str] = []
    for name in names:
        value = extra.get(name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                found += [part.strip() for part in re.split(r"[;,|]", each) if part.strip()]
    return found


def _consent(text: str | None, extra: dict[str, Any]) -> tuple[str | None, str | None]:
    """What says that there is consent, and what says that there is none; the second counts."""
    refused = text if consent_refused(text) else None
    given = text if consent_given(text) else None
    for name in WITHDRAWN:
        value = extra.get(name)
        if not _empty(value) and str(value).strip().lower() not in ("false", "no", "0", "never"):
            refused = refused or f"{name}: {value}"[:120]
    for name in CONSENT:
        value = extra.get(name)
        if _empty(value):
            continue
        said = str(value)
        if consent_refused(said):
            refused = refused or f"{name}: {said}"[:120]
        elif consent_given(said):
            given = given or f"{name}: {said}"[:120]
    return (None, refused) if refused is not None else (given, None)
