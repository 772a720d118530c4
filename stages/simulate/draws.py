"""Random lengths that add up to a given sum."""

from __future__ import annotations

import numpy as np


def lengths(total: int, n: int, low: int, high: int | None, rng: np.random.Generator, sigma: float) -> list[int]:
    """`n` lengths in `[low, high]` that add up to `total` as far as the bounds let them, log-normal above `low` with `sigma`.

    Where the bounds do not allow the sum, all are at the nearer bound.
    """
    if n == 0:
        return []
    if total <= n * low:
        return [low] * n
    if high is not None and total >= n * high:
        return [high] * n
    weights = np.exp(sigma * rng.standard_normal(n))
    most = np.inf if high is None else float(high - low)
    share = np.zeros(n)
    left = float(total - n * low)
    # What a bound cuts off goes to those that have room, until nothing is left over; each round fills one at least.
    for _ in range(n):
        free = share < most
        share[free] += left * weights[free] / weights[free].sum()
        over = np.maximum(share - most, 0).sum() if high is not None else 0.0
        share = np.minimum(share, most)
        left = float(over)
        if left < 0.5:
            break
    edges = np.rint(np.concatenate(([0.0], np.cumsum(share)))).astype(np.int64)
    return [low + int(size) for size in np.diff(edges)]
