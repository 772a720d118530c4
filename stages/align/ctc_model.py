"""CTC acoustic models: what they say about each frame of a sound, and which label each letter has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.torch_audio import ensure_torchaudio

BUNDLE = "torchaudio:"
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
RATE = 16000
WINDOW = 30.0
"""Seconds of sound that are given to the network at a time, so that a long piece needs no more memory."""
MARGIN = 1.0
"""Seconds on both sides of a window that the network hears beside it."""
SPACES = ("|", " ", "▁")
"""Labels that stand between words."""


@dataclass(frozen=True, slots=True)
class CtcModel:
    """A network as a function from sound to log-probabilities, with its labels."""

    forward: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    """Sound [n] at 16 kHz to log-probabilities [frames, labels]."""
    vocabulary: dict[str, int] = field(repr=False)
    """Label of each letter, as the model writes it."""
    blank: int
    space: int | None
    """Label between words, where the model has one."""
    hop: int
    """Samples from frame to frame."""
    least: int
    """Samples of the shortest sound that it takes."""

    def labels(self, text: str) -> list[int]:
        """Labels of the letters of a text, in whichever case the model has them; others are left out."""
        found = []
        for letter in text:
            options = (letter, letter.lower(), letter.upper())
            label = next((self.vocabulary[each] for each in options if each in self.vocabulary), None)
            if label is not None and label not in (self.blank, self.space):
                found.append(label)
        return found

    def log_probs(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-probabilities [frames, labels] of sound [n], window by window; no frames for less sound than the network takes."""
        if len(x) < self.least:
            return np.zeros((0, len(self.vocabulary)), np.float32)
        step, margin = round(WINDOW * RATE) // self.hop * self.hop, round(MARGIN * RATE) // self.hop * self.hop
        if len(x) <= step + 2 * margin:
            return self.forward(x)
        found = []
        for at in range(0, len(x), step):
            start, last = max(0, at - margin), at + step >= len(x) - margin
            each = self.forward(x[start : len(x) if last else at + step + margin])
            skip = (at - start) // self.hop
            found.append(each[skip:] if last else each[skip : skip + step // self.hop])
            if last:
                break
        return np.concatenate(found)


def load_ctc(model: str, revision: str, device: str) -> CtcModel:
    """The model that was asked for; raises `UsageError` when it cannot be had or is no CTC model."""
    return _bundle(model.removeprefix(BUNDLE), device) if model.startswith(BUNDLE) else _transformers(model, revision, device)


def _transformers(model: str, revision: str, device: str) -> CtcModel:
    ensure_torchaudio()
    try:
        import torch
        from transformers import AutoFeatureExtractor, AutoModelForCTC, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar
    except ImportError as error:
        raise UsageError(f"align: ctc needs transformers ({error}): pip install transformers") from error
    disable_progress_bar()  # type: ignore[no-untyped-call]
    folder = Path(model).expanduser()
    local = folder.is_dir()
    where: dict[str, Any] = {"local_files_only": True} if local else {"revision": revision, "token": False}
    name = str(folder) if local else model
    try:
        network = AutoModelForCTC.from_pretrained(name, **where).eval().to(torch.device(device))
        tokenizer = AutoTokenizer.from_pretrained(name, **where)
        extractor = AutoFeatureExtractor.from_pretrained(name, **where)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError) as error:
        text = " ".join(str(error).split())[:200]
        aside = "" if local else ": load it once while online, or name a local copy of its folder"
        raise UsageError(f"align.model: {model} cannot be loaded as a CTC model ({text}){aside}") from error
    if extractor.sampling_rate != RATE:
        raise UsageError(f"align.model: {model} takes sound at {extractor.sampling_rate} Hz, and {RATE} Hz is wanted")
    vocabulary = dict(tokenizer.get_vocab())

    def forward(x: NDArray[np.float32]) -> NDArray[np.float32]:
        taken = extractor(x, sampling_rate=RATE, return_tensors="pt")
        with torch.inference_mode():
            logits = network(taken[extractor.model_input_names[0]].to(device)).logits[0]
            found: NDArray[np.float32] = torch.log_softmax(logits.float(), dim=-1).cpu().numpy()
        return found

    space = getattr(tokenizer, "word_delimiter_token", None)
    hop = int(getattr(network.config, "inputs_to_logits_ratio", 320))
    blank = tokenizer.pad_token_id
    return CtcModel(forward, vocabulary, int(blank), vocabulary.get(space) if space else _space(vocabulary), hop, 2 * hop)


def _bundle(name: str, device: str) -> CtcModel:
    ensure_torchaudio()
    import torch
    from torchaudio import pipelines

    bundle = getattr(pipelines, name, None)
    if bundle is None or not hasattr(bundle, "get_labels"):
        known = sorted(each for each in dir(pipelines) if hasattr(getattr(pipelines, each), "get_labels"))
        raise UsageError(f"align.model: torchaudio has no CTC bundle {name!r}; it has {', '.join(known)}")
    try:
        network = bundle.get_model().eval().to(torch.device(device))
    except OSError as error:
        raise UsageError(f"align.model: the weights of {BUNDLE}{name} cannot be had ({error}): load it once while online") from error
    labels = bundle.get_labels()
    vocabulary = {label: index for index, label in enumerate(labels)}

    def forward(x: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            logits, _ = network(torch.from_numpy(np.ascontiguousarray(x))[None].to(device))
            found: NDArray[np.float32] = torch.log_softmax(logits[0].float(), dim=-1).cpu().numpy()
        return found

    return CtcModel(forward, vocabulary, 0, _space(vocabulary), 320, 640)


def _space(vocabulary: dict[str, int]) -> int | None:
    return next((vocabulary[each] for each in SPACES if each in vocabulary), None)
