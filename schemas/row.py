"""The published row: one conversation, or one clip of a long one."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemas.health import Health
from schemas.plain import arrow_type
from schemas.recording import Decoding
from schemas.row_codes import RowCodes as RowCodes
from schemas.row_codes import RowFidelity as RowFidelity
from schemas.row_redaction import RowRedaction as RowRedaction
from schemas.row_rights import RowRights as RowRights
from schemas.row_said import RowEvent as RowEvent
from schemas.row_said import RowLanguage as RowLanguage
from schemas.row_said import RowRemoved as RowRemoved
from schemas.row_said import RowTranscript as RowTranscript
from schemas.row_said import RowWord as RowWord
from schemas.stats import Stats, TurnTakingConstants

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class RowSource:
    """Where the recording came from and what may be done with it."""

    corpus: str | None
    uris: tuple[str, ...]
    licence: str | None
    """SPDX expression."""
    consent: str | None
    language: str | None
    extra: str
    """JSON object of the manifest's other fields."""


Blob = bytes


@dataclass(frozen=True, slots=True)
class RowAudio:
    """Hugging Face `Audio` storage."""

    bytes: Blob
    """FLAC; in the column `audio` stereo, with channel 0 the model's voice, in `residual` mono."""
    path: str | None


@dataclass(frozen=True, slots=True)
class RowClip:
    """Which part of the recording this row is; a whole recording is clip 0 of 1."""

    recording: str
    """Id of the recording."""
    index: int
    count: int
    start: float
    """Seconds from the start of the recording; all other times of the row count from here."""
    end: float
    cut: str
    """Where its end lies: `end` of the recording or of a `conversation` in it, `silence` of both sides, or `speech` where no silence was
    near."""


@dataclass(frozen=True, slots=True)
class RowSpeaker:
    """The voice on one channel."""

    channel: int
    name: str
    role: str | None
    recorded_channel: int | None
    """The recording's own channel it came from; absent when the track was made from a mixture."""
    chosen: str
    """How it came to be on this channel."""


@dataclass(frozen=True, slots=True)
class RowSpeech:
    """Speech on one channel, in seconds."""

    channel: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class RowTurn:
    """One turn, in seconds."""

    channel: int
    start: float
    end: float
    speaker: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class RowOrigin:
    """How one stretch of one channel was made, in seconds."""

    channel: int
    start: float
    end: float
    kind: str
    confidence: float | None
    """Probability that the stretch belongs on this channel; absent where that is not in question or not known."""


@dataclass(frozen=True, slots=True)
class RowOther:
    """Sound that is neither of the two speakers, in seconds."""

    kind: str
    """`third_voice`, `music`, `tone` or `noise`."""
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class RowScore:
    """One score, with its unit and method."""

    name: str
    channel: int | None
    value: float
    unit: str
    method: str
    start: float | None = None
    """Seconds; absent where the score is of all of the recording or channel, as far as it lies in the row."""
    end: float | None = None


@dataclass(frozen=True, slots=True)
class RowWeights:
    """A model file that shaped the row."""

    name: str
    revision: str
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class RowStage:
    """One stage that made the row."""

    stage: str
    backend: str
    address: str
    version: int
    weights: tuple[RowWeights, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """All columns, in order. Times are seconds from the start of the row's audio."""

    id: str
    source: RowSource
    rights: RowRights
    audio: RowAudio
    rate: int
    """Hz, the recording's own."""
    duration: float
    """Seconds."""
    clip: RowClip
    speakers: tuple[RowSpeaker, ...]
    speech: tuple[RowSpeech, ...]
    turns: tuple[RowTurn, ...]
    words: tuple[RowWord, ...]
    """Sorted by start, end and channel."""
    transcript: RowTranscript | None
    """Absent when nothing was transcribed."""
    events: tuple[RowEvent, ...]
    event_constants: TurnTakingConstants | None
    """What defined the events; absent when there was no search for them."""
    origins: tuple[RowOrigin, ...]
    crossfade: float
    """Seconds over which an original stretch fades in before its start and out after its end; 0 where the channels are as recorded.
    Where it begins as the other channel's ends, the two cross in its first `crossfade`."""
    others: tuple[RowOther, ...]
    """Found where both speakers share one channel."""
    residual: RowAudio | None
    """What was given to neither speaker, when it was asked for; absent otherwise, and where the channels are as recorded."""
    decoding: Decoding
    health: Health | None
    """Of the whole recording, whatever the clip."""
    quality: tuple[RowScore, ...]
    codes: RowCodes | None
    """Absent when nothing was tokenized."""
    stats: Stats | None
    """Of the row's own stretch."""
    provenance: tuple[RowStage, ...]
    redactions: tuple[RowRedaction, ...] = ()
    """What `duologue redact` muted, sorted by start; empty where nothing was, or nothing was looked for."""


AUDIO_COLUMNS = ("audio", "residual")


def row_schema() -> pa.Schema:
    """The Arrow schema of a row, with the Hugging Face feature metadata that plain pyarrow files need to load with their types."""
    import pyarrow as pa

    fields = [pa.field(f.name, arrow_type(t)) for f, t in zip(dataclasses.fields(Row), _types(), strict=True)]
    features = {f.name: {"_type": "Audio"} if f.name in AUDIO_COLUMNS else _feature(f.type) for f in fields}
    metadata: dict[bytes | str, bytes | str] = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema(fields, metadata=metadata)


def _types() -> list[Any]:
    from typing import get_type_hints

    hints = get_type_hints(Row)
    return [hints[f.name] for f in dataclasses.fields(Row)]


def _feature(kind: pa.DataType) -> Any:
    """The `datasets` feature of an Arrow type, as its JSON form (datasets.Features.to_dict)."""
    import pyarrow as pa

    if pa.types.is_struct(kind):
        return {kind.field(i).name: _feature(kind.field(i).type) for i in range(kind.num_fields)}
    if pa.types.is_list(kind):
        return {"_type": "List", "feature": _feature(kind.value_type)}
    return {"_type": "Value", "dtype": {"double": "float64"}.get(str(kind), str(kind))}
