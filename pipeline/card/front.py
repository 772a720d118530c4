"""The YAML front matter of a card, in the hub's own words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from schemas.source import slug
from stages.rights.licences import Expression
from stages.rights.terms import terms_of

ON_THE_HUB = {
    *("apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "cc-by-nd-4.0"),
    *("pddl", "odc-by", "odbl", "bsd-3-clause", "bsd-2-clause"),
}
"""Licences that the hub knows by name; of any other it wants `other` and a name."""
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
LARGEST = "10M<n<100M"
TASKS = ("automatic-speech-recognition", "audio-to-audio")
TAGS = ("audio", "dialogue", "full-duplex", "two-channel", "duologue")
GATE = (
    "This data set holds recordings of people. By asking for access you agree to use it under the licences in its column "
    "`rights`, not to try to find out who the speakers are, and not to imitate their voices."
)


def front_matter(
    name: str,
    rows: int,
    languages: Iterable[str | None],
    licence: Mapping[str, Any],
    splits: Sequence[tuple[str, str]],
    made: str = "machine-generated",
) -> dict[str, Any]:
    """What the hub reads of a card; `licence` is that of `licence_of`, `splits` are names and patterns of files."""
    front: dict[str, Any] = {"pretty_name": name, **licence}
    found = language_codes(languages)
    if found:
        front["language"] = found
        front["multilinguality"] = ["monolingual" if len(found) == 1 else "multilingual"]
    return {
        **front,
        "size_categories": [size_of(rows)],
        "task_categories": list(TASKS),
        "annotations_creators": [made],
        "tags": list(TAGS),
        "configs": [{"config_name": "default", "data_files": [{"split": split, "path": path} for split, path in splits]}],
    }


def size_of(rows: int) -> str:
    """The hub's category of a number of rows."""
    return next((name for limit, name in SIZES if rows < limit), LARGEST)


def language_codes(languages: Iterable[str | None]) -> list[str]:
    """ISO 639 codes of BCP 47 tags, sorted; what is none is left out."""
    codes = {(tag or "").replace("_", "-").partition("-")[0].lower() for tag in languages}
    return sorted(code for code in codes if code.isascii() and code.isalpha() and len(code) in (2, 3) and code not in ("und", "mul", "zxx"))


def licence_of(licences: Sequence[str | None], own: Expression, everything: Expression) -> dict[str, Any]:
    """`license` and what goes with it, for rows of these licences; `everything` is what holds with the models' licences too."""
    named = [licence for licence in licences if licence]
    one = named[0] if len(licences) == len(named) == 1 else None
    if one is not None and everything.terms == own.terms and one.lower() in ON_THE_HUB:
        found: dict[str, Any] = {"license": one.lower()}
    else:
        strict = everything.terms != own.terms
        name = "not-stated" if not named else slug(str(everything), 80) if strict else slug(one) if one else "mixed"
        found = {"license": "other", "license_name": name, "license_link": "README.md"}
    if not everything.met(lambda name: terms_of(name).commercial is True and terms_of(name).derivatives is True):
        found |= {"extra_gated_prompt": GATE, "extra_gated_fields": {"Affiliation": "text", "I agree": "checkbox"}}
    return found
