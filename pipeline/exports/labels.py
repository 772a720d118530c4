"""Label files for scoring and for the eye: RTTM, CTM, STM, UEM and SegLST of all, and a TextGrid and Audacity labels of each dialogue.

RTTM holds the speech of each side, STM and SegLST their utterances, CTM their words in one file per channel, for CTM names no speaker.
The name of a recording in all of them is that of its files in `TextGrid/` and `audacity/`; `ids.jsonl` says whose row it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.text import Utterance, utterances_of
from schemas.source import slug

SIDES = ("A", "B")


class Labels(Format):
    """Every label file that is commonly read."""

    serves: ClassVar[str] = "pyannote, dscore, meeteval, Praat, ELAN, Audacity"
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        for item in items:
            names = speaker_names(item)
            said = [utterances_of(item, channel) for channel in (0, 1)]
            words = self._shared(item, names, said, sink)
            sink.put(f"TextGrid/{sink.folder}/{item.stem}.TextGrid", text_grid(item, names, said))
            for channel, name in enumerate(names):
                labels = "".join(f"{u.start:.6f}\t{u.end:.6f}\t{_one_line(u.text)}\n" for u in said[channel])
                sink.put(f"audacity/{sink.folder}/{item.stem}.{channel}.{name}.txt", labels)
            sink.line("ids.jsonl", {"file": item.stem, "id": item.id, "speakers": list(names)})
            sink.wrote(item, words=words)

    def _shared(self, item: Item, names: tuple[str, str], said: Sequence[Sequence[Utterance]], sink: Sink) -> int:
        """Add a row to the files of all; the words in them."""
        spans = [(s.start, s.channel, s.end) for s in item.speech] or [(t.start, t.channel, t.end) for t in item.turns]
        for start, channel, end in sorted(spans):
            times = f"{start:.6f} {end - start:.6f}"
            sink.line(f"{sink.split}.rttm", f"SPEAKER {item.stem} 1 {times} <NA> <NA> {names[channel]} <NA> <NA>")
        sink.line(f"{sink.split}.uem", f"{item.stem} 1 0.000000 {item.duration:.6f}")
        count = 0
        for channel in (0, 1):
            for word in item.words:
                if word.channel == channel:
                    sure = "" if word.confidence is None else f" {word.confidence:.4f}"
                    times = f"{word.start:.6f} {word.end - word.start:.6f}"
                    sink.line(f"{sink.split}.{channel}.ctm", f"{item.stem} 1 {times} {_token(word.text)}{sure}")
                    count += 1
        for u in sorted((u for side in said for u in side), key=lambda u: (u.start, u.channel)):
            sink.line(f"{sink.split}.stm", f"{item.stem} 1 {names[u.channel]} {u.start:.6f} {u.end:.6f} {_one_line(u.text)}")
            segment = {"session_id": item.stem, "speaker": names[u.channel], "start_time": round(u.start, 6), "end_time": round(u.end, 6)}
            sink.line(f"{sink.split}.seglst.json", {**segment, "words": _one_line(u.text), "channel": u.channel})
        return count


def speaker_names(item: Item) -> tuple[str, str]:
    """Names without spaces: the speakers' own where they differ, else A and B."""
    given = [speaker.name if (speaker := item.speaker(channel)) is not None else "" for channel in (0, 1)]
    first, second = (slug(name) if name else SIDES[channel] for channel, name in enumerate(given))
    return (first, second) if first != second else (f"{first}-A", f"{second}-B")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _token(text: str) -> str:
    """A word as one field; scorers split at every space."""
    return "_".join(text.split())


@dataclass(frozen=True, slots=True)
class _Interval:
    start: float
    end: float
    text: str


def text_grid(item: Item, names: tuple[str, str], said: Sequence[Sequence[Utterance]]) -> str:
    """Praat's long text format: a tier of words and one of utterances for each side, filled with empty intervals from 0 to the end."""
    tiers = []
    for channel, name in enumerate(names):
        words = [_Interval(w.start, w.end, w.text) for w in item.words if w.channel == channel]
        tiers.append((f"{name} words", _filled(words, item.duration)))
        tiers.append((f"{name} utterances", _filled([_Interval(u.start, u.end, u.text) for u in said[channel]], item.duration)))
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {item.duration!r}", "tiers? <exists>"]
    lines += [f"size = {len(tiers)}", "item []:"]
    for number, (name, intervals) in enumerate(tiers, 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{_quoted(name)}"', "        xmin = 0"]
        lines += [f"        xmax = {item.duration!r}", f"        intervals: size = {len(intervals)}"]
        for index, interval in enumerate(intervals, 1):
            lines += [f"        intervals [{index}]:", f"            xmin = {interval.start!r}", f"            xmax = {interval.end!r}"]
            lines.append(f'            text = "{_quoted(interval.text)}"')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return _one_line(text).replace('"', '""')


def _filled(intervals: Sequence[_Interval], end: float) -> list[_Interval]:
    """The intervals, cut where they would overlap, and empty ones in between, from 0 to `end`."""
    found: list[_Interval] = []
    at = 0.0
    for interval in sorted(intervals, key=lambda each: each.start):
        start, stop = max(interval.start, at), min(interval.end, end)
        if stop <= start:
            continue
        if start > at:
            found.append(_Interval(at, start, ""))
        found.append(_Interval(start, stop, interval.text))
        at = stop
    if at < end:
        found.append(_Interval(at, end, ""))
    return found
