"""One item under test, whatever file it came from, and the list of what can be wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from schemas.errors import LawError

Severity = Literal["error", "warning"]

CHECKS: dict[str, tuple[Severity, str]] = {
    "unfinished": ("error", "the export was never finished, or its manifest is gone"),
    "empty": ("error", "there is no item in it"),
    "changed": ("error", "the file is not the one that was written (SHA-256)"),
    "missing": ("error", "the file is named in a manifest and is not there"),
    "unreadable": ("error", "the file cannot be read; most trainers stop at the first such file"),
    "named_twice": ("error", "the manifest names the item twice, so it counts double"),
    "not_stereo": ("error", "the audio has not two channels; one-channel codes cannot be told from two-channel ones by a trainer"),
    "duration": ("error", "the duration in the manifest is not that of the audio; windows are cut by it, so audio is lost or invented"),
    "words_unsorted": ("error", "words are not sorted by start; the trainer finds a window's words by bisection and misses some"),
    "word_empty": ("error", "a word ends where it begins or before; the trainer drops it"),
    "word_outside": ("error", "a word lies before the audio's start or beyond its end"),
    "word_not_finite": ("error", "a word's time is no finite number"),
    "word_blank": ("error", "a word has no text"),
    "no_main_words": ("error", "the main channel speaks and no word is its own, so the model learns to speak without text"),
    "main_silent": ("error", "the main channel is silent, so the model learns to say nothing"),
    "other_silent": ("warning", "the other channel is silent, so nobody is heard"),
    "channel_order": ("error", "the main speaker's words are heard on the other channel: the channels are the wrong way round"),
    "tokens_dropped": ("error", "more text tokens than allowed have no frame and are dropped in training"),
    "words_collide": ("warning", "words of one speaker begin in one frame; moshi-finetune keeps only the last of them"),
    "text_conditions": ("error", "some items have text_conditions and some not; a batch that holds both stops the trainer"),
    "codes_shape": ("error", "the codes have not the rows they should, or the two sides differ in length"),
    "codes_range": ("error", "a code is below 0 or not below the size of its codebook"),
    "codes_length": ("error", "the codes have more or fewer frames than the audio"),
    "codes_constant": ("error", "a channel's codes never change: it was tokenized from nothing"),
    "text_range": ("error", "a text token is negative; the zero token belongs to windows, not to files"),
    "text_epad": ("error", "text begins after a frame of padding that is not EPAD, so the model never learns that text is to come"),
    "text_empty": ("warning", "the text row holds padding alone"),
    "codec": ("warning", "the codes are not Mimi's: Moshi cannot be trained on them"),
}
"""Every finding: how bad it is, and what it does. An error makes the command fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in one place."""

    check: str
    """A key of `CHECKS`."""
    where: str
    what: str

    def __post_init__(self) -> None:
        if self.check not in CHECKS:
            raise LawError(f"lint: {self.check!r} is not in pipeline.exports.lint.subject.CHECKS")


@dataclass(frozen=True, slots=True)
class Said:
    """One word as a file has it, in seconds; nothing is checked."""

    channel: int
    """0 is the main speaker's."""
    start: float
    end: float
    text: str

    @property
    def finite(self) -> bool:
        return math.isfinite(self.start) and math.isfinite(self.end)


@dataclass(frozen=True, slots=True)
class Sound:
    """What the audio file says of itself, and its level over time."""

    channels: int
    rate: int
    samples: int
    """Per channel."""
    power: NDArray[np.float64]
    """[channels, hops]: mean square in each 10 ms, full scale is 1."""

    @property
    def duration(self) -> float:
        return self.samples / self.rate


@dataclass(slots=True)
class Subject:
    """One item. What a file does not have is None, and is not checked."""

    name: str
    duration: float | None = None
    """Seconds, as claimed."""
    words: list[Said] | None = None
    """In the order of the file; of both sides, or of the main one alone."""
    must_be_sorted: bool = True
    sound: Sound | None = None
    codes: NDArray[Any] | None = None
    """[streams, frames], the main side's first."""
    rows_wanted: int | None = None
    """Streams that `codes` should have."""
    bins: int = 2048
    codec: str | None = None
    frame_rate: float | None = None
    lead: float = 0.0
    text: NDArray[Any] | None = None
    """[sides, frames]: text rows that belong to the codes."""
    drop_rate: float | None = None
    """As the file says."""
    conditions: bool | None = None
    """Whether there are `text_conditions`."""
    found: list[Finding] = field(default_factory=list)
    """What the reader itself found."""

    def note(self, check: str, what: str) -> None:
        """Add a finding."""
        self.found.append(Finding(check, self.name, what))
