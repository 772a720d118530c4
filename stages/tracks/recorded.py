"""Two recorded channels passed through bit for bit; which of them becomes channel 0, the model's voice, is a setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from schemas.errors import Reject
from schemas.recording import Recording
from schemas.source import Source
from schemas.tracks import Tracks, view_of
from stages.stage import Weights
from stages.tracks.first import check_first, choose


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedTracks:
    """The recording's own two channels; samples are neither copied nor changed."""

    name: ClassVar[str] = "tracks"
    backend: ClassVar[str] = "recorded"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source, Recording)
    gives: ClassVar[type] = Tracks

    first: str = "as_recorded"
    """Which side becomes channel 0. `as_recorded`: the recording's first. `role:<name>`: the side with that role (letter case does not
    matter); a recording without it stays as recorded, and `Tracks.chosen` says so. `random:<seed>`: either, about half of the recordings
    swapped, by a hash of seed and source id, so the same recording always falls the same way."""

    def __post_init__(self) -> None:
        check_first(self.first, self.name)

    def weights(self) -> tuple[Weights, ...]:
        """None: no model is used."""
        return ()

    def load(self, device: str) -> Callable[[Source, Recording], Tracks]:
        """The function from a source and its recording to tracks; it raises `Reject` (`not_two_channel`) for a mono recording."""

        def tracks(source: Source, recording: Recording) -> Tracks:
            if recording.channels != 2:
                raise Reject(
                    "not_two_channel",
                    f"the recording has {recording.channels} channel; this chain takes one channel per speaker; "
                    "to tell two voices in one channel apart, use the config mono_calls (-c mono_calls), or -c podcast_mono for long shows",
                    channels=recording.channels,
                    rate=recording.rate,
                    samples=recording.length,
                )
            return passed_through(source, recording, self.first)

        return tracks


def passed_through(source: Source, recording: Recording, first: str) -> Tracks:
    """The two channels of a recording as they are, the one that `first` chooses ahead of the other."""
    head, chosen = choose(first, source, source.roles)
    names = source.speakers or ("A", "B")
    roles = source.roles or ("", "")
    return view_of(recording, (head, 1 - head), (names[head], names[1 - head]), (roles[head], roles[1 - head]), chosen)
