"""Values as files: FLAC for audio, NPY for codes, JSON for everything of plain fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from schemas.codes import Codes, Fidelity
from schemas.errors import LawError
from schemas.plain import from_plain, to_plain
from schemas.recording import Decoding, Recording, Samples
from schemas.span import Span
from schemas.tracks import Origin, Tracks, view_of
from stages.spool import Spool

BLOCK = 1 << 18
"""Samples per channel read or written at a time."""
MAX_COMMENT = (1 << 24) - 4096
"""Bytes of a FLAC file's comment: a metadata block has 24 bits for its length (RFC 9639, section 8.1), and some go to other fields."""

Need = Callable[[type], Any]
"""Gives the dialogue's value of another type, for values that are stored as a view of it."""


def extension(kind: type) -> str:
    """File suffix of a value type. A `.tracks` file is JSON for a view of the recording, and FLAC for samples of its own."""
    return {Recording: ".flac", Tracks: ".tracks", Codes: ".npy"}.get(kind, ".json")


def dump(value: Any, path: Path) -> None:
    """Write a value to `path`; the same value always gives the same bytes."""
    if isinstance(value, Recording):
        write_flac(path, value.samples, value.rate, value.bits, json.dumps(to_plain(value.decoding), sort_keys=True))
    elif isinstance(value, Tracks) and not is_view(value):
        write_flac(path, value.samples, value.rate, value.bits, _facts(value), value.residual)
    elif isinstance(value, Tracks):
        view = {"order": value.order, "speakers": value.speakers, "roles": value.roles, "chosen": value.chosen}
        path.write_text(json.dumps(view, sort_keys=True), encoding="utf-8")
    elif isinstance(value, Codes):
        _dump_codes(value, path)
    else:
        path.write_text(json.dumps(to_plain(value), sort_keys=True), encoding="utf-8")


def is_view(tracks: Tracks) -> bool:
    """Whether tracks are channels of the recording in which nothing was changed: then the recording holds their samples."""
    return tracks.order is not None and all(origin.kind == "original" for origin in tracks.origins)


def load(kind: type, path: Path, need: Need) -> Any:
    """The value that `dump` wrote."""
    if kind is Recording:
        samples, rate, bits, comment = read_flac(path)
        return Recording(samples=samples, rate=rate, bits=bits, decoding=from_plain(Decoding, json.loads(comment)))
    if kind is Tracks:
        return _load_tracks(path, need)
    if kind is Codes:
        return _load_codes(path)
    return from_plain(kind, json.loads(path.read_bytes()))


def _dump_codes(codes: Codes, path: Path) -> None:
    """An NPY file that any reader opens, with the facts as JSON after the array, where readers do not look."""
    names = ("codec", "sha256", "codec_rate", "hop", "bins", "length", "rate")
    facts = {name: getattr(codes, name) for name in names} | {"fidelity": None if codes.fidelity is None else to_plain(codes.fidelity)}
    with path.open("wb") as file:
        np.save(file, np.ascontiguousarray(codes.samples), allow_pickle=False)
        file.write(json.dumps(facts, sort_keys=True).encode())


def _load_codes(path: Path) -> Codes:
    with path.open("rb") as file:
        samples = np.load(file, allow_pickle=False)
        facts = json.loads(file.read())
    checked = facts.pop("fidelity")
    return Codes(samples=samples, fidelity=None if checked is None else from_plain(Fidelity, checked), **facts)


def _facts(tracks: Tracks) -> str:
    """All of tracks but their samples, as the comment of the FLAC that holds those; origins without field names, for there may be many."""
    facts = {
        "speakers": tracks.speakers,
        "roles": tracks.roles,
        "order": tracks.order,
        "chosen": tracks.chosen,
        "crossfade": tracks.crossfade,
        "origins": [[o.channel, o.span.start, o.span.end, o.kind, o.confidence] for o in tracks.origins],
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    if len(text) > MAX_COMMENT:
        raise LawError(f"Tracks: {len(tracks.origins)} origins need {len(text)} bytes; a FLAC file's comment holds {MAX_COMMENT}")
    return text


def _load_tracks(path: Path, need: Need) -> Tracks:
    with path.open("rb") as file:
        made = file.read(4) == b"fLaC"
    if not made:
        data = json.loads(path.read_bytes())
        (first, second), speakers, roles = data["order"], data["speakers"], data["roles"]
        return view_of(need(Recording), (first, second), (speakers[0], speakers[1]), (roles[0], roles[1]), data["chosen"])
    samples, rate, bits, comment = read_flac(path)
    facts = json.loads(comment)
    order = facts.get("order")  # absent in results of versions that changed no recorded channels
    return Tracks(
        samples=samples[:2],
        rate=rate,
        bits=bits,
        speakers=(facts["speakers"][0], facts["speakers"][1]),
        roles=(facts["roles"][0], facts["roles"][1]),
        order=(order[0], order[1]) if order else None,
        chosen=facts["chosen"],
        origins=tuple(Origin(channel, Span(start, end), kind, sure) for channel, start, end, kind, sure in facts["origins"]),
        crossfade=facts["crossfade"],
        residual=samples[2:] if len(samples) == 3 else None,
    )


def write_flac(target: Any, samples: Samples, rate: int, bits: int, comment: str | None = None, more: Samples | None = None) -> None:
    """Encode integer samples [channels, n] as FLAC of 16 or 24 bits into a path or binary file, in bounded memory.

    `more` are further channels of equal length. Raises `OSError` when not every byte could be written.
    """
    if isinstance(target, Path):
        with target.open("w+b") as opened:
            write_flac(opened, samples, rate, bits, comment, more)
        return
    import soundfile

    shift = 8 if bits == 24 else 0
    subtype = {16: "PCM_16", 24: "PCM_24"}[bits]
    sink = _Sink(target)
    try:
        parts = [samples] if more is None else [samples, more]
        channels = sum(part.shape[0] for part in parts)
        with soundfile.SoundFile(sink, "w", rate, channels, subtype, format="FLAC") as file:
            if comment is not None:
                file.comment = comment
            for start in range(0, samples.shape[1], BLOCK):
                block = np.ascontiguousarray(np.concatenate([part[:, start : start + BLOCK] for part in parts]).T)
                file.write(np.left_shift(block, shift) if shift else block)
    except (soundfile.LibsndfileError, AssertionError):  # soundfile asserts that all frames were taken
        if sink.fault is None:
            raise
    if sink.fault is not None:
        raise sink.fault


class _Sink:
    """A binary file that remembers why it could not be written: libsndfile forgets the cause, and the whole fault in the last frame."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        return self._tried(lambda: self.file.write(data))

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._tried(lambda: self.file.seek(offset, whence))

    def tell(self) -> int:
        return self._tried(self.file.tell)

    def read(self, size: int) -> bytes:
        return self.file.read(size)

    def _tried(self, step: Callable[[], int]) -> int:
        try:
            return step()
        except OSError as error:
            self.fault = self.fault or error
            return -1


def read_flac(source: Any) -> tuple[Samples, int, int, str]:
    """Samples [channels, n] (mapped from scratch disk), rate (Hz), bits and comment of a FLAC file that `write_flac` made."""
    import soundfile

    with soundfile.SoundFile(source) as file:
        bits = 24 if file.subtype == "PCM_24" else 16
        dtype = "int32" if bits == 24 else "int16"
        spool = Spool(np.dtype(dtype), file.channels)
        for block in file.blocks(BLOCK, dtype=dtype, always_2d=True):
            spool.write(block >> 8 if bits == 24 else block)
        return spool.samples(), int(file.samplerate), bits, str(file.comment)
