"""One channel per speaker, and where each stretch of it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from schemas.errors import LawError
from schemas.recording import Recording, Samples
from schemas.span import Span

OriginKind = Literal["original", "routed", "silence", "room_tone", "separated", "cleaned", "restored", "redacted"]
"""`original`: the recording's own samples. `routed`: the mixture of both voices, put on both channels because nothing separated it.
`silence`: zeros. `room_tone`: noise made to sound like the recording's own background. `separated`, `cleaned` and `restored`: what a
separator, a crosstalk canceller or an enhancer made of the recording. `redacted`: muted, because personal data was said."""


@dataclass(frozen=True, slots=True)
class Origin:
    """How the samples of one stretch of one channel were made."""

    channel: int
    span: Span
    kind: OriginKind
    confidence: float | None = None
    """Probability that the stretch belongs on this channel, in [0, 1]; absent where that is not in question or not known."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(OriginKind):
            raise LawError(f"Origin: kind {self.kind!r} is none of {', '.join(get_args(OriginKind))}")
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise LawError(f"Origin: confidence {self.confidence} is not in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """Two channels, channel 0 the model's voice, at the recording's own rate and depth.

    Laws: `samples` [2, n]; two speaker names; `origins` tile each channel exactly, sorted by channel and start.
    """

    samples: Samples
    rate: int
    bits: int
    speakers: tuple[str, str]
    roles: tuple[str, str]
    """Role of each channel's speaker, `""` when unknown."""
    order: tuple[int, int] | None
    """Which channel of the recording each track is, when tracks are the recording's own channels, also where stretches of them were cleaned
    or restored; None when they were made from a mixture."""
    chosen: str
    """How the order was decided: `as_recorded` (in a mixture `first_to_speak`), `role:<name>` or `random:<seed>`."""
    origins: tuple[Origin, ...]
    crossfade: int = 0
    """Samples over which a stretch fades in before its start and out after its end, outside the stretch itself; 0 when nothing fades.
    There is one exception: where an `original` stretch begins at the very sample at which the other channel's ends, the two cross in its
    first samples."""
    residual: Samples | None = None
    """[1, n]: what was given to neither speaker, when it was asked for; absent otherwise."""

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.shape[0] != 2 or self.samples.shape[1] == 0:
            raise LawError(f"Tracks: samples of shape {self.samples.shape}; wanted [2, n > 0]")
        if self.order is not None and sorted(self.order) != [0, 1]:
            raise LawError(f"Tracks: order {self.order}; wanted (0, 1) or (1, 0)")
        if self.residual is not None and (self.residual.shape != (1, self.length) or self.residual.dtype != self.samples.dtype):
            raise LawError(f"Tracks: residual of shape {self.residual.shape}, {self.residual.dtype}; wanted (1, {self.length})")
        for channel in (0, 1):
            at = 0
            for origin in self.origins:
                if origin.channel == channel:
                    if origin.span.start != at:
                        raise LawError(f"Tracks: origins of channel {channel} leave or repeat samples at {at}")
                    at = origin.span.end
            if at != self.length:
                raise LawError(f"Tracks: origins of channel {channel} end at {at} of {self.length}")

    @property
    def length(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[1])


def view_of(recording: Recording, order: tuple[int, int], speakers: tuple[str, str], roles: tuple[str, str], chosen: str) -> Tracks:
    """The recording's own two channels in the given order, not copied; raises `LawError` for a mono recording."""
    if recording.channels != 2:
        raise LawError(f"Tracks: a recording of {recording.channels} channel has no two to pass through")
    whole = Span(0, recording.length)
    return Tracks(
        samples=recording.samples if order == (0, 1) else recording.samples[::-1],
        rate=recording.rate,
        bits=recording.bits,
        speakers=speakers,
        roles=roles,
        order=order,
        chosen=chosen,
        origins=(Origin(0, whole, "original"), Origin(1, whole, "original")),
    )
