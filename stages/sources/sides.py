"""Names by which the two files of one recording tell their sides apart, and where in a path they stand.

A strong vocabulary (agent/caller, left/right, ch0/ch1) is believed by name. A weak one (1/2, A/B) also names takes, parts and copies, so
`stages.sources.pairs` believes it only when all files that use it agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Place = Literal["end", "start", "inside", "folder"]
"""Where a side name stands: at the end or start of the file stem, between separators inside it, or as a folder's whole name."""

STRONG_PLACES: tuple[Place, ...] = ("end", "start", "inside", "folder")
WEAK_PLACES: tuple[Place, ...] = ("end", "start", "folder")
_SEPARATOR = r"[ _.\-]+"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names of first and second sides (synonyms allowed), or numbered names."""

    name: str
    words: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    numbered: str = ""
    """Regex of a token that ends in a number or letter, which gives its rank; instead of `words`."""
    strong: bool = False
    roles: bool = False
    """Whether its names say who the speaker is, not only which channel."""
    starts: tuple[int, ...] = (0,)
    """Ranks a complete pair may start at; its second is one more."""
    anywhere: bool = True
    """False: only at the end of the stem."""

    @property
    def regex(self) -> str:
        return self.numbered or "|".join(sorted(map(re.escape, (*self.words[0], *self.words[1])), key=len, reverse=True))

    def rank(self, token: str) -> int | None:
        """Rank of a token in channel order, or None when it is not of this vocabulary."""
        folded = token.casefold()
        if not self.numbered:
            return next((side for side in (0, 1) if folded in self.words[side]), None)
        if not re.fullmatch(self.numbered, folded):
            return None
        digits = re.search(r"[0-9]+$", folded)
        return int(digits[0]) if digits else ord(folded[-1]) - ord("a")

    def partners(self, token: str) -> tuple[str, ...]:
        """Names the other side of `token` may have, in the same letter case."""
        rank = self.rank(token)
        if rank is None:
            return ()
        if self.numbered:
            width = len(token) - len(token.rstrip("0123456789"))
            ranks = [rank + step for step in (-1, 1) if min(rank, rank + step) in self.starts]
            return tuple(f"{token[:-width]}{other:0{width}d}" if width else chr(ord(token[-1]) + other - rank) for other in ranks)
        recase = str.upper if token.isupper() else str.title if token.istitle() else str.lower
        return tuple(recase(word) for word in self.words[1 - rank])


_SERVICE = (
    ("agent", "assistant", "system", "bot", "operator", "advisor", "callee", "representative"),
    ("caller", "customer", "client", "user"),
)
VOCABULARIES = (
    Vocabulary("agent/caller", _SERVICE, strong=True, roles=True),
    Vocabulary("left/right", (("left",), ("right",)), strong=True),
    Vocabulary("ch0/ch1", numbered=r"(?:channel|chan|ch)[ _\-]?[0-9]{1,2}", strong=True, starts=(0, 1)),
    Vocabulary("in/out", (("in", "inbound", "incoming", "rx"), ("out", "outbound", "outgoing", "tx"))),
    Vocabulary("l/r", (("l",), ("r",))),
    Vocabulary("speaker1/speaker2", numbered=r"(?:speaker|spk|side|party)[ _\-]?(?:[0-9]{1,2}|[a-h])", starts=(0, 1)),
    Vocabulary("doctor/patient", (("doctor",), ("patient",)), roles=True),
    Vocabulary("interviewer/interviewee", (("interviewer",), ("interviewee",)), roles=True),
    Vocabulary("host/guest", (("host",), ("guest",)), roles=True),
    Vocabulary("c0/c1", numbered=r"c[0-9]{1,2}", starts=(0, 1), anywhere=False),
    Vocabulary("a/b", numbered="[a-h]"),
    Vocabulary("1/2", numbered="[0-9]{1,3}", starts=(0, 1), anywhere=False),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One reading of a path as one side of a recording."""

    vocabulary: Vocabulary
    place: Place
    head: str
    """Path before the side name, separators included."""
    token: str
    tail: str
    """Path after it, suffix included."""

    @property
    def rest(self) -> str:
        """The path without side name and suffix: equal for the two sides of one recording. Ends in `/` when the name was the whole stem."""
        cut = max(self.tail.rfind("."), 0) if "." in self.tail.rpartition("/")[2] else len(self.tail)
        before, after = self.head, self.tail[:cut]
        if self.place == "end":
            before = before if before.endswith("/") or not before else before.rstrip(" _.-")
        else:
            after = after.lstrip(" _.-" if self.place == "start" else "/" if self.place == "folder" else " _.-")
        return unicodedata.normalize("NFC", before + after)

    @property
    def rank(self) -> int:
        """Rank of the side in channel order."""
        rank = self.vocabulary.rank(self.token)
        assert rank is not None
        return rank


class Names:
    """Finds side names of a set of vocabularies in paths."""

    def __init__(self, vocabularies: Sequence[Vocabulary] = VOCABULARIES) -> None:
        self.vocabularies = tuple(vocabularies)
        self._known: dict[str, Vocabulary | None] = {}
        free = "|".join(v.regex for v in vocabularies if v.anywhere)
        every = "|".join(v.regex for v in vocabularies)
        strong = "|".join(v.regex for v in vocabularies if v.strong) or r"(?!)"
        glued = r"|(?<=[0-9])(?P<glued>[a-d])" if any(v.name == "a/b" for v in vocabularies) else ""
        self._end = re.compile(rf"(?:(?:^|{_SEPARATOR})(?P<token>{every}){glued})$", re.IGNORECASE)
        self._start = re.compile(rf"(?P<token>{free})(?={_SEPARATOR})", re.IGNORECASE)
        self._inside = re.compile(rf"(?<=[ _.\-])(?P<token>{strong})(?={_SEPARATOR})", re.IGNORECASE)
        self._folder = re.compile(rf"(?P<token>{free})", re.IGNORECASE)

    def claims(self, path: str) -> dict[Place, Claim]:
        """Every reading of `path`, at most one per place; for folders the innermost strong name, or else the innermost weak one."""
        folder, slash, name = path.rpartition("/")
        offset = len(folder) + len(slash)
        dot = name.rfind(".")
        stem = name[:dot] if dot > 0 else name
        found: dict[Place, Claim] = {}
        searches: tuple[tuple[Place, re.Match[str] | None], ...] = (
            ("end", self._end.search(stem)),
            ("start", self._start.match(stem)),
            ("inside", self._inside.search(stem)),
        )
        for place, match in searches:
            if match:
                group = "token" if match["token"] is not None else "glued"
                self._add(found, path, place, offset + match.start(group), offset + match.end(group))
        if folder:
            self._add_folder(found, path, folder)
        return found

    def _add_folder(self, found: dict[Place, Claim], path: str, folder: str) -> None:
        end = len(folder)
        for part in reversed(folder.split("/")):
            if self._folder.fullmatch(part) and ("folder" not in found or self._is_strong(part)):
                self._add(found, path, "folder", end - len(part), end)
                if self._is_strong(part):
                    return
            end -= len(part) + 1

    def _is_strong(self, token: str) -> bool:
        return any(v.strong and v.rank(token) is not None for v in self.vocabularies)

    def _add(self, found: dict[Place, Claim], path: str, place: Place, start: int, end: int) -> None:
        token = path[start:end]
        if token not in self._known:
            self._known[token] = next((v for v in self.vocabularies if v.rank(token) is not None), None)
        vocabulary = self._known[token]
        if vocabulary is not None:
            found[place] = Claim(vocabulary, place, path[:start], token, path[end:])


def complete(left: Claim, right: Claim) -> bool:
    """Whether two claims of one vocabulary are its first and second side, in either order."""
    low, high = sorted((left.rank, right.rank))
    return high - low == 1 and low in left.vocabulary.starts


def roles_of(tokens: Sequence[str]) -> tuple[str, ...]:
    """Roles that two side names stand for: the names themselves, unless they only say which channel is which (left/right, A/B, 1/2)."""
    folded = [token.casefold() for token in tokens]
    for vocabulary in VOCABULARIES:
        if all(vocabulary.rank(token) is not None for token in folded):
            return tuple(folded) if vocabulary.roles else ()
    return tuple(tokens)


def custom(sides: tuple[str, ...]) -> Vocabulary:
    """A strong vocabulary of the two names a person gave."""
    first, second = (side.casefold() for side in sides)
    return Vocabulary(f"{sides[0]}/{sides[1]}", ((first,), (second,)), strong=True, roles=True)
