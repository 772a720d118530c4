"""Streams read by FFmpeg through PyAV: FLAC and every other compressed format, and encodings that libsndfile must not meet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.stream import Header, Stream

LOSSLESS = ("flac", "alac", "wavpack", "tta", "ape", "tak", "wmalossless")
LOSSY = (
    *("aac", "mp1", "mp2", "mp3", "vorbis", "opus", "speex", "wmav1", "wmav2", "wmapro", "wmavoice", "ac3", "eac3"),
    *("amr_nb", "amr_wb", "gsm", "gsm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms", "adpcm_g722"),
)
EDGE_FRAMES = 4096
"""Most samples by which a lossy file's own count may differ from what is decoded: encoder delay and padding of two long AAC frames."""
_BATCH_FRAMES = 1 << 14
_COUNTED = ("mov,mp4,m4a,3gp,3g2,mj2", "wv", "tta", "ape", "tak")
"""Demuxers whose duration is a count of samples in the file's header; others give estimates."""
_SCALE = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "flt": np.float32, "dbl": np.float64}


def open_ffmpeg(file: BinaryIO, container: str, demuxer: str, promised: int | None = None) -> Stream:
    """A stream of the first audio stream of `file`, read as FFmpeg's format `demuxer` and no other.

    Raises `Reject` unreadable when the demuxer does not take the file, not_audio without an audio stream, unsupported for codecs outside
    the two lists above; `MemoryError`.
    """
    import av

    file.seek(0)
    try:
        opened = av.open(file, "r", format=demuxer, metadata_errors="replace", buffer_size=1 << 16, io_open=_refuse)
    except MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise Reject("unreadable", f"FFmpeg cannot read this {container} file: {error.strerror}") from error
    if not opened.streams.audio:
        raise Reject("not_audio", f"the {container} file holds no audio stream")
    track = opened.streams.audio[0]
    context = track.codec_context
    if context is None:
        raise Reject("unreadable", f"FFmpeg has no decoder for the audio of this {container} file, or its header is damaged")
    codec = str(context.codec.canonical_name)
    if codec not in LOSSLESS and codec not in LOSSY and not codec.startswith("pcm_"):
        raise Reject("unsupported", f"{codec} in {container} is refused; convert the file to WAV or FLAC first", encoding=codec)
    rate, channels = int(context.sample_rate or 0), int(context.channels or 0)
    if rate <= 0 or channels <= 0:
        raise Reject("unreadable", f"FFmpeg finds neither rate nor channels in this {container} file")
    if codec == "flac":
        context.options = {"err_detect": "crccheck+explode"}
    context.thread_count = 1
    if promised is None and demuxer in _COUNTED and track.duration:
        promised = round(track.duration * track.time_base * rate)
    stream = Stream(
        header=Header(container=container, encoding=codec, rate=rate, channels=channels, frames=promised),
        decoder=f"FFmpeg {av.ffmpeg_version_info} (av {av.__version__})",
        blocks=iter(()),
        lossy=codec in LOSSY,
    )
    stream.blocks = batched(_frames(stream, opened, track))
    if promised and (demuxer == _COUNTED[0] or demuxer == "wav"):
        stream.blocks = without_padding(stream.blocks, promised)
    return stream


def _refuse(url: str, *_: object) -> None:
    raise OSError(f"a file may not open another: {url}")


def _frames(stream: Stream, opened: Any, track: Any) -> Iterator[NDArray[Any]]:
    """Decoded frames [samples, channels]; packets that fail, or decode to another rate or layout, count as damaged."""
    import av

    good = 0
    raw_flac = stream.header.container == "FLAC"
    for packet in _packets(stream, opened, track):
        # FFmpeg's FLAC parser gives no time to bytes in which no frame's check sums hold; what is lost in them raises no error.
        if raw_flac and packet is not None and packet.size and packet.pts is None:
            stream.damaged += 1
        try:
            frames = packet.decode() if packet is not None else track.codec_context.decode(None)
        except MemoryError:
            raise
        except av.error.EOFError:
            continue
        except av.error.FFmpegError:
            stream.damaged += 1
            continue
        for frame in frames:
            if frame.sample_rate != stream.header.rate or frame.layout.nb_channels != stream.header.channels:
                stream.damaged += 1
            elif frame.samples:
                good += 1
                yield _samples(frame)
    if good < stream.damaged:
        raise Reject("unreadable", "most of the file's packets are damaged", damaged=stream.damaged, decoded=good)


def _packets(stream: Stream, opened: Any, track: Any) -> Iterator[Any]:
    """The track's packets; a container that breaks off midway counts as one damaged packet, and what the decoder holds is still drained."""
    import av

    try:
        yield from opened.demux(track)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        stream.damaged += 1
        yield None


def _samples(frame: Any) -> NDArray[Any]:
    name = frame.format.name
    if name.removesuffix("p") not in _SCALE:
        raise Reject("unsupported", f"samples of FFmpeg's type {name} are not read here", encoding=name)
    array: NDArray[Any] = frame.to_ndarray()
    array = array.T if frame.format.is_planar else array.reshape(frame.samples, -1)
    if array.dtype == np.uint8:
        return (array.astype(np.int16) - 128) << 8
    return array


def batched(blocks: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The same samples in blocks of some 16 Ki frames, at most `BLOCK_FRAMES`, so that short codec frames cost little each."""
    held: list[NDArray[Any]] = []
    frames = 0
    for block in (long[at : at + _BATCH_FRAMES] for long in blocks for at in range(0, len(long), _BATCH_FRAMES)):
        held.append(block)
        frames += len(block)
        if frames >= _BATCH_FRAMES:
            yield np.concatenate(held)
            held, frames = [], 0
    if held:
        yield np.concatenate(held)


def without_padding(blocks: Iterable[NDArray[Any]], promised: int) -> Iterator[NDArray[Any]]:
    """`blocks` cut to `promised` frames when at most `EDGE_FRAMES` follow (encoder padding), and whole when more do (a wrong header)."""
    past: list[NDArray[Any]] = []
    given = beyond = 0
    for block in blocks:
        inside = block[: max(promised - given, 0)] if beyond <= EDGE_FRAMES else block
        if len(inside):
            given += len(inside)
            yield inside
        rest = block[len(inside) :]
        if len(rest):
            past.append(rest)
            beyond += len(rest)
        if beyond > EDGE_FRAMES and past:
            yield from past
            past = []
