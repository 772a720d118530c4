"""The network that tells two voices apart: from the spectra of a mixture to the share of either voice in every bin."""

from __future__ import annotations

from typing import Any

DROPOUT = 0.1
FLOOR = 1e-13
"""Power in a bin that counts as nothing: far below the last bit of 16."""


def network(bins: int, width: int) -> Any:
    """A fresh network over the lowest `bins` bins, two recurrent layers of `width` in either direction; random as torch's seed has it.

    From complex spectra [b, bins, t] to weights [b, 2, bins, t] that add up to one: output 0 is speaker 0.
    """
    import torch
    from torch import nn

    class Network(nn.Module):
        middle: Any
        spread: Any

        def __init__(self) -> None:
            super().__init__()
            self.into = nn.Linear(bins, 2 * width)
            self.over = nn.LSTM(2 * width, width, 2, batch_first=True, bidirectional=True, dropout=DROPOUT)
            self.out = nn.Linear(2 * width, 2 * bins)
            self.dropout = nn.Dropout(DROPOUT)
            self.register_buffer("middle", torch.zeros(bins))
            self.register_buffer("spread", torch.ones(bins))

        def levels(self, spectra: Any) -> Any:
            """Log power [b, t, bins]."""
            return torch.log(spectra.abs() ** 2 + FLOOR).transpose(1, 2)

        def fit_levels(self, spectra: Any) -> None:
            """Bring each bin's log power to mean 0 and deviation 1 over what is shown."""
            seen = self.levels(spectra)
            self.middle.copy_(seen.mean((0, 1)))
            self.spread.copy_(seen.std((0, 1)).clamp(min=0.5))

        def forward(self, spectra: Any) -> Any:
            hidden = self.into((self.levels(spectra) - self.middle) / self.spread)
            hidden, _ = self.over(self.dropout(hidden))
            return self.out(self.dropout(hidden)).unflatten(-1, (2, bins)).permute(0, 2, 3, 1).softmax(1)

    return Network()
