"""Where one recording comes from, and what may be done with it."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field

from schemas.errors import LawError


@dataclass(frozen=True, slots=True)
class Source:
    """One recording as listed by a source reader: one file, or one file per side.

    Law: one or two `uris`; `roles` and `speakers` are empty or name each of the two sides in the order of the recording's channels
    (the order of `uris` when there are two).
    """

    id: str
    """The corpus's own id, or the path below the source folder without its suffix."""
    uris: tuple[str, ...]
    """Local paths or fsspec URLs; relative paths are relative to `base`."""
    base: str = ""
    """Folder or URL that relative uris start from; not part of the recording's identity, so a corpus can be moved."""
    fingerprints: tuple[str, ...] = ()
    """One per uri: size and modification time or etag, so that a replaced file is a new input. Empty when unknown. After these one for each
    file that the chain reads beside the recording (`stages.sources.beside`)."""
    bytes: int = 0
    """Size of all files together, 0 when unknown."""
    corpus: str | None = None
    licence: str | None = None
    """SPDX expression."""
    consent: str | None = None
    language: str | None = None
    """BCP 47 tag."""
    speakers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    transcript: str | None = None
    """Path or URL of the recording's transcript."""
    extra: str = "{}"
    """JSON object, keys sorted: fields of the manifest that have no meaning here, kept for the row."""
    key: str = field(init=False)
    """File name stem for this recording's results: safe on every file system, and new when what is processed is new."""

    def __post_init__(self) -> None:
        if not self.id:
            raise LawError("Source: the id is empty")
        if len(self.uris) not in (1, 2):
            raise LawError(f"Source {self.id!r}: wanted one file or one per side, got {len(self.uris)}")
        for name, value in (("roles", self.roles), ("speakers", self.speakers)):
            if len(value) not in (0, 2):
                raise LawError(f"Source {self.id!r}: {name} must name both sides or none, got {list(value)}")
        object.__setattr__(self, "key", self._key())

    def _key(self) -> str:
        processed = [self.id, self.uris, self.fingerprints, self.language, self.speakers, self.roles, self.transcript]
        digest = hashlib.blake2b(json.dumps(processed).encode(), digest_size=10).hexdigest()
        return f"{slug(self.id)}-{digest}"


def slug(text: str, limit: int = 40) -> str:
    """`text` as lower-case ASCII letters, digits and dashes, at most `limit` long, never empty; many texts share one slug."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:limit].strip("-") or "x"


def same_id(id: str) -> str:
    """The form in which two ids are compared: NFC, case folded."""
    return unicodedata.normalize("NFC", id).casefold()
