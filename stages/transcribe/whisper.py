"""Words by Whisper: speech packed into blocks, recognised in batches, cleaned of what nobody said, and put back in its place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from schemas.activity import Activity
from schemas.errors import LawError, Reject, UsageError
from schemas.source import Source
from schemas.span import Span
from schemas.tracks import Tracks
from schemas.transcript import Language, Piece, Removed, Transcript, Word
from stages.stage import Weights, speed
from stages.transcribe.cleanup import Recognised, Sureness, clean
from stages.transcribe.languages import code_of, likeliest, tag_of
from stages.transcribe.pack import Block, Rule, pack, pieces
from stages.transcribe.recognise import SECONDS, Heard, Recogniser
from stages.transcribe.sound import block_sound, quietest
from stages.transcribe.timing import in_order, on_speech, words_to_pieces
from stages.transcribe.whisper_model import PACKAGED, Choice, load_model

HEARD_BLOCKS = 2
"""Blocks of a side that its language is told from: up to a minute of speech."""
UNSURE = 0.5
"""Probability below which a side's language is told from both sides together."""
CONTRADICTED = 0.8
"""Probability from which another language than the claimed one is noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperTranscribe:
    """Recognises the speech that `Activity` marks, channel by channel; what it does not mark is not looked at.

    Each piece of a channel (neighbouring speech, with a margin) keeps its own words: no word lands in another piece. Word times are those
    of Whisper's attention, held to the speech; an aligner may better them. What nobody said is taken out and kept with its reason
    (`stages.transcribe.cleanup`). Runs on CTranslate2; where its CUDA libraries clash with those of torch, let it have a process of its
    own (`run.crews`).
    """

    name: ClassVar[str] = "transcribe"
    backend: ClassVar[str] = "whisper"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Tracks, Activity)
    gives: ClassVar[type] = Transcript

    model: str = PACKAGED
    """`packaged` is Whisper base out of installed packages; else a local folder with a model converted for CTranslate2, a hub name
    `owner/model` of one, or a size such as `small` or `large-v3`. Hub models are fetched once, into the hub's own cache."""
    revision: str | None = None
    """Commit, tag or branch of a hub model; a branch moves, so name the commit to pin what is loaded."""
    licence: str = "MIT"
    """SPDX expression of the model's licence, for the rows; the default is that of OpenAI's models."""
    compute_type: str = "int8"
    """CTranslate2's: `int8`, `float32`; on a GPU also `float16`, `int8_float16`, `bfloat16`."""
    beam: int = 5
    """Hypotheses kept by the beam search."""
    language: str | None = None
    """BCP 47 tag; null takes what the source claims, and where it claims nothing, what is heard."""
    detect: str = "side"
    """Whose language is told from the sound where it is: each `side`'s own where that is clear, or one of the whole `recording`."""
    check_language: bool = False
    """Listen for the language even where it is given, and note another one that is heard with a probability of 0.8 and more."""
    join: float = 0.8
    """Seconds; speech parted by no more than this is one piece."""
    guard: float = 0.3
    """Seconds of sound around a piece, at most half of what lies between it and the next."""
    silence: float = 0.5
    """Seconds of silence between the pieces of a block."""
    block: float = SECONDS
    """Seconds of the longest block; Whisper takes 30."""
    batch: int = speed(8)
    """Blocks at a time."""
    threads: int = speed(1)
    """Threads of the recogniser's own pool, on the CPU."""

    def __post_init__(self) -> None:
        if not self.model.strip() or not self.licence.strip():
            raise UsageError("transcribe: model and licence must not be empty")
        if self.detect not in ("side", "recording"):
            raise UsageError(f"transcribe.detect: {self.detect!r} is neither 'side' nor 'recording'")
        for field in ("join", "guard", "silence"):
            if not 0 <= getattr(self, field) < math.inf:
                raise UsageError(f"transcribe.{field}: {getattr(self, field)} s must be 0 or more")
        if not 1 <= self.block <= SECONDS:
            raise UsageError(f"transcribe.block: {self.block} s must be from 1 to {SECONDS:g}")
        for field in ("beam", "batch", "threads"):
            if getattr(self, field) < 1:
                raise UsageError(f"transcribe.{field}: {getattr(self, field)} must be 1 or more")
        if self.language is not None and not self.language.strip():
            raise UsageError("transcribe.language: wanted a tag such as 'en', or null")

    @property
    def choice(self) -> Choice:
        """The model that was asked for."""
        return Choice(self.model, self.revision, self.licence)

    def weights(self) -> tuple[Weights, ...]:
        """One entry: the model."""
        return (self.choice.weights(),)

    def load(self, device: str) -> Callable[[Source, Tracks, Activity], Transcript]:
        """The recogniser as a pure function; raises `UsageError` when the model cannot be had or does not know the language."""
        recogniser = Recogniser(load_model(self.choice, device, self.compute_type, self.threads), self.beam)
        if self.language is not None and not recogniser.knows(code_of(self.language)):
            raise UsageError(f"transcribe.language: the model {self.model} does not know {self.language!r}")

        def transcribe(source: Source, tracks: Tracks, activity: Activity) -> Transcript:
            if (activity.length, activity.rate, len(activity.channels)) != (tracks.length, tracks.rate, 2):
                raise LawError(f"Activity of {activity.length} samples does not belong to Tracks of 2 channels, {tracks.length} samples")
            blocks = [block for channel in (0, 1) for block in self._blocks(tracks, activity, channel)]
            languages = self._languages(recogniser, source, tracks, blocks)
            found, removed = self._words(recogniser, tracks, blocks, languages)
            return Transcript(
                pieces=tuple(sorted(found, key=lambda piece: (piece.span.start, piece.span.end, piece.channel))),
                length=tracks.length,
                rate=tracks.rate,
                languages=languages,
                removed=tuple(sorted(removed, key=lambda each: (each.span.start, each.span.end, each.channel))),
            )

        return transcribe

    def _blocks(self, tracks: Tracks, activity: Activity, channel: int) -> tuple[Block, ...]:
        rate = tracks.rate
        # Rounded down, so that a block holds no more than Whisper takes.
        rule = Rule(
            join=round(self.join * rate), guard=round(self.guard * rate), silence=round(self.silence * rate), longest=int(self.block * rate)
        )
        speech = activity.channels[channel]
        spans = pieces(speech, tracks.length, rule, lambda start, end: quietest(tracks, channel, start, end))
        return pack(channel, spans, speech, rule)

    def _languages(
        self, recogniser: Recogniser, source: Source, tracks: Tracks, blocks: list[Block]
    ) -> tuple[Language | None, Language | None]:
        given, how = (self.language, "fixed") if self.language is not None else (source.language, "claimed")
        if not recogniser.multilingual:
            if source.language is not None and code_of(source.language) != "en":
                detail = f"the source claims {source.language!r}, and the model {self.model} knows English alone"
                raise Reject("unknown_language", detail, language=source.language)
            given, how = "en", "fixed"
        known = given is not None and recogniser.knows(code_of(given))
        if known and not (self.check_language and recogniser.multilingual):
            language = Language(given or "", how)
            return language, language
        heard: list[list[tuple[float, dict[str, float]]]] = [[], []]
        for channel in (0, 1):
            mine = [block for block in blocks if block.channel == channel]
            # The ones with most speech tell most; the earlier of equal ones.
            for block in sorted(mine, key=lambda each: -each.speech)[:HEARD_BLOCKS]:
                heard[channel].append((block.speech / tracks.rate, recogniser.languages(block_sound(tracks, block))))
        both = heard[0] + heard[1]
        # A side that says little but mhm tells no language: what the whole recording sounds like is the better guess.
        heard = [both if self.detect == "recording" or (each and likeliest(each)[1] < UNSURE) else each for each in heard]
        first, second = (_language(given if known else None, how, each) for each in heard)
        return first, second

    def _words(
        self, recogniser: Recogniser, tracks: Tracks, blocks: list[Block], languages: tuple[Language | None, Language | None]
    ) -> tuple[list[Piece], list[Removed]]:
        found: list[Piece] = []
        removed: list[Removed] = []
        for block, code, heard in self._heard(recogniser, tracks, blocks, languages):
            recognised, without = _placed(block, heard, tracks.rate)
            kept, more = clean(recognised, Sureness(heard.logprob, heard.no_speech, heard.stuck), code, tracks.rate)
            found += [Piece(each.channel, each.span, words) for each, words in zip(recognised, kept, strict=True)]
            removed += [*without, *more]
        return found, removed

    def _heard(
        self, recogniser: Recogniser, tracks: Tracks, blocks: list[Block], languages: tuple[Language | None, Language | None]
    ) -> Iterator[tuple[Block, str, Heard]]:
        """Blocks of both channels, batched by language and length; only a batch's samples are held at a time."""
        groups: dict[tuple[str, int], list[Block]] = {}
        for block in blocks:
            language = languages[block.channel]
            code = code_of(language.tag) if language is not None else "en"
            groups.setdefault((code, recogniser.batch_key(block.length / tracks.rate)), []).append(block)
        for (code, cap), members in groups.items():
            for at in range(0, len(members), self.batch):
                batch = members[at : at + self.batch]
                heard = recogniser.hear([block_sound(tracks, block) for block in batch], code, cap)
                yield from ((block, code, each) for block, each in zip(batch, heard, strict=True))


def _language(given: str | None, how: str, heard: list[tuple[float, dict[str, float]]]) -> Language | None:
    if not heard:
        return None if given is None else Language(given, how)
    code, probability = likeliest(heard)
    if given is None:
        return Language(tag_of(code), "detected", probability)
    differs = code != code_of(given) and probability >= CONTRADICTED
    return Language(given, how, probability if differs else None, tag_of(code) if differs else None)


def _placed(block: Block, heard: Heard, rate: int) -> tuple[list[Recognised], list[Removed]]:
    """The words of a block in their pieces, with lawful times; and those that a piece has not even samples for."""
    spans = [Span(max(0, round(word.start * rate)), max(0, round(word.start * rate), round(word.end * rate))) for word in heard.words]
    found: list[Recognised] = []
    without: list[Removed] = []
    for index, (placed, numbers) in enumerate(zip(block.placed, words_to_pieces(block, spans), strict=True)):
        room = len(placed.span)
        rough = [
            on_speech(Span(block.in_recording(index, spans[n].start), block.in_recording(index, spans[n].end)), placed.speech)
            for n in numbers[:room]
        ]
        words = tuple(
            Word(span, heard.words[n].text, "attention", heard.words[n].probability)
            for n, span in zip(numbers, in_order([(each.start, each.end) for each in rough], placed.span), strict=False)
        )
        found.append(Recognised(block.channel, placed.span, placed.speech, words))
        without += [Removed(block.channel, placed.span, heard.words[n].text, "no_time") for n in numbers[room:]]
    return found, without
