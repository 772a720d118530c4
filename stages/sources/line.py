"""One line of a manifest as the fields of a source."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from schemas.errors import Reject
from stages.decode.fetch import resolve
from stages.sources.places import is_url, refusal
from stages.sources.settings import SourceSettings
from stages.sources.sides import Names, complete
from stages.sources.walk import suffix_of

_TEXTS = ("corpus", "licence", "consent", "language", "transcript")
_AUDIO = ("uris", "uri", "path", "audio", "audio_filepath")
_LISTS = ("uris", "speakers", "roles")
_DEFAULTED = ("corpus", "licence", "consent", "language")


@dataclass(frozen=True, slots=True)
class Line:
    """A manifest line that can become a source."""

    number: int
    id: str
    long: str | None
    """Id with suffix, for an id that was derived from the file; None for one that the line gave."""
    uris: tuple[str, ...]
    base: str
    texts: dict[str, str | None]
    speakers: tuple[str, ...]
    roles: tuple[str, ...]
    extra: str


class LineReader:
    """Turns fields into `Line`; `Reject` (`bad_manifest_line`) when they do not fit."""

    def __init__(self, base: str, settings: SourceSettings, lists_as_text: bool) -> None:
        self.base = base
        self.settings = settings
        self.lists_as_text = lists_as_text
        """Whether lists are written as text, as in CSV: a JSON array, or items parted by `;`."""
        self.names = Names()

    def read(self, number: int, fields: dict[str, Any]) -> Line:
        """The line `number`; what it says nothing of comes from the settings, and an explicit null stays absent."""
        rest = dict(fields)
        if self.lists_as_text:
            rest.update({name: _split(name, rest[name]) for name in _LISTS if name in rest})
        base = self._base(rest)
        uris = tuple(_accepted(uri) for uri in _take_audio(rest))
        texts = {name: _take_text(rest, name) for name in _TEXTS if name in rest}
        if "licence" not in texts and isinstance(rest.get("license"), str):
            texts["licence"] = _take_text(rest, "license")
        for name in _DEFAULTED:
            texts.setdefault(name, getattr(self.settings, name))
        if (transcript := texts.get("transcript")) and (why := refusal(transcript)):
            raise _bad(f"the transcript {transcript!r} {why}")
        sides = {name: _take_names(rest, name) for name in ("speakers", "roles")}
        given = _take_id(rest)
        id, long = (given, None) if given is not None else self._derive(uris, base)
        extra = json.dumps(rest, sort_keys=True, ensure_ascii=False)
        return Line(number, id, long, uris, base, texts, sides["speakers"], sides["roles"], extra)

    def _base(self, rest: dict[str, Any]) -> str:
        base = _take_text(rest, "base")
        if base is None:
            return self.base
        if why := refusal(base):
            raise _bad(f"the base {base!r} {why}")
        return resolve(base, self.base)

    def _derive(self, uris: tuple[str, ...], base: str) -> tuple[str, str]:
        """An id from the path of the audio, as in folders, and its long form."""
        paths = [_below(uri, base) for uri in uris]
        long = unicodedata.normalize("NFC", paths[0])
        rest = paths[0][: len(paths[0]) - len(suffix_of(paths[0]))]
        if len(paths) == 2:
            first, second = (self.names.claims(path) for path in paths)
            shared = (
                first[place].rest.strip("/")
                for place in first
                if place in second
                and first[place].vocabulary is second[place].vocabulary
                and first[place].rest == second[place].rest
                and complete(first[place], second[place])
            )
            rest = next(shared, "") or rest
        id = unicodedata.normalize("NFC", rest)
        if not id:
            raise _bad(f"no id can be made from {uris[0]!r}; give the line an id")
        return id, long


def _bad(detail: str) -> Reject:
    return Reject("bad_manifest_line", detail)


def _split(name: str, text: Any) -> Any:
    if not isinstance(text, str) or not text.strip().startswith("["):
        return [part.strip() for part in text.split(";")] if isinstance(text, str) else text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(f"{name} starts like a JSON array but is none: {error}") from error


def _take_audio(rest: dict[str, Any]) -> list[str]:
    """The audio of a line: `uris` or `uri`; without them the one of `path`, `audio` and `audio_filepath` that is there."""
    present = [name for name in _AUDIO if rest.get(name) is not None]
    own = [name for name in present if name in ("uri", "uris")]
    if not present:
        raise _bad("the line names no audio; wanted uri (one file) or uris (one file per side)")
    if len(own or present) > 1:
        raise _bad(f"the line names its audio in {' and '.join(own or present)}; wanted one of uri and uris")
    for name in ("uri", "uris"):
        if name in rest and name not in present:
            del rest[name]
    name = (own or present)[0]
    value = rest.pop(name)
    if isinstance(value, dict):
        if value.get("bytes") is not None or not isinstance(value.get("path"), str):
            raise _bad(f"{name} holds embedded audio, which is not read from a manifest; give a path or URL")
        value = value["path"]
    uris = value if isinstance(value, list) else [value]
    if len(uris) not in (1, 2) or not all(isinstance(uri, str) for uri in uris):
        raise _bad(f"{name} must be one path or URL, or one per side; got {_short(value)}")
    return uris


def _accepted(uri: str) -> str:
    if why := refusal(uri):
        raise _bad(f"the audio {uri!r} {why}")
    while uri.startswith("./"):
        uri = uri[2:].lstrip("/")
    if not uri:
        raise _bad("the audio is a folder")
    return uri


def _take_text(rest: dict[str, Any], name: str) -> str | None:
    value = rest.pop(name, None)
    if value is not None and not isinstance(value, str):
        raise _bad(f"{name} must be text; got {_short(value)}")
    return value or None


def _take_id(rest: dict[str, Any]) -> str | None:
    value = rest.pop("id", None)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise _bad(f"id must be text or a whole number; got {_short(value)}")
    return value


def _take_names(rest: dict[str, Any], name: str) -> tuple[str, ...]:
    value = rest.pop(name, None)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) not in (0, 2) or not all(isinstance(item, str) for item in value):
        raise _bad(f"{name} must be a list of two names, in channel order; got {_short(value)}")
    return tuple(value)


def _below(uri: str, base: str) -> str:
    """A path for an id: below `base` where the audio lies there, otherwise without protocol, query, leading `/` and `..`."""
    if is_url(uri):
        uri = re.split(r"[?#]", uri, maxsplit=1)[0] if uri.startswith("http") else uri
    if uri.startswith(base.rstrip("/") + "/"):
        uri = uri[len(base.rstrip("/")) + 1 :]
    elif is_url(uri):
        uri = uri.split("://", 1)[1]
    parts = [part for part in uri.split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def _short(value: Any, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + "…"
