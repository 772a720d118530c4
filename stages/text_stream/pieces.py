"""Text into the pieces of a SentencePiece model, each with the place of its first character."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from schemas.errors import UsageError

EPAD = 0
"""Token in the last padded frame before text (Moshi's `end_of_text_padding_id`); `<unk>` in its SentencePiece model."""
PAD = 3
"""Token of a frame without text (Moshi's `text_padding_id`)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of a text."""

    id: int
    at: int
    """Index into the text of the first character it stands for."""
    bare: bool = False
    """It is the mark of a word's start alone, with no letter of the word."""


class Pieces(Protocol):
    """Cuts text into pieces."""

    size: int
    """Ids are below this."""
    sha256: str
    """Of the model file."""

    def __call__(self, text: str) -> list[Piece]:
        """The pieces of a text in order; `at` never falls."""
        ...


class SentencePieces:
    """A SentencePiece model from a file, such as Moshi's `tokenizer_spm_32k_3.model`.

    Raises `UsageError` when the package is missing, the file is no model, or a piece with text has the id of a padding.
    """

    def __init__(self, path: str) -> None:
        try:
            import sentencepiece
        except ImportError:
            raise UsageError("the text stream needs a package that is not installed: pip install 'sentencepiece>=0.2.3'") from None
        try:
            self.sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
            self._model: Any = sentencepiece.SentencePieceProcessor(model_file=path)
        except (OSError, RuntimeError) as error:
            raise UsageError(f"{path}: not a SentencePiece model that can be read; give the .model file of the speech model") from error
        self.size = int(self._model.vocab_size())
        for id, name in ((EPAD, "EPAD"), (PAD, "PAD")):
            if id >= self.size or not self._silent(id):
                found = repr(self._model.id_to_piece(id)) if id < self.size else "absent"
                raise UsageError(
                    f"{path}: piece {id} is {found}, and the text stream uses this id as {name}; wanted a model whose pieces {EPAD} and "
                    f"{PAD} are <unk> and <pad>, as in Moshi's"
                )

    def _silent(self, id: int) -> bool:
        """Whether no text that the model knows is written with this id."""
        return bool(self._model.is_unknown(id) or self._model.is_control(id) or self._model.is_unused(id))

    def __call__(self, text: str) -> list[Piece]:
        found = self._model.encode(text, return_type="offset_mapping")
        pieces, at = [], 0
        for id, piece, (start, _) in zip(found["ids"], found["pieces"], found["offsets"], strict=True):
            at = max(at, min(int(start), max(0, len(text) - 1)))
            pieces.append(Piece(int(id), at, piece == "\u2581"))
        return pieces
