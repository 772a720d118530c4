"""Blocks of speech through Whisper: encoder, beam search, and word times by attention. One bounded second try and no sampling.

Whisper's own long-form decoding repeats hopeless windows at up to five temperatures and lets each run to 448 tokens. Here a block has a
length of text that it can hold; one that runs past it or repeats itself is tried once more with repeats forbidden, and what is then still
a loop is left to `cleanup`.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stages.transcribe.sound import RATE

FRAMES_PER_SECOND = 100
"""Of the mel spectrogram."""
SECONDS = 30.0
"""What the encoder takes at a time; shorter blocks are filled up with silence."""
FRAMES = 3000
"""Of the mel spectrogram in that."""
CAPS = ((5.0, 96), (10.0, 176), (20.0, 320), (SECONDS, 440))
"""Longest text in tokens of a block of up to so many seconds: 15 a second and some. English has five; scripts that take a token for every
byte have more. The last leaves room in the decoder for its prompt. A block's cap depends on its own length only, so that its text does not
depend on its neighbours in a batch."""
COMPRESSION = 2.4
"""zlib's compression ratio of a text above which it repeats itself (Whisper's own threshold)."""
FORBIDDEN = 3
"""Tokens in a row that may not come twice at the second try."""
PREPENDED = "\"'“‘«¿¡([{「『-"
"""Punctuation that belongs to the word after it; all other belongs to the one before."""
UNSPACED = frozenset(("zh", "ja", "th", "lo", "my", "yue"))
"""Languages written without spaces, by Whisper's codes, whose words are single letters here."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of a block. Times in seconds from the block's start."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Heard:
    """What was recognised in a block."""

    words: tuple[HeardWord, ...]
    logprob: float
    """Mean log-probability of its tokens."""
    no_speech: float
    """Probability that the block holds no speech."""
    stuck: bool
    """Repeats itself even at the second try, or does not end within its cap."""


@dataclass(frozen=True, slots=True)
class _Text:
    tokens: list[int]
    logprob: float
    no_speech: float
    ratio: float
    """Of compression; infinite when the text does not end within its cap."""


class Recogniser:
    """A loaded `faster_whisper.WhisperModel` for blocks of at most 30 s at 16 kHz. It keeps nothing from one call to the next."""

    def __init__(self, model: Any, beam: int) -> None:
        self._model = model
        self._beam = beam
        self._tokenizers: dict[str, Any] = {}

    @property
    def multilingual(self) -> bool:
        """Whether the model knows languages other than English."""
        return bool(self._model.model.is_multilingual)

    def knows(self, code: str) -> bool:
        """Whether the model knows a language by Whisper's code."""
        return code == "en" or (self.multilingual and self._model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None)

    def languages(self, sound: NDArray[np.float32]) -> dict[str, float]:
        """The probability of each language in a block of a multilingual model, by Whisper's code."""
        import ctranslate2

        heard = self._model.model.detect_language(ctranslate2.StorageView.from_array(self._encode([sound])))
        return {token[2:-2]: float(probability) for token, probability in heard[0]}

    @staticmethod
    def batch_key(seconds: float) -> int:
        """Blocks with the same key may be recognised in one batch: their cap in tokens, by their length."""
        return next((cap for longest, cap in CAPS if seconds <= longest), CAPS[-1][1])

    def hear(self, sounds: Sequence[NDArray[np.float32]], code: str, cap: int) -> list[Heard]:
        """What is said in blocks whose `batch_key` is `cap`, in the language `code`; every block by itself gives the same."""
        if not sounds:
            return []
        tokenizer = self._tokenizer(code)
        encoded = self._encode(sounds)
        texts = self._generate(encoded, tokenizer, cap)
        found = []
        for index, (text, sound) in enumerate(zip(texts, sounds, strict=True)):
            mine = encoded[index : index + 1]
            if text.ratio > COMPRESSION:
                again = self._generate(mine, tokenizer, cap, FORBIDDEN)[0]
                text = min(text, again, key=lambda each: each.ratio)
            words = self._align(mine, text, sound, tokenizer)
            found.append(Heard(words, text.logprob, text.no_speech, text.ratio > COMPRESSION))
        return found

    def _tokenizer(self, code: str) -> Any:
        if code not in self._tokenizers:
            from faster_whisper.tokenizer import Tokenizer

            self._tokenizers[code] = Tokenizer(self._model.hf_tokenizer, self.multilingual, task="transcribe", language=code)
        return self._tokenizers[code]

    def _encode(self, sounds: Sequence[NDArray[np.float32]]) -> NDArray[Any]:
        """What the encoder makes of blocks: [blocks, 1500, width], in main memory."""
        mels = [self._model.feature_extractor(_filled(sound), padding=0)[:, :FRAMES] for sound in sounds]
        # On a processor one by one: a batch of 30 s windows falls out of its caches and takes longer than its parts.
        batches = [np.stack(mels)] if self._model.model.device == "cuda" else [mel[None] for mel in mels]
        return np.concatenate([self._encoded(batch) for batch in batches])

    def _encoded(self, mels: NDArray[np.float32]) -> NDArray[Any]:
        import ctranslate2

        made = self._model.model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mels)), to_cpu=True)
        if made.dtype == ctranslate2.DataType.bfloat16:
            # numpy has no such numbers.
            made = made.to(ctranslate2.DataType.float32)
        return np.array(made)

    def _generate(self, encoded: NDArray[Any], tokenizer: Any, cap: int, forbidden: int = 0) -> list[_Text]:
        import ctranslate2

        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=True)
        results = self._model.model.generate(
            ctranslate2.StorageView.from_array(encoded),
            [prompt] * len(encoded),
            beam_size=self._beam,
            max_length=len(prompt) + cap,
            no_repeat_ngram_size=forbidden,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=_suppressed(tokenizer),
        )
        return [_text(result, tokenizer, cap) for result in results]

    def _align(self, encoded: NDArray[Any], text: _Text, sound: NDArray[np.float32], tokenizer: Any) -> tuple[HeardWord, ...]:
        """Times of the words of one block. In a batch the library's times would depend on the longest text in it."""
        import ctranslate2

        if not text.tokens:
            return ()
        frames = max(2, min(FRAMES, -(-len(sound) * FRAMES_PER_SECOND // RATE)))
        (timed,) = self._model.find_alignment(tokenizer, [text.tokens], ctranslate2.StorageView.from_array(encoded), [frames])
        parts = [HeardWord(w["word"], float(w["start"]), float(w["end"]), float(w["probability"])) for w in timed]
        return joined(parts, tokenizer.language_code not in UNSPACED)


def joined(parts: Sequence[HeardWord], spaced: bool) -> tuple[HeardWord, ...]:
    """Words out of what the recogniser timed, in order: punctuation with the word it belongs to, and where words are parted by spaces,
    what begins without one (the second half of "o'clock" or "mm-hmm") with the word before it.

    A word is as probable as its likeliest part, of which punctuation is none; text without letters or digits is no word.
    """
    found: list[HeardWord] = []
    ahead: HeardWord | None = None
    for part in parts:
        spoken = any(map(str.isalnum, part.text))
        begins = part.text.startswith(" ") or not spaced
        part = HeardWord(part.text.strip(), part.start, part.end, min(1.0, part.probability) if spoken else 0.0)
        if not part.text:
            continue
        if not spoken and (not found or (begins and part.text[0] in PREPENDED)):
            ahead = part if ahead is None else _merged(ahead, part)
        elif spoken and (begins or not found or ahead is not None):
            found.append(part if ahead is None else _merged(ahead, part))
            ahead = None
        else:
            found[-1] = _merged(found[-1], part)
    if ahead is not None and found:
        found[-1] = _merged(found[-1], ahead)
    return tuple(found)


def _merged(first: HeardWord, second: HeardWord) -> HeardWord:
    # Punctuation takes no time: attention gives it some of the silence beside it.
    start = first.start if first.probability else second.start
    end = second.end if second.probability else first.end
    return HeardWord(first.text + second.text, start, max(start, end), max(first.probability, second.probability))


def _filled(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    wanted = round(SECONDS * RATE)
    return np.pad(sound[:wanted], (0, max(0, wanted - len(sound))))


def _suppressed(tokenizer: Any) -> list[int]:
    """Special tokens and symbols for sounds that are no speech, which transcripts of this kind shall not hold."""
    special = (tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev, tokenizer.sot_lm, tokenizer.no_speech)
    return sorted({*tokenizer.non_speech_tokens, *(token for token in special if token is not None)})


def _text(result: Any, tokenizer: Any, cap: int) -> _Text:
    tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
    text = tokenizer.decode(tokens).strip()
    ratio = float("inf") if len(result.sequences_ids[0]) >= cap else compression(text)
    return _Text(tokens, float(result.scores[0]), float(result.no_speech_prob), ratio)


def compression(text: str) -> float:
    """How often the text's bytes fit into themselves compressed; 0 for none."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0
