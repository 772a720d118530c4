"""A small, messy delivery with exact truth: what is wrong with each file is known."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np

from tests.pipeline.talks import talk, write_call

TRUTH: dict[str, set[str]] = {
    "copied": set(),
    "other": set(),
    "the_copy": {"duplicate"},
    "both_sides_alike": {"dual_mono"},
    "muted": {"one_sided"},
    "cut_short": {"truncated"},
    "wrong_sum": {"checksum"},
    "one_channel": {"mono"},
    "no_audio_at_all": {"not_audio"},
    "lost_side_agent.wav": {"side_missing"},
}
"""Findings that each recording must have, beside those that the noise in it may have."""
SECONDS = 20.0


def deliver(folder: Path) -> Path:
    """Write the delivery and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    copied, other = talk(1, SECONDS), talk(2, SECONDS)
    write_call(folder / "calls" / "copied.wav", copied)
    write_call(folder / "calls" / "other.wav", other)
    write_call(folder / "more" / "the_copy.wav", copied)
    mono = talk(3, SECONDS).sum(axis=0).astype(np.int16)
    write_call(folder / "calls" / "both_sides_alike.wav", np.stack([mono, mono]))
    quiet = talk(4, SECONDS)
    quiet[1] = 0
    write_call(folder / "calls" / "muted.wav", quiet)
    write_call(folder / "calls" / "cut_short.wav", talk(5, SECONDS))
    _promise_more(folder / "calls" / "cut_short.wav")
    write_call(folder / "calls" / "wrong_sum.wav", talk(6, SECONDS))
    write_call(folder / "calls" / "one_channel.wav", talk(7, SECONDS)[:1])
    (folder / "calls" / "no_audio_at_all.wav").write_text("this is a text", encoding="utf-8")
    write_call(folder / "calls" / "lost_side_agent.wav", talk(8, SECONDS)[:1])
    sums = [(_md5(folder / "calls" / "copied.wav"), "calls/copied.wav"), ("0" * 32, "calls/wrong_sum.wav"), ("1" * 32, "calls/gone.wav")]
    (folder / "md5sums.txt").write_text("".join(f"{digest}  {name}\n" for digest, name in sums), encoding="utf-8")
    (folder / "README.md").write_text("calls\n", encoding="utf-8")
    (folder / "stray.TextGrid").write_text("nobody knows whose\n", encoding="utf-8")
    return folder


def _promise_more(path: Path) -> None:
    """Let the header of a WAV file promise twice the samples that it holds."""
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    (size,) = struct.unpack("<I", data[at : at + 4])
    data[at : at + 4] = struct.pack("<I", 2 * size)
    path.write_bytes(bytes(data))


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
