"""A stand-in for the loaded Whisper library whose decoder never stops by itself: it writes one word until it may write no more."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from stages.transcribe.whisper_model import BESIDE, PARTS

WORD = " no"


@cache
def tokenizer() -> Any:
    """The packaged model's own."""
    import tokenizers

    carrier, _, _ = PARTS[1]
    return tokenizers.Tokenizer.from_buffer(carrier.pinned("data/tokenizer.json", BESIDE["tokenizer.json"]).read_bytes())


class EndlessWhisper:
    """Has what `Recogniser` uses of `faster_whisper.WhisperModel`; counts the tokens it was asked for and the blocks it encoded."""

    def __init__(self, cured: bool) -> None:
        import ctranslate2

        self._view = ctranslate2.StorageView
        self.hf_tokenizer = tokenizer()
        self.model = SimpleNamespace(is_multilingual=True, device="cpu", generate=self._generate, encode=self._encode)
        self.cured = cured
        self.tokens = 0
        self.encoded = 0

    def feature_extractor(self, sound: Any, padding: int) -> Any:
        return np.zeros((80, len(sound) // 160), np.float32)

    def _encode(self, mels: Any, to_cpu: bool) -> Any:
        self.encoded += 1
        return self._view.from_array(np.zeros((1, 2, 4), np.float32))

    def get_prompt(self, tokenizer: Any, previous: list[int], without_timestamps: bool) -> list[int]:
        return [*tokenizer.sot_sequence, tokenizer.no_timestamps]

    def find_alignment(self, tokenizer: Any, tokens: list[list[int]], encoded: Any, frames: list[int]) -> list[list[dict[str, Any]]]:
        return [[{"word": WORD, "start": 0.02 * i, "end": 0.02 * (i + 1), "probability": 0.9} for i in range(len(each))] for each in tokens]

    def _generate(self, encoded: Any, prompts: list[list[int]], *, max_length: int, no_repeat_ngram_size: int, **_: Any) -> list[Any]:
        word = self.hf_tokenizer.encode(WORD, add_special_tokens=False).ids
        room = max_length - len(prompts[0])
        count = 2 if no_repeat_ngram_size and self.cured else room
        self.tokens += len(prompts) * count
        return [SimpleNamespace(sequences_ids=[(word * count)[:count]], scores=[-0.1], no_speech_prob=0.0) for _ in prompts]
