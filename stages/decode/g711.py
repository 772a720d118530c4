"""ITU-T G.711: mu-law and A-law codes as 16-bit samples, from the standard's segment formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MU_BIAS = 0x84


def _expand_ulaw() -> NDArray[np.int16]:
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 15) << 3) + _MU_BIAS) << (code >> 4 & 7)) - _MU_BIAS
    return _frozen(np.where(code & 0x80, -magnitude, magnitude))


def _expand_alaw() -> NDArray[np.int16]:
    code = np.arange(256) ^ 0x55
    segment, step = code >> 4 & 7, (code & 15) << 4
    magnitude = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return _frozen(np.where(code & 0x80, magnitude, -magnitude))


def _frozen(values: NDArray[Any]) -> NDArray[np.int16]:
    table = values.astype(np.int16)
    table.flags.writeable = False
    return table


ULAW = _expand_ulaw()
"""int16 [256]: the sample of each mu-law code, full scale 32124 (G.711's 14-bit values times 4)."""

ALAW = _expand_alaw()
"""int16 [256]: the sample of each A-law code, full scale 32256 (G.711's 13-bit values times 8)."""


def compress_ulaw(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """The mu-law code of each 16-bit sample, same shape: the segment it falls in, excess bits dropped; 0 is +0, the code 255."""
    wide = np.asarray(samples, dtype=np.int32)
    biased = np.minimum(np.abs(wide), 0x7FFF - _MU_BIAS) + _MU_BIAS
    segment = np.searchsorted(_MU_STARTS, biased, side="right") - 1
    code = segment << 4 | (biased >> (segment + 3) & 15) | np.where(wide < 0, 0x80, 0)
    return (~code & 0xFF).astype(np.uint8)


_MU_STARTS = np.array([1 << (7 + segment) for segment in range(8)])
