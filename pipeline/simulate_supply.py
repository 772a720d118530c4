"""The utterances of one dialogue: two voices, drawn and read as the plan asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.simulate_utterances import STEP, Entry, Reader
from schemas.errors import Reject, RejectRecord, UsageError
from schemas.span import Span
from stages.simulate.material import Utterance

SHORT = 1.5
"""Seconds; whole utterances up to this are kept for backchannels where a speaker has longer ones to talk with."""
TRIES = 4
"""Short utterances of which the one nearest to the wanted length is taken."""

Voices = Mapping[str, Sequence[Entry]]


class NoVoice(Exception):
    """None of a speaker's utterances can be used."""


class Side:
    """One speaker's utterances in an order of the dialogue's own; those that give no speech are rejected and left out."""

    def __init__(self, entries: Sequence[Entry], reader: Reader, rng: np.random.Generator, rejects: list[RejectRecord]) -> None:
        """Rejects are put into `rejects`; raises `NoVoice` when none of the entries can be used."""
        self.reader = reader
        self.rejects = rejects
        self.known: dict[str, Utterance | None] = {}
        long = [entry for entry in entries if not 0 < entry.seconds <= SHORT] or list(entries)
        self.talking = [long[i] for i in rng.permutation(len(long)).tolist()]
        short = [entry for entry in entries if 0 < entry.seconds <= SHORT]
        self.brief = [short[i] for i in rng.permutation(len(short)).tolist()]
        self.waiting: Utterance | None = self._next()

    def talk(self) -> Utterance:
        """The next utterance to talk with; all are used before one comes again."""
        first, self.waiting = self.waiting, None
        return self._next() if first is None else first

    def _next(self) -> Utterance:
        while self.talking:
            entry = self.talking.pop(0)
            utterance = self._read(entry)
            if utterance is not None:
                self.talking.append(entry)
                return utterance
        raise NoVoice

    def short(self, near: int, longest: int) -> tuple[Utterance, Span] | None:
        """Of the next few short utterances the one whose first piece is nearest to `near` samples; it goes to the back of the queue."""
        found: list[tuple[Entry, Utterance]] = []
        for entry in self.brief[:]:
            utterance = self._read(entry)
            if utterance is None or len(utterance.pieces[0]) > longest:
                self.brief.remove(entry)
            else:
                found.append((entry, utterance))
            if len(found) == TRIES:
                break
        if not found:
            return None
        entry, utterance = min(found, key=lambda each: abs(len(each[1].pieces[0]) - near))
        self.brief.remove(entry)
        self.brief.append(entry)
        return utterance, utterance.pieces[0]

    def _read(self, entry: Entry) -> Utterance | None:
        if entry.name not in self.known:
            try:
                self.known[entry.name] = self.reader.read(entry)
            except Reject as reject:
                self.known[entry.name] = None
                self.rejects.append(RejectRecord.of(reject, entry.source.id, entry.source.key, STEP, entry.source.uris))
        return self.known[entry.name]


class PairSupply:
    """Two different voices as a plan's supply."""

    def __init__(self, voices: Voices, reader: Reader, seed: int) -> None:
        """Draws two speakers; one without a usable utterance is passed over. Raises `UsageError` when no two are left."""
        rng = np.random.default_rng((seed, 5))
        names = sorted(voices)
        self.rejects: list[RejectRecord] = []
        """What could not be used of the utterances that were asked for."""
        self.sides: list[Side] = []
        self.names: list[str] = []
        for i in rng.permutation(len(names)).tolist():
            try:
                side = Side(voices[names[i]], reader, rng, self.rejects)
            except NoVoice:
                continue
            self.sides.append(side)
            self.names.append(names[i])
            if len(self.sides) == 2:
                return
        raise UsageError(f"fewer than two of the {len(names)} speakers have an utterance with speech in it")

    @property
    def speakers(self) -> tuple[str, str]:
        return self.names[0], self.names[1]

    def talk(self, channel: int) -> Utterance:
        return self.sides[channel].talk()

    def short(self, channel: int, near: int, longest: int) -> tuple[Utterance, Span] | None:
        return self.sides[channel].short(near, longest)
