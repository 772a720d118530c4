"""Players of the few rows that are drawn: the first minute of each, to be seen closely and heard."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.place import Place
from pipeline.player import Event, Origin, Played, key_of, player_file
from pipeline.player import Said as Word
from pipeline.report.said import Said, rows_with
from pipeline.report.timelines import clipped
from pipeline.report.totals import Sample
from schemas.errors import DuologueError
from schemas.recording import Decoding, Recording, Samples
from stages.audit.outline import outline

PLAYERS = "report_files"
SECONDS = 60.0
"""Heard of a row."""
COLUMNS = ("id", "audio", "origins")


def write_players(out: Place, shards: Sequence[str], samples: Sequence[Sample], said: Mapping[str, Said]) -> dict[str, str]:
    """Write a file for each of `samples`; returns their names by row id. Raises `DuologueError` for a row whose audio cannot be read."""
    wanted = {sample.id: sample for sample in samples}
    names = {}
    for row in rows_with(out, shards, list(wanted), COLUMNS):
        id = row["id"]
        data = _file(wanted[id], said.get(id, Said()), row)
        names[id] = f"{PLAYERS}/{key_of(id)}.js"
        if out.get_or_none(names[id]) != data:
            out.put(names[id], data)
    return names


def _file(sample: Sample, said: Said, row: Mapping[str, Any]) -> bytes:
    heard = _decoded(sample.id, row["audio"]["bytes"])
    end = heard.duration
    names = tuple(f"{channel}: {name}" if name else f"channel {channel}" for channel, name in enumerate(sample.names))
    played = Played(
        key=key_of(sample.id),
        id=sample.id,
        outline=outline(heard),
        sides=names if len(names) == heard.channels else tuple(f"channel {c}" for c in range(heard.channels)),
        speech=tuple(clipped(spans, end) for spans in sample.speech),
        words=tuple(Word(w.channel, w.start, min(w.end, end), w.text) for w in said.words if w.start < end),
        events=tuple(
            Event(e.kind, e.channel, e.start, min(e.end, end), e.text or "", e.detail or "")
            for e in said.events
            if max(e.start, e.end) < end
        ),
        origins=tuple(Origin(o["channel"], o["start"], min(o["end"], end), o["kind"]) for o in row["origins"] if o["start"] < end),
        part_of=sample.duration if sample.duration > end + 0.05 else None,
    )
    return player_file(played, heard.samples, heard.rate, heard.bits, most=SECONDS)


def _decoded(id: str, data: bytes) -> Recording:
    """The beginning of a row's FLAC."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            wide = file.subtype == "PCM_24"
            block = file.read(int(SECONDS * file.samplerate), dtype="int32" if wide else "int16", always_2d=True)
            samples: Samples = block.T >> 8 if wide else block.T
            decoding = Decoding(container="FLAC", encoding=file.subtype, decoder="sndfile", exact=True)
            return Recording(samples=samples, rate=file.samplerate, bits=24 if wide else 16, decoding=decoding)
    except soundfile.LibsndfileError as error:
        raise DuologueError(f"row {id}: its audio cannot be read: {error}; run: duologue verify") from error
