"""Streams read by libsndfile: linear PCM, float, mu-law and A-law in their usual containers, Vorbis and Opus, ALAC in CAF."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from numpy.typing import NDArray

from schemas.errors import Reject
from stages.decode.stream import BLOCK_FRAMES, Header, Stream

_DTYPES = {
    **dict.fromkeys(("PCM_S8", "PCM_U8", "PCM_16", "ULAW", "ALAW", "ALAC_16"), "int16"),
    **dict.fromkeys(("PCM_24", "PCM_32", "ALAC_20", "ALAC_24", "ALAC_32"), "int32"),
    **dict.fromkeys(("FLOAT", "VORBIS", "OPUS"), "float32"),
    "DOUBLE": "float64",
}
_NO_MEMORY = 17
"""libsndfile's SFE_MALLOC_FAILED."""


def open_sndfile(file: BinaryIO, container: str, promised: int | None) -> Stream:
    """A stream of `file` as libsndfile reads it; `promised` is what the header says (None when not known).

    Raises `Reject` unreadable when libsndfile does not take the file, unsupported for encodings outside the list above, `MemoryError`.
    """
    import soundfile

    file.seek(0)
    try:
        sound = soundfile.SoundFile(file)
    except soundfile.LibsndfileError as error:
        if error.code == _NO_MEMORY:
            raise MemoryError from error
        raise Reject("unreadable", f"libsndfile cannot read this {container} file: {error.error_string}") from error
    encoding = str(sound.subtype)
    if encoding not in _DTYPES:
        raise Reject("unsupported", f"{encoding} in {container} is refused; convert the file to WAV or FLAC first", encoding=encoding)
    lossy = encoding in ("VORBIS", "OPUS")
    stream = Stream(
        header=Header(container=container, encoding=encoding, rate=sound.samplerate, channels=sound.channels, frames=promised),
        decoder=f"libsndfile {soundfile.__libsndfile_version__}",
        blocks=iter(()),
        lossy=lossy,
    )
    stream.blocks = _blocks(stream, sound, _DTYPES[encoding])
    return stream


def _blocks(stream: Stream, sound: Any, dtype: str) -> Iterator[NDArray[Any]]:
    import soundfile

    while True:
        try:
            block: NDArray[Any] = sound.read(BLOCK_FRAMES, dtype=dtype, always_2d=True)
        except soundfile.LibsndfileError:
            stream.damaged += 1
            return
        if not len(block):
            return
        yield block
