"""What an audit measured of one recording; what follows from it is decided later, by policy."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.health import Health
from schemas.outline import Outline
from schemas.personal import PersonalSpan
from schemas.prints import Prints
from schemas.recording import Decoding
from schemas.stats import Stats
from stages.audit.accord import Accord
from stages.audit.gating import Gating
from stages.audit.traces import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file of a recording as bytes."""

    uri: str
    bytes: int
    digests: tuple[str, ...]
    """`md5:hex`, `sha1:hex` and `sha256:hex`."""
    sphere_sum: bool | None
    """Whether a SPHERE file's samples add up to its header's `sample_checksum`; absent for files without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A recogniser's words against the transcript: word error rate of each side; absent where a side has no words."""

    wer: tuple[float | None, float | None]
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """The measurements of one recording. Law: what needs two channels is absent for one."""

    rate: int
    channels: int
    length: int
    """Samples per channel."""
    decoding: Decoding
    files: tuple[FileFacts, ...]
    health: Health
    speech: tuple[float, ...]
    """Seconds of speech of each channel."""
    stats: Stats | None
    gating: Gating | None
    traces: tuple[Trace, ...]
    prints: Prints
    outline: Outline
    accord: Accord | None
    """Absent without a transcript that can be read, and for one channel."""
    transcript_problem: str | None
    """Why the transcript that the source names cannot be used."""
    words: int | None
    """Of the transcript; absent without one."""
    personal: tuple[PersonalSpan, ...]
    heard: Heard | None
    """Absent unless the audit was asked to listen with a recogniser."""
    voices: tuple[str | None, ...] = ()
    """Base64 of a unit vector of float32 for each side, None where it says too little; empty unless the audit was asked for voices."""

    def __post_init__(self) -> None:
        if self.channels != 2 and (self.stats or self.gating or self.traces or self.accord):
            raise LawError(f"Audited: {self.channels} channels have no turn-taking, gating, traces or accord")

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.length / self.rate
