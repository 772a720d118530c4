"""Short-time spectra of one shape whatever the rate: 64 ms windows every 16 ms, so that a bin is 15.6 Hz wide at any rate.

A network that reads the lowest bins therefore works on a recording's own spectra, without resampling, and its masks go on to the full band.
"""

from __future__ import annotations

from typing import Any

HOP_S = 0.016
PER_WINDOW = 4
"""Hops in a window."""
NARROW, WIDE = 8000, 16000
"""Rates at which networks learn: that of the telephone and what lies above it, and that of everything from 16 kHz up."""
TOP = 0.25
"""Share of a network's band, from its top down, whose mean mask the band above it is given."""


def working_rate(rate: int) -> int:
    """The rate in Hz at which the voices of a recording of `rate` Hz are learnt."""
    return WIDE if rate >= WIDE else min(rate, NARROW)


class Spectra:
    """Spectra of a signal at one rate and back."""

    def __init__(self, rate: int, device: str = "cpu") -> None:
        import torch

        self.hop = max(1, round(HOP_S * rate))
        self.n = self.hop * PER_WINDOW
        self.bins = self.n // 2 + 1
        self.window = torch.hann_window(self.n, device=device)

    def of(self, samples: Any) -> Any:
        """Complex [..., bins, frames] of float samples [..., m]; one more frame than hops in m. A tone has one level at every rate."""
        import torch

        flat = samples.reshape(-1, samples.shape[-1])
        found = torch.stft(flat, self.n, self.hop, window=self.window, pad_mode="constant", return_complex=True) / self.n
        return found.reshape(*samples.shape[:-1], *found.shape[1:])

    def back(self, spectra: Any, length: int) -> Any:
        """Float samples [..., length]."""
        import torch

        return torch.istft(spectra * self.n, self.n, self.hop, window=self.window, length=length)


def stretched(mask: Any, bins: int) -> Any:
    """A mask [..., f, t] of a network's band carried to `bins` bins: the band above has the mean of the network's uppermost `TOP`."""
    import torch

    known = mask.shape[-2]
    if known >= bins:
        return mask[..., :bins, :]
    top = mask[..., known - max(1, round(TOP * known)) :, :].mean(dim=-2, keepdim=True)
    return torch.cat([mask, top.expand(*mask.shape[:-2], bins - known, mask.shape[-1])], dim=-2)
