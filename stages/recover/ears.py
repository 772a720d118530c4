"""The listener for small words: one grammar of single words, measured against another one of any phones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from stages.align.pieces import Heard, refined
from stages.align.sphinx_model import FRAME, Sphinx
from stages.recover.voicing import voiced_share

SMALL: dict[str, tuple[str, ...]] = {
    "uh": ("AH", "AH AH"),
    "um": ("AH M", "AH AH M"),
    "mhm": ("AH M HH AH M", "M HH M", "M M HH M"),
    "uh-huh": ("AH HH AH", "AH N HH AH N"),
    "hm": ("HH M", "M", "M M"),
    "oh": ("OW", "OW OW"),
    "yeah": ("Y AE", "Y EH", "Y AE AH", "Y EH AH"),
    "yes": ("Y EH S",),
    "no": ("N OW",),
    "okay": ("OW K EY", "K EY", "AH K EY", "M K EY"),
    "right": ("R AY T", "R AY"),
}
"""What may be recovered, as it is written, and how it is said in phones of the CMU dictionary."""
OTHERS = (
    *("hi", "hello", "great", "well", "so", "sure", "thanks", "bye", "please", "what", "but", "it", "is", "you", "we", "good", "fine"),
    *("perfect", "sorry", "now", "then", "one", "two", "three", "four", "five", "six", "eight", "nine", "ten", "be", "do", "to", "that"),
    *("this", "there", "here", "all", "for", "how", "why", "who", "really", "wow", "alright", "yep"),
)
"""Words that are listened for beside them, so that they are not taken for one of them; what is heard as one is not recovered.
Those that sound like a filler when they are said alone, such as a and the, are not among them."""
PHONES = (
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K", "L", "M", "N"),
    *("NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH"),
)
AGAIN = 0.02
"""Probability of each further phone in the loop of phones that words are measured against."""
SURE = (-3.17, 1245.0, 2.61, 559.0)
"""Confidence is 1 / (1 + exp(-a - b * ratio - c * log(frames) - d * score)) of these, the log-likelihood ratio per frame of the word
against the loop of phones, its frames (10 ms) and its own score per frame. Fitted as the probability that the word was said, where half
of all that is listened to holds a word of the list, on 539 words of three SpokenWOZ calls, each heard alone between its neighbours. In
five-fold cross-validation there, of words with a confidence of 0.8 and more 88 % are right (80 % where only a quarter of all holds a word
of the list), uh and um counted as one, so mhm, hm and uh-huh, so yes and yeah; half of the 51 words of the list are found."""


@dataclass(frozen=True, slots=True)
class Small:
    """A word of the list as it was heard."""

    text: str
    start: float
    """Samples at 16 kHz of what was listened to."""
    end: float
    confidence: float
    """In [0, 1]."""
    voiced: float
    """Share of the word that is voiced."""


class Ears:
    """The model with its two grammars."""

    def __init__(self) -> None:
        """Raises `UsageError` when the package or its model is not there."""
        # Scores are against the best of all sounds, not of those in question: only so can two grammars be compared.
        self._sphinx = Sphinx("recover: small_words", compallsen=True)
        decoder: Any = self._sphinx.decoder(0)
        self._texts: dict[str, str] = {}
        for text, ways in SMALL.items():
            for number, phones in enumerate(ways):
                self._texts[f"{text}={number}"] = text
                decoder.add_word(f"{text}={number}", phones, False)
        for phone in PHONES:
            decoder.add_word(f"={phone}", phone, False)
        self._words = [(0, 1, 1.0, name) for name in (*self._texts, *OTHERS)]
        self._loop = [(at, 1, share, f"={phone}") for at, share in ((0, 1.0), (1, AGAIN)) for phone in PHONES]

    def listen(self, heard: Heard, pad: float) -> Small | None:
        """The word of the list that a piece holds, if that is what it holds; `pad` seconds around it are listened to as well."""
        start, end = heard.within(pad)
        x = heard.x[start:end]
        if len(x) < 8 * FRAME:
            return None
        said, total = self._sphinx.decode_scored(self._words, 1, x, 0)
        if len(said) != 1 or said[0].word not in self._texts:
            return None
        loop, any_phones = self._sphinx.decode_scored(self._loop, 1, x, 0)
        if not loop:
            return None
        frames = (said[0].end - said[0].start) / FRAME
        ratio = (total - any_phones) / frames
        ((first, last),) = refined(heard, [(start + said[0].start, start + said[0].end)])
        logit = SURE[0] + SURE[1] * ratio + SURE[2] * math.log(frames) + SURE[3] * said[0].score
        sure = 1.0 / (1.0 + math.exp(-min(50.0, max(-50.0, logit))))
        sound = heard.x[max(0, round(first)) : max(0, round(last))]
        return Small(self._texts[said[0].word], first, last, sure, voiced_share(sound))
