"""Word times by forced alignment with any CTC acoustic model: a wav2vec2-like one from the hub or a folder, or a bundle of torchaudio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from schemas.tracks import Tracks
from schemas.transcript import Piece, Transcript
from stages.align.ctc_model import BUNDLE, HUB_NAME, CtcModel, load_ctc
from stages.align.pieces import Heard, align_pieces, filled, refined, timed
from stages.align.pocketsphinx import english
from stages.align.spoken import spoken
from stages.align.viterbi import ctc_align
from stages.local_files import folder_sha256
from stages.stage import Weights

STAR = -0.5
"""Log-probability that is added where a word without letters of the model is matched by whatever is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CtcAlign:
    """Aligns words of any language whose letters the model knows; a word without such letters takes whatever is heard in its place.

    English words are read as `stages.align.spoken` says them, in their likeliest form. Words beside a pause begin and end where the sound
    does, since CTC models tell where letters are and not how long. A piece that cannot be aligned keeps the times it came with where those
    are believable, and has its words spread over it where not.
    """

    name: ClassVar[str] = "align"
    backend: ClassVar[str] = "ctc"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Tracks, Transcript)
    gives: ClassVar[type] = Transcript

    model: str = "facebook/wav2vec2-base-960h"
    """A local folder with a CTC model of transformers, a hub name `owner/model`, or `torchaudio:<bundle>`, such as
    `torchaudio:WAV2VEC2_ASR_BASE_960H`. Hub models and bundles are fetched once, into their own caches."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a branch moves, so name the commit to pin what is loaded. Of no meaning otherwise."""
    licence: str = "Apache-2.0"
    """SPDX expression of the model's licence, for the rows; the default is that of the default model."""
    pad: float = 0.2
    """Seconds of sound around a piece that words may reach into while they are aligned, as far as no other piece lies there."""
    refine: bool = True
    """Move edges beside pauses to where sound begins and ends."""

    def __post_init__(self) -> None:
        if not Path(self.model).expanduser().is_dir() and not self.model.startswith(BUNDLE) and not HUB_NAME.fullmatch(self.model):
            raise UsageError(
                f"align.model: {self.model!r} is no folder that is there, no hub name such as 'owner/model' and no '{BUNDLE}<bundle>'"
            )
        if not self.revision.strip() or not self.licence.strip():
            raise UsageError("align: revision and licence must not be empty")
        if not 0 <= self.pad <= 1:
            raise UsageError(f"align.pad: {self.pad} s must be from 0 to 1")

    def weights(self) -> tuple[Weights, ...]:
        """One entry: a folder by the SHA-256 over its files, a hub model by its revision, a bundle by its name."""
        if Path(self.model).expanduser().is_dir():
            return (Weights(self.model, "local folder", folder_sha256(self.model), self.licence),)
        return (Weights(self.model, "torchaudio" if self.model.startswith(BUNDLE) else self.revision, "", self.licence),)

    def load(self, device: str) -> Callable[[Tracks, Transcript], Transcript]:
        """The aligner as a function; raises `UsageError` when the model cannot be had."""
        model = load_ctc(self.model, self.revision, device)

        def align(tracks: Tracks, transcript: Transcript) -> Transcript:
            in_english = english(transcript)
            return align_pieces(tracks, transcript, lambda heard: self._piece(model, heard, in_english), (True, True))

        return align

    def _piece(self, model: CtcModel, heard: Heard, in_english: tuple[bool, bool]) -> Piece | None:
        start, end = heard.within(self.pad)
        log_probs = model.log_probs(heard.x[start:end])
        if not len(log_probs):
            return None
        words = [written(word.text, model, in_english[heard.piece.channel]) for word in heard.piece.words]
        aligned = word_frames(log_probs, words, model)
        if aligned is None:
            return None
        frames, sure = aligned
        size = (end - start) / len(log_probs)
        spans = [None if each is None else (start + each[0] * size, start + each[1] * size) for each in frames]
        heard_spans = [each for each in spans if each is not None]
        moved = iter(refined(heard, heard_spans) if self.refine else heard_spans)
        pairs = filled([next(moved) if each is not None else None for each in spans], (0, len(heard.x)))
        return timed(heard, pairs, "ctc", sure) if pairs is not None else None


def written(text: str, model: CtcModel, in_english: bool) -> list[int] | None:
    """Labels of one word; an empty list for a word that is said but has no letters of the model, None for one that is not said."""
    if in_english:
        readings = spoken(text, lambda word: word.replace("'", "").isalpha())
        if readings:
            return model.labels("".join(readings[0]).replace(".", ""))
    return model.labels(text) if any(c.isalnum() for c in text) else None


def word_frames(
    log_probs: NDArray[np.float32], words: Sequence[list[int] | None], model: CtcModel
) -> tuple[list[tuple[int, int] | None], list[float | None]] | None:
    """First frame and the one after the last of each word, and its confidence: the geometric mean of its frames' probabilities.

    None for a word that is not said; None altogether when the words do not fit.
    """
    others = np.delete(log_probs, [model.blank, *([] if model.space is None else [model.space])], axis=1)
    padded = np.concatenate((log_probs, others.max(axis=1, keepdims=True) + STAR), axis=1)
    tokens: list[int] = []
    places: list[tuple[int, int] | None] = []
    for word in words:
        if word is None:
            places.append(None)
            continue
        if tokens and model.space is not None:
            tokens.append(model.space)
        places.append((len(tokens), len(tokens) + max(1, len(word))))
        tokens += word or [log_probs.shape[1]]
    path = ctc_align(padded, tokens, model.blank)
    if path is None:
        return None
    own = padded[np.arange(len(padded)), path.labels]
    frames: list[tuple[int, int] | None] = []
    sure: list[float | None] = []
    for place in places:
        if place is None:
            frames.append(None)
            sure.append(None)
            continue
        first, last = path.frames(place[0])[0], path.frames(place[1] - 1)[1]
        frames.append((first, last))
        inside = path.which[first:last]
        sure.append(float(np.exp(own[first:last][inside >= 0].mean())))
    return frames, sure
