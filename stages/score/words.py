"""How sure the recogniser is of its words, and how far words and speech agree."""

from __future__ import annotations

import numpy as np

from schemas.quality import Score
from schemas.span import total
from schemas.transcript import Transcript, Word
from stages.score.names import score
from stages.score.part import Covered, Dialogue
from stages.transcribe.unworded import REACH, unworded


def words(dialogue: Dialogue) -> list[Score]:
    """Per channel: mean confidence, shares of speech with words, of words in speech and of words taken out again, and words per second.

    Nothing where there is no transcript; a share of nothing is absent.
    """
    transcript = dialogue.transcript
    if transcript is None:
        return []
    found = []
    without = unworded(transcript, dialogue.activity)
    for channel, speech in enumerate(dialogue.activity.channels):
        said = transcript.words(channel)
        spoken = total(speech)
        sure = [word.confidence for word in said if word.confidence is not None]
        if sure:
            found.append(score("words.confidence", float(np.mean(sure)), "transcribe: mean confidence of the words", channel))
        if spoken:
            method = f"vad, transcribe: share of speech within {REACH} s of a word"
            found.append(score("words.coverage", 1 - without[channel] / spoken, method, channel))
            found.append(score("words.rate", len(said) / (spoken / transcript.rate), "transcribe: words over seconds of speech", channel))
        if said:
            method = "vad, transcribe: share of words of which at least half is speech"
            found.append(score("words.inside", _inside(said, Covered(speech)), method, channel))
        found += _removed(transcript, channel, len(said))
    return found


def _inside(said: tuple[Word, ...], speech: Covered) -> float:
    starts = np.array([word.span.start for word in said], np.float64)
    ends = np.array([word.span.end for word in said], np.float64)
    return float(np.mean(2 * speech.within(starts, ends) >= ends - starts))


def _removed(transcript: Transcript, channel: int, kept: int) -> list[Score]:
    out = sum(len(removed.text.split()) for removed in transcript.removed if removed.channel == channel)
    if not kept + out:
        return []
    return [
        score("words.removed", out / (kept + out), "transcribe: share of the recognised words that were taken out as not said", channel)
    ]
