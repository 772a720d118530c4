"""First names and surnames of the United States' census of 1990, as the package `names` holds them.

The package is under the MIT licence; the lists are works of the United States government and in the public domain.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from schemas.errors import UsageError
from stages.personal.vocabulary import FUNCTION_WORDS, NOT_NAMES

FILES = {"first": ("dist.female.first", "dist.male.first"), "last": ("dist.all.last",)}
"""Lines of name, share in per cent, running total and rank, most frequent first."""
COMMON = 0.005
"""Per cent of people with a first name above which it is taken for one by itself. Below lie many words that hardly anybody is called."""
SURNAMES = 70.0
"""Per cent of people whose surnames are known here: nine thousand names."""


@cache
def first_names() -> frozenset[str]:
    """All first names, in small letters. Raises `UsageError` when the package is not installed."""
    return frozenset(name for name, _ in _first()) - FUNCTION_WORDS


@cache
def sure_first_names() -> frozenset[str]:
    """Those that are seldom anything else."""
    return frozenset(name for name, share in _first() if share >= COMMON and len(name) > 2) - FUNCTION_WORDS - NOT_NAMES


@cache
def surnames() -> frozenset[str]:
    """Frequent surnames, in small letters. Raises `UsageError` when the package is not installed."""
    return frozenset(name for name, _ in _read(FILES["last"][0], SURNAMES)) - FUNCTION_WORDS


def _first() -> list[tuple[str, float]]:
    return [each for file in FILES["first"] for each in _read(file, 100.0)]


def _read(file: str, until: float) -> list[tuple[str, float]]:
    try:
        lines = files("names").joinpath(file).read_text("ascii").splitlines()
    except ModuleNotFoundError as error:
        raise UsageError("personal data: the list of names is not installed; run: pip install names==0.3.0") from error
    found = []
    for line in lines:
        name, share, total, _ = line.split()
        if float(total) > until:
            break
        found.append((name.lower(), float(share)))
    return found
