"""Text that nobody said, told from what was said. Every removal is recorded with its reason; the constants are deliberately lenient."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.span import Span, Spans, intersect, total
from schemas.transcript import Removed, Word

NO_SPEECH, LOGPROB = 0.6, -0.9
"""A block is empty when Whisper gives silence more than the one and its own text, per token, less than the other. Whisper's own thresholds
are 0.6 and -1; digital silence read as "you" has 0.93 and -0.98, and the blocks of four real calls stay below 0.05 and above -0.4."""
REACH = 0.3
"""Seconds. A word further than this from any speech of its channel was not said."""
LOOPS = {1: 8, 2: 6, 3: 5}
"""Times in a row from which words (one, two, three and more together) are a loop; people say "no" seven times."""
STUCK_LOOPS = {1: 4, 2: 3, 3: 3}
"""The same in a block whose text compresses as only a loop does, or did not end."""
LONGEST_LOOP = 24
"""Words of the longest n-gram that is looked for."""
LETTERS_PER_SECOND, WORDS_PER_SECOND, GRACE = 40.0, 12.0, 0.2
"""Faster than this nobody speaks; a piece's speech counts for this many seconds more than the detector marked."""
IMPROBABLE = 0.55
"""Mean probability of a piece's words below which, in a block below `LOGPROB`, they are read out of noise: there it is 0.01 to 0.5, in
blocks from -1 to -3.6."""

PHRASES: dict[str, tuple[str, ...]] = {
    "en": (
        *("thanks for watching", "thank you for watching", "thank you so much for watching", "bye thanks for watching"),
        *("see you in the next video", "subtitles by the amara org community", "transcription by castingwords", "copyright wdr 2020"),
    ),
    "de": (
        "untertitel der amara org community",
        "untertitel im auftrag des zdf 2021",
        "untertitelung des zdf 2020",
        "vielen dank fürs zuschauen",
    ),
    "fr": ("sous titres réalisés par la communauté d amara org", "merci d avoir regardé cette vidéo", "sous titrage st 501"),
    "es": ("subtítulos realizados por la comunidad de amara org", "gracias por ver el video", "suscríbete al canal"),
    "it": ("sottotitoli creati dalla comunità amara org", "grazie per aver guardato il video"),
    "pt": ("legendas pela comunidade amara org", "obrigado por assistir"),
    "nl": ("ondertitels ingediend door de amara org gemeenschap", "bedankt voor het kijken"),
    "pl": ("napisy stworzone przez społeczność amara org", "dziękuję za uwagę i zapraszam do subskrypcji"),
    "ru": ("субтитры сделал dimatorzok", "редактор субтитров а семкин корректор а егорова", "спасибо за просмотр", "продолжение следует"),
    "ja": ("ご視聴ありがとうございました", "チャンネル登録お願いします"),
    "zh": ("字幕by索兰娅", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", "謝謝觀看", "谢谢观看"),
    "ko": ("시청해주셔서 감사합니다", "구독과 좋아요 부탁드립니다", "mbc 뉴스 이덕영입니다"),
}
"""What Whisper writes into silence because subtitles of videos end so, by its code of the language. A piece goes when it is that and
nothing else: inside talk the same words may have been said."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """One piece of a block as recognised."""

    channel: int
    span: Span
    speech: Spans
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Sureness:
    """What the recogniser thinks of the whole block."""

    logprob: float
    no_speech: float
    stuck: bool


def clean(pieces: Sequence[Recognised], sure: Sureness, code: str, rate: int) -> tuple[list[tuple[Word, ...]], list[Removed]]:
    """For each piece of a block in order the words that stay, and what was removed.

    Each word of the pieces is in one of the two; neighbours of a piece that go for one reason are one record.
    """
    words = [(number, word) for number, piece in enumerate(pieces) for word in piece.words]
    reasons = _loops([plain(word.text) for _, word in words], STUCK_LOOPS if sure.stuck else LOOPS)
    at = 0
    kept: list[tuple[Word, ...]] = []
    removed: list[Removed] = []
    for piece in pieces:
        mine = reasons[at : at + len(piece.words)]
        at += len(piece.words)
        verdict = _verdict(piece, [word for word, why in zip(piece.words, mine, strict=True) if why is None], sure, code, rate)
        whys = [why or verdict or _beyond(word, piece, rate) for word, why in zip(piece.words, mine, strict=True)]
        kept.append(tuple(word for word, why in zip(piece.words, whys, strict=True) if why is None))
        removed += _records(piece, whys)
    return kept, removed


def _verdict(piece: Recognised, words: Sequence[Word], sure: Sureness, code: str, rate: int) -> str | None:
    """Why none of a piece's words was said, if that is so."""
    if not words:
        return None
    if sure.no_speech > NO_SPEECH and sure.logprob < LOGPROB:
        return "no_speech"
    text = " ".join(filter(None, (plain(word.text) for word in words)))
    if text in PHRASES.get(code, ()) or text in PHRASES["en"]:
        return "known_phrase"
    seconds = total(piece.speech) / rate + GRACE
    if len(text.replace(" ", "")) > LETTERS_PER_SECOND * seconds or len(words) > WORDS_PER_SECOND * seconds:
        return "rate"
    known = [word.confidence for word in words if word.confidence is not None]
    if known and sure.logprob < LOGPROB and sum(known) / len(known) < IMPROBABLE:
        return "low_confidence"
    return None


def _beyond(word: Word, piece: Recognised, rate: int) -> str | None:
    reach = round(REACH * rate)
    near = (Span(max(0, word.span.start - reach), word.span.end + reach),)
    return None if intersect(near, piece.speech) else "no_speech"


def _loops(texts: Sequence[str], limits: dict[int, int]) -> list[str | None]:
    """`loop` for each repetition after the first of words that come more often in a row than `limits` allows; shorter n-grams first."""
    reasons: list[str | None] = [None] * len(texts)
    for size in range(1, min(LONGEST_LOOP, len(texts) // 2) + 1):
        limit = limits[min(size, max(limits))]
        at = 0
        while at + size < len(texts):
            end = at + size
            while end < len(texts) and texts[end] == texts[end - size]:
                end += 1
            if (end - at) // size >= limit:
                # What repeats ends with a part of itself when the text breaks off.
                reasons[at + size : end] = ["loop"] * (end - at - size)
                at = end
            else:
                at += 1
    return reasons


def _records(piece: Recognised, whys: Sequence[str | None]) -> list[Removed]:
    found: list[Removed] = []
    before: str | None = None
    for word, why in zip(piece.words, whys, strict=True):
        if why is not None and why == before:
            last = found.pop()
            found.append(Removed(piece.channel, Span(last.span.start, word.span.end), f"{last.text} {word.text}", why))
        elif why is not None:
            found.append(Removed(piece.channel, word.span, word.text, why))
        before = why
    return found


def plain(text: str) -> str:
    """Letters and digits in one case, runs of anything else as one space; marks above letters stay."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("'", "").replace("’", "")
    return " ".join(re.findall(r"\w+", folded))
