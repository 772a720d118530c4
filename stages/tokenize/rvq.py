"""Residual vector quantisation of log-mel tokens by the codebooks that ship with the package."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.tokenize.mel import BANDS, FRAMES

FILE = Path(__file__).with_name("melrvq.npz")
SHA256 = "c610d87858adf2c61b7a5acc7bd7c4c57d9f52db13701aba246ce0d9d3b56244"
"""Of `FILE`. New codebooks change results: raise the stage's version with it."""
BOOKS = 8
BINS = 512
DIMENSIONS = 96


@dataclass(frozen=True, slots=True)
class Codebooks:
    """Principal components of a token's 640 log-mel values, and eight codebooks in their space; float16."""

    mean: NDArray[np.float16]
    """[640]"""
    basis: NDArray[np.float16]
    """[96, 640]"""
    books: NDArray[np.float16]
    """[8, 512, 96]"""

    def encode(self, mel: NDArray[np.float32]) -> NDArray[np.int16]:
        """Codes [8, t] of log-mel [8 t, 80]: in each codebook the entry nearest to what the ones before left."""
        left = (mel.reshape(-1, FRAMES * BANDS) - self.mean.astype(np.float32)) @ self.basis.astype(np.float32).T
        found = []
        for book in self.books.astype(np.float32):
            nearest = ((book**2).sum(axis=1) - 2 * left @ book.T).argmin(axis=1)
            left = left - book[nearest]
            found.append(nearest.astype(np.int16))
        return np.stack(found)

    def decode(self, codes: NDArray[np.int16]) -> NDArray[np.float32]:
        """Log-mel [8 t, 80] of codes [8, t]."""
        books = self.books.astype(np.float32)
        point = sum((book[each] for book, each in zip(books, codes, strict=True)), np.zeros((codes.shape[1], books.shape[2]), np.float32))
        return (point @ self.basis.astype(np.float32) + self.mean.astype(np.float32)).reshape(-1, BANDS)


@cache
def codebooks() -> Codebooks:
    """Those that ship; raises `UsageError` when the file is not the pinned one."""
    found = hashlib.sha256(FILE.read_bytes()).hexdigest() if FILE.is_file() else "no such file"
    if found != SHA256:
        raise UsageError(
            f"tokenize: melrvq: {FILE.name} beside the code is not the pinned one (SHA-256 {found[:12]}): install duologue anew"
        )
    with np.load(FILE, allow_pickle=False) as data:
        return Codebooks(data["mean"], data["basis"], data["books"])
