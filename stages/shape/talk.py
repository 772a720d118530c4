"""What a dialogue's talk looks like to who wants to cut it."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.activity import Activity
from schemas.errors import LawError
from schemas.span import Span, Spans, complement, union
from schemas.stats import TurnTakingConstants
from schemas.transcript import Transcript
from stages.turns.channels import ipus
from stages.turns.floor import Floor
from stages.turns.taken import take


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One dialogue. Laws: two channels; turns and words inside the recording."""

    activity: Activity
    transcript: Transcript | None
    """Absent when nothing was transcribed."""
    turns: tuple[Spans, Spans]
    """Of each channel."""
    constants: TurnTakingConstants
    grid: int = 1
    """Samples between places at which a cut leaves frames of codec tokens whole."""
    offset: int = 0
    """Samples by which the first such place lies before the dialogue starts."""

    def __post_init__(self) -> None:
        if len(self.activity.channels) != 2 or self.length <= 0:
            raise LawError(f"Talk: {len(self.activity.channels)} channels of {self.length} samples; wanted two of at least one")
        for span in (*self.turns[0], *self.turns[1]):
            if span.end > self.length:
                raise LawError(f"Talk: a turn at {span} ends beyond the recording's {self.length} samples")
        if self.transcript is not None and (self.transcript.length, self.transcript.rate) != (self.length, self.rate):
            raise LawError(f"Talk: a transcript of {self.transcript.length} samples at {self.transcript.rate} Hz is of another recording")

    @property
    def length(self) -> int:
        """Samples per channel."""
        return self.activity.length

    @property
    def rate(self) -> int:
        """Hz."""
        return self.activity.rate

    def busy(self) -> Spans:
        """Where nothing is cut: speech with its short silences, turns and words of either channel."""
        spoken = tuple(span for spans in self.activity.channels for span in ipus(spans, self.constants.ipu_silence, self.rate))
        said = self.transcript
        words = () if said is None else tuple(word.span for piece in said.pieces for word in piece.words)
        heard = () if said is None else tuple(each.span for each in said.recovered)
        return union((*spoken, *self.turns[0], *self.turns[1], *words, *heard))

    def floor(self) -> Floor:
        """Who holds the floor when, as the statistics of turn taking see it."""
        return take(self.activity, self.transcript, self.constants).floor


def cut_points(talk: Talk, shortest: float) -> tuple[int, ...]:
    """Samples at which the dialogue may be cut, both its ends included.

    They lie in those silences of both sides that last `shortest` seconds or more, outside every turn and word: each in the middle, or at
    the place of the grid that is nearest to it, if that is still inside.
    """
    least = max(round(shortest * talk.rate), 2)
    inner = [span for span in complement(talk.busy(), talk.length) if span.start > 0 and span.end < talk.length and len(span) >= least]
    return (0, *(_point(span, talk.grid, talk.offset) for span in inner), talk.length)


def _point(silence: Span, grid: int, offset: int) -> int:
    middle = (silence.start + silence.end) // 2
    near = (middle + offset + grid // 2) // grid * grid - offset
    return near if silence.start < near < silence.end else middle
