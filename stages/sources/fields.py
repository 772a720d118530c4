"""What the rows of tables and the metadata of samples say of a recording, by the names that their columns usually have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.source import Source
from stages.sources.corpus import Tree
from stages.sources.sides import Names, complete, roles_of
from stages.transcribe.formats.json_file import LABELS, STARTS, TEXTS, WORDS

IDS = (
    *("id", "recording_id", "call_id", "conversation_id", "dialogue_id", "dialog_id", "session_id", "utterance_id", "utt_id", "file_id"),
    *("uid", "uuid", "__key__", "key"),
)
"""Columns that hold an id, the first that is there."""
TEXT_NAMES = {
    "corpus": ("corpus", "dataset"),
    "licence": ("licence", "license", "spdx_license"),
    "consent": ("consent",),
    "language": ("language", "lang", "locale", "language_code"),
}
SPOKEN = ("words", "supervisions", "segments", "utterances", "turns", "transcript", "alignments")
"""Columns that hold a transcript with times; the first that does."""
SPLITS = {"train": "train", "training": "train", "test": "test", **dict.fromkeys(("dev", "validation", "valid", "val", "eval"), "dev")}
"""Splits by the names that data sets give them."""
_PAIRS = (("speaker_a", "speaker_b"), ("speaker_0", "speaker_1"), ("speaker_1", "speaker_2"), ("speaker1", "speaker2"), ("left", "right"))


@dataclass(frozen=True, slots=True)
class About:
    """What fields say of one recording."""

    texts: Mapping[str, str | None]
    """`corpus`, `licence`, `consent` and `language`, each of which may be absent."""
    speakers: tuple[str, ...]
    roles: tuple[str, ...]
    extra: dict[str, Any]
    """All else that is no list of words or turns."""


def about(fields: Mapping[str, Any]) -> About:
    """The meaning of `fields`. A `source` that is an object (as in rows of duologue) holds fields of its own, which go before others."""
    rest = {name: value for name, value in fields.items() if value is not None}
    inner = rest.get("source")
    if isinstance(inner, Mapping):
        del rest["source"]
        extra = inner.get("extra")
        own = _object(extra) if isinstance(extra, str) else {}
        rest |= own | {name: value for name, value in inner.items() if value is not None and name not in ("extra", "uris")}
    if isinstance(consent := rest.get("consent"), bool):
        rest["consent"] = "yes" if consent else "no"
    texts = {name: _text(rest, names) for name, names in TEXT_NAMES.items()}
    speakers, roles = _speakers(rest)
    kept = {name: value for name, value in rest.items() if name not in SPOKEN or isinstance(value, str)}
    return About(texts, speakers, roles, kept)


def source(
    tree: Tree,
    id: str,
    uris: tuple[str, ...],
    files: Sequence[tuple[str, int]],
    said: About,
    *,
    transcript: str | None = None,
    roles: tuple[str, ...] = (),
    corpus: str | None = None,
    licence: str | None = None,
) -> Source:
    """A source; `files` are fingerprint and size of each uri. The settings go before what the fields say, and that before the corpus's own
    `corpus` and `licence`."""
    settings = tree.settings
    return Source(
        id=id,
        uris=uris,
        base=tree.folder,
        fingerprints=tuple(mark for mark, _ in files),
        bytes=sum(size for _, size in files),
        corpus=settings.corpus or said.texts.get("corpus") or corpus,
        licence=settings.licence or said.texts.get("licence") or licence,
        consent=settings.consent or said.texts.get("consent"),
        language=settings.language or said.texts.get("language"),
        speakers=said.speakers,
        roles=said.roles or roles,
        transcript=transcript,
        extra=json.dumps(said.extra, sort_keys=True, ensure_ascii=False, default=str),
    )


def in_channel_order(names: Sequence[str]) -> tuple[tuple[str, str], tuple[str, ...]] | None:
    """Two names as first and second side with their roles, where they are the sides of one thing (`audio_left` and `audio_right`)."""
    if len(names) != 2:
        return None
    first, second = (Names().claims(name) for name in names)
    for place, claim in first.items():
        other = second.get(place)
        if other is not None and claim.vocabulary is other.vocabulary and claim.rest == other.rest and complete(claim, other):
            ordered = sorted((claim, other), key=lambda each: each.rank)
            sides = tuple(names[0] if each is claim else names[1] for each in ordered)
            return (sides[0], sides[1]), roles_of([each.token for each in ordered])
    return None


def is_spoken(value: Any) -> bool:
    """Whether a value is a list of timed text that says whose it is: objects, or moshi-finetune's `[word, [start, end], label]`."""
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(entry, Mapping) for entry in value):
        return all(is_spoken_entry(entry) and any(entry.get(name) is not None for name in STARTS) for entry in value)
    return all(isinstance(entry, list) and len(entry) == 3 and isinstance(entry[1], list) for entry in value)


def is_spoken_entry(names: Iterable[str]) -> bool:
    """Whether fields of these names are a timed utterance or word with a label."""
    there = set(names)
    return bool(there & set(STARTS) and there & {*TEXTS, *WORDS} and there & set(LABELS))


def _text(rest: dict[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        if isinstance(rest.get(name), str):
            return str(rest.pop(name)) or None
    return None


def _speakers(rest: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and roles of the two sides, taken out of `rest` where they are known."""
    given = rest.get("speakers")
    if isinstance(given, list) and len(given) == 2 and all(isinstance(each, Mapping) for each in given):
        sides = {each.get("channel", index): each for index, each in enumerate(given)}
        if set(sides) == {0, 1}:
            del rest["speakers"]
            names = tuple(str(sides[side].get("name") or "") for side in (0, 1))
            roles = tuple(str(sides[side].get("role") or "") for side in (0, 1))
            return names if all(names) else (), roles if all(roles) else ()
    if isinstance(given, list) and len(given) == 2 and all(isinstance(each, str) and each for each in given):
        del rest["speakers"]
        roles = rest.pop("roles", None)
        return tuple(given), tuple(roles) if isinstance(roles, list) and len(roles) == 2 and all(isinstance(r, str) for r in roles) else ()
    for pair in _PAIRS:
        if all(isinstance(rest.get(name), str) and rest[name] for name in pair):
            return (str(rest.pop(pair[0])), str(rest.pop(pair[1]))), ()
    return (), ()


def _object(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {"extra": text}
    return read if isinstance(read, dict) else {"extra": read}
