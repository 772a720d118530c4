"""The text stream of an item, as the formats ask for it; the one place where exports meet `stages.text_stream`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from pipeline.exports.format import Options, Sink
from pipeline.exports.item import Item
from schemas.errors import UsageError
from schemas.row import RowWord
from stages.text_stream.frames import FRAME_RATE, MODES, TextStream, text_stream
from stages.text_stream.pieces import EPAD, PAD, Pieces, SentencePieces
from stages.text_stream.utterances import Utterance, joiner
from stages.text_stream.utterances import utterances as _utterances

NO_WORDS = "no words; add transcribe to the chain"
"""Why a row is left out of a format that is made of words."""

__all__ = ["EPAD", "FRAME_RATE", "MODES", "NO_WORDS", "PAD", "TextStream", "Utterance", "stream_of", "utterances_of"]


@cache
def pieces_at(path: str) -> Pieces:
    """The SentencePiece model of a file, loaded once in a process."""
    return SentencePieces(path)


def tokenizer_sha256(options: Options) -> str | None:
    """SHA-256 of the tokenizer that was asked for, of whatever kind; raises `UsageError` when it cannot be read."""
    if options.tokenizer is None:
        return None
    try:
        return hashlib.sha256(Path(options.tokenizer).read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{options.tokenizer}: the tokenizer cannot be read: {error.strerror or error}") from error


def pieces_for(options: Options) -> Pieces:
    """The SentencePiece model that was asked for; raises `UsageError` when there was none, or it cannot be used."""
    if options.tokenizer is None:
        raise UsageError("export: this format holds text tokens; name the speech model's SentencePiece model with --tokenizer PATH")
    return pieces_at(options.tokenizer)


def check_mode(options: Options) -> None:
    """Raise `UsageError` for a mode that is none."""
    if options.text is not None and options.text not in MODES:
        raise UsageError(f"export: --text {options.text}: no such mode; wanted one of {', '.join(MODES)}")


def stream_of(item: Item, channel: int, frames: int, rate: float, options: Options, default: str, sink: Sink) -> TextStream:
    """The text stream of one side, with its tokens counted in the export's account. Needs `options.tokenizer`."""
    pieces = pieces_for(options)
    between, lead = joiner(item.languages[channel]), 0.0 if item.codes is None else item.codes.lead
    words = [replace(word, start=word.start + lead, end=word.end + lead) for word in item.words] if lead else item.words
    found = text_stream(words, channel, frames, options.text or default, pieces, between, rate)
    sink.count_up(text_tokens=found.written + found.dropped, text_tokens_dropped=found.dropped, text_tokens_unknown=found.unknown)
    return found


def utterances_of(item: Item, channel: int) -> list[Utterance]:
    """What one side said, utterance by utterance."""
    return _utterances(item.words, channel, joiner(item.languages[channel]))


def joined(item: Item, words: Sequence[RowWord]) -> str:
    """Words of one side as one text."""
    between = joiner(item.languages[words[0].channel]) if words else ""
    return between.join(word.text.strip() for word in words)


def ids_of(text: str, options: Options) -> list[int]:
    """The ids of one text, as they are."""
    return [piece.id for piece in pieces_for(options)(text)]


def dropped_of(words: Sequence[RowWord], channel: int, seconds: float, options: Options) -> tuple[int, int]:
    """Text tokens that moshi-finetune would write of one side, and those it would drop."""
    found = text_stream(words, channel, math.ceil(seconds * FRAME_RATE), "drop", pieces_for(options))
    return found.written, found.dropped
