"""What every tokenizer does with its codec: codes of a recording, and for a sample of recordings how well they sound."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.codes import Codes, Fidelity
from schemas.errors import UsageError
from schemas.recording import as_float
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from stages.tokenize.fidelity import fidelity
from stages.tokenize.mel import RATE

SECONDS = 10.0
"""Of one check."""
PRECISION_SECONDS = 20.0
"""From the start of a recording, for the comparison of precisions."""

Array = NDArray[np.int16]
Floats = NDArray[np.float32]


class Codec(Protocol):
    """A codec, loaded."""

    name: str
    sha256: str
    rate: int
    """Hz."""
    hop: int
    bins: int
    keeps_waveform: bool
    """The decoded waveform follows the original's, so that SI-SDR says something."""
    speaks: bool
    """It can decode."""

    def encode(self, tracks: Tracks) -> Array:
        """Codes [2, codebooks, frames]."""
        ...

    def encode_fully(self, tracks: Tracks) -> Array | None:
        """The same at full precision; None where `encode` gives that."""
        ...

    def decode(self, codes: Array) -> Floats:
        """Audio [2, frames * hop] at `rate` of codes [2, codebooks, frames]; from any frame on, as if silence had been before."""
        ...


def check_share(share: float) -> None:
    """Raises `UsageError` for what is no share."""
    if not 0 <= share <= 1:
        raise UsageError(f"tokenize.check: {share} must be a share from 0 to 1")


def tokenizer(codec: Codec, share: float) -> Callable[[Source, Tracks], Codes]:
    """The stage's function: codes of every recording, with a check of about `share` of them, drawn by their ids.

    Raises `UsageError` for a codec whose sound cannot be checked.
    """
    if codec.speaks and share > 0 and codec.rate != RATE:
        raise UsageError(f"tokenize.model: a codec at {codec.rate} Hz cannot be checked, only one at {RATE} Hz: set tokenize.check to 0")

    def tokenize(source: Source, tracks: Tracks) -> Codes:
        codes = Codes(
            samples=codec.encode(tracks),
            codec=codec.name,
            sha256=codec.sha256,
            codec_rate=codec.rate,
            hop=codec.hop,
            bins=codec.bins,
            length=tracks.length,
            rate=tracks.rate,
        )
        return dataclasses.replace(codes, fidelity=_checked(codec, codes, tracks)) if drawn(source.id, share) else codes

    return tokenize


def drawn(id: str, share: float) -> bool:
    """True for about `share` of all ids, the same ones every time."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:8]) < share * 2**64


def _checked(codec: Codec, codes: Codes, tracks: Tracks) -> Fidelity | None:
    if not codec.speaks:
        return None
    span = loud_stretch(tracks, SECONDS)
    first = span.start * codec.rate // (tracks.rate * codec.hop)
    count = max(1, len(span) * codec.rate // (tracks.rate * codec.hop))
    before = min(first, math.ceil(SECONDS * codec.rate / codec.hop))
    made = codec.decode(codes.samples[:, :, first - before : first + count])[:, before * codec.hop :]
    true = _at_rate(tracks, span, codec.rate, first * codec.hop, made.shape[1])
    channels = tuple(fidelity(t, m, codec.rate, codec.keeps_waveform) for t, m in zip(true, made, strict=True))
    return Fidelity(span=span, channels=channels, mismatch=_mismatch(codec, codes, tracks))


def loud_stretch(tracks: Tracks, seconds: float) -> Span:
    """The stretch of `seconds`, from a whole second on, in which the quieter channel is loudest; all of a shorter recording."""
    width, rate = round(seconds), tracks.rate
    whole = tracks.length // rate
    if whole <= width:
        return Span(0, tracks.length)
    power = np.stack([(as_float(tracks.samples[:, i * rate : (i + 1) * rate], tracks.bits) ** 2).mean(axis=1) for i in range(whole)])
    sums = np.cumsum(np.pad(power, ((1, 0), (0, 0))), axis=0)
    start = int((sums[width:] - sums[:-width]).min(axis=1).argmax())
    return Span(start * rate, (start + width) * rate)


def _at_rate(tracks: Tracks, span: Span, rate: int, start: int, length: int) -> Floats:
    """Samples `[start, start + length)` at `rate` Hz of the recording around a span, [2, length]; zeros after its end."""
    import soxr

    margin = tracks.rate
    low, high = max(0, span.start - margin), min(tracks.length, span.end + margin)
    low -= low % tracks.rate
    block = as_float(tracks.samples[:, low:high], tracks.bits)
    wide = np.asarray(soxr.resample(np.ascontiguousarray(block.T), tracks.rate, rate), np.float32).T
    part = wide[:, start - low // tracks.rate * rate :][:, :length]
    return np.pad(part, ((0, 0), (0, length - part.shape[1])))


def _mismatch(codec: Codec, codes: Codes, tracks: Tracks) -> float | None:
    frames = min(codes.frames, math.ceil(PRECISION_SECONDS * codec.rate / codec.hop))
    head = frames * codec.hop * tracks.rate // codec.rate
    full = codec.encode_fully(tracks if head >= tracks.length else _head(tracks, head))
    if full is None:
        return None
    same = min(frames, full.shape[2])
    return float((full[:, :, :same] != codes.samples[:, :, :same]).mean())


def _head(tracks: Tracks, length: int) -> Tracks:
    """The first samples, as tracks."""
    origins = tuple(
        dataclasses.replace(o, span=Span(o.span.start, min(o.span.end, length))) for o in tracks.origins if o.span.start < length
    )
    rest = None if tracks.residual is None else tracks.residual[:, :length]
    return dataclasses.replace(tracks, samples=tracks.samples[:, :length], origins=origins, residual=rest)
