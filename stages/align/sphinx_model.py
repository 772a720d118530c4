"""The English acoustic model and dictionary that ship in pocketsphinx, as decoders of small grammars."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.align.pronounce import pronounce
from stages.packaged import Carrier
from stages.stage import Weights

RELEASE = "5.1.1"
FILES = {
    "en-us/feat.params": "c982c5f75e2a30c34d2c9ef1f6b129a5a00e67e3e927565076b58664cc2404c9",
    "en-us/mdef": "2360f9a86889c1cfee8bd618a0269387911e5fb2920a594f506b18b8c79683b0",
    "en-us/means": "832019e32cac12eb318964f96f469034acb12d0348eeddc3831831a100cb4dd4",
    "en-us/noisedict": "7295b07df2c204c4f87c6782b6be1a3859d7006d4e3864181c955d6dab105a33",
    "en-us/sendump": "8c9564c0d5bef69ca9d9bf1014abe162f071644cf02cf1fa8a483c3dc165a7a8",
    "en-us/transition_matrices": "c1f7f28ea43177be734be1f88bd7f1b9a853d0e660f8599c67c6eaeca8bb539a",
    "en-us/variances": "b00d696f85e96834fc10f8e5f06428d8c4db6bffdbe5845b6f69bf6efbc48fa5",
    "cmudict-en-us.dict": "20b5c293e1f311fb375fe067e500ec5636f4fc7af5594967263696def9b23bfe",
}
"""SHA-256 of the model's files in release `RELEASE`. A new pin changes results: raise the version of the stages that use it."""
FOLDER = "model/en-us"
FRAME = 160
"""Samples at 16 kHz from one frame of the model to the next."""
BEAMS = ({"beam": 1e-80, "wbeam": 1e-60, "pbeam": 1e-80}, {"beam": 1e-160, "wbeam": 1e-140, "pbeam": 1e-160})
"""Relative likelihood below which a path is dropped, narrow and wide. The package's own (1e-48) loses the last word of one noisy telephone
sentence in ten."""
SETTINGS: dict[str, Any] = {
    "lm": None,
    "loglevel": "FATAL",
    "bestpath": False,
    "lw": 1.0,
    "wip": 1.0,
    "silprob": 0.5,
    "maxhmmpf": -1,
}
"""The best path through the word lattice may leave words out that the search has found, so it is not looked for; and a pause must cost no
more than going on with a word, or words are stretched over it."""
Arc = tuple[int, int, float, str]
"""From a state, to a state, with a probability, a word."""
FILLER = re.compile(r"[<(\[].*|\+.*")
LEAST = 1e-300
"""Least likelihood of one word that is told from none."""


@dataclass(frozen=True, slots=True)
class Said:
    """One word as the decoder found it."""

    word: str
    start: int
    """Sample at 16 kHz at which its first frame starts."""
    end: int
    score: float
    """Mean over its frames of the log-likelihood against the best of the sounds that were in question there; at most 0."""


def carrier(asker: str) -> Carrier:
    """The package that ships the model."""
    return Carrier(asker, "pocketsphinx", "pocketsphinx", RELEASE)


def model_weights() -> tuple[Weights, ...]:
    """The files of the model and of the dictionary."""
    return tuple(Weights(f"pocketsphinx {name}", RELEASE, sha256, "BSD-2-Clause") for name, sha256 in FILES.items())


class Sphinx:
    """Decoders of one model and dictionary, the wider one made when it is first needed.

    Words that are taught stay in the decoders, always with the same phones, and are told from those of the dictionary: what one dialogue
    adds changes nothing for another.
    """

    def __init__(self, asker: str, **more: Any) -> None:
        """`more` are settings beside `SETTINGS`; raises `UsageError` when the package is absent or its files are not the pinned ones."""
        paths = {name: carrier(asker).pinned(f"{FOLDER}/{name}", sha256) for name, sha256 in FILES.items()}
        self._hmm = str(paths["en-us/mdef"].parent)
        self._dict = str(paths["cmudict-en-us.dict"])
        self._settings = {**SETTINGS, **more}
        self._asker = asker
        self._made: dict[int, Any] = {}
        self._taught: set[str] = set()
        self.known = functools.lru_cache(maxsize=1 << 16)(lambda word: bool(word) and self.lookup(word) is not None)

    def lookup(self, word: str) -> str | None:
        """Phones of a word of the dictionary, with spaces between; None for others, those that were taught included."""
        found: str | None = None if word in self._taught else self.decoder(0).lookup_word(word)
        return found

    def decoder(self, width: int) -> Any:
        """The decoder with beams `BEAMS[width]`."""
        if width not in self._made:
            try:
                from pocketsphinx import Decoder
            except ImportError as error:
                raise UsageError(f"{self._asker}: pocketsphinx cannot be imported ({error}): {carrier(self._asker).install}") from error
            made = Decoder(hmm=self._hmm, dict=self._dict, **self._settings, **BEAMS[width])
            # feat.params of the model turns this on, and it costs half of the accuracy of word starts on a noisy line.
            made.config["remove_noise"] = False
            made.reinit_feat(made.config)
            self._made[width] = made
        return self._made[width]

    def teach(self, words: Sequence[str]) -> None:
        """Give every word that the dictionary lacks a pronunciation."""
        for word in words:
            lacking = [] if self.known(word) else [each for each in self._made.values() if each.lookup_word(word) is None]
            if lacking:
                phones = " ".join(pronounce(word, self.lookup))
                self._taught.add(word)
            for decoder in lacking:
                decoder.add_word(word, phones, False)

    def decode(self, arcs: Sequence[Arc], last: int, x: NDArray[np.float32], width: int) -> list[Said]:
        """The words of the likeliest path through a grammar from state 0 to state `last`; empty when no path reaches it.

        Pauses may lie anywhere. `x` [n] is sound at 16 kHz in [-1, 1].
        """
        return self.decode_scored(arcs, last, x, width)[0]

    def decode_scored(self, arcs: Sequence[Arc], last: int, x: NDArray[np.float32], width: int) -> tuple[list[Said], float]:
        """The same with the log-likelihood of the whole path, pauses included."""
        decoder = self.decoder(width)
        self.teach([word for *_, word in arcs])
        decoder.add_fsg("words", decoder.create_fsg("words", 0, last, list(arcs)))
        decoder.activate_search("words")
        decoder.start_utt()
        decoder.process_raw(np.clip(np.round(x * 32767), -32768, 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        found, total = [], 0.0
        for each in decoder.seg() if decoder.hyp() is not None else ():
            score, frames = math.log(max(each.ascore, LEAST)), each.end_frame - each.start_frame + 1
            total += score
            if not FILLER.match(each.word):
                word = re.sub(r"\(\d+\)$", "", each.word)
                found.append(Said(word, each.start_frame * FRAME, (each.end_frame + 1) * FRAME, score / frames))
        return found, total
