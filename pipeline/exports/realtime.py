"""An event log for each conversation, to play the user's side into a realtime voice API and hold its answers against the human ones.

Per row and main speaker: the user's track as 16-bit mono WAV at 24 kHz (OpenAI's Realtime API) and at 16 kHz (Gemini Live), the agent's at
24 kHz, and `<name>.jsonl` with a line per event, sorted by `at` (seconds). `replay.py` makes the messages of either API out of a log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.exchanges import exchanges
from pipeline.exports.format import Account, Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.sound import side_at, write_wav

USER_RATES = (24000, 16000)
"""Hz."""
AGENT_RATE = 24000
CHUNK = 0.1
"""Seconds of audio in one event."""


class Realtime(Format):
    """Three WAV files and a log for each row and main speaker, and `<split>.jsonl` with a line for each."""

    serves: ClassVar[str] = "OpenAI Realtime, Gemini Live and their like"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")
    understands: ClassVar[tuple[str, ...]] = ("main",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        for item in items:
            words = [self._one(item, main, sink) for main in sink.options.main]
            sink.wrote(item, len(words), words=min(words))

    def _one(self, item: Item, main: int, sink: Sink) -> int:
        """Write one item; the words in its log."""
        stem = f"{sink.folder}/{item.stem}-{main}"
        tracks = {f"user.{rate}": (side_at(item, 1 - main, rate), rate) for rate in USER_RATES}
        tracks["agent"] = (side_at(item, main, AGENT_RATE), AGENT_RATE)
        for name, (samples, rate) in tracks.items():
            with sink.file(f"{stem}.{name}.wav") as path:
                write_wav(path, samples[None], rate, "PCM_16")
        events = log_of(item, main, {name: samples for name, (samples, _) in tracks.items()})
        sink.put(f"{stem}.jsonl", "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events))
        sink.line(f"{sink.split}.jsonl", {"log": f"{stem}.jsonl", "id": item.id, "main": main, "duration": item.duration})
        return sum(len(event.get("words", ())) for event in events)

    def finish(self, sink: Sink, account: Account, about: dict[str, Any]) -> None:
        sink.put("replay.py", Path(__file__).with_name("realtime_replay.py").read_bytes())


def log_of(item: Item, main: int, tracks: dict[str, NDArray[np.int16]]) -> list[dict[str, Any]]:
    """Events by time: the user's audio in chunks, which together are the whole track, and what each side said."""
    events: list[dict[str, Any]] = []
    for rate in USER_RATES:
        name, step = f"user.{rate}", round(rate * CHUNK)
        for first in range(0, len(tracks[name]), step):
            last = min(first + step, len(tracks[name]))
            events.append({"at": last / rate, "type": "user_audio", "track": name, "rate": rate, "samples": [first, last]})
    for each in exchanges(item):
        side = "agent" if each.channel == main else "user"
        words = [[word.text, word.start, word.end] for word in each.words]
        said = {"type": f"{side}_said", "start": each.start, "text": each.text, "words": words, "overlaps": each.overlaps}
        events.append({"at": each.end, **said})
    events.sort(key=lambda event: (event["at"], event["type"], event.get("rate", 0)))
    return events
