"""Word errors against the corpus's own transcript."""

from __future__ import annotations

from typing import Any

from schemas.errors import Reject
from schemas.quality import Score
from schemas.transcript import Transcript
from stages.score.names import score
from stages.score.part import Dialogue, Part

METHOD = "whisper-normalizer and jiwer, against the corpus's transcript"
COMPARED = "reference.compared"


def given_reader(path: str | None, format: str | None) -> Any:
    """The backend that reads transcripts of corpora; raises `UsageError` for a pattern or format that is none."""
    from stages.transcribe.given import GivenTranscribe

    return GivenTranscribe(path=path, format=format)


def reference(path: str | None, format: str | None) -> Part:
    """The part, loaded: word error rate of each side, and of both under the better assignment of sides (cpWER).

    A recording whose words cannot be compared has no such scores, but `reference.compared` of 0, with the reason for its method.
    """
    from stages.scoring.words import cp_errors, side_errors

    read = given_reader(path, format).load("cpu")

    def part(dialogue: Dialogue) -> list[Score]:
        source, found = dialogue.source, dialogue.transcript
        if found is None:
            return _not_compared("the chain writes down no words")
        if source is None or (source.transcript is None and path is None):
            return _not_compared("the source names no transcript")
        try:
            truth: Transcript = read(source, dialogue.tracks, dialogue.activity)
        except Reject:
            # Its detail may hold a path of this machine, which no row does; the `given` transcriber tells it.
            return _not_compared("the corpus's transcript is missing, cannot be read or is of other sides")
        language = next((each.tag for each in (*truth.languages, *found.languages) if each is not None), source.language)
        sides, heard = _texts(truth), _texts(found)
        rates = [errors.rate for errors in side_errors(sides, heard, language)]
        both = cp_errors(sides, heard, language).rate
        if both is None:
            return _not_compared("the corpus's transcript holds no words")
        scores = [score("wer", rate, METHOD, channel) for channel, rate in enumerate(rates) if rate is not None]
        return [*scores, score("cpwer", both, f"{METHOD}; better assignment of sides"), score(COMPARED, 1, METHOD)]

    return part


def _not_compared(why: str) -> list[Score]:
    return [score(COMPARED, 0, f"not compared: {why}")]


def _texts(transcript: Transcript) -> tuple[str, str]:
    first, second = (" ".join(word.text for word in transcript.words(channel)) for channel in (0, 1))
    return first, second
