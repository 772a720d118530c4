"""Codec tokens in the report: which codec made them, how many, and how near the checked ones come to the audio."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.columns import as_floats, column
from pipeline.report.tally import Tally
from pipeline.report.words import count, number, share, with_unit

COLUMNS = tuple(f"codes.{name}" for name in ("codec", "sha256", "rate", "hop", "bins", "codebooks", "frames", "fidelity", "mismatch"))
"""What is read of a row, in Parquet's own names: never the codes themselves."""
STEPS = (1, 2, 5, 10)


@dataclass(slots=True)
class Made:
    """What one codec made."""

    rows: int = 0
    frames: int = 0
    """Of each channel."""


@dataclass(slots=True)
class Tokens:
    """Sums over the rows that have codes."""

    codecs: dict[tuple[str, str, int, int, int, int], Made] = field(default_factory=dict)
    """By codec, SHA-256 of its weights, rate (Hz), hop, bins and codebooks."""
    log_mel: Tally = field(default_factory=lambda: Tally(np.linspace(0, 40, 401), STEPS))
    stoi: Tally = field(default_factory=lambda: Tally(np.linspace(0, 1, 201), STEPS))
    si_sdr: Tally = field(default_factory=lambda: Tally(np.linspace(-50, 50, 501), STEPS))
    mismatch: Tally = field(default_factory=lambda: Tally(np.linspace(0, 1, 1001), STEPS))
    checked: int = 0
    """Channels that were decoded again."""

    def add(self, table: pa.Table) -> None:
        """Take in some rows with the columns of `COLUMNS`."""
        whole = column(table, "codes")
        here = whole.filter(pc.is_valid(whole))
        if not len(here):
            return
        names = ("codec", "sha256", "rate", "hop", "bins", "codebooks", "frames")
        for *key, frames in zip(*(pc.struct_field(here, name).to_pylist() for name in names), strict=True):
            made = self.codecs.setdefault(tuple(key), Made())
            made.rows += 1
            made.frames += frames
        checks = pc.list_flatten(pc.struct_field(here, "fidelity"))
        self.checked += len(checks)
        for name, tally in (("log_mel_db", self.log_mel), ("stoi", self.stoi), ("si_sdr_db", self.si_sdr)):
            tally.add(as_floats(pc.struct_field(checks, name)))
        measured = as_floats(pc.struct_field(here, "mismatch"))
        self.mismatch.add(measured[~np.isnan(measured)])


def codecs(tokens: Tokens) -> list[dict[str, str]]:
    """A line for each codec, most frames first."""
    ordered = sorted(tokens.codecs.items(), key=lambda item: (-item[1].frames, item[0]))
    return [
        {
            "codec": codec,
            "weights": digest[:12],
            "layout": f"{number(rate / hop, 1)}\u00a0Hz, {codebooks} codebooks of {count(bins)}",
            "rows": count(made.rows),
            "frames": count(made.frames),
            "hours": number(made.frames * hop / rate / 3600, 2),
            "stand_in": "yes" if "standin" in codec else "",
        }
        for (codec, digest, rate, hop, bins, codebooks), made in ordered
    ]


def fidelity(tokens: Tokens) -> list[dict[str, str]]:
    """A line for each measure of the checked channels: its median, and the value that nine in ten channels do not fall behind."""
    lines: list[tuple[str, Tally, float, Any, str]] = [
        ("Log-mel distance", tokens.log_mel, 0.9, lambda v: with_unit(v, "dB"), "root mean square; 0 is perfect"),
        ("STOI", tokens.stoi, 0.1, lambda v: number(v, 2), "intelligibility, up to 1"),
        ("SI-SDR", tokens.si_sdr, 0.1, lambda v: with_unit(v, "dB"), "of codecs that keep the waveform"),
        ("Codes changed by lower precision", tokens.mismatch, 0.9, share, "share of codes that are others at full precision"),
    ]
    return [
        {"name": name, "n": count(tally.n), "median": form(tally.quantile(0.5)), "worst": form(tally.quantile(far)), "meaning": meaning}
        for name, tally, far, form, meaning in lines
        if tally.n
    ]
