"""Any transcript file, by what its name ends in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from stages.transcribe.formats.chat import read_chat
from stages.transcribe.formats.csv_file import read_csv
from stages.transcribe.formats.cues import read_cues, read_lines
from stages.transcribe.formats.json_file import read_json
from stages.transcribe.formats.nist import read_ctm, read_stm
from stages.transcribe.formats.said import Reading, TranscriptError
from stages.transcribe.formats.textgrid import read_textgrid

MAX_BYTES = 64 << 20
"""Longest file that is read: some hundred hours of talk."""

Reader = Callable[[str, str, tuple[str, ...]], Reading]

FORMATS: dict[str, Reader] = {
    "json": lambda text, where, names: read_json(text, where),
    "jsonl": lambda text, where, names: read_json(text, where, by_line=True),
    "csv": lambda text, where, names: read_csv(text, where),
    "textgrid": lambda text, where, names: read_textgrid(text, where),
    "ctm": read_ctm,
    "stm": read_stm,
    "vtt": lambda text, where, names: read_cues(text, where),
    "srt": lambda text, where, names: read_cues(text, where),
    "cha": lambda text, where, names: read_chat(text, where),
    "txt": lambda text, where, names: read_lines(text, where),
    "text": lambda text, where, names: read_lines(text, where),
}
"""The reader of each format, by the end of a file's name; `txt` and `text` are the line formats of telephone corpora."""

LDC_ENCODINGS = {"ma": "gb18030", "ja": "euc_jp", "ar": "iso8859_6", "ko": "euc_kr"}
"""Of the LDC's CALLHOME text by the two letters that its names begin with; the others are in Latin-1."""
_LDC_NAME = re.compile(r"(?:^|[/\\])(en|ge|ja|ma|sp|ar|fr|ko)_\d{4}\.(?:txt|scr)$")


def read_transcript(data: bytes, where: str, names: Iterable[str], format: str | None = None) -> Reading:
    """What a file says. `names` are what the recording may be called in a file of several; `format` is a key of `FORMATS`, by the file's
    name when absent; `where` is what errors call it. Raises `TranscriptError`."""
    chosen = format or _ending(where)
    if chosen not in FORMATS:
        raise TranscriptError(f"{where}: the name ends in no known format; wanted one of {', '.join(FORMATS)}, or transcribe.format")
    if len(data) > MAX_BYTES:
        raise TranscriptError(f"{where}: more than the {MAX_BYTES} bytes that a transcript may have")
    return FORMATS[chosen](_text(data, where), where, tuple(names))


def _ending(where: str) -> str:
    """What the name ends in; of an address inside a container (`data.json::MUL0001`) the container's where the inner one is no format."""
    endings = [part.rsplit("?", 1)[0].rpartition(".")[2].lower() for part in where.split("::")]
    return next((ending for ending in reversed(endings) if ending in FORMATS), endings[-1])


def _text(data: bytes, where: str) -> str:
    # Praat writes UTF-16 where a text is not ASCII.
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        if (match := _LDC_NAME.search(where)) and (older := _decoded(data, LDC_ENCODINGS.get(match[1], "latin-1"))) is not None:
            return older
        before = data[: error.start].count(b"\n")
        raise TranscriptError(f"{where}, line {before + 1}: wanted UTF-8 text, got byte 0x{data[error.start]:02x}") from error


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
