"""Names of people: after a cue such as "my name is", and first names of the census list that are seldom anything else."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from stages.personal.lexicon import first_names, sure_first_names, surnames
from stages.personal.sides import Candidate, Side, Talk
from stages.personal.vocabulary import FUNCTION_WORDS, MONTHS, TITLES

NAMED: tuple[tuple[str, ...], ...] = (
    *(("name", "is"), ("name's",), ("names",), ("surname", "is"), ("surname's",), ("call", "me"), ("named",), ("name", "of")),
    *(("under", "the", "name"), ("name", "it's"), ("name", "was"), ("speaking", "to"), ("speaking", "with"), ("name", "as")),
)
"""A name follows, whatever the word."""
MAYBE: tuple[tuple[str, ...], ...] = (
    *(("this", "is"), ("i'm",), ("i", "am"), ("it's",), ("called",), ("hi",), ("hello",), ("hey",), ("thanks",), ("you", "thank")),
    *(("ask", "for"), ("speak", "to"), ("speak", "with"), ("talk", "to"), ("for", "mr"), ("it", "is"), ("dear",)),
)
"""A name may follow: one that is on the list of first names, and written as a name where capitals are used."""
LONGEST = 3
FILLERS = frozenset(
    ("uh", "um", "er", "erm", "it's", "its", "that's", "is", "my", "name", "sure", "yes", "yeah", "okay", "the", "oh", "ah")
)
PARTICLES = frozenset(("de", "van", "von", "da", "del", "bin", "al", "la", "mc", "mac", "o", "st"))
ASKED = 6.0
"""Seconds between a question for a name and its answer, at most."""
ANSWER = 4
"""Words of an answer that is taken for a name as a whole, at most."""
NOT_AFTER_A_CUE = frozenset(
    ("gonna", "wrong", "here", "correct", "kind", "course", "god", "mine", "phone", "account", "caller", "caller's")
)


def find_people(talk: Talk, side: Side) -> Iterator[Candidate]:
    """Candidates of one channel."""
    keys, sure = side.keys, sure_first_names()
    for at, key in enumerate(keys):
        bare = key[:-2] if key.endswith("'s") else key
        if bare in sure and side.could_be_name(at) and not _counts_as_word(side, at):
            yield Candidate("name", at, _surname(side, at + 1), "name:list", 0.7)
        elif key in TITLES:
            last = _titled(side, at)
            if last is not None:
                yield Candidate("name", at + 1, last, "name:title", 0.85)
        elif key == "speaking" and at > 0:
            first = _before_speaking(side, at)
            if first is not None:
                yield Candidate("name", first, at - 1, "name:speaking", 0.85)
        else:
            yield from _after_cue(side, at)
    yield from _answers(talk, side)


def _counts_as_word(side: Side, at: int) -> bool:
    """In a sentence without capitals, a name with an article before it is none."""
    return at > 0 and side.keys[at - 1] in ("a", "an") and not side.capital(at)


def _after_cue(side: Side, at: int) -> Iterator[Candidate]:
    """The name after a cue that ends with the word `at`."""
    if side.keys[at] not in _LAST:
        return
    begin = at + 1
    for cue in NAMED:
        if _ends_with(side.keys, at, cue):
            while begin < len(side.keys) and side.keys[begin] in FILLERS and begin - at < 4:
                begin += 1
            last = _name_at(side, begin, False)
            if last is not None:
                yield Candidate("name", begin, last, "name:cue", 0.9)
            return
    for cue in MAYBE:
        if _ends_with(side.keys, at, cue):
            last = _name_at(side, begin, True)
            if last is not None:
                yield Candidate("name", begin, last, "name:greeting", 0.75)
            return


_LAST = frozenset(cue[-1] for cue in (*NAMED, *MAYBE))


def _ends_with(keys: list[str], at: int, cue: tuple[str, ...]) -> bool:
    return at + 1 >= len(cue) and tuple(keys[at + 1 - len(cue) : at + 1]) == cue


def _name_at(side: Side, at: int, listed: bool) -> int | None:
    """Place of the last word of a name that begins at `at`, or None. `listed`: the first word must be on the list."""
    keys = side.keys
    if at >= len(keys) or not _could(side, at) or keys[at] in NOT_AFTER_A_CUE:
        return None
    if listed and keys[at] not in sure_first_names():
        told = (side.capital(at) and keys[at - 1] not in ("it's", "thanks")) or keys[at + 1 : at + 2] in (["speaking"], ["calling"])
        if not told or keys[at] not in first_names():
            return None
    last = _surname(side, at + 1)
    if last == at and not listed and at + 1 < len(keys) and not side.opens[at + 1] and _could(side, at + 1) and not side.cased:
        return at + 1
    return last


def _surname(side: Side, at: int) -> int:
    """Place of the last word of the name that goes on at `at`."""
    last = at - 1
    while at < len(side.keys) and at - last <= 2 and last - at < LONGEST and not side.opens[at]:
        key = side.keys[at]
        if key in PARTICLES and at + 1 < len(side.keys) and side.could_be_name(at + 1) and _could(side, at + 1):
            at += 1
            continue
        bare = key[:-2] if key.endswith("'s") else key
        if len(key) == 1 and side.capital(at) and at + 1 < len(side.keys) and side.capital(at + 1):
            at += 1
            continue
        listed = bare in surnames() or bare in first_names()
        if not _could(side, at) or not (side.capital(at) or (listed and not side.cased and bare not in MONTHS)):
            break
        last = at
        at += 1
    return last


def _could(side: Side, at: int) -> bool:
    key = side.keys[at]
    return len(key) > 1 and key not in FUNCTION_WORDS and key.replace("'", "").replace("-", "").isalpha()


def _titled(side: Side, at: int) -> int | None:
    """The name after a title."""
    begin = at + 1
    if begin >= len(side.keys) or not _could(side, begin) or (side.cased and not side.could_be_name(begin)):
        return None
    soft = side.keys[at] in ("doctor", "miss", "sir", "madam", "professor", "dr", "president", "senator")
    if soft and not (side.capital(begin) or side.keys[begin] in surnames() | first_names()):
        return None
    if side.keys[at] == "miss" and not side.cased and side.keys[begin] not in surnames():
        return None
    return _surname(side, begin + 1)


def _before_speaking(side: Side, at: int) -> int | None:
    """The name before "speaking": one or two words that begin an utterance or stand on the list."""
    for length in (2, 1):
        first = at - length
        if first < 0 or any(not _could(side, place) for place in range(first, at)):
            continue
        if side.keys[first] in first_names() and (side.opens[first] or side.keys[first - 1] in FUNCTION_WORDS):
            return first
    return None


def _answers(talk: Talk, side: Side) -> Iterator[Candidate]:
    """What answers "may i have your name": a few words that are no words of every day."""
    for at, opens in enumerate(side.opens):
        if not opens or not _asked(talk, side, at):
            continue
        begin = at
        while begin < len(side.keys) and side.keys[begin] in FILLERS and begin - at < 4:
            begin += 1
        end = begin
        while end < len(side.keys) and not (end > begin and side.opens[end]):
            end += 1
        words = range(begin, min(end, begin + ANSWER))
        named = [place for place in words if _could(side, place)]
        if named and end - begin <= ANSWER and len(named) == end - begin:
            yield Candidate("name", begin, end - 1, "name:answer", 0.8)
        elif named and named[0] == begin and side.keys[begin] in first_names():
            yield Candidate("name", begin, _surname(side, begin + 1), "name:answer", 0.8)


def _asked(talk: Talk, side: Side, at: int) -> bool:
    """The other side's last words ask for a name."""
    for other in talk.sides:
        if other is side:
            continue
        end = bisect_left(other.starts, side.starts[at])
        if end == 0 or side.starts[at] - other.ends[end - 1] > ASKED:
            continue
        tail = other.keys[max(0, end - 8) : end]
        for name in ("name", "surname", "name's"):
            if name in tail:
                where = tail.index(name)
                if set(tail[:where]) & {"your", "first", "last", "full", "the", "a", "his", "her"} and "my" not in tail[:where]:
                    return "is" not in tail[where:] or tail[-1] == "is"
    return False
