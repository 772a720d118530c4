"""One row of a finished data set as the formats read it, and the rows of a shard one after the other."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.place import Place
from schemas.errors import UsageError
from schemas.plain import from_plain, to_plain
from schemas.row import (
    RowClip,
    RowEvent,
    RowRights,
    RowSource,
    RowSpeaker,
    RowSpeech,
    RowStage,
    RowTranscript,
    RowTurn,
    RowWeights,
    RowWord,
)
from schemas.source import slug
from stages.rights.recorded import row_rights

if TYPE_CHECKING:
    import pyarrow as pa

LISTS: dict[str, type] = {"speakers": RowSpeaker, "speech": RowSpeech, "turns": RowTurn, "words": RowWord, "events": RowEvent}
SMALL = ("id", "source", "rate", "duration", "clip", "transcript", *LISTS)
"""Columns that every format reads."""
RIGHTS = ("rights", "provenance")
"""Columns that say what may be done with a row; sets of manifest format 1 have the second alone, from which the first follows."""
WHOLE = "*"
"""Asks for the row as it is, with every column."""
AT_ONCE = 16
"""Rows in memory at a time: a row's audio may be of an hour."""


@dataclass(frozen=True, slots=True)
class ItemCodes:
    """Codec tokens of both channels."""

    codec: str
    sha256: str
    """Of the codec's weights."""
    rate: int
    """Hz of what the codec hears."""
    hop: int
    """Samples at `rate` per frame."""
    bins: int
    lead: float
    """Seconds by which the first frame begins before the row does."""
    codes: NDArray[np.int16]
    """[2, codebooks, frames]."""

    @property
    def codebooks(self) -> int:
        return int(self.codes.shape[1])

    @property
    def frames(self) -> int:
        return int(self.codes.shape[2])

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.rate / self.hop

    def about(self) -> dict[str, Any]:
        """The codec in plain values, for a format's own files."""
        return {"codec": self.codec, "sha256": self.sha256, "frame_rate": self.frame_rate, "codebooks": self.codebooks, "bins": self.bins}


@dataclass(frozen=True)
class Item:
    """One row: a conversation, or a clip of a long one. Times are seconds from the start of its audio."""

    id: str
    source: RowSource
    rate: int
    duration: float
    clip: RowClip
    speakers: tuple[RowSpeaker, ...]
    speech: tuple[RowSpeech, ...]
    turns: tuple[RowTurn, ...]
    words: tuple[RowWord, ...]
    events: tuple[RowEvent, ...]
    transcript: RowTranscript | None
    codes: ItemCodes | None
    """Absent where the set has none, and where the format does not read them."""
    flac: bytes
    """The stereo FLAC of the row; empty where the format does not read it."""
    record: Any = None
    """All columns as an Arrow record batch of one row, where the format asks for `WHOLE`."""
    weights: tuple[RowWeights, ...] = ()
    """Of all models that shaped the row."""
    rights_told: RowRights | None = None
    """The row's own column; absent in sets of manifest format 1."""

    @cached_property
    def rights(self) -> RowRights:
        """What may be done with the row."""
        return self.rights_told or row_rights(self.source, self.weights)

    @cached_property
    def stem(self) -> str:
        """Name of the row's files: safe on every file system, without dots, and different for different ids."""
        return f"{slug(self.id)}-{hashlib.blake2b(self.id.encode(), digest_size=6).hexdigest()}"

    @property
    def languages(self) -> tuple[str | None, str | None]:
        """BCP 47 tag of each channel: what the transcript says, or else the source of both."""
        known = {each.channel: each.tag for each in (self.transcript.languages if self.transcript is not None else ())}
        return known.get(0, self.source.language), known.get(1, self.source.language)

    @property
    def language(self) -> str | None:
        """BCP 47 tag of the first channel that has one."""
        return self.languages[0] or self.languages[1]

    @property
    def frames(self) -> int:
        """Codec frames per channel; 0 without codes."""
        return 0 if self.codes is None else self.codes.frames

    @cached_property
    def _audio(self) -> tuple[NDArray[Any], str]:
        import soundfile

        with soundfile.SoundFile(io.BytesIO(self.flac)) as file:
            wide = file.subtype == "PCM_24"
            return file.read(dtype="int32" if wide else "int16", always_2d=True).T, str(file.subtype)

    @property
    def samples(self) -> NDArray[Any]:
        """[2, n]: int16, or int32 with 24 bits left-justified, as libsndfile reads and writes them."""
        return self._audio[0]

    @property
    def subtype(self) -> str:
        """libsndfile's name of the samples' depth: `PCM_16` or `PCM_24`."""
        return self._audio[1]

    def speaker(self, channel: int) -> RowSpeaker | None:
        """Who is on a channel, where that is known."""
        return next((speaker for speaker in self.speakers if speaker.channel == channel), None)


def read_items(
    out: Place, name: str, more: Sequence[str] = (), wanted: Callable[[str], bool] | None = None, at_once: int = AT_ONCE
) -> Iterator[Item]:
    """The rows of one shard in order, a few at a time; `more` are the heavy columns that are read too: `audio`, `codes`, or `WHOLE`.

    `wanted` says by the id of its recording whether a row is; of others nothing heavy is made.
    """
    for batch in _batches(out, name, None if WHOLE in more else [*SMALL, *RIGHTS, *more], at_once):
        rows = batch.select([*SMALL, *(name for name in RIGHTS if name in batch.schema.names)]).to_pylist()
        for index, row in enumerate(rows):
            if wanted is None or wanted(row["clip"]["recording"]):
                yield _item(row, batch, index, WHOLE in more)


def _batches(out: Place, name: str, columns: Sequence[str] | None, at_once: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parquet = name.endswith(".parquet")
    with out.opened(name, in_order=not parquet) as file:
        if parquet:
            reader = pq.ParquetFile(file)
            have = set(reader.schema_arrow.names)
            _check(out, name, have)
            wanted = None if columns is None else [column for column in columns if column in have]
            yield from reader.iter_batches(batch_size=at_once, columns=wanted)
        else:
            with pa.ipc.open_stream(pa.PythonFile(file, "r")) as stream:
                have = set(stream.schema.names)
                _check(out, name, have)
                for batch in stream:
                    held = batch if columns is None else batch.select([column for column in columns if column in have])
                    for start in range(0, batch.num_rows, at_once):
                        yield held.slice(start, at_once)


def _check(out: Place, name: str, have: set[str]) -> None:
    lacking = sorted(set(SMALL) - have)
    if lacking:
        raise UsageError(f"{out.root}/{name}: no column {lacking[0]}; wanted a data set of this version of duologue, so build it again")


def _item(row: dict[str, Any], batch: pa.RecordBatch, index: int, whole: bool) -> Item:
    names = batch.schema.names
    stages = [from_plain(RowStage, stage) for stage in row.get("provenance") or ()]
    return Item(
        id=row["id"],
        source=from_plain(RowSource, row["source"]),
        rate=row["rate"],
        duration=row["duration"],
        clip=from_plain(RowClip, row["clip"]),
        **{name: tuple(from_plain(kind, each) for each in row[name]) for name, kind in LISTS.items()},
        transcript=None if row["transcript"] is None else from_plain(RowTranscript, row["transcript"]),
        codes=_codes(batch.column("codes"), index) if "codes" in names else None,
        flac=batch.column("audio")[index]["bytes"].as_buffer().to_pybytes() if "audio" in names else b"",
        record=_record(batch.slice(index, 1), row) if whole else None,
        weights=tuple(weights for stage in stages for weights in stage.weights),
        rights_told=from_plain(RowRights, row["rights"]) if "rights" in row else None,
    )


def _record(record: pa.RecordBatch, row: dict[str, Any]) -> pa.RecordBatch:
    """A row whole; of an older set with the column that it lacks, so that all shards of an export are of one form."""
    from schemas.row import row_schema

    if RIGHTS[0] in record.schema.names:
        return record
    import pyarrow as pa

    schema = row_schema()
    stages = [from_plain(RowStage, stage) for stage in row["provenance"]]
    rights = row_rights(from_plain(RowSource, row["source"]), (weights for stage in stages for weights in stage.weights))
    made = pa.array([to_plain(rights)], schema.field(RIGHTS[0]).type)
    columns = [made if name == RIGHTS[0] else record.column(name) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _codes(column: Any, index: int) -> ItemCodes | None:
    """Codes without a Python number for each: there are thousands a minute."""
    if not column[index].is_valid:
        return None
    facts = {name: column.field(name)[index].as_py() for name in ("codec", "sha256", "rate", "hop", "bins", "lead", "codebooks", "frames")}
    shape = (int(facts.pop("codebooks")), int(facts.pop("frames")))
    channels = []
    for name in ("channel_0", "channel_1"):
        flat = column.field(name)[index].values.to_numpy(zero_copy_only=False)
        if flat.size != shape[0] * shape[1]:
            raise UsageError(f"codes: {flat.size} on {name}, and the row says {shape[0]} codebooks of {shape[1]} frames")
        channels.append(flat.astype(np.int16).reshape(shape))
    return ItemCodes(**facts, codes=np.stack(channels))
