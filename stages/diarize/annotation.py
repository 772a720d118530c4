"""Between recordings and libraries of diarization: the sound they hear, and what they say of it as `Diarization` and back."""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Diarization, Segment
from schemas.errors import Reject
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import Span, total, union
from stages.diarize.carrier import RATE
from stages.diarize.mixture import mixture_channel
from stages.vad.windows import windows

LEAST_SPEECH = 2.0
"""Seconds of speech below which one voice alone says nothing about how many there are."""
SPEAKERS = ("A", "B")

Turns = Mapping[str, Sequence[tuple[float, float]]]
"""Start and end in seconds of each voice's speech, by the library's own label; a voice may overlap itself."""

_log = logging.getLogger(__name__)


def heard(recording: Recording, channel: int) -> Iterator[NDArray[np.float32]]:
    """One channel at 16 kHz in [-1, 1], as blocks [m] of some seconds."""
    for block in windows(recording.samples[channel : channel + 1], recording.bits, recording.rate, RATE):
        yield block[0]


def by_pipeline(pipeline: Any, mix: tuple[str, ...], speakers: int | None) -> Callable[[Source, Recording, Health], Diarization]:
    """A loaded pyannote.audio speaker diarization as the function of a stage; `mix` as for `mixture_channel`, `speakers` as below."""

    def diarize(source: Source, recording: Recording, health: Health) -> Diarization:
        channel = mixture_channel(recording, health, mix)
        if channel is None:
            return Diarization(length=recording.length, rate=recording.rate, channel=None)
        return diarization_of(turns_of(run_pipeline(pipeline, recording, channel, speakers)), recording, channel)

    return diarize


def run_pipeline(pipeline: Any, recording: Recording, channel: int, speakers: int | None) -> Any:
    """The `Annotation` that a loaded pyannote.audio speaker diarization makes of one channel; `speakers` None leaves their number to it.

    What it prints goes to the log, because standard output belongs to the command; its warnings that a short recording has fewer speakers
    than asked for are silent, because the number found is judged by `diarization_of`.
    """
    import torch

    waveform = torch.from_numpy(np.concatenate(list(heard(recording, channel)) or [np.zeros(0, np.float32)]))[None]
    if not waveform.shape[1]:
        raise Reject("no_speech", "the recording is shorter than one sample at 16 kHz", seconds=recording.duration)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*The detected number of speakers", category=UserWarning)
        warnings.filterwarnings("ignore", message=r"Mean of empty slice", category=RuntimeWarning)
        warnings.filterwarnings("ignore", message=r"invalid value encountered", category=RuntimeWarning)
        out = pipeline({"waveform": waveform, "sample_rate": RATE, "uri": "recording"}, num_speakers=speakers)
    if said.getvalue():
        _log.debug("pyannote.audio: %s", said.getvalue().strip())
    return getattr(out, "speaker_diarization", out)


def turns_of(annotation: Any) -> dict[str, list[tuple[float, float]]]:
    """The speech of each label of a pyannote `Annotation`, in seconds."""
    found: dict[str, list[tuple[float, float]]] = {}
    for segment, _, label in annotation.itertracks(yield_label=True):
        found.setdefault(str(label), []).append((float(segment.start), float(segment.end)))
    return found


def diarization_of(turns: Turns, recording: Recording, channel: int) -> Diarization:
    """Turns of two voices as a `Diarization`: times rounded once (half up) to the recording's samples and cut at its ends, the voice heard
    first as speaker 0, touching turns of one voice joined.

    Raises `Reject`: `no_speech` without any turn, `one_speaker` with one voice (`unsure` when there are less than 2 s of it) and
    `too_many_speakers` with more than two, with the seconds and the share of each.
    """
    spans = {label: union(_rounded(times, recording)) for label, times in turns.items()}
    spans = {label: found for label, found in spans.items() if found}
    check_two({label: total(found) / recording.rate for label, found in spans.items()}, recording)
    first, second = sorted(spans, key=lambda label: (spans[label][0].start, -spans[label][0].end, label))
    found = [Segment(number, span) for number, label in enumerate((first, second)) for span in spans[label]]
    return diarization(found, recording, channel)


def diarization(found: Sequence[Segment], recording: Recording, channel: int) -> Diarization:
    """Segments in any order as the value of one channel of a recording."""
    ordered = tuple(sorted(found, key=lambda s: (s.span.start, s.span.end, s.speaker)))
    return Diarization(length=recording.length, rate=recording.rate, channel=channel, segments=ordered, speakers=SPEAKERS)


def check_two(seconds: Mapping[str, float], recording: Recording) -> None:
    """Raise `Reject` unless there are two voices; `seconds` of speech of each."""
    if len(seconds) == 2:
        return
    whole = sum(seconds.values())
    facts = {
        "seconds": {label: round(value, 3) for label, value in seconds.items()},
        "shares": {label: round(value / whole, 4) for label, value in seconds.items()},
        "recording_s": round(recording.duration, 3),
    }
    if not seconds:
        raise Reject("no_speech", f"no speech was found in {recording.duration:.1f} s of sound", **facts)
    if len(seconds) > 2:
        raise Reject("too_many_speakers", f"{len(seconds)} voices were found where two were wanted", **facts)
    if whole < LEAST_SPEECH:
        raise Reject("unsure", f"{whole:.1f} s of speech are too little to tell how many voices there are", **facts)
    raise Reject("one_speaker", f"one voice was found, in {whole:.1f} s of speech", **facts)


def annotation_of(diarization: Diarization, uri: str = "recording") -> Any:
    """A `Diarization` as a pyannote `Annotation`, in seconds, with the speakers' names as labels."""
    from pyannote.core import Annotation
    from pyannote.core import Segment as Stretch

    made = Annotation(uri=uri)
    for number, segment in enumerate(diarization.segments):
        start, end = segment.span.seconds(diarization.rate)
        made[Stretch(start, end), number] = diarization.speakers[segment.speaker]
    return made


def _rounded(times: Sequence[tuple[float, float]], recording: Recording) -> list[Span]:
    found = []
    for start, end in times:
        first, last = (min(recording.length, max(0, math.floor(at * recording.rate + 0.5))) for at in (start, end))
        if first < last:
            found.append(Span(first, last))
    return found
