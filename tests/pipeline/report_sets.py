"""Synthetic data sets for the report: rows with known numbers, written as real shards, and a manifest of the real form."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile

from pipeline.left_out import NOTHING, LeftOut
from pipeline.place import LocalPlace
from pipeline.said import row_events, row_transcript, row_words
from pipeline.shards import ShardRecord, hash_range, write_shard
from schemas.activity import Activity
from schemas.errors import RejectRecord
from schemas.health import Finding, Health, Leak, Likeness, Side
from schemas.plain import to_plain
from schemas.recording import Decoding
from schemas.row import (
    Row,
    RowAudio,
    RowClip,
    RowOrigin,
    RowOther,
    RowScore,
    RowSource,
    RowSpeaker,
    RowSpeech,
    RowStage,
    RowTurn,
    RowWeights,
)
from schemas.span import Span, Spans, complement, intersect, subtract
from schemas.stats import Stats
from schemas.transcript import Piece, Recovered, Transcript, Word
from stages.events.turn_taking import TurnTakingEvents
from stages.rights.recorded import row_rights
from stages.turns.stats import TurnTaking

RATE = 8000
HOSTILE = "<script>document.title='owned'</script>\u202egpj.exe\x00\u200b\"'&"


def talk(rng: np.random.Generator, seconds: float) -> Activity:
    """Two speakers who mostly take turns, with gaps, overlaps and short answers."""
    sides: tuple[list[Span], list[Span]] = ([], [])
    at, speaker, end = 0.3, int(rng.integers(2)), int(seconds * RATE)
    while True:
        stop = at + float(rng.gamma(2.0, 1.4))
        span = Span(min(int(at * RATE), end), min(int(stop * RATE), end))
        if not len(span):
            break
        sides[speaker].append(span)
        if rng.random() < 0.3 and stop - at > 2:
            middle = int((at + (stop - at) / 2) * RATE)
            sides[1 - speaker].append(Span(min(middle, end), min(middle + RATE // 2, end)))
        at = stop + float(rng.normal(0.15, 0.35))
        speaker = 1 - speaker if rng.random() < 0.75 else speaker
        if at <= span.start / RATE:
            at = stop
    return Activity(channels=(tidy(sides[0]), tidy(sides[1])), length=end, rate=RATE)


def tidy(spans: list[Span]) -> Spans:
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start < found[-1].end + RATE // 10:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        elif len(span):
            found.append(span)
    return tuple(found)


def condition(rng: np.random.Generator, trouble: bool = False) -> Health:
    """Plausible numbers of a telephone call; in trouble, a leak and clipping beyond their limits."""
    heard = float(rng.uniform(-28, -12)) if trouble else None
    sides = tuple(
        Side(
            speech_s=60.0,
            own_speech_s=50.0,
            level_dbfs=float(rng.normal(-26, 4)),
            noise_dbfs=None if rng.random() < 0.1 else float(rng.normal(-62, 6)),
            peak_dbfs=-1.5,
            dc=0.0001,
            zeros=float(rng.uniform(0, 0.2)),
            clipping=0.0042 if trouble and channel == 1 else 0.00002,
            bandwidth_hz=3400.0,
        )
        for channel in (0, 1)
    )
    findings: tuple[Finding, ...] = ()
    if heard is not None:
        findings = (
            Finding(name="leakage", channel=1, value=heard, unit="dB", limit=-30.0),
            Finding(name="clipping", channel=1, value=0.0042, unit="share", limit=0.001),
        )
    leaks = (Leak(source=0, into=1, evidence_s=20.0, level_db=heard), Leak(source=1, into=0, evidence_s=18.0))
    return Health(sides=sides, likeness=Likeness(correlation=float(rng.uniform(-0.1, 0.2))), leaks=leaks, findings=findings)


CHAIN = (
    RowStage("decode", "file", "decode-0f3a5b7c9d1e2f40", 1, ()),
    RowStage("health", "channels", "health-1f3a5b7c9d1e2f41", 1, ()),
    RowStage("vad", "silero", "vad-2f3a5b7c9d1e2f42", 1, (RowWeights("silero_vad.onnx", "6.2.3", "ab" * 32, "MIT"),)),
    RowStage("stats", "turn_taking", "stats-3f3a5b7c9d1e2f43", 1, ()),
)


@cache
def murmur() -> bytes:
    """Two seconds of faint noise on two channels as FLAC: the sound of every row that is given no other."""
    file, noise = io.BytesIO(), np.random.default_rng(1).normal(0, 300, (2 * RATE, 2)).astype(np.int16)
    soundfile.write(file, noise, RATE, format="FLAC")
    return file.getvalue()


def row(
    id: str,
    activity: Activity,
    health: Health | None,
    *,
    source: RowSource | None = None,
    clip: RowClip | None = None,
    stats: Stats | None = None,
    audio: bytes | None = None,
) -> Row:
    """A row of one activity; its statistics are measured unless given."""
    seconds = activity.length / activity.rate
    speech = tuple(RowSpeech(c, *span.seconds(activity.rate)) for c, spans in enumerate(activity.channels) for span in spans)
    source = source or RowSource("calls", (f"{id}.wav",), "CC-BY-4.0", "informed consent, form 3", "en-US", "{}")
    return Row(
        id=id,
        source=source,
        rights=row_rights(source, (weights for stage in CHAIN for weights in stage.weights)),
        audio=RowAudio(murmur() if audio is None else audio, None),
        rate=activity.rate,
        duration=seconds,
        clip=clip or RowClip(id, 0, 1, 0.0, seconds, "end"),
        speakers=(RowSpeaker(0, "anna", "agent", 0, "as_recorded"), RowSpeaker(1, "", None, 1, "as_recorded")),
        speech=speech,
        turns=tuple(RowTurn(s.channel, s.start, s.end, "anna", None) for s in speech),
        words=(),
        transcript=None,
        events=(),
        event_constants=None,
        origins=(RowOrigin(0, 0.0, seconds, "original", None), RowOrigin(1, 0.0, seconds, "original", None)),
        crossfade=0.0,
        others=(),
        residual=None,
        decoding=Decoding(container="WAV", encoding="ULAW", decoder="sndfile 1.2.2", exact=True),
        health=health,
        quality=(),
        codes=None,
        stats=stats or TurnTaking().load("cpu")(activity),
        provenance=CHAIN,
    )


def mixed(rng: np.random.Generator, id: str, seconds: float, mono: bool = True) -> Row:
    """A row made from a mixture: overlaps routed, the rest original or silent, with other sounds and scores."""
    activity = talk(rng, seconds)
    overlap = intersect(*activity.channels)
    origins = []
    for channel, spans in enumerate(activity.channels):
        solo = subtract(spans, overlap)
        parts = [(span, "original") for span in solo] + [(span, "routed") for span in overlap]
        parts += [(span, "silence") for span in complement(spans, activity.length)]
        for span, kind in sorted(parts):
            sure = None if kind == "silence" else float(rng.uniform(0.7, 1))
            origins.append(RowOrigin(channel, *span.seconds(RATE), kind, sure))
    health = condition(rng)
    if mono:
        health = replace(health, sides=health.sides[:1], likeness=None, leaks=())
    confidence, similarity = float(rng.beta(30, 2)), float(rng.normal(0.5, 0.1))
    scores = (
        RowScore("diarization_confidence", None, confidence, "share", "diarize: x"),
        RowScore("voice_similarity", None, similarity, "cosine", "diarize: y"),
        RowScore("snr", 0, 30.0, "dB", "health: z"),
    )
    return replace(
        row(id, activity, health),
        speakers=(RowSpeaker(0, "A", None, None, "first_to_speak"), RowSpeaker(1, "B", None, None, "first_to_speak")),
        origins=tuple(origins),
        crossfade=0.005,
        others=(RowOther("music", 0.0, 0.25), RowOther("third_voice", 1.0, 1.5)),
        quality=scores,
    )


TEXTS = (
    "so",
    "yeah",
    "I",
    "think",
    "the",
    "telephone",
    "um",
    "was",
    "ringing,",
    "right",
    "uh-huh",
    "and",
    "extraordinarily",
    "slow.",
    "mhm",
)


def spoken(rng: np.random.Generator, id: str, seconds: float) -> Row:
    """A row with words throughout its speech, a recovered filler, laughter, a hostile word, and events."""
    activity = talk(rng, seconds)
    pieces, recovered = [], []
    for channel, spans in enumerate(activity.channels):
        words: list[Word] = []
        for span in spans:
            at = span.start
            while at < span.end:
                end = min(at + int(rng.uniform(0.12, 0.45) * RATE), span.end)
                words.append(Word(Span(at, end), str(rng.choice(TEXTS)), "pocketsphinx", float(rng.uniform(0.5, 1))))
                at = end
        if words:
            words[0] = Word(words[0].span, HOSTILE.strip(), "attention")
            edge = words[-1].span
            words.pop()
            recovered.append(Recovered(channel, edge, "uh", 0.9, "test"))
            recovered.append(Recovered(channel, edge, "[laughter]", 0.8, "test"))
        pieces.append(Piece(channel, Span(0, activity.length), tuple(words)))
    transcript = Transcript(pieces=tuple(pieces), length=activity.length, rate=RATE, recovered=tuple(recovered))
    events = TurnTakingEvents().load("cpu")(activity, transcript)
    return replace(
        row(id, activity, condition(rng), stats=TurnTaking().load("cpu")(activity, transcript)),
        words=row_words(transcript),
        transcript=row_transcript(transcript, activity),
        events=row_events(events),
        event_constants=events.constants,
    )


def without_measures(each: Row) -> Row:
    return replace(each, health=None, stats=None)


def calls(count: int, seed: int = 7, seconds: float = 90.0) -> list[Row]:
    """`count` recordings of mixed length, terms and condition; every fifth is cut into two rows."""
    rng = np.random.default_rng(seed)
    terms = (
        RowSource("calls", (), "CC-BY-4.0", "informed consent, form 3", "en-US", "{}"),
        RowSource("calls", (), "LicenseRef-LDC-User-Agreement", None, "en-US", "{}"),
        RowSource("hotline", (), None, None, None, "{}"),
    )
    found = []
    for index in range(count):
        id = HOSTILE if index == 3 else f"call/{index:05d}"
        length = float(seconds * rng.lognormal(0, 0.6))
        health = condition(rng, trouble=index % 11 == 0)
        source = terms[int(rng.choice(3, p=(0.6, 0.3, 0.1)))]
        parts = 2 if index % 5 == 0 else 1
        for part in range(parts):
            activity = talk(rng, length)
            clip = RowClip(
                id, part, parts, part * length, part * length + activity.length / RATE, "end" if part == parts - 1 else "silence"
            )
            name = id if parts == 1 else f"{id}#{part:04d}"
            found.append(row(name, activity, health, source=source, clip=clip))
    return found


def rejected() -> list[RejectRecord]:
    some = [
        RejectRecord(f"mono/{i:03d}", f"k{i}", "tracks", "not_two_channel", "1 channel", "{}", (f"mono/{i:03d}.wav",)) for i in range(23)
    ]
    return [*some, RejectRecord(HOSTILE, "kx", "decode", "truncated", "header promises <b>9</b> s, 4 s are present", "{}", ())]


def publish(
    out: Path,
    rows: Sequence[Row],
    rejects: Sequence[RejectRecord],
    shards: int = 2,
    format: Literal["parquet", "arrow"] = "parquet",
    left_out: LeftOut = NOTHING,
) -> dict[str, Any]:
    """Write the shards below `out` and give the manifest that lists them."""
    place, records = LocalPlace(str(out)), []
    size = -(-len(rows) // shards) or 1
    for index, start in enumerate(range(0, len(rows), size)):
        part, name = rows[start : start + size], f"data/train-{index:05d}-of-{shards:05d}.{format}"
        with place.writing(name) as path:
            groups = write_shard(path, part, format, 64_000_000)
            seconds = sum(each.duration for each in part)
            recordings = sum(each.clip.index == 0 for each in part)
            records.append(ShardRecord(name, len(part), recordings, seconds, path.stat().st_size, hash_range(path), f"f{index}", groups))
    recordings = sum(record.recordings for record in records)
    inputs = {"inputs": recordings + len(rejects) + 1, "results": recordings, "rejects": len(rejects), "errors": 1, "pending": 0}
    return {
        "format": 1,
        "name": "hotline <2025>",
        "rows": len(rows),
        "recordings": recordings,
        "hours": sum(record.seconds for record in records) / 3600,
        "inputs": inputs,
        "left_out": to_plain(left_out),
        "rejects": {"name": "rejects.parquet", "sha256": "00" * 32, "by_reason": {}},
        "shards": [to_plain(record) for record in records],
        "chain": to_plain(CHAIN),
        "config": {"name": "hotline <2025>", "chain": ["decode", "health", "vad", "stats"], "health": {"backend": "channels"}},
        "versions": {"duologue": "0.1.0", "numpy": "2.3.1", "pyarrow": "21.0.0"},
    }
