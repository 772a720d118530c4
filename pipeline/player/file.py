"""What the player shows of one recording, as a script file that a page loads on demand.

A page opened from disk may not fetch data from beside it, but it may run a script from there. So each file is one call:
`duologue.recording({...})`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.player.sound import Seconds, clips, windows
from schemas.outline import Outline
from schemas.recording import Samples

FORMAT = 1
MOST_SECONDS = 180.0
"""Of sound in one file, unless asked otherwise."""
MOST_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Said:
    """A word on one channel, in seconds."""

    channel: int
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something between the speakers, in seconds, as the events of a row: backchannel, interruption, filler, laughter, floor_change …"""

    kind: str
    channel: int | None
    start: float
    end: float
    text: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """How a stretch of one channel was made, in seconds: original, routed, separated, restored or silence."""

    channel: int
    start: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with its stretches (start, end, channel or None for all) in seconds."""

    name: str
    severity: str = "flag"
    detail: str = ""
    stretches: tuple[tuple[float, float, int | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One recording as the player shows it; times in seconds from its start."""

    key: str
    """Names the file and is passed back by it: letters, digits and hyphens."""
    id: str
    outline: Outline
    sides: tuple[str, ...]
    """What each channel is called."""
    speech: tuple[tuple[Seconds, ...], ...] = ()
    """Of each channel, sorted and disjoint."""
    words: tuple[Said, ...] = ()
    events: tuple[Event, ...] = ()
    origins: tuple[Origin, ...] = ()
    findings: tuple[Found, ...] = ()
    source: str | None = None
    """Path or URL of the recording itself, for what is not heard here."""
    part_of: float | None = None
    """Seconds of the recording, when all of this is only about its beginning."""
    silent: str = ""
    """Why there is no sound, as a sentence, where there is none."""


def key_of(id: str) -> str:
    """A name for a player file that any id can have."""
    return hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def player_file(played: Played, samples: Samples | None = None, rate: int = 8000, bits: int = 16, most: float = MOST_SECONDS) -> bytes:
    """The file's bytes. `samples` [channels, n] are integers at `rate`; None makes a file without sound.

    At most `most` seconds of sound are in it, those around the findings' stretches if not all. Equal values give equal bytes with one build
    of libopus. ASCII only.
    """
    sound: list[dict[str, Any]] = []
    if samples is not None:
        stretches = sorted({(start, end) for each in played.findings for start, end, _ in each.stretches})
        length = samples.shape[1] / rate
        chosen = windows(length, stretches, most)
        sound = [{"start": _ms(c.start), "end": _ms(c.end), "sides": c.sides} for c in clips(samples, rate, bits, chosen)]
    whole = len(sound) == 1 and sound[0]["start"] == 0 and sound[0]["end"] >= _ms(played.outline.seconds) - 20
    return script_of({**values(played), "audio": sound, "whole": whole})


def values(played: Played) -> dict[str, Any]:
    """All but the sound, times in whole milliseconds."""
    words = sorted(played.words, key=lambda word: (word.start, word.end, word.channel))
    return {
        "format": FORMAT,
        "key": played.key,
        "id": played.id,
        "duration": _ms(played.outline.seconds),
        "sides": list(played.sides),
        "outline": {"step": played.outline.step * 1000, "peaks": list(played.outline.peaks)},
        "speech": [_flat(spans) for spans in played.speech],
        "overlaps": _flat(_both(played.speech)),
        "words": [[word.channel, _ms(word.start), _ms(word.end), word.text] for word in words[:MOST_WORDS]],
        "unshown_words": max(0, len(words) - MOST_WORDS),
        "events": [[e.kind, e.channel, _ms(e.start), _ms(e.end), e.text, e.detail] for e in played.events],
        "origins": [[o.channel, _ms(o.start), _ms(o.end), o.kind] for o in played.origins],
        "findings": [
            {"name": f.name, "severity": f.severity, "detail": f.detail, "stretches": [[_ms(a), _ms(b), c] for a, b, c in f.stretches]}
            for f in played.findings
        ],
        "source": played.source,
        "part_of": None if played.part_of is None else _ms(played.part_of),
        "silent": played.silent,
    }


def script_of(data: dict[str, Any]) -> bytes:
    """Plain values as a call; no text inside can end the script, or look like markup if the file is pasted into a page."""
    return f"duologue.recording({safe_json(data)});\n".encode("ascii")


def safe_json(data: Any) -> str:
    """JSON in ASCII without `<`, `>` and `&`, safe inside a script element and in a script."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _ms(seconds: float) -> int:
    return round(1000 * seconds)


def _flat(spans: Iterable[Seconds]) -> list[int]:
    return [_ms(edge) for span in spans for edge in span]


def _both(speech: Sequence[Sequence[Seconds]]) -> list[Seconds]:
    """Stretches in which both of two channels speak."""
    if len(speech) != 2:
        return []
    found, (left, right) = [], speech
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            found.append((start, end))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return found
