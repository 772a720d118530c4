"""Transcripts in CSV: one utterance or word a row, with a header; and the backchannels that CANDOR keeps beside its turns.

Columns are called as the keys of JSON are (`stages.transcribe.formats.json_file`), in any letter case; others are passed over. CANDOR's
three files (`transcript_audiophile.csv`, `_backbiter.csv`, `_cliffhanger.csv`) have `turn_id, speaker, start, stop, utterance, …`, times in
seconds from the start of the sound, and the second one also `backchannel, backchannel_speaker, backchannel_start, backchannel_stop`:
what the other person said meanwhile, with its own times (ConvoKit's page on the corpus; Reece et al. 2023, doi:10.1126/sciadv.adf3197).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from stages.transcribe.formats.json_file import ENDS, LABELS, LENGTHS, STARTS, TEXTS, WORDS
from stages.transcribe.formats.said import Reading, Said, TranscriptError, said, seconds, short

BACKCHANNEL = ("backchannel", "backchannel_speaker", "backchannel_start", "backchannel_stop")


def read_csv(text: str, where: str) -> Reading:
    """The rows of a file in its order; fields are parted by commas, or by tabs where the header has no comma.

    Raises `TranscriptError` where a column is missing or a time is no number.
    """
    head = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in head and "," not in head else ",", strict=True)
    try:
        table = [(rows.line_num, row) for row in rows if any(field.strip() for field in row)]
    except csv.Error as error:
        raise TranscriptError(f"{where}, line {rows.line_num}: is no CSV ({error})") from error
    if not table:
        raise TranscriptError(f"{where}: is empty; wanted a header with a speaker, a start, an end and a text")
    names = [name.strip().casefold() for name in table[0][1]]
    columns = _Columns(names, where)
    found: list[Said] = []
    for line, row in table[1:]:
        place = f"{where}, line {line}"
        if len(row) != len(names):
            raise TranscriptError(f"{place}: has {len(row)} fields; wanted {len(names)}, as the header has")
        found.extend(columns.read(dict(zip(names, row, strict=True)), place))
    return Reading(tuple(found))


class _Columns:
    """Which column holds what."""

    def __init__(self, names: list[str], where: str) -> None:
        self.label = _first(names, LABELS)
        self.end = _first(names, ENDS)
        self.length = _first(names, LENGTHS)
        self.word = _first(names, WORDS)
        start, text = _first(names, STARTS), self.word or _first(names, TEXTS)
        lacks = [what for what, name in (("start", start), ("end", self.end or self.length), ("text", text)) if name is None]
        if start is None or text is None or lacks:
            raise TranscriptError(f"{where}: has no column for {', '.join(lacks)} among {short(names)}")
        self.start, self.text = start, text
        self.aside = set(BACKCHANNEL) <= set(names)

    def read(self, row: dict[str, str], place: str) -> Iterator[Said]:
        label = row[self.label] if self.label else ""
        start = seconds(row[self.start], "start", place)
        if self.end:
            end = seconds(row[self.end], "end", place)
        else:
            end = start + seconds(row[self.length or ""], "duration", place)
        yield said(label, start, end, row[self.text], place, word=self.word is not None)
        if self.aside and row["backchannel"].strip():
            _, who, begin, stop = (row[name] for name in BACKCHANNEL)
            # Where its own times are not given, it was said some time in the turn.
            times = (seconds(begin, BACKCHANNEL[2], place), seconds(stop, BACKCHANNEL[3], place)) if begin and stop else (start, end)
            yield said(who, *times, row["backchannel"], place)


def _first(names: list[str], known: tuple[str, ...]) -> str | None:
    return next((name.casefold() for name in known if name.casefold() in names), None)
