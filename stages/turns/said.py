"""Which words belong to which IPU, and which of them are on the lists of backchannels, fillers and laughter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.span import Span
from schemas.stats import TurnTakingConstants
from schemas.transcript import Transcript
from stages.turns.floor import Side

OPENING, CLOSING = "[(<{", "])>}"
Phrases = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, written by the recogniser or recovered."""

    span: Span
    text: str
    owner: int
    """The IPU it belongs to, counted from 0 in its channel; -1 when none is near."""
    recovered: bool
    laughter: bool
    filler: bool
    """Its text is on the list of fillers."""
    word: bool
    """It counts as a word: written, no mark of laughter, and with a letter or digit."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one channel said."""

    tokens: tuple[Token, ...]
    """In order of time."""
    listed: NDArray[np.bool_]
    """For each IPU, whether its words are all on the list of backchannels; one without words is not listed."""

    def told(self) -> dict[int, tuple[str, bool]]:
        """For each IPU that has any, its words as written, and whether some are recovered."""
        found: dict[int, list[Token]] = {}
        for token in self.tokens:
            found.setdefault(token.owner, []).append(token)
        return {
            owner: (" ".join(token.text for token in tokens), any(token.recovered for token in tokens))
            for owner, tokens in found.items()
            if owner >= 0
        }

    def rated(self, side: Side) -> tuple[int, int]:
        """Words that belong to an IPU, and samples of the IPUs that have any."""
        owners = [token.owner for token in self.tokens if token.word and token.owner >= 0]
        return len(owners), int(side.size[np.unique(np.array(owners, np.int64))].sum())


def said(transcript: Transcript, channel: int, side: Side, constants: TurnTakingConstants) -> Said:
    """The words of one channel, written and recovered, given to its IPUs."""
    language = transcript.languages[channel]
    in_language = language is None or _base(language.tag) == _base(constants.list_language)
    heard = [(word.span, word.text, False) for word in transcript.words(channel)]
    heard += [(each.span, each.text, True) for each in transcript.recovered if each.channel == channel]
    heard.sort(key=lambda each: (each[0], each[2], each[1]))
    owner = owners([span for span, _, _ in heard], side, round(constants.word_reach * transcript.rate))
    laughs, fillers = ({plain(entry) for entry in entries} for entries in (constants.laughter_words, constants.filler_words))
    tokens = []
    for (span, text, recovered), mine in zip(heard, owner.tolist(), strict=True):
        laughter = bracketed(text) and plain(text) in laughs
        filler = not laughter and (in_language or recovered) and plain(text) in fillers
        tokens.append(Token(span, text, mine, recovered, laughter, filler, not recovered and not laughter and bool(plain(text))))
    listed = _listed(tokens, len(side.start), phrases(constants.backchannel_words), in_language)
    return Said(tuple(tokens), listed)


def owners(spans: Sequence[Span], side: Side, reach: int) -> NDArray[np.int64]:
    """For each span, the IPU that holds its middle or is nearest to it (of two as near, the earlier); -1 beyond `reach` samples.

    IPUs are parted by silence: none touches the next.
    """
    if not spans or not len(side.start):
        return np.full(len(spans), -1, np.int64)
    # Twice the time, so that a middle between two samples stays a whole number.
    middle = np.array([span.start + span.end for span in spans], np.int64)
    before = np.searchsorted(2 * side.start, middle, "right") - 1
    after = np.minimum(before + 1, len(side.start) - 1)
    past = np.where(before >= 0, np.maximum(middle - 2 * side.end[before], 0), np.iinfo(np.int64).max)
    ahead = np.where(after > before, 2 * side.start[after] - middle, np.iinfo(np.int64).max)
    nearest = np.where(past <= ahead, before, after)
    return np.where(np.minimum(past, ahead) <= 2 * reach, nearest, -1)


def plain(text: str) -> str:
    """Letters and digits alone, without case; a letter drawn out three times or more is written twice: `Mmm-hmm!` is `mmhmm`."""
    kept: list[str] = []
    for letter in text.casefold():
        if letter.isalnum() and kept[-2:] != [letter, letter]:
            kept.append(letter)
    return "".join(kept)


def bracketed(text: str) -> bool:
    """Whether all of a text stands in brackets, as transcripts mark what is no word."""
    return len(text) > 2 and text[0] in OPENING and text[-1] in CLOSING


def phrases(entries: Sequence[str]) -> Phrases:
    """Entries of a list, each as its plain words."""
    return frozenset(tuple(plain(word) for word in entry.split()) for entry in entries)


def consists(words: Sequence[str], known: Phrases) -> bool:
    """Whether plain words, in order, are nothing but known phrases, one or more."""
    longest = max(map(len, known), default=0)
    reached = [True]
    for end in range(1, len(words) + 1):
        begins = range(max(end - longest, 0), end)
        reached.append(any(reached[begin] and tuple(words[begin:end]) in known for begin in begins))
    return bool(words) and reached[-1]


def _listed(tokens: Sequence[Token], ipus: int, known: Phrases, in_language: bool) -> NDArray[np.bool_]:
    texts: dict[int, list[str]] = {}
    for token in tokens:
        if token.owner >= 0 and not token.laughter and plain(token.text):
            # A word of another language is on no list, and the empty tuple is no phrase either.
            texts.setdefault(token.owner, []).append(plain(token.text) if in_language or token.recovered else "")
    listed = np.zeros(ipus, np.bool_)
    for owner, words in texts.items():
        listed[owner] = consists(words, known)
    return listed


def _base(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].casefold()
