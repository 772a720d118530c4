"""Two recorded channels passed through bit for bit; which of them becomes channel 0, the model's voice, is a setting."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from schemas.errors import Reject, UsageError
from schemas.recording import Recording
from schemas.source import Source, same_id
from schemas.tracks import Tracks, view_of
from stages.stage import Weights

_FIRST = re.compile(r"as_recorded|role:(?P<role>\S(?:.*\S)?)|random:(?P<seed>[0-9]+)")


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
        if not _FIRST.fullmatch(self.first):
            raise UsageError(
                f"tracks.first: {self.first!r} does not choose a first side; use 'as_recorded', 'role:<name>' (such as 'role:agent')"
                " or 'random:<seed>' with a whole number (such as 'random:1')"
            )

    def weights(self) -> tuple[Weights, ...]:
        """None: no model is used."""
        return ()

    def load(self, device: str) -> Callable[[Source, Recording], Tracks]:
        """The function from a source and its recording to tracks; it raises `Reject` (`not_two_channel`) for a mono recording."""

        def tracks(source: Source, recording: Recording) -> Tracks:
            if recording.channels != 2:
                raise Reject(
                    "not_two_channel",
                    f"the recording has {recording.channels} channel; this chain takes one channel per speaker",
                    channels=recording.channels,
                    rate=recording.rate,
                    samples=recording.length,
                )
            head, chosen = self._choose(source)
            order = (head, 1 - head)
            names = source.speakers or ("A", "B")
            roles = source.roles or ("", "")
            return view_of(recording, order, (names[head], names[1 - head]), (roles[head], roles[1 - head]), chosen)

        return tracks

    def _choose(self, source: Source) -> tuple[int, str]:
        wanted = _FIRST.fullmatch(self.first)
        assert wanted is not None
        if role := wanted["role"]:
            roles = [same_id(each) for each in source.roles]
            if same_id(role) not in roles:
                return 0, f"as_recorded (no role {role})"
            return roles.index(same_id(role)), self.first
        if seed := wanted["seed"]:
            digest = hashlib.blake2b(f"{int(seed)} {source.id}".encode(errors="backslashreplace"), digest_size=1).digest()
            return digest[0] & 1, self.first
        return 0, self.first
