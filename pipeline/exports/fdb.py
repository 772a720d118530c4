"""Full-Duplex-Bench folders cut from real events, and URO-Bench lines for the single turns among them.

Contract: DanielLin94144/Full-Duplex-Bench v1, `<task>/<number>/input.wav` (the user, 16 kHz mono) with `pause.json`, `turn_taking.json` or
`interrupt.json`, and `transcription.json`. What the human on the main side did is in `reference.json`, in the form of the bench's
`output.json`: copied to that name it gives the human's own score. `icc_gt_distribution.json` holds, for the clips of the task
`backchannel`, how the human's backchannels spread over windows of 0.2 s. Events of a task that have no words to be cut by are counted as
`events_without_words`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.sound import side_at, write_wav
from pipeline.exports.text import Utterance, joined, utterances_of
from schemas.row import RowEvent, RowWord

RATE = 16000
"""Hz of the bench's audio."""
BEFORE, AFTER = 15.0, 8.0
"""Seconds of a clip before and after its event, at most."""
LONG_TURN = 5.0
"""Seconds of the user's speech from which a turn with backchannels is a clip."""
WINDOW = 0.2
"""Seconds, of the bench's distribution of backchannels."""
KINDS = ("pause", "floor_change", "backchannel", "interruption")


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of the user's side in seconds, and what is said of it, in seconds from its start."""

    task: str
    start: float
    end: float
    file: str | None = None
    marks: list[dict[str, Any]] = field(default_factory=list)
    cuts: dict[str, tuple[float, float]] = field(default_factory=dict)
    """More files of the user's side, in seconds of the row."""


class FullDuplexBench(Format):
    """A folder for each clip, below `<split>/<task>/`."""

    serves: ClassVar[str] = "Full-Duplex-Bench, URO-Bench"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ()
    understands: ClassVar[tuple[str, ...]] = ("main",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        number = 0
        for item in items:
            made = 0
            for main in sink.options.main:
                for clip in clips(item, main):
                    if clip is None:
                        sink.count_up(events_without_words=1)
                        continue
                    self._one(item, main, clip, f"{sink.index:03d}{number:05d}", sink)
                    number, made = number + 1, made + 1
                    sink.count_up(**{clip.task: 1})
            if made:
                sink.wrote(item, made)
            else:
                any_event = any(event.kind in KINDS for event in item.events)
                sink.leave_out(item, "no event that a clip is cut from" if any_event else "no events; add events to the chain")

    def _one(self, item: Item, main: int, clip: Clip, number: str, sink: Sink) -> None:
        folder = f"{sink.split}/{clip.task}/{number}"
        for name, (start, end) in {"input": (clip.start, clip.end), **clip.cuts}.items():
            with sink.file(f"{folder}/{name}.wav") as path:
                write_wav(path, side_at(item, 1 - main, RATE, start, end)[None], RATE, "PCM_16")
        if clip.file is not None:
            sink.put(f"{folder}/{clip.file}", json.dumps(clip.marks, ensure_ascii=False))
        sides = [_inside(item, channel, clip) for channel in (main, 1 - main)]
        said = [{"speaker": speaker, "item": [_mark(word, clip) for word in words]} for speaker, words in enumerate(sides)]
        sink.put(f"{folder}/transcription.json", json.dumps(said, ensure_ascii=False))
        answer = joined(item, sides[0])
        sink.put(f"{folder}/reference.json", json.dumps({"text": answer, "chunks": said[0]["item"]}, ensure_ascii=False))
        if clip.task == "backchannel":
            sink.pair(f"{sink.split}/icc_gt_distribution.json", number, distribution(clip))
        if "question" in clip.cuts:
            asked = clip.cuts["question"][1]
            texts = [joined(item, [word for word in sides[1] if word.end <= asked + 0.05])]
            texts.append(joined(item, [word for word in sides[0] if word.start >= asked - 0.05]))
            line = {"id": number, "source_wav": f"{folder}/question.wav", "source_text": texts[0], "target_text": texts[1]}
            sink.line(f"uro_bench.{sink.split}.jsonl", line)
        sink.line(f"clips.{sink.split}.jsonl", {"folder": folder, "id": item.id, "main": main, "start": clip.start, "end": clip.end})


def clips(item: Item, main: int) -> Iterator[Clip | None]:
    """The clips of one row in which `main` plays the model, in order of their events; None for an event without words to cut by."""
    said = utterances_of(item, 1 - main)
    for event in item.events:
        if event.kind == "pause" and event.channel == 1 - main:
            yield _pause(said, event)
        elif event.kind == "floor_change" and event.channel == main and (event.offset or 0.0) >= 0:
            yield _turn(item, said, event)
        elif event.kind == "interruption" and event.channel == 1 - main and event.detail == "successful":
            yield _interruption(item, said, event)
    answers = [event for event in item.events if event.kind == "backchannel" and event.channel == main]
    for turn in _long_turns(said):
        inside = [event for event in answers if turn.start <= event.start and event.end <= turn.end]
        if inside:
            marks = [{"text": event.text or "", "timestamp": [event.start - turn.start, event.end - turn.start]} for event in inside]
            yield Clip("backchannel", turn.start, turn.end, "backchannel.json", marks)


def _pause(said: list[Utterance], event: RowEvent) -> Clip | None:
    """From the speech before a pause to the end of the speech after it."""
    words = [word for utterance in said for word in utterance.words]
    before = [word for word in words if word.end <= event.start + 0.05 and word.start >= event.start - BEFORE]
    after = [word for word in words if word.start >= event.end - 0.05 and word.end <= event.end + AFTER]
    if not before or not after:
        return None
    start, end = _reach_back(before, event.start), _reach_on(after)
    mark = {"text": "[PAUSE]", "timestamp": [event.start - start, event.end - start]}
    return Clip("pause_handling", start, end, "pause.json", [mark])


def _turn(item: Item, said: list[Utterance], event: RowEvent) -> Clip | None:
    """From the start of the user's turn to well into the other's, or until the user speaks again."""
    before = [
        word for utterance in said for word in utterance.words if event.start - BEFORE <= word.start and word.end <= event.start + 0.05
    ]
    if not before:
        return None
    start = _reach_back(before, event.start)
    end = _until_again(item, said, event.start)
    mark = {"text": "[TURN-TAKING]", "timestamp": [event.start - start, event.end - start]}
    return Clip("smooth_turn_taking", start, end, "turn_taking.json", [mark], {"question": (start, event.start)})


def _interruption(item: Item, said: list[Utterance], event: RowEvent) -> Clip | None:
    """The user's turn before, as context, and the interruption, to well after it."""
    before = [utterance for utterance in said if utterance.end <= event.start and utterance.start >= event.start - BEFORE]
    words = [word for utterance in said for word in utterance.words if event.start - 0.05 <= word.start and word.end <= event.end + 0.05]
    if not before or not words:
        return None
    start, context = before[-1].start, before[-1]
    mark = {"context": context.text, "interrupt": joined(item, words), "timestamp": [event.start - start, event.end - start]}
    parts = {"context": (context.start, context.end), "interrupt": (event.start, event.end)}
    return Clip("user_interruption", start, _until_again(item, said, event.end), "interrupt.json", [mark], parts)


def _long_turns(said: list[Utterance]) -> Iterator[Utterance]:
    return (utterance for utterance in said if utterance.end - utterance.start >= LONG_TURN)


def _reach_back(words: list[RowWord], upto: float) -> float:
    """Start of the run of words that ends last before `upto`, with gaps of less than a second."""
    start = upto
    for word in sorted(words, key=lambda each: each.start, reverse=True):
        if start - word.end > 1.0:
            break
        start = word.start
    return start


def _reach_on(words: list[RowWord]) -> float:
    """End of the run of words that begins first, with gaps of less than a second."""
    ordered = sorted(words, key=lambda each: each.start)
    end = ordered[0].end
    for word in ordered[1:]:
        if word.start - end > 1.0:
            break
        end = max(end, word.end)
    return end


def _until_again(item: Item, said: list[Utterance], after: float) -> float:
    """When the user speaks again after a time; at most `AFTER` later, and inside the row."""
    again = min((utterance.start for utterance in said if utterance.start > after + 0.05), default=item.duration)
    return min(again, after + AFTER, item.duration)


def _inside(item: Item, channel: int, clip: Clip) -> list[RowWord]:
    return [word for word in item.words if word.channel == channel and clip.start - 1e-6 <= word.start and word.end <= clip.end + 1e-6]


def _mark(word: RowWord, clip: Clip) -> dict[str, Any]:
    return {"text": word.text, "timestamp": [word.start - clip.start, word.end - clip.start]}


def distribution(clip: Clip) -> list[float]:
    """Share of the human's backchannels in each window of 0.2 s, by the bench's own rule."""
    counts = np.full(int((clip.end - clip.start) / WINDOW) + 1, 1e-10)
    for mark in clip.marks:
        first, last = (int(time / WINDOW) for time in mark["timestamp"])
        counts[first : last + 1] += 1
    shares: list[float] = (counts / counts.sum()).tolist()
    return shares
