"""Rank correlation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST = 5
"""Pairs below which a rank correlation says nothing."""


def spearman(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Spearman's rank correlation, ties given their mean rank; absent with fewer than `FEWEST` pairs or when one side never varies."""
    if len(left) < FEWEST:
        return None
    one, other = (ranks(values) - (len(values) - 1) / 2 for values in (left, right))
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size else None


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Rank of each value from 0, equal values sharing the mean of theirs."""
    array = np.asarray(values, np.float64)
    ordered = np.sort(array)
    return (np.searchsorted(ordered, array, "left") + np.searchsorted(ordered, array, "right") - 1) / 2
