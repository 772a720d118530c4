"""From who speaks when to what each channel is given: gates, overlaps, and the origin of every stretch.

Outside overlaps a gate says how far a channel is open to the source, and what no gate lets through is the residual. A stretch of one
speaker is open throughout, so that it equals the source; ramps lie outside it, where nobody speaks, and are shorter where there is less
room. Inside an overlap the channel that joins or leaves has its ramp, while the other goes on at full level; so at every sample of an
overlap at least one channel is whole. Where one speaker begins at the very sample at which the other ends, there is no room: the two
cross in the first samples after it, and nowhere else does a ramp touch a stretch of one speaker.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from schemas.diarization import Diarization
from schemas.span import Span, Spans, union
from schemas.tracks import Origin, OriginKind
from stages.sureness import Sureness

Unsure = Literal["likely", "both", "residual"]
"""Who gets a stretch whose speaker is not sure: the likelier one, both, or nobody."""
Open = tuple[bool, bool]
"""Which of the two speakers is heard."""


@dataclass(frozen=True, slots=True)
class Gate:
    """How far one channel is open to the source over a stretch: fully, or along a ramp from or to nothing."""

    span: Span
    shape: Literal["open", "rise", "fall"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Where both speak, to be filled. A channel that is closed before (after) it has its ramp in the first `rise` (last `fall`) samples."""

    span: Span
    before: Open
    after: Open
    rise: int
    fall: int


@dataclass(frozen=True, slots=True)
class Filled:
    """What the channels hold in one overlap: the mixture on both (`routed`), or one voice each (`separated`)."""

    kind: Literal["routed", "separated"]
    confidence: float | None = None
    """Of a separated one, how sure it is that the channels are nearer to their voices than the mixture is, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of one channel. Laws: as for `schemas.tracks.Origin`; the pieces of a channel tile it."""

    channel: int
    span: Span
    kind: Literal["solo", "overlap", "floor"]
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Layout:
    """What each channel is given. Channel and speaker have one number here."""

    length: int
    gates: tuple[tuple[Gate, ...], tuple[Gate, ...]]
    """Of each channel, disjoint and sorted, none of them inside an overlap; closed elsewhere."""
    overlaps: tuple[Overlap, ...]
    """Disjoint and sorted."""
    pieces: tuple[Piece, ...]
    """Sorted by channel and start."""

    def origins(self, filled: Sequence[Filled], floor: OriginKind) -> tuple[Origin, ...]:
        """The pieces as origins, with what each overlap was filled with, in their order, and the kind of closed stretches.

        A separated stretch has the confidence of its separation, any other that of the diarization.
        """
        starts = [overlap.span.start for overlap in self.overlaps]

        def origin(piece: Piece) -> Origin:
            if piece.kind != "overlap":
                return Origin(piece.channel, piece.span, "original" if piece.kind == "solo" else floor, piece.confidence)
            found = filled[bisect_right(starts, piece.span.start) - 1]
            return Origin(piece.channel, piece.span, found.kind, piece.confidence if found.kind == "routed" else found.confidence)

        return tuple(origin(piece) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class _Atom:
    """A stretch in which nothing changes: who surely speaks in it, and who perhaps does."""

    span: Span
    sure: Open
    loose: Open

    def heard(self, unsure: Unsure) -> Open:
        loose = self.loose if unsure == "likely" else (False, False)
        if unsure == "both":
            loose = (any(self.loose), any(self.loose))
        return self.sure[0] or loose[0], self.sure[1] or loose[1]

    @property
    def claims(self) -> Open:
        """Who has a segment here, sure or not."""
        return self.sure[0] or self.loose[0], self.sure[1] or self.loose[1]


def lay_out(diarization: Diarization, crossfade: int, unsure: Unsure) -> Layout:
    """Gates, overlaps and pieces of a diarized recording; `crossfade` is the longest ramp in samples."""
    segments = diarization.segments
    sure = [union(s.span for s in segments if s.speaker == speaker and s.sure) for speaker in (0, 1)]
    loose = [union(s.span for s in segments if s.speaker == speaker and not s.sure) for speaker in (0, 1)]
    atoms = list(_atoms(sure, loose, diarization.length))
    runs = [(_joined(group), heard) for heard, group in groupby(atoms, lambda atom: atom.heard(unsure))]
    gates: tuple[list[Gate], list[Gate]] = ([], [])
    overlaps = []
    for index, (span, heard) in enumerate(runs):
        before = runs[index - 1][1] if index else None
        after = runs[index + 1][1] if index + 1 < len(runs) else None
        if heard == (True, True):
            overlaps.append(_overlap(span, before, after, crossfade))
        elif heard == (False, False):
            _closed(gates, span, before, after, crossfade)
        else:
            _solo(gates, span, int(heard[1]), before, crossfade)
    pieces = _pieces(atoms, unsure, tuple(Sureness((s.span, s.confidence) for s in segments if s.speaker == speaker) for speaker in (0, 1)))
    return Layout(diarization.length, (tuple(gates[0]), tuple(gates[1])), tuple(overlaps), tuple(pieces))


def _atoms(sure: Sequence[Spans], loose: Sequence[Spans], length: int) -> Iterator[_Atom]:
    sets = (*sure, *loose)
    cuts = sorted({0, length, *(edge for spans in sets for span in spans for edge in (span.start, span.end))})
    starts = [[span.start for span in spans] for spans in sets]
    for start, end in pairwise(cuts):
        inside = [(i := bisect_right(starts[k], start) - 1) >= 0 and spans[i].end > start for k, spans in enumerate(sets)]
        yield _Atom(Span(start, end), (inside[0], inside[1]), (inside[2], inside[3]))


def _joined(atoms: Iterable[_Atom]) -> Span:
    """The span of neighbouring atoms."""
    all_of_them = list(atoms)
    return Span(all_of_them[0].span.start, all_of_them[-1].span.end)


def _lead(heard: Open) -> Open:
    """Whose ramp lies in a gap beside a stretch: of two who begin or end together only the first's, so that one of them is whole."""
    return (heard[0], heard[1] and not heard[0])


def _overlap(span: Span, before: Open | None, after: Open | None, crossfade: int) -> Overlap:
    # At an end of the recording there is nothing to come from or go to, so nothing fades.
    ramp = min(crossfade, len(span) // 2)
    both = (True, True)
    came = both if before is None else before if any(before) else _lead(both)
    goes = both if after is None else after if any(after) else _lead(both)
    return Overlap(span, came, goes, 0 if before is None else ramp, 0 if after is None else ramp)


def _closed(gates: tuple[list[Gate], list[Gate]], span: Span, before: Open | None, after: Open | None, crossfade: int) -> None:
    neighbours = (before is not None) + (after is not None)
    ramp = min(crossfade, len(span) // max(neighbours, 1))
    if not ramp:
        return
    for channel in (0, 1):
        if before is not None and _lead(before)[channel]:
            gates[channel].append(Gate(Span(span.start, span.start + ramp), "fall"))
        if after is not None and _lead(after)[channel]:
            gates[channel].append(Gate(Span(span.end - ramp, span.end), "rise"))


def _solo(gates: tuple[list[Gate], list[Gate]], span: Span, channel: int, before: Open | None, crossfade: int) -> None:
    start = span.start
    if before is not None and before[1 - channel] and not before[channel]:
        start += min(crossfade, len(span) // 2)
        if start > span.start:
            gates[1 - channel].append(Gate(Span(span.start, start), "fall"))
            gates[channel].append(Gate(Span(span.start, start), "rise"))
    gates[channel].append(Gate(Span(start, span.end), "open"))


def _pieces(atoms: list[_Atom], unsure: Unsure, sureness: tuple[Sureness, ...]) -> Iterator[Piece]:
    """Stretches in which a channel's samples have one origin; where a doubtful segment touches a sure one, they stay apart."""
    for channel in (0, 1):

        def label(atom: _Atom, channel: int = channel) -> tuple[str, Open]:
            heard = atom.heard(unsure)
            if not heard[channel]:
                return "floor", (False, False)
            if heard[1 - channel]:
                return "overlap", atom.claims
            return "solo", (atom.sure[channel], not atom.sure[channel])

        for (kind, claims), group in groupby(atoms, label):
            span = _joined(group)
            own, other = (sureness[speaker].over(span) for speaker in (channel, 1 - channel))
            if kind == "floor":
                yield Piece(channel, span, "floor", None)
            elif kind == "solo":
                yield Piece(channel, span, "solo", own)
            elif all(claims):
                yield Piece(channel, span, "overlap", min((c for c in (own, other) if c is not None), default=None))
            else:
                # One segment, given to both because its speaker is in doubt: the other has it with what is left of the probability.
                yield Piece(channel, span, "overlap", own if claims[channel] else None if other is None else 1.0 - other)
