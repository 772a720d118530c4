"""What a person may say about a source: the `source:` section of a config."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from schemas.errors import UsageError
from schemas.source import same_id
from stages.sources.layouts import LAYOUTS

SUFFIXES = (
    *(".wav", ".wave", ".w64", ".rf64", ".flac", ".aiff", ".aif", ".aifc", ".au", ".snd", ".sph", ".nist", ".caf", ".wv"),
    *(".mp3", ".mp2", ".m4a", ".m4b", ".mp4", ".mov", ".aac", ".ogg", ".oga", ".opus", ".webm", ".mka", ".mkv", ".wma", ".amr"),
)
"""File name endings taken as audio; whether a file is audio is decided by its contents when it is decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """How a folder or manifest is listed, and what is true of all its recordings unless a manifest line says otherwise."""

    layout: str | None = None
    """How the folder lies: the name of a corpus layout (`stages.sources.layouts.LAYOUTS`), `auto` for every layout that is found in it,
    with the rest by its file names, or null or `folder` for file names alone. Folders only."""
    pattern: str | None = None
    """Where the id and the side stand in a file's path below the folder, such as `{id}_{side}.wav` or `{side}/{id}.flac`. `{id}` matches
    any text, folders included; `{side}` one of `sides`; `*` any text inside one folder or file name and `**/` any folders: what these two
    match is not part of the id. Letter case counts in the text and not in the side. A pattern without `{side}` names whole recordings.
    Audio files that do not match are ignored, and counted. None: pairs are recognised by their names. Folders only."""
    sides: tuple[str, ...] = ()
    """The two side names in channel order, such as `(agent, caller)`. Empty: with a pattern, the two texts found where `{side}` stands;
    without one, the names that are known. Given without a pattern, only these two names make pairs."""
    suffixes: tuple[str, ...] = SUFFIXES
    """File name endings taken as audio, with their dot; letter case does not matter. Folders only."""
    corpus: str | None = None
    licence: str | None = None
    """SPDX expression, such as `CC-BY-4.0` or `LicenseRef-Fisher`."""
    consent: str | None = None
    language: str | None = None
    """BCP 47 tag."""

    def __post_init__(self) -> None:
        if self.layout not in (None, "auto", "folder", *LAYOUTS):
            near = difflib.get_close_matches(str(self.layout), LAYOUTS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"wanted auto, folder or one of {', '.join(LAYOUTS)}"
            raise UsageError(f"source.layout: no layout {self.layout!r}; {hint}")
        if self.sides and (len(self.sides) != 2 or not all(self.sides) or len({same_id(side) for side in self.sides}) != 2):
            raise UsageError(f"source.sides: wanted two different names in channel order, such as [agent, caller]; got {list(self.sides)}")
        if bad := [suffix for suffix in self.suffixes if not re.fullmatch(r"\.[^./]+", suffix)]:
            raise UsageError(f"source.suffixes: {bad[0]!r} is no file name ending; write it with one leading dot, such as .wav")
        if not self.suffixes:
            raise UsageError("source.suffixes: wanted at least one file name ending, such as .wav")
        if self.pattern is not None:
            fields = re.findall(r"\{[^{}]*\}", self.pattern)
            if sorted(set(fields)) not in (["{id}"], ["{id}", "{side}"]) or len(fields) != len(set(fields)):
                raise UsageError(
                    f"source.pattern: {self.pattern!r} must hold {{id}} once and may hold {{side}} once; such as '{{id}}_{{side}}.wav'"
                )
