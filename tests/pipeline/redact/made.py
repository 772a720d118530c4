"""Sets in which personal data is said at known words, and twins that differ in nothing but what is said there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.coded import row_codes
from pipeline.place import LocalPlace
from pipeline.publish import publish as commit
from pipeline.redact.fill import fade_of
from pipeline.said import row_events, row_transcript, row_words
from pipeline.shape.cut import Opened, encoded
from schemas.activity import Activity
from schemas.codes import Codes
from schemas.recording import Samples
from schemas.row import Row, RowAudio, RowEvent, RowRemoved, RowWord
from schemas.span import Span, Spans, union
from schemas.tracks import Origin, Tracks
from stages.events.turn_taking import TurnTakingEvents
from stages.tokenize.melrvq import MelRvqCodec
from stages.turns.stats import TurnTaking
from tests.pipeline.report_sets import RATE, rejected, row
from tests.pipeline.report_sets import publish as written
from tests.pipeline.shape.made import CHAIN, noise, said

MARGIN = 0.05
SAID = (
    (0, 4, "my name is cheryl turner thanks", "my name is brian mitchell thanks", "name", 3, 4),
    (1, 2, "call oh seven double nine two three four five six seven eight okay", None, "phone", 1, 11),
    (0, 30, "mail j dot smith at gmail dot com please", "mail a dot jones at yahoo dot org please", "email", 1, 7),
)
"""Channel, word from which on it is said, the words, the twin's words, what they hold, and where in them."""
TWIN_PHONE = "call oh two double one nine three four five six seven one okay"


@dataclass(frozen=True)
class Made:
    """A row, with what is to be muted in it."""

    row: Row
    muted: tuple[tuple[str, int, Span], ...]
    """Kind, channel and stretch with its margin."""

    def spans(self, channel: int, wider: int = 0) -> Spans:
        length = round(self.row.duration * RATE)
        return union(Span(max(0, s.start - wider), min(length, s.end + wider)) for _, c, s in self.muted if c == channel)


def codec_tracks(audio: Samples, bits: int = 16) -> Tracks:
    """Samples [2, n] as a codec takes them."""
    whole = Span(0, audio.shape[1])
    origins = (Origin(0, whole, "original"), Origin(1, whole, "original"))
    return Tracks(
        samples=audio, rate=RATE, bits=bits, speakers=("a", "b"), roles=("", ""), order=None, chosen="as_recorded", origins=origins
    )


@cache
def codec() -> MelRvqCodec:
    return MelRvqCodec()


def coded(row: Row, audio: Samples, bits: int) -> Row:
    """The row with codes of its own audio."""
    c = codec()
    samples = c.encode(codec_tracks(audio, bits))
    facts: dict[str, Any] = {"codec": c.name, "sha256": c.sha256, "codec_rate": c.rate, "hop": c.hop, "bins": c.bins, "rate": RATE}
    return replace(row, codes=row_codes(Codes(samples=samples, length=audio.shape[1], **facts), Span(0, audio.shape[1])))


def private(seed: int, id: str = "call", twin: int = 0, seconds: float = 40.0, bits: int = 16) -> Made:
    """A row of noise in which `SAID` is said; those with another `twin` differ in the sound and the text of just what is to be muted."""
    base = _base(seed, id, seconds, bits)
    words, muted = list(base.words), []
    events, removed = list(base.events), list(base.transcript.removed) if base.transcript else []
    for channel, at, text, other, kind, first, last in SAID:
        mine = [place for place, word in enumerate(words) if word.channel == channel]
        texts = (text if not twin else other or TWIN_PHONE).split()
        places = mine[at : at + len(texts)]
        _say(words, places, texts)
        start, end = words[places[first]].start, words[places[last]].end
        span = Span(
            max(0, round(start * RATE) - round(MARGIN * RATE)), min(round(seconds * RATE), round(end * RATE) + round(MARGIN * RATE))
        )
        muted.append((kind, channel, span))
        quoted = " ".join(texts[first : last + 1])
        events.append(RowEvent("backchannel", channel, start, end, None, None, quoted, False))
        removed.append(RowRemoved(channel, start, end, quoted, "loop"))
    assert base.transcript is not None
    whole = replace(base, words=tuple(words), events=tuple(events), transcript=replace(base.transcript, removed=tuple(removed)))
    made = Made(whole, tuple(muted))
    opened = Opened.of(whole)
    audio = opened.audio.copy()
    rng = np.random.default_rng([seed, twin])
    for channel in (0, 1):
        for span in made.spans(channel):
            audio[channel, span.start : span.end] = rng.integers(-20000, 20000, len(span))
    residual = None if opened.residual is None else opened.residual.copy()
    for _, _, span in muted:
        if residual is not None:
            residual[:, span.start : span.end] = rng.integers(-20000, 20000, len(span))
    whole = replace(whole, audio=RowAudio(encoded(audio, RATE, bits), None))
    if residual is not None:
        whole = replace(whole, residual=RowAudio(encoded(residual, RATE, bits), None))
    return replace(made, row=coded(whole, audio, bits))


def _base(seed: int, id: str, seconds: float, bits: int) -> Row:
    """A row of long utterances by turns, so that what is said in one is said without a pause."""
    rng = np.random.default_rng(seed)
    talk = (((1.0, 10.0), (21.0, 31.0)), ((10.5, 20.5), (31.5, seconds - 1)))
    channels = tuple(tuple(Span(round(a * RATE), round(b * RATE)) for a, b in spans) for spans in talk)
    activity = Activity(channels=channels, length=round(seconds * RATE), rate=RATE)
    transcript = said(rng, activity)
    found = TurnTakingEvents().load("cpu")(activity, transcript)
    return replace(
        row(id, activity, None, stats=TurnTaking().load("cpu")(activity, transcript)),
        audio=RowAudio(encoded(noise(rng, 2, activity.length, bits), RATE, bits), None),
        words=row_words(transcript),
        transcript=row_transcript(transcript, activity),
        events=row_events(found),
        event_constants=found.constants,
        residual=RowAudio(encoded(noise(rng, 1, activity.length, bits), RATE, bits), None),
    )


def _say(words: list[RowWord], places: Sequence[int], texts: Sequence[str]) -> None:
    """Texts into words, each as long as the one that it replaces."""
    for place, text in zip(places, texts, strict=True):
        words[place] = replace(words[place], text=text)


def set_of(out: Path, rows: Sequence[Row], shards: int = 2, tokenize: bool = True, format: Any = "parquet") -> None:
    """A finished data set of these rows."""
    manifest = written(out, rows, rejected(), shards, format)
    chain = list(CHAIN)
    config: dict[str, Any] = {"name": "calls", "vad": {"backend": "energy"}, "transcribe": {"backend": "none"}}
    config |= {"pack": {"format": format, "shard_mb": 1}}
    if tokenize:
        chain.append({"stage": "tokenize", "backend": "melrvq", "address": "tokenize-0f3a5b7c9d1e2f40", "version": 1, "weights": []})
        config["tokenize"] = {"backend": "melrvq"}
    config["chain"] = [each["stage"] for each in chain]
    commit(LocalPlace(str(out)), {**manifest, "chain": chain, "config": config}, rejected())


def wide(made: Made, channel: int) -> Spans:
    """What may change of a channel: what is muted and the fades around it."""
    return made.spans(channel, fade_of(RATE))
