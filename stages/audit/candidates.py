"""Which of many recordings may share sound: an index of some pairs of each one's marks, in memory of some 10 KB a recording.

One mark alone is shared by chance too often; two that follow each other within seconds on one side are a phrase. A posting is one 64-bit
word: phrase, recording, time. Sorted, those of one phrase stand together; two recordings that hold several equal phrases at one distance in
time are candidates. Long recordings give the index only phrases whose low bits are zero, so that two versions give it the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.audit.aligned import Heard, Ticks
from stages.audit.marks import BITS, mixed

INDEXED = 1400
"""Phrases that a recording gives the index, about and at most."""
LIMIT = INDEXED * 5 // 4
FOLLOWING, WITHIN = 6, 190
"""A mark makes phrases with so many that follow within so many ticks (3 s)."""
NEIGHBOURS = 32
"""Postings of one phrase that each is held against: those of the next recordings. Where more share it, copies are found link by link."""
TIME_SHIFT = 5
"""Times in the index are in steps of 32 ticks, half a second."""
PHRASE_BITS, RECORDING_BITS, TIME_BITS = 28, 20, 16
"""Of a posting; times beyond 9 hours start anew, which leaves their differences right often enough."""
BIN = 8
"""Steps (4 s) within which distances agree."""
ENOUGH = 3
"""Agreeing phrases that make a candidate."""
SPREAD = 12
"""And the steps (6 s) they are spread over: a shared phrase makes none."""
AT_ONCE = 16_000_000
"""Agreements held in memory at a time, about."""

Words = NDArray[np.uint64]


def candidates(recordings: Iterable[Sequence[Heard]], count: int) -> list[tuple[int, int]]:
    """Pairs of positions, the first the lesser, ascending, of recordings (each a list of sides) that may share sound.

    `count` is how many there are; each is looked at once and may be forgotten then.
    """
    if count >= 1 << RECORDING_BITS:
        raise UsageError(f"duplicates: {count} recordings at once; wanted fewer than {1 << RECORDING_BITS}: cut the corpus in parts")
    words = _postings(recordings, count)
    values, owners = (words >> np.uint64(RECORDING_BITS + TIME_BITS)).astype(np.uint32), _owner(words)
    found: list[tuple[int, int]] = []
    for low, high in _parts(values, owners, count):
        found += _agreeing(words, values, owners, low, high)
    return sorted(found)


def phrases(side: Heard) -> tuple[NDArray[np.uint64], Ticks]:
    """Hashes of two marks of one side that follow each other, [n], below 2**28, and the ticks of the first."""
    order = np.lexsort((side.values, side.ticks))
    values, ticks = side.values[order].astype(np.uint64), side.ticks[order]
    made: list[tuple[NDArray[np.uint64], Ticks]] = [(np.zeros(0, np.uint64), np.zeros(0, np.int64))]
    for later in range(1, FOLLOWING + 1):
        near = ticks[later:] - ticks[:-later] <= WITHIN
        both = (values[:-later][near] << np.uint64(BITS)) | values[later:][near]
        made.append((mixed(both) >> np.uint64(64 - PHRASE_BITS), ticks[:-later][near]))
    hashes, when = (np.concatenate(each) for each in zip(*made, strict=True))
    return hashes, when


def _owner(words: Words) -> NDArray[np.uint32]:
    return ((words >> np.uint64(TIME_BITS)) & np.uint64((1 << RECORDING_BITS) - 1)).astype(np.uint32)


def _postings(recordings: Iterable[Sequence[Heard]], count: int) -> Words:
    """All postings, ascending, of phrases that more than one recording holds."""
    # Pages that nothing is written to cost no memory.
    words = np.empty(count * LIMIT, np.uint64)
    used = 0
    for number, sides in enumerate(recordings):
        spoken = [phrases(side) for side in sides]
        hashes, ticks = (np.concatenate(each) for each in zip(*spoken, strict=True))
        low = np.uint64((1 << max(0, int(np.ceil(np.log2(max(len(hashes), 1) / INDEXED))))) - 1)
        kept = (hashes & low) == 0
        time = (ticks[kept] >> TIME_SHIFT).astype(np.uint64) & np.uint64((1 << TIME_BITS) - 1)
        made = (hashes[kept] << np.uint64(RECORDING_BITS + TIME_BITS)) | (np.uint64(number) << np.uint64(TIME_BITS)) | time
        made = np.sort(made)[:LIMIT]
        words[used : used + len(made)] = made
        used += len(made)
    words = words[:used]
    words.sort()
    same = (words[1:] >> np.uint64(RECORDING_BITS + TIME_BITS)) == (words[:-1] >> np.uint64(RECORDING_BITS + TIME_BITS))
    return words[np.concatenate((same, [False])) | np.concatenate(([False], same))] if used else words


def _parts(values: NDArray[np.uint32], owners: NDArray[np.uint32], count: int) -> Iterator[tuple[int, int]]:
    """Ranges of first recordings whose agreements fit in memory."""
    load = np.zeros(count, np.int64)
    for lag in range(1, NEIGHBOURS + 1):
        same = values[lag:] == values[:-lag]
        if not same.any():
            break
        load += np.bincount(owners[:-lag][same], minlength=count)
    part = np.cumsum(load) // AT_ONCE
    for number in np.unique(part).tolist():
        where = np.flatnonzero(part == number)
        yield int(where[0]), int(where[-1]) + 1


def _agreeing(words: Words, values: NDArray[np.uint32], owners: NDArray[np.uint32], low: int, high: int) -> list[tuple[int, int]]:
    """Candidates whose first recording is one of `low` to `high`."""
    mask = np.uint64((1 << TIME_BITS) - 1)
    keys: list[Words] = [np.zeros(0, np.uint64)]
    times: list[NDArray[np.int32]] = [np.zeros(0, np.int32)]
    for lag in range(1, NEIGHBOURS + 1):
        at = np.flatnonzero(
            (values[lag:] == values[:-lag]) & (owners[:-lag] >= low) & (owners[:-lag] < high) & (owners[lag:] != owners[:-lag])
        )
        first, second = (words[at] & mask).astype(np.int64), (words[at + lag] & mask).astype(np.int64)
        apart = ((first - second + (1 << TIME_BITS)) // BIN).astype(np.uint64)
        pair = (owners[at].astype(np.uint64) << np.uint64(RECORDING_BITS)) | owners[at + lag].astype(np.uint64)
        keys.append((pair << np.uint64(TIME_BITS + 2)) | apart)
        times.append(first.astype(np.int32))
    every, when = np.concatenate(keys), np.concatenate(times)
    if not len(every):
        return []
    order = np.argsort(every, kind="stable")
    every, when = every[order], when[order]
    starts = np.flatnonzero(np.concatenate(([True], every[1:] != every[:-1])))
    key, count = every[starts], np.diff(np.append(starts, len(every)))
    early, late = np.minimum.reduceat(when, starts), np.maximum.reduceat(when, starts)
    good = _enough(count, early, late)
    beside = np.flatnonzero(key[1:] == key[:-1] + np.uint64(1))
    together = (np.minimum(early[beside], early[beside + 1]), np.maximum(late[beside], late[beside + 1]))
    good[beside] |= _enough(count[beside] + count[beside + 1], *together)
    pairs = np.unique(key[good] >> np.uint64(TIME_BITS + 2))
    return [(pair >> RECORDING_BITS, pair & ((1 << RECORDING_BITS) - 1)) for pair in pairs.tolist()]


def _enough(count: NDArray[np.int64], early: NDArray[np.int32], late: NDArray[np.int32]) -> NDArray[np.bool_]:
    return np.asarray((count >= ENOUGH) & (late - early >= SPREAD))
