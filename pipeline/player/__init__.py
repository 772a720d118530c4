"""The player: a recording's two sides to be seen and heard on a page that opens from disk."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipeline.player.budget import SILENT as SILENT
from pipeline.player.budget import with_sound as with_sound
from pipeline.player.file import Event as Event
from pipeline.player.file import Found as Found
from pipeline.player.file import Origin as Origin
from pipeline.player.file import Played as Played
from pipeline.player.file import Said as Said
from pipeline.player.file import key_of as key_of
from pipeline.player.file import player_file as player_file

FOLDER = Path(__file__).parent
SCRIPTS = ("data.js", "sound.js", "drawing.js", "layers.js", "transcript.js", "player.js")


@cache
def script(*more: Path) -> str:
    """The player's script, and the page's own after it, as one closed function that leaves only `duologue` behind.

    `duologue.open(key, address, host)` loads a player file and shows it in an element.
    """
    parts = [(FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS] + [path.read_text(encoding="utf-8") for path in more]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


@cache
def style() -> str:
    """The player's style; colours come from the report's."""
    return (FOLDER / "player.css").read_text(encoding="utf-8")


def policy(*scripts: str) -> str:
    """The content security policy of a page that runs exactly these inline scripts and loads player files from beside itself."""
    import base64
    import hashlib

    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts)
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'self' file: {hashes}"
