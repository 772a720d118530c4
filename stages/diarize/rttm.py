"""Who speaks when, taken from an RTTM file that somebody already made."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from schemas.diarization import Conversation, Diarization, OtherSound, Segment
from schemas.errors import Reject, UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import Span, union
from stages.decode.fetch import open_uri, resolve
from stages.diarize.conversations import Piece, Rule, Talk, check_some, split
from stages.diarize.mixture import MIX, check_mix, mixture_channel
from stages.diarize.rttm_file import MAX_BYTES, RttmError, RttmTurn, read_rttm
from stages.sources.places import is_url, refusal
from stages.stage import Weights

SLACK = 1.0
"""Seconds by which a turn may end after the recording does; it is cut there. More means that the file belongs to another recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RttmDiarize:
    """The turns of an RTTM file; the voice heard first is speaker 0, and both keep the names they have there.

    Rejects `bad_rttm` when the file is absent, malformed, of another recording or without a turn, `one_speaker` and `too_many_speakers`
    when it names one voice, or three and more. With `split_silence` it may name any number from two, each piece between long silences has
    two of them, and a recording of which no piece is a conversation is rejected (`no_conversation`). The file's
    fingerprint is part of an input's identity, so that a changed RTTM is diarized anew.
    """

    name: ClassVar[str] = "diarize"
    backend: ClassVar[str] = "rttm"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Health)
    gives: ClassVar[type] = Diarization

    path: str = "{id}.rttm"
    """Where a recording's file lies, from the folder that its audio is named from, or as an absolute path or URL; `{id}` is the
    recording's id, `{name}` the id's last part. One file for many recordings needs neither. A field `rttm` of the recording's manifest
    line goes before it."""
    mix: tuple[str, ...] = MIX
    """Findings of channel health for which a two-channel recording is taken as one mixture."""
    split_silence: float | None = None
    """Seconds without any turn at which a recording is cut into conversations, each with its own two speakers: the two with the most solo
    speech in it. Null: the whole recording is one conversation of two. A piece that is none (`schemas.diarization.DROPPED`) becomes no row;
    it has its place in the tracks."""
    split_turns: int = 2
    """Turns that a conversation has at least: changes of floor (`stages.turns.floor`) plus one."""
    split_share: float = 0.8
    """Share of the speech of a conversation's two speakers that one of them has at most."""
    split_seconds: float = 3.0
    """Shortest conversation, from its first speech to its last."""
    third_share: float = 0.1
    """Share of the solo speech of a piece from which other people make it no conversation of two."""

    def __post_init__(self) -> None:
        check_mix(self.mix)
        self._rule()
        wrong = [field for field in re.findall(r"\{[^{}]*\}", self.path) if field not in ("{id}", "{name}")]
        if wrong or not self.path.strip() or ".." in _parts(self.path):
            raise UsageError(f"diarize.path: {self.path!r} is no pattern; use a path without '..' that may hold {{id}} and {{name}}")

    def _rule(self) -> Rule:
        return Rule(
            silence=self.split_silence,
            turns=self.split_turns,
            share=self.split_share,
            seconds=self.split_seconds,
            third_share=self.third_share,
        )

    def weights(self) -> tuple[Weights, ...]:
        return ()

    def files(self, source: Source) -> tuple[str, ...]:
        """The RTTM of a recording; none where its name is refused."""
        try:
            return (resolve(_where(self.path, source), source.base),)
        except Reject:
            # `diarize` meets the same name again, and gives the verdict on it.
            return ()

    def load(self, device: str) -> Callable[[Source, Recording, Health], Diarization]:
        """The reading as a function; `device` does not matter."""

        def diarize(source: Source, recording: Recording, health: Health) -> Diarization:
            channel = mixture_channel(recording, health, self.mix)
            if channel is None:
                return Diarization(length=recording.length, rate=recording.rate, channel=None)
            where = _where(self.path, source)
            turns = _of_recording(_read(where, source.base), source, channel, where)
            names = _speakers(turns, where, self.split_silence is not None)
            found = [_segments(i, [t for t in turns if t.speaker == name], recording, where) for i, name in enumerate(names)]
            return _diarization(found, names, recording, channel, self._rule())

        return diarize


def _diarization(found: list[list[Segment]], names: tuple[str, ...], recording: Recording, channel: int, rule: Rule) -> Diarization:
    """The segments of each name as a diarization, cut into conversations where the rule says so."""
    speakers = (names[0], names[1])
    others: list[OtherSound] = []
    conversations: tuple[Conversation, ...] = ()
    if rule.silence is not None:
        talk = Talk(
            voices=tuple(union(segment.span for segment in voice) for voice in found),
            both=(),
            length=recording.length,
            rate=recording.rate,
        )
        pieces = split(talk, rule, lambda *_: None)
        conversations = tuple(
            Conversation(each.span, each.dropped, None if each.alone else (names[each.pair[0]], names[each.pair[1]])) for each in pieces
        )
        check_some(conversations, recording.length, recording.rate)
        found, others = _by_pieces(found, pieces)
        pairs = {each.speakers for each in conversations if each.dropped is None and each.speakers is not None}
        speakers = pairs.pop() if len(pairs) == 1 else ("A", "B")
    ordered = sorted((segment for voice in found for segment in voice), key=lambda s: (s.span.start, s.span.end, s.speaker))
    return Diarization(
        length=recording.length,
        rate=recording.rate,
        channel=channel,
        segments=tuple(ordered),
        others=tuple(others),
        speakers=speakers,
        conversations=conversations,
    )


def _by_pieces(found: list[list[Segment]], pieces: Sequence[Piece]) -> tuple[list[list[Segment]], list[OtherSound]]:
    """Segments of the two speakers of their piece, and those of other people as the other sound that they are there."""
    starts = [piece.speech.start for piece in pieces]
    mine: list[Segment] = []
    others: list[OtherSound] = []
    for voice, segments in enumerate(found):
        for segment in segments:
            pair = pieces[bisect_right(starts, segment.span.start) - 1].pair
            if voice in pair:
                mine.append(replace(segment, speaker=pair.index(voice)))
            else:
                others.append(OtherSound("third_voice", segment.span))
    return [mine], sorted(others, key=lambda sound: (sound.span.start, sound.span.end))


def _where(pattern: str, source: Source) -> str:
    """The file's path or URL; nothing that a listing gave may lead out of the folder the pattern names."""
    given = json.loads(source.extra).get("rttm")
    if given is not None:
        if not isinstance(given, str) or (why := refusal(given)) or ".." in _parts(given):
            reason = "is no path" if not isinstance(given, str) else why or "holds '..'"
            raise Reject("bad_rttm", f"the field rttm of the manifest, {given!r}, {reason}", rttm=str(given))
        return given
    id = source.id
    if ("{id}" in pattern or "{name}" in pattern) and (".." in _parts(id) or id.startswith(("/", "\\")) or is_url(id) or "\0" in id):
        raise Reject("bad_rttm", f"no RTTM is looked for under the id {id!r}, which could lead out of its folder", id=id)
    return pattern.replace("{name}", re.split(r"[/\\]", id)[-1]).replace("{id}", id)


def _parts(path: str) -> list[str]:
    return re.split(r"[/\\]", path)


def _read(where: str, base: str) -> tuple[RttmTurn, ...]:
    place = resolve(where, base)
    data = bytearray()
    try:
        with open_uri(where, base) as file:
            # One byte more than a file may have, so that `read_rttm` sees that it is too long.
            while len(data) <= MAX_BYTES and (piece := file.read(min(1 << 20, MAX_BYTES + 1 - len(data)))):
                data += piece
        return read_rttm(bytes(data), place)
    except Reject as absent:
        raise Reject("bad_rttm", absent.detail, file=place) from absent
    except RttmError as error:
        raise Reject("bad_rttm", str(error), file=place) from error


def _of_recording(turns: tuple[RttmTurn, ...], source: Source, channel: int, where: str) -> list[RttmTurn]:
    """The turns of one recording and channel: where the file holds several recordings, the one called like the id or its last part."""
    names = sorted({turn.file for turn in turns})
    wanted = next((name for name in (source.id, source.id.rsplit("/", 1)[-1]) if name in names), names[0] if len(names) == 1 else None)
    if wanted is None:
        what = f"{len(names)} recordings, none of them {source.id!r}" if names else "no SPEAKER line"
        raise Reject("bad_rttm", f"{where} holds {what}", file=where, recordings=names[:20])
    mine = [turn for turn in turns if turn.file == wanted]
    if len({turn.channel for turn in mine}) > 1:
        mine = [turn for turn in mine if turn.channel == str(channel + 1)]
    return [turn for turn in mine if turn.duration > 0]


def _speakers(turns: Sequence[RttmTurn], where: str, many: bool) -> tuple[str, ...]:
    """The names in order of first speech: two, or with `many` two or more."""
    names = tuple(dict.fromkeys(turn.speaker for turn in sorted(turns, key=lambda turn: turn.start)))
    if len(names) == 2 or (many and len(names) > 2):
        return names
    seconds = {name: round(sum(turn.duration for turn in turns if turn.speaker == name), 3) for name in names}
    if not names:
        raise Reject("bad_rttm", f"{where} holds no turn of this recording", file=where)
    if len(names) == 1:
        raise Reject("one_speaker", f"{where} names one speaker, {names[0]}", file=where, seconds=seconds)
    raise Reject("too_many_speakers", f"{where} names {len(names)} speakers", file=where, seconds=seconds)


def _segments(speaker: int, turns: Sequence[RttmTurn], recording: Recording, where: str) -> list[Segment]:
    """One speaker's turns in samples; those that overlap become one, as sure as they are on average over their time."""
    found: list[tuple[int, int, list[tuple[int, float]]]] = []
    for turn in sorted(turns, key=lambda turn: turn.start):
        start, end = round(turn.start * recording.rate), round((turn.start + turn.duration) * recording.rate)
        if start >= recording.length or end > recording.length + SLACK * recording.rate:
            times = f"from {turn.start} s to {turn.start + turn.duration:.3f} s, and the recording has {recording.duration:.3f} s"
            raise Reject("bad_rttm", f"{where} has a turn {times}", file=where, start=turn.start, seconds=recording.duration)
        end = min(end, recording.length)
        if end == start:
            continue
        known = [] if turn.confidence is None else [(end - start, turn.confidence)]
        if found and start < found[-1][1]:
            before = found.pop()
            start, end, known = before[0], max(before[1], end), before[2] + known
        found.append((start, end, known))
    return [Segment(speaker, Span(start, end), _mean(known)) for start, end, known in found]


def _mean(known: list[tuple[int, float]]) -> float | None:
    weight = sum(length for length, _ in known)
    return min(1.0, sum(length * value for length, value in known) / weight) if weight else None
