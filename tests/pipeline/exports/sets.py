"""Data sets with exact truth for the exports: a tone wherever a word is said, random codes, and the manifest of the real form."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile

from pipeline.drive import Stop
from pipeline.exports.format import Options
from pipeline.exports.run import export
from pipeline.pools import InProcess
from pipeline.shards import ShardRecord, hash_range, write_shard
from schemas.plain import to_plain
from schemas.recording import Decoding
from schemas.row import (
    Row,
    RowAudio,
    RowClip,
    RowCodes,
    RowEvent,
    RowOrigin,
    RowSource,
    RowSpeaker,
    RowSpeech,
    RowStage,
    RowTurn,
    RowWeights,
    RowWord,
)
from stages.rights.recorded import row_rights

VOCABULARY = [
    *("hello", "there", "my", "friend", "how", "are", "you", "today", "yes", "i", "know", "what", "mean"),
    *("really", "well", "uh", "think", "so", "weather", "fine", "mhm", "right"),
]
HOSTILE = "../../etc/pass wd\u202e\x00.wav"
FREE = RowSource("calls", (), "CC-BY-4.0", None, "en-US", "{}")


def word(channel: int, start: float, end: float, text: str) -> RowWord:
    return RowWord(channel, start, end, text, None, "given")


def codes_for(rng: np.random.Generator, seconds: float, codec: str = "mimi", codebooks: int = 8) -> RowCodes:
    rate, hop, bins = {"mimi": (24000, 1920, 2048), "encodec": (24000, 320, 1024), "hubert": (16000, 320, 500)}[codec]
    codebooks = 1 if codec == "hubert" else codebooks
    frames = -(-round(seconds * rate) // hop)
    first, second = (tuple(rng.integers(0, bins, codebooks * frames).tolist()) for _ in (0, 1))
    return RowCodes(codec, "ab" * 32, rate, hop, bins, codebooks, frames, 0.0, first, second, (), None)


def spoken(rng: np.random.Generator, seconds: float) -> tuple[list[RowWord], list[RowTurn], list[RowSpeech]]:
    """Two who take turns of several words, with some overlap."""
    words, turns, at, channel = [], [], 0.2, int(rng.integers(2))
    while True:
        start = at
        count = int(rng.integers(1, 8))
        for _ in range(count):
            end = at + float(rng.uniform(0.1, 0.5))
            if end > seconds - 0.1:
                break
            words.append(RowWord(channel, round(at, 3), round(end, 3), str(rng.choice(VOCABULARY)), float(rng.uniform(0.5, 1)), "given"))
            at = end + float(rng.choice([0.0, 0.05]))
        mine = [word for word in words if word.channel == channel and word.start >= start - 0.002]
        if mine:
            turns.append(RowTurn(channel, mine[0].start, mine[-1].end, "anna" if channel == 0 else "", None))
        if at > seconds - 1.2:
            break
        at += float(rng.choice([-0.2, 0.3, 0.8]))
        channel = 1 - channel
    speech = [RowSpeech(turn.channel, turn.start, turn.end) for turn in turns]
    words.sort(key=lambda word: (word.start, word.end, word.channel))
    return _disjoint(words), turns, sorted(speech, key=lambda s: (s.channel, s.start))


def _disjoint(words: list[RowWord]) -> list[RowWord]:
    ends = {0: 0.0, 1: 0.0}
    kept = []
    for word in words:
        if word.start >= ends[word.channel] - 1e-9:
            kept.append(word)
            ends[word.channel] = word.end
    return kept


def tones(words: Sequence[RowWord], seconds: float, rate: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    samples = rng.normal(0, 1e-4, (2, round(seconds * rate)))
    for word in words:
        first, last = round(word.start * rate), round(word.end * rate)
        time = np.arange(last - first) / rate
        samples[word.channel, first:last] += 0.3 * np.sin(2 * np.pi * (300 + 200 * word.channel) * time)
    return samples


def flac(samples: np.ndarray[Any, Any], rate: int, subtype: str = "PCM_16") -> bytes:
    sink = io.BytesIO()
    soundfile.write(sink, samples.T, rate, subtype, format="FLAC")
    return sink.getvalue()


def talk(
    id: str,
    seconds: float = 12.0,
    rate: int = 8000,
    *,
    subtype: str = "PCM_16",
    source: RowSource = FREE,
    codec: str | None = "mimi",
    codebooks: int = 8,
    events: Sequence[RowEvent] = (),
    weights: Sequence[RowWeights] = (),
) -> Row:
    """A conversation whose contents depend on its id alone."""
    rng = np.random.default_rng(list(id.encode()))
    seconds = round(seconds * rate) / rate
    words, turns, speech = spoken(rng, seconds)
    return Row(
        id=id,
        source=source,
        rights=row_rights(source, weights),
        audio=RowAudio(flac(tones(words, seconds, rate, rng), rate, subtype), None),
        rate=rate,
        duration=seconds,
        clip=RowClip(id.partition("#")[0], 0, 1, 0.0, seconds, "end"),
        speakers=(RowSpeaker(0, "anna", "agent", 0, "as_recorded"), RowSpeaker(1, "", None, 1, "as_recorded")),
        speech=tuple(speech),
        turns=tuple(turns),
        words=tuple(words),
        transcript=None,
        events=tuple(events),
        event_constants=None,
        origins=(RowOrigin(0, 0.0, seconds, "original", None), RowOrigin(1, 0.0, seconds, "original", None)),
        crossfade=0.0,
        others=(),
        residual=None,
        decoding=Decoding(container="WAV", encoding="PCM_16", decoder="sndfile 1.2.2", exact=True),
        health=None,
        quality=(),
        codes=None if codec is None else codes_for(rng, seconds, codec, codebooks),
        stats=None,
        provenance=(RowStage("vad", "toy", "vad-0", 1, tuple(weights)),) if weights else (),
    )


def publish(folder: Path, rows: Sequence[Row], shards: int = 2, format: Literal["parquet", "arrow"] = "parquet") -> Path:
    """Write a finished data set below `folder`."""
    (folder / "data").mkdir(parents=True)
    records, size = [], -(-len(rows) // shards)
    for index in range(shards):
        part = rows[index * size : (index + 1) * size]
        name = f"data/train-{index:05d}-of-{shards:05d}.{format}"
        groups = write_shard(folder / name, part, format, 100_000)
        seconds, digest = sum(each.duration for each in part), hash_range(folder / name)
        record = ShardRecord(name, len(part), len(part), seconds, (folder / name).stat().st_size, digest, str(index), groups)
        records.append(to_plain(record))
    manifest = {"format": 1, "name": "toy", "rows": len(rows), "hours": 0.1, "shards": records, "chain": []}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def run(set: Path, out: Path, name: str, **options: Any) -> dict[str, Any]:
    """Export in this process."""
    return export(str(set), str(out), name, Options(**options), lambda: (InProcess(), 1), Stop(), quiet=True)


@cache
def tokenizer() -> bytes:
    """A small SentencePiece model with Moshi's ids of unknown and padding."""
    import sentencepiece

    sink = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(VOCABULARY)] * 4),
        model_writer=sink,
        vocab_size=60,
        hard_vocab_limit=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=3,
        minloglevel=2,
    )
    return sink.getvalue()


def tokenizer_at(folder: Path) -> str:
    path = folder / "toy.model"
    path.write_bytes(tokenizer())
    return str(path)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def tree(folder: Path) -> dict[str, bytes]:
    """Every published file of an export by name."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if ".duologue" not in path.parts}
