"""How two speakers take turns, found once for the statistics and the events, so that the two agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.errors import LawError
from schemas.stats import TurnTakingConstants
from schemas.transcript import Transcript
from stages.turns.channels import ipus
from stages.turns.floor import Floor, FloorRule, Kind, Side, States, floor, kinds, overlap_kinds, states
from stages.turns.said import Said, Token, said


@dataclass(frozen=True, slots=True)
class Taken:
    """Everything that both tell, in samples."""

    sides: tuple[Side, Side]
    kinds: tuple[NDArray[np.int64], NDArray[np.int64]]
    """`Kind` of each IPU, channel by channel."""
    states: States
    overlaps: NDArray[np.int64]
    """`OverlapKind` of each overlap."""
    floor: Floor
    said: tuple[Said, Said] | None
    """Absent without a transcript."""

    def fillers(self, channel: int) -> tuple[Token, ...]:
        """Words on the list of fillers, and whatever else was recovered outside of backchannels: an answer of one word, say."""
        if self.said is None:
            return ()
        kind = self.kinds[channel]

        def filler(token: Token) -> bool:
            backchannel = token.owner >= 0 and kind[token.owner] == Kind.BACKCHANNEL
            return token.filler or (token.recovered and not token.laughter and not backchannel)

        return tuple(token for token in self.said[channel].tokens if filler(token))


def take(activity: Activity, transcript: Transcript | None, constants: TurnTakingConstants) -> Taken:
    """Raises `LawError` unless the activity is of two channels, and the transcript of the same recording."""
    if len(activity.channels) != 2:
        raise LawError(f"turn taking: activity of {len(activity.channels)} channels; wanted 2")
    if activity.length <= 0:
        raise LawError("turn taking: activity of no samples")
    if transcript is not None and (transcript.length, transcript.rate) != (activity.length, activity.rate):
        raise LawError(
            f"turn taking: Transcript of {transcript.length} samples at {transcript.rate} Hz does not belong to "
            f"Activity of {activity.length} samples at {activity.rate} Hz"
        )
    first, second = (Side.of(ipus(spans, constants.ipu_silence, activity.rate)) for spans in activity.channels)
    words = None if transcript is None else (said(transcript, 0, first, constants), said(transcript, 1, second, constants))
    listed = (None, None) if words is None else (words[0].listed, words[1].listed)
    rule, sides = FloorRule.of(constants, activity.rate), (first, second)
    kind = (kinds(first, second, rule, *listed), kinds(second, first, rule, *listed[::-1]))
    parts = states(sides, activity.length)
    return Taken(sides, kind, parts, overlap_kinds(sides, parts.overlaps, rule), floor(sides, kind), words)
