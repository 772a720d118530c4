"""Simulate: a folder of dialogues with exact truth from a folder of utterances, resumable, the same whatever the number of workers."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import Any

import numpy as np

from pipeline.lock import locked
from pipeline.place import Place, place_at
from pipeline.simulate_report import finish
from pipeline.simulate_supply import PairSupply, Voices
from pipeline.simulate_utterances import Entry, Reader, list_utterances
from pipeline.simulate_voices import LANGUAGE, LICENCE, speak_all
from pipeline.state import state_place
from schemas.errors import UsageError
from schemas.plain import to_plain
from schemas.truth import Truth
from stages.acoustics.levels import Signal
from stages.acoustics.line import LINE_RATE
from stages.simulate.dialogue import make_dialogue
from stages.simulate.settings import Simulation, read_settings
from stages.simulate.shape import budget

LINES = ("telephone", "mulaw", "alaw", "gsm")
"""Codecs that are lines of 8 kHz: dialogues through nothing else are written at that rate."""
VOICES_FOLDER = "utterances"
REQUEST = "request.json"
"""What the dialogues in a folder were asked to be; written first, so that no folder mixes two requests."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes dialogues by their number; travels to worker processes."""

    settings: Simulation
    voices: Voices
    rate: int
    count: int
    seconds: float
    seed: int
    out: str
    mono: bool
    tracks: bool

    def id(self, index: int) -> str:
        """Of dialogue `index`: `sim-<seed>-<number>`."""
        return f"sim-{self.seed}-{index:05d}"

    def make(self, index: int) -> None:
        """Make dialogue `index` and write its files, the truth last: a dialogue that has one is whole."""
        place, id = place_at(self.out), self.id(index)
        seed = int(np.random.SeedSequence((self.seed, index)).generate_state(1, np.uint64)[0] >> np.uint64(1))
        shape = self.settings.shape
        asked = budget(shape, self.seconds, self.settings.edge, self.settings.spread, index, self.count, self.rate, self.seed)
        supply = PairSupply(self.voices, _reader(self.rate, self.settings), seed)
        sound, truth = make_dialogue(id, asked, supply, supply.speakers, self.rate, seed, self.settings)
        _write(place, f"audio/{id}.flac", sound.channels, self.rate)
        if self.mono:
            _write(place, f"mono/{id}.flac", sound.mono, self.rate)
        if self.tracks:
            _write(place, f"tracks/{id}.flac", sound.tracks, self.rate)
        if supply.rejects:
            place.put(f"rejects/{id}.json", _json([to_plain(reject) for reject in supply.rejects]))
        place.put(f"truth/{id}.rttm", rttm(truth).encode())
        place.put(f"truth/{id}.json", _json(to_plain(truth)))


@cache
def _reader(rate: int, settings: Simulation) -> Reader:
    return Reader(rate, settings)


def rttm(truth: Truth) -> str:
    """Turns as NIST RTTM, one SPEAKER line each; the channel field is 1, as for a mixture of both."""
    names = {name: "_".join(name.split()) for name in truth.speakers}
    lines = []
    for turn in truth.turns.turns:
        start, length = turn.span.start / truth.rate, len(turn.span) / truth.rate
        lines.append(f"SPEAKER {truth.id} 1 {start:.4f} {length:.4f} <NA> <NA> {names[turn.speaker]} <NA> <NA>")
    return "".join(f"{line}\n" for line in lines)


def run_simulate(
    src: str | None,
    out: str,
    hours: float,
    seed: int = 0,
    shape: str = "fisher",
    overrides: Sequence[str] = (),
    workers: int = 1,
    mono: bool = False,
    tracks: bool = False,
) -> dict[str, Any]:
    """Simulate `hours` of dialogues into `out`; what an earlier run of the same request left whole is kept. Returns the summary.

    Raises `UsageError` for wrong settings, unusable utterances, and a folder that holds dialogues of another request.
    """
    settings = read_settings(shape, overrides)
    if not 0 < hours <= 100_000 or seed < 0:
        raise UsageError(f"hours: {hours} and seed: {seed}; wanted more than 0 hours and a seed of 0 or more")
    place = place_at(out)
    with locked(state_place(out)):
        given = src if src is not None else speak_all(place, VOICES_FOLDER)
        utterances = list_utterances(given, settings)
        rate = settings.rate or (LINE_RATE if set(settings.codec) <= set(LINES) else utterances.rate)
        count = max(1, round(hours * 60 / settings.minutes))
        request = {
            "hours": hours,
            "seed": seed,
            "shape": shape,
            "settings": json.loads(json.dumps(to_plain(settings))),
            "rate": rate,
            "mono": mono,
            "tracks": tracks,
            "utterances": _digest(utterances.entries),
        }
        _claim(place, out, request)
        voices: dict[str, list[Entry]] = defaultdict(list)
        for entry in utterances.entries:
            voices[entry.speaker].append(entry)
        maker = Maker(settings, dict(voices), rate, count, hours * 3600 / count, seed, out, mono, tracks)
        made = _make_all(place, maker, workers)
        licence, language = settings.licence, settings.language
        if src is None:
            licence, language = licence or LICENCE, language or LANGUAGE
        ids = [maker.id(index) for index in range(count)]
        summary = finish(place, ids, request, utterances, settings.shape, licence, language, mono)
    return {"command": "simulate", "out": out, "made": made, **summary}


def _claim(place: Place, out: str, request: dict[str, Any]) -> None:
    """Write the request, or find the same one there."""
    found = place.get_or_none(REQUEST)
    if found is None:
        place.put(REQUEST, _json(request))
        return
    earlier = json.loads(found)
    if earlier != request:
        other = sorted(name for name in {*earlier, *request} if earlier.get(name) != request.get(name))
        raise UsageError(f"{out}: holds dialogues of another request (its {', '.join(other)} differ); give another folder, or delete it")


def _digest(entries: Sequence[Entry]) -> str:
    listed = [(entry.name, entry.speaker, entry.source.fingerprints[0].partition("-")[0]) for entry in entries]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _make_all(place: Place, maker: Maker, workers: int) -> int:
    """Make what is not there yet; returns how many that were."""
    for folder in ("", "audio", "mono", "tracks", "truth", "rejects"):
        place.sweep(folder)
    done = set(place.names("truth"))
    left = [index for index in range(maker.count) if f"{maker.id(index)}.json" not in done]
    for _ in _ran(maker, left, min(workers, len(left))):
        pass
    return len(left)


def _ran(maker: Maker, left: Sequence[int], workers: int) -> Iterator[None]:
    if workers <= 1:
        yield from map(maker.make, left)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start, initargs=(maker,)) as pool:
        yield from pool.map(_make, left)


_MAKER: list[Maker] = []
"""In a worker process: what it was started with."""


def _start(maker: Maker) -> None:
    _MAKER.append(maker)


def _make(index: int) -> None:
    _MAKER[0].make(index)


def _write(place: Place, name: str, channels: Signal, rate: int) -> None:
    import soundfile

    with place.writing(name) as path:
        soundfile.write(path, np.clip(np.rint(channels.T * 32768.0), -32768, 32767).astype(np.int16), rate, "PCM_16", format="FLAC")


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False).encode() + b"\n"
