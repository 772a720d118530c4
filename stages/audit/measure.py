"""The audit of one recording: decoded once, measured in every respect, and nothing of its sound kept."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.activity import Activity
from schemas.errors import Reject
from schemas.health import Health
from schemas.personal import PersonalSpan
from schemas.recording import Recording
from schemas.source import Source
from schemas.tracks import Tracks, view_of
from stages.audit.accord import Accord, accord
from stages.audit.audited import Audited, Heard
from stages.audit.bytes_of import file_facts
from stages.audit.gating import gating
from stages.audit.given import Given, read_given
from stages.audit.listen import listener
from stages.audit.outline import outline
from stages.audit.prints import prints
from stages.audit.traces import traces
from stages.decode.file import FileDecode
from stages.health.measure import ChannelHealth
from stages.personal.find import find_personal
from stages.splits.voices import voice_finder
from stages.stage import Weights
from stages.transcribe.given import GivenTranscribe
from stages.turns.stats import TurnTaking
from stages.vad.silero import SileroVad

WHOLE = FileDecode(truncated="keep", min_seconds=0.0)
"""Takes what can be decoded at all; that it is short or cut is a finding."""
JUDGE = ChannelHealth(reject=(), flag=("silent", "dual_mono", "one_scene", "one_sided", *ChannelHealth().flag))
"""Turns nothing down: what a build would reject is a finding here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditMeasure:
    """Everything that an audit wants to know of one recording. Rejects only what cannot be decoded."""

    name: ClassVar[str] = "audit"
    backend: ClassVar[str] = "measure"
    version: ClassVar[int] = 1
    takes: ClassVar[tuple[type, ...]] = (Source,)
    gives: ClassVar[type] = Audited

    decode: FileDecode = WHOLE
    health: ChannelHealth = JUDGE
    vad: SileroVad = field(default_factory=SileroVad)
    taking: TurnTaking = field(default_factory=TurnTaking)
    given: GivenTranscribe = field(default_factory=GivenTranscribe)
    voices: bool = False
    """Whether the voice of each side is kept, to compare it across splits; some 0.6 s for each recording."""
    asr: Any | None = None
    """A `transcribe` stage whose words the transcript is held against; None: nobody listens."""

    def weights(self) -> tuple[Weights, ...]:
        """Of the voice activity network, and of the recogniser when there is one."""
        from stages.diarize.carrier import EMBEDDING

        more = (EMBEDDING,) if self.voices else ()
        return (*self.vad.weights(), *more, *(() if self.asr is None else self.asr.weights()))

    def files(self, source: Source) -> tuple[str, ...]:
        """The transcript."""
        return self.given.files(source) if source.transcript is not None else ()

    def load(self, device: str) -> Callable[[Source], Audited]:
        """The function from a source to its measurements."""
        decode, judge, listen = self.decode.load("cpu"), self.health.load("cpu"), listener(self.vad)
        take = self.taking.load("cpu")
        hear = None if self.asr is None else _Ears(self.asr, device)
        voices = voice_finder(device) if self.voices else None

        def audit(source: Source) -> Audited:
            files = file_facts(source)
            recording = decode(source)
            health: Health = judge(recording)
            activity = listen(recording)
            tracks = tracks_of(recording, source) if recording.channels == 2 else None
            given = read_given(self.given, source, tracks, activity)
            heard = None if hear is None or tracks is None else hear(source, tracks, activity, given)
            return Audited(
                rate=recording.rate,
                channels=recording.channels,
                length=recording.length,
                decoding=recording.decoding,
                files=files,
                health=health,
                speech=tuple(sum(map(len, spans)) / recording.rate for spans in activity.channels),
                stats=None if tracks is None else take(activity),
                gating=None if tracks is None else gating(recording, activity),
                traces=() if tracks is None else traces(recording, activity),
                prints=prints(recording),
                outline=outline(recording),
                accord=_accord(given, activity),
                transcript_problem=given.problem,
                words=None if given.words is None else len(given.words),
                personal=_personal(given, source, activity),
                heard=heard,
                voices=() if voices is None else tuple(map(_text, voices(recording, activity))),
            )

        return audit


def _text(vector: NDArray[np.float32] | None) -> str | None:
    return None if vector is None else base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def tracks_of(recording: Recording, source: Source) -> Tracks:
    """The two recorded channels under the names that the source gives them."""
    names = source.speakers if source.speakers and source.speakers[0] != source.speakers[1] else ("A", "B")
    roles = source.roles or ("", "")
    return view_of(recording, (0, 1), (names[0], names[1]), (roles[0], roles[1]), "as_recorded")


def _accord(given: Given, activity: Activity) -> Accord | None:
    return None if given.transcript is None else accord(given.transcript, activity, given.ends_s)


def _personal(given: Given, source: Source, activity: Activity) -> tuple[PersonalSpan, ...]:
    return () if not given.words else find_personal(given.words, activity.rate, source.language)


class _Ears:
    """A recogniser, loaded, whose words are compared with a transcript."""

    def __init__(self, stage: Any, device: str) -> None:
        self.takes, self.hear = stage.takes, stage.load(device)
        self.method = f"{stage.name}.{stage.backend} {', '.join(each.name for each in stage.weights())}"

    def __call__(self, source: Source, tracks: Tracks, activity: Activity, given: Given) -> Heard | None:
        from stages.scoring.words import side_errors

        if given.transcript is None:
            return None
        at_hand = {Source: source, Tracks: tracks, Activity: activity}
        try:
            found = self.hear(*[at_hand[kind] for kind in self.takes])
        except Reject:
            # A language that the recogniser does not know: nothing is compared.
            return None
        errors = side_errors(_texts(given.transcript), _texts(found), source.language)
        return Heard(wer=(errors[0].rate, errors[1].rate), method=self.method)


def _texts(transcript: Any) -> tuple[str, str]:
    first, second = (" ".join(word.text for word in transcript.words(channel)) for channel in (0, 1))
    return first, second
