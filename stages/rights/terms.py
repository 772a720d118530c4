"""What licences mean for training data, as far as their own texts say it; of any other nothing is guessed.

Sources: the legal codes of Creative Commons, whose names on the SPDX list (3.x) spell their elements; the texts of the Open Data
Commons, CDLA, open government and software licences under their SPDX names; the OpenRAIL licences of BigScience, BigCode and CreativeML;
and what the Linguistic Data Consortium says of its agreement for non-members (ldc.upenn.edu, "Licensing"): non-commercial linguistic
education, research and technology development only, and no passing on. A for-profit member of the LDC has other rights, from an agreement
of its own, which goes by a name of its own, such as `LicenseRef-Own-LDC-Membership`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import cache

LDC = "LicenseRef-LDC-User-Agreement"


@dataclass(frozen=True, slots=True)
class Terms:
    """Two permissions and two duties, None where they are not known."""

    commercial: bool | None
    """Commercial use is permitted."""
    derivatives: bool | None
    """Adaptations may be passed on; an export, or a model's output, may be one."""
    share_alike: bool | None
    """Adaptations are passed on under the same terms, or must carry a part of them, such as limits on use."""
    attribution: bool | None
    """Credit, or a notice, goes with every copy."""


UNKNOWN = Terms(None, None, None, None)
FREE = Terms(True, True, False, False)
"""Asks for nothing: what no licence at all is stricter than."""
PERMISSIONS = ("commercial", "derivatives")
"""True is the mild answer to these, and False to the others."""

_CREDIT = Terms(True, True, False, True)
_ALIKE = Terms(True, True, True, True)
_RESEARCH = Terms(False, True, False, True)

_GROUPS: dict[Terms, str] = {
    FREE: "CC0-1.0 CC-PDM-1.0 CC-PDDC PDDL-1.0 Unlicense 0BSD MIT-0 WTFPL DL-DE-ZERO-2.0 "
    "LicenseRef-Public-Domain LicenseRef-scancode-public-domain",
    _CREDIT: "MIT Apache-2.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause ISC Zlib BSL-1.0 "
    "BlueOak-1.0.0 AFL-3.0 ECL-2.0 NCSA PostgreSQL Python-2.0 PSF-2.0 ODC-By-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0 OGL-UK-1.0 "
    "OGL-UK-2.0 OGL-UK-3.0 OGL-Canada-2.0 etalab-2.0 DL-DE-BY-2.0 NLOD-1.0 NLOD-2.0",
    _ALIKE: "ODbL-1.0 CDLA-Sharing-1.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.1-only LGPL-2.1-or-later "
    "LGPL-3.0-only LGPL-3.0-or-later LGPLLR AGPL-3.0-only AGPL-3.0-or-later MPL-2.0 EPL-2.0 EUPL-1.1 EUPL-1.2 GFDL-1.3-only "
    "GFDL-1.3-or-later LicenseRef-OpenRAIL LicenseRef-OpenRAIL-M LicenseRef-BigScience-OpenRAIL-M LicenseRef-CreativeML-OpenRAIL-M "
    "LicenseRef-BigCode-OpenRAIL-M LicenseRef-scancode-bigscience-open-rail-m LicenseRef-scancode-bigcode-open-rail-m-v1",
    _RESEARCH: "NCGL-UK-2.0 PolyForm-Noncommercial-1.0.0",
    Terms(False, False, False, True): LDC,
}
KNOWN: dict[str, Terms] = {name: terms for terms, names in _GROUPS.items() for name in names.split()}
"""Every licence whose terms stand here, beside those of Creative Commons, whose names spell them."""

_CREATIVE_COMMONS = re.compile(r"CC-(BY(-NC)?(-ND|-SA)?|SA)-[1-4]\.\d(-[A-Z]+)?")

ALIASES: dict[str, str] = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "mit license": "MIT",
    "cc0": "CC0-1.0",
    "pddl": "PDDL-1.0",
    "odc-by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "public domain": "LicenseRef-Public-Domain",
    "public-domain": "LicenseRef-Public-Domain",
    "openrail": "LicenseRef-OpenRAIL",
    "openrail++": "LicenseRef-OpenRAIL-M",
    "bigscience-openrail-m": "LicenseRef-BigScience-OpenRAIL-M",
    "creativeml-openrail-m": "LicenseRef-CreativeML-OpenRAIL-M",
    "bigcode-openrail-m": "LicenseRef-BigCode-OpenRAIL-M",
    "bigscience-bloom-rail-1.0": "LicenseRef-BigScience-BLOOM-RAIL-1.0",
    "c-uda": "C-UDA-1.0",
    "llama2": "LicenseRef-Llama-2",
    "llama3": "LicenseRef-Llama-3",
    "llama3.1": "LicenseRef-Llama-3.1",
    "llama3.2": "LicenseRef-Llama-3.2",
    "llama3.3": "LicenseRef-Llama-3.3",
    "gemma": "LicenseRef-Gemma",
    "other": "NOASSERTION",
    "unknown": "NOASSERTION",
}
"""Names of the Hugging Face hub that are not SPDX's in small letters, and some that people write; `cc` or `bsd` name no licence."""


@cache
def terms_of(name: str) -> Terms:
    """The terms of one licence by its SPDX name, with or without an exception, which only ever permits more."""
    base = name.partition(" WITH ")[0]
    if base in KNOWN:
        return KNOWN[base]
    parts = base.split("-")
    if _CREATIVE_COMMONS.fullmatch(base) is None:
        return UNKNOWN
    return Terms("NC" not in parts, "ND" not in parts, "SA" in parts, "BY" in parts)


def _least(answers: list[bool | None], mild: bool) -> bool | None:
    """The strictest of answers: the one that is not mild where there is any, unknown before mild."""
    return (not mild) if (not mild) in answers else None if None in answers else mild


def _over(terms: list[Terms], strict: bool) -> Terms:
    found = []
    for each in fields(Terms):
        mild = (each.name in PERMISSIONS) is strict
        found.append(_least([getattr(one, each.name) for one in terms], mild))
    return Terms(*found)


def all_of(terms: list[Terms]) -> Terms:
    """Where all of these hold at once: what one forbids is forbidden, what one asks is asked. Of none: `FREE`."""
    return _over(terms, True)


def any_of(terms: list[Terms]) -> Terms:
    """Where one of these may be chosen, for each question by itself: what one permits is permitted, what one does not ask is not asked."""
    return _over(terms, False)
