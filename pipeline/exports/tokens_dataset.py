"""Windows of precomputed Moshi tokens for PyTorch. Needs torch and safetensors, and nothing of duologue.

    from dataset import Batches, Windows
    windows = Windows("tokens", "train", frames=1250)          # 100 s at 12.5 Hz
    batches = Batches(windows, batch_size=16, seed=0, rank=rank, world=world)
    for batch in batches:                                       # batch.codes: int64 [16, 17, 1250]
        loss = model(batch.codes)
        saved = batches.state_dict()                            # with the model's checkpoint; load_state_dict() goes on exactly there

Rows are the main speaker's text, its 8 codebooks, and the other's 8, undelayed. Frames past the end of a dialogue hold -1, Moshi's zero
token. `Batch` and `Sample` have the fields of moshi-finetune's, so that a loop over `Batches` can stand for its data loader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch.utils.data import Dataset

ZERO = -1
"""Moshi's zero token: no embedding, no loss."""


@dataclass
class Sample:
    """One window: codes int64 [1, 17, frames]."""

    codes: torch.Tensor
    condition_attributes: Any = None


@dataclass
class Batch:
    """Windows together: codes int64 [batch, 17, frames]."""

    codes: torch.Tensor
    condition_attributes: Any = None

    @classmethod
    def collate(cls, samples: list[Sample]) -> Batch:
        """Samples into a batch."""
        return cls(torch.cat([sample.codes for sample in samples]))


class Windows(Dataset[Sample]):
    """Fixed windows that tile every dialogue of a split from its start; the last one is padded with `ZERO`."""

    def __init__(self, folder: str | Path, split: str = "train", frames: int = 1250) -> None:
        if frames < 1:
            raise ValueError(f"frames is {frames}; wanted 1 or more")
        self.folder = Path(folder)
        self.frames = frames
        with (self.folder / f"{split}.jsonl").open(encoding="utf-8") as lines:
            self.items = [json.loads(line) for line in lines]
        counts = torch.tensor([-(-item["frames"] // frames) for item in self.items], dtype=torch.int64)
        self._ends = counts.cumsum(0)
        self._open: dict[str, Any] = {}

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(index)
        which = int(torch.searchsorted(self._ends, index, right=True))
        item = self.items[which]
        start = (index - (int(self._ends[which - 1]) if which else 0)) * self.frames
        part = self._file(item["file"]).get_slice(item["key"])[:, start : start + self.frames].to(torch.int64)
        codes = torch.full((1, part.shape[0], self.frames), ZERO, dtype=torch.int64)
        codes[0, :, : part.shape[1]] = part
        return Sample(codes)

    def _file(self, name: str) -> Any:
        if name not in self._open:
            self._open[name] = safe_open(self.folder / name, framework="pt")
        return self._open[name]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}


class Batches:
    """Endless batches in an order of their own for every epoch; the same on every machine, and exact when resumed.

    All ranks get equally many batches of an epoch; the windows that do not fill a batch on each rank are left to other epochs, whose order
    differs.
    """

    def __init__(self, windows: Windows, batch_size: int, seed: int = 0, rank: int = 0, world: int = 1, epochs: int | None = None) -> None:
        if len(windows) < batch_size * world:
            raise ValueError(f"{len(windows)} windows; wanted at least one batch of {batch_size} for each of {world} ranks")
        self.windows = windows
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world = world
        self.epochs = epochs
        self.epoch = 0
        self.step = 0

    @property
    def steps(self) -> int:
        """Batches of an epoch on each rank."""
        return len(self.windows) // (self.batch_size * self.world)

    def order(self, epoch: int) -> list[int]:
        """The indices of this rank's windows in an epoch."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        whole: list[int] = torch.randperm(len(self.windows), generator=generator).tolist()
        return whole[: self.steps * self.batch_size * self.world][self.rank :: self.world]

    def __iter__(self) -> Iterator[Batch]:
        while self.epochs is None or self.epoch < self.epochs:
            order = self.order(self.epoch)
            while self.step < self.steps:
                start = self.step * self.batch_size
                batch = Batch.collate([self.windows[index] for index in order[start : start + self.batch_size]])
                self.step += 1
                yield batch
            self.epoch, self.step = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """Where the next batch is, to be stored with the model."""
        order = {"seed": self.seed, "windows": len(self.windows), "frames": self.windows.frames, "batch_size": self.batch_size}
        return {"epoch": self.epoch, "step": self.step, **order, "world": self.world}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where `state_dict` was taken; raises `ValueError` for other data or batches, or another number of ranks."""
        mine = self.state_dict()
        for name in ("seed", "windows", "frames", "batch_size", "world"):
            if state.get(name) != mine[name]:
                raise ValueError(f"{name} was {state.get(name)} and is {mine[name]}; the order would not be the one that was stopped")
        self.epoch, self.step = state["epoch"], state["step"]
