"""What is known of a two-channel recording before any echo is looked for, and stretches of it at the rate that measuring needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from schemas.recording import Decoding, Recording, as_float
from schemas.tracks import Tracks
from stages.health.activity import Mask, activity, likely_own
from stages.health.hum import lines, steady_spectrum
from stages.health.levels import speech_level
from stages.health.likeness import likeness
from stages.health.survey import Floats, Survey, survey

HOP = 128
"""Samples per frame of the survey at the rate of measuring: 8 kHz, or a little beside it, so that frames of both rates are the same."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A recording with its activity."""

    recording: Recording
    survey: Survey
    active: Mask
    """[2, frames]: speech-like sound."""
    own: Mask
    """[2, frames]: the part of it that is most likely the channel's own side's."""
    blank: Mask
    """[1 Hz bins]: steady lines, which say nothing."""
    copies: bool
    """Whether one channel is a copy of the other: then neither holds an echo, however soft the copy is."""

    @property
    def hop(self) -> int:
        """Samples from frame to frame."""
        return self.survey.hop

    @property
    def work_hop(self) -> int:
        """The same at the rate of measuring."""
        return min(HOP, self.hop)

    @property
    def work_rate(self) -> float:
        """Hz: the rate of measuring; never above the recording's own."""
        return self.recording.rate * self.work_hop / self.hop

    def heard(self, channel: int, start: int, end: int) -> Floats:
        """Samples `start` to `end` of a channel, full scale 1, without its offset, which a path would make of the other channel's.

        Beyond the recording there are zeros.
        """
        first, last = max(start, 0), min(end, self.recording.length)
        piece = as_float(self.recording.samples[channel, first : max(first, last)], self.recording.bits)
        piece = piece - np.float32(self.survey.mean[channel])
        spare = (max(0, min(-start, end - start)), max(0, end - max(last, start)))
        return np.pad(piece, spare) if any(spare) else piece

    def slower(self, signal: Floats) -> Floats:
        """A signal at the rate of measuring."""
        if self.work_hop == self.hop:
            return signal
        import soxr

        found: Floats = soxr.resample(signal, float(self.hop), float(self.work_hop), "HQ")
        return found

    def part(self, first: int, last: int) -> Survey:
        """The survey of frames `first` to `last`, as one of a recording at the rate of measuring."""
        cut = slice(first, last)
        return replace(
            self.survey,
            hop=self.work_hop,
            n=2 * self.work_hop,
            rate=round(self.work_rate),
            power=self.survey.power[:, cut],
            band=self.survey.band[:, cut],
            breadth=self.survey.breadth[:, cut],
            centre=self.survey.centre[:, cut],
        )


def scene_of(tracks: Tracks) -> Scene:
    """The recording that tracks are the channels of, surveyed."""
    decoding = Decoding(container="", encoding="", decoder="", exact=True)
    recording = Recording(samples=tracks.samples, rate=tracks.rate, bits=tracks.bits, decoding=decoding)
    seen = survey(recording)
    active = np.stack([activity(seen, channel) for channel in (0, 1)])
    own = np.stack([likely_own(seen, active, channel) for channel in (0, 1)])
    blank = lines(steady_spectrum(recording, seen, 0, active[0])) | lines(steady_spectrum(recording, seen, 1, active[1]))
    level = (speech_level(seen, 0, active[0]), speech_level(seen, 1, active[1]))
    alike = likeness(recording, seen, active, level, blank)
    return Scene(recording, seen, active, own, blank, alike.copy is not None)
