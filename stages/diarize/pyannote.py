"""The default diarization of two-party mixtures: pyannote segmentation and CAM++ voices, and a decision over the whole recording."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schemas.diarization import Conversation, Diarization
from schemas.errors import Reject, UsageError
from schemas.health import Health
from schemas.recording import Recording
from schemas.source import Source
from schemas.span import Span
from stages.diarize.assemble import Scene, diarization, expected_right, ordered, paired, spans, talk_of
from stages.diarize.carrier import EMBEDDING, SEGMENTATION, embedding_model, segmentation_model
from stages.diarize.conversations import Pair, Piece, Rule, check_some, split, stretches
from stages.diarize.embedding import Pooling, embed
from stages.diarize.likeness import Known
from stages.diarize.mixture import MIX, check_mix, mixture_channel
from stages.diarize.segmentation import RATE, Heard, hear
from stages.diarize.sounds import MUSIC, MusicDetector, tones
from stages.diarize.speech import passed_over, speech_ticks
from stages.diarize.ticks import PER_SECOND, Mask, long_runs, runs, span_of, ticks_of
from stages.diarize.two_party import STEP, Decision, Moments, decide, labelled, moments, nearest, overlapped
from stages.precision import Precision
from stages.spool import Spool
from stages.stage import Weights, speed
from stages.vad.silero import SileroVad, open_session
from stages.vad.windows import windows

Floats = NDArray[np.float32]

TONE_IN_SPEECH = 100
"""Ticks from which a tone is one even where a network hears speech: a held vowel ends sooner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PyannoteDiarize:
    """Two speakers of one mixture, overlap included; needs no token and no network.

    Speech edges are the VAD's, overlap is the segmentation network's, and who speaks is decided from voice embeddings over the whole
    recording (`stages.diarize.two_party`). Rejects what is no two-party dialogue (`one_speaker`, `too_many_speakers`, `no_speech`) or
    gives too little evidence to say (`unsure`, `low_confidence`), with the facts. With `split_silence` each piece of the recording is
    judged by itself, and a recording of which none is a conversation is rejected (`no_conversation`). Memory beside the networks grows by
    some 20 kB a second of recording; the resampled audio lies on scratch disk, mapped.
    """

    name: ClassVar[str] = "diarize"
    backend: ClassVar[str] = "pyannote"
    version: ClassVar[int] = 2
    takes: ClassVar[tuple[type, ...]] = (Source, Recording, Health)
    gives: ClassVar[type] = Diarization

    mix: tuple[str, ...] = MIX
    """Findings of channel health that make two recorded channels one mixture."""
    hop: float = 2.5
    """Seconds between windows of the segmentation network, which are 10 s long."""
    overlap: float = 0.35
    """Probability above which both speak."""
    overlap_peak: float = 0.7
    """Probability that a stretch of overlap reaches somewhere. The network is too sure of stretches that only reach 0.5 to 0.7: in noise,
    on telephone lines and at changes of speaker, a third of their time is overlap."""
    smoothing: float = 0.25
    """Cost of each change of voice, in log-likelihood; high values swallow backchannels."""
    third_alike: float = 0.5
    """Cosine to both speakers' voices below which a voice is another person."""
    third_seconds: float = 1.0
    """Firm solo speech of another person, at least."""
    third_share: float = 0.1
    """Share of the solo speech from which other people make the recording no two-party dialogue."""
    least_seconds: float = 2.0
    """Solo speech of each speaker below which nothing is said."""
    least_evidence: float = 0.3
    """Evidence for two voices (`Decision.evidence`) below which the answer is `unsure`, and below its negative `one_speaker`."""
    least_sure: float = 0.75
    """Probability of a speaker below which a stretch is marked as unsure."""
    min_confidence: float = 0.0
    """Recordings whose expected share of rightly given speech is below this are rejected."""
    split_silence: float | None = None
    """Seconds without any speech at which a recording is cut into conversations, each with its own two speakers: the two voices with the
    most solo speech in it. Null: the whole recording is one conversation of two. A piece that is none (`schemas.diarization.DROPPED`)
    becomes no row; it has its place in the tracks."""
    split_turns: int = 2
    """Turns that a conversation has at least: changes of floor (`stages.turns.floor`) plus one."""
    split_share: float = 0.8
    """Share of the speech of a conversation's two speakers that one of them has at most."""
    split_seconds: float = 3.0
    """Shortest conversation, from its first speech to its last."""
    sounds: bool = True
    """Find call tones and hold music, and take no speech in them."""
    precision: Precision = "float32"
    """Number format of the networks."""
    batch: int = speed(8)
    """Windows given to the segmentation network at once."""
    embedding_batch: int = speed(2)
    """Chunks of 10 s given to the embedding network at once."""

    def __post_init__(self) -> None:
        check_mix(self.mix)
        self._rule()
        for field in ("overlap", "overlap_peak", "third_share", "least_sure", "min_confidence"):
            if not 0 <= getattr(self, field) <= 1:
                raise UsageError(f"diarize: {field}: {getattr(self, field)} is not between 0 and 1")
        if not 0.5 <= self.hop <= 10:
            raise UsageError(f"diarize: hop: {self.hop} s must be from 0.5 s to the window's 10 s")
        if not -1 <= self.third_alike <= 1:
            raise UsageError(f"diarize: third_alike: {self.third_alike} is no cosine")
        for field in ("smoothing", "third_seconds", "least_seconds", "least_evidence"):
            if not 0 <= getattr(self, field) < math.inf:
                raise UsageError(f"diarize: {field}: {getattr(self, field)} must be 0 or more")
        if self.precision not in ("float32", "float16", "bfloat16"):
            raise UsageError(f"diarize: precision: {self.precision!r} is none of float32, float16, bfloat16")
        if self.batch < 1 or self.embedding_batch < 1:
            raise UsageError("diarize: batch and embedding_batch must be 1 or more")

    def _rule(self) -> Rule:
        return Rule(
            silence=self.split_silence,
            turns=self.split_turns,
            share=self.split_share,
            seconds=self.split_seconds,
            third_share=self.third_share,
        )

    def weights(self) -> tuple[Weights, ...]:
        return (SEGMENTATION, EMBEDDING, *SileroVad().weights(), *((MUSIC,) if self.sounds else ()))

    def load(self, device: str) -> Callable[[Source, Recording, Health], Diarization]:
        """The networks on `device` as a pure function; raises `UsageError` when a package is absent or weights are not the pinned ones."""
        networks = _Networks(self, device)

        def diarize(source: Source, recording: Recording, health: Health) -> Diarization:
            channel = mixture_channel(recording, health, self.mix)
            if channel is None:
                return Diarization(length=recording.length, rate=recording.rate, channel=None)
            return self._mixture(networks, recording, channel)

        return diarize

    def _mixture(self, networks: _Networks, recording: Recording, channel: int) -> Diarization:
        audio = resampled(recording, channel)
        heard, speech = networks.listen(audio, ticks_of(recording.length, recording.rate))
        tone, music = networks.sounds(audio, len(speech))
        other = long_runs(tone, TONE_IN_SPEECH) | music
        speech &= ~other
        if not speech.any():
            raise Reject("no_speech", f"none in {recording.duration:.2f} s", recording_s=recording.duration)
        both = overlapped(heard, speech, self.overlap, self.overlap_peak)
        found = moments(speech & ~both)
        vectors = networks.voices(audio, found, speech)
        decision = self._some(self._decide(heard, found, vectors), found, recording)
        known = Known(decision, heard, found, vectors)
        if self.split_silence is not None:
            known = known.again(stretches(spans(speech), self._rule(), PER_SECOND), self._decide, self._label, self._verdict)
        decision, at = known.decision, nearest(found, len(speech))
        scene = Scene(
            solo=speech & ~both,
            overlap=both,
            voice=decision.labels[at],
            sure=decision.sure[at],
            overlap_likely=heard.overlap.astype(np.float64),
            passed_over=passed_over(speech, heard, tone | other),
        )
        confidence = expected_right(scene, heard)
        conversations: tuple[Conversation, ...] = ()
        if self.split_silence is None:
            self._check(decision, confidence)
            scene = ordered(scene)
        else:
            scene, conversations = self._split(scene, known, recording)
        return diarization(
            scene,
            (("tone", runs(tone & ~speech)), ("music", runs(music & ~tone & ~speech))),
            channel=channel,
            length=recording.length,
            rate=recording.rate,
            least_sure=self.least_sure,
            confidence=confidence,
            similarity=decision.similarity,
            conversations=conversations,
        )

    def _split(self, scene: Scene, known: Known, recording: Recording) -> tuple[Scene, tuple[Conversation, ...]]:
        """The scene with each piece's own speakers, and the pieces; raises `Reject` when none is a conversation."""
        judged: dict[Span, Decision] = {}

        def judge(pair: Pair, speech: Span) -> str | None:
            between = judged[speech] = known.between(pair, speech)
            return self._verdict(between)

        talk = talk_of(scene, len(known.decision.seconds))
        pieces = split(talk, self._rule(), judge)
        places = {voice: place for place, voice in enumerate(talk.ranks)}

        def told(piece: Piece) -> Conversation:
            confidence = expected_right(scene, known.heard, slice(piece.speech.start, piece.speech.end))
            unlikely = piece.dropped is None and confidence < self.min_confidence
            first, second = (voice_name(places[voice]) for voice in piece.pair)
            return Conversation(
                span_of(piece.span.start, piece.span.end, recording.rate, recording.length),
                "low_confidence" if unlikely else piece.dropped,
                None if piece.alone else (first, second),
                confidence,
                judged[piece.speech].similarity if piece.speech in judged else None,
            )

        found = tuple(told(piece) for piece in pieces)
        check_some(found, recording.length, recording.rate)
        return paired(scene, pieces), found

    def _decide(self, heard: Heard, found: Moments, vectors: Floats) -> Decision | None:
        return decide(heard, found, vectors, self.third_alike, self.third_seconds, self.smoothing)

    def _label(self, heard: Heard, found: Moments, vectors: Floats, centres: NDArray[np.float64]) -> tuple[Any, Any]:
        return labelled(heard, found, vectors, centres, self.smoothing)

    def _some(self, decision: Decision | None, found: Moments, recording: Recording) -> Decision:
        """The decision if there is one; raises `Reject` otherwise."""
        if decision is None:
            solo = len(found.at) * STEP / PER_SECOND
            detail = f"{solo:.1f} s of solo speech in {recording.duration:.1f} s is too little to tell two voices apart"
            raise Reject("unsure", detail, solo_seconds=solo)
        return decision

    def _verdict(self, between: Decision) -> str | None:
        """What the evidence for two voices says: `one_speaker`, `unsure`, or nothing where there are two."""
        if between.evidence <= -self.least_evidence:
            return "one_speaker"
        return "unsure" if between.evidence < self.least_evidence or min(between.seconds[:2]) < self.least_seconds else None

    def _check(self, decision: Decision, confidence: float) -> None:
        """Raise `Reject` unless the whole recording is one dialogue of two speakers."""
        facts = _facts(decision)
        share = sum(decision.seconds[2:]) / sum(decision.seconds)
        if share >= self.third_share:
            count = len(decision.seconds)
            raise Reject("too_many_speakers", f"{count} voices, of which {share:.0%} of the solo speech is not of the first two", **facts)
        why = self._verdict(decision)
        if why == "one_speaker":
            raise Reject("one_speaker", f"the two halves of the speech are one voice (cosine {decision.similarity:.2f})", **facts)
        if why == "unsure":
            least = min(decision.seconds[:2])
            detail = (
                f"voices of cosine {decision.similarity:.2f}, the lesser with {least:.1f} s of solo speech, cannot be told apart safely"
            )
            raise Reject("unsure", detail, **facts)
        if confidence < self.min_confidence:
            detail = f"{confidence:.3f} of the speech is expected to be given to the right speaker, of at least {self.min_confidence:g}"
            raise Reject("low_confidence", detail, confidence=confidence, **facts)


class _Networks:
    """The three networks, loaded."""

    def __init__(self, stage: PyannoteDiarize, device: str) -> None:
        self.stage, self.device = stage, device
        self.segmentation = segmentation_model(device, stage.precision)
        self.embedding = embedding_model(device, stage.precision)
        self.pooling = Pooling.of(self.embedding)
        vad = SileroVad()
        self.session, self.rule = open_session(device, 1), vad.rule
        self.music = MusicDetector() if stage.sounds else None

    def listen(self, audio: Floats, ticks: int) -> tuple[Heard, Mask]:
        """What the segmentation network heard, and where anybody speaks."""
        hop = round(self.stage.hop * RATE)
        heard = hear(self.segmentation, audio, ticks, hop, self.stage.batch, self.device)
        return heard, speech_ticks(self.session, self.rule, audio, heard)

    def sounds(self, audio: Floats, ticks: int) -> tuple[Mask, Mask]:
        """Call tones and music."""
        if self.music is None:
            return np.zeros(ticks, bool), np.zeros(ticks, bool)
        return tones(audio, ticks), self.music(audio, ticks)

    def voices(self, audio: Floats, found: Moments, speech: Mask) -> Floats:
        """The embedding of each moment."""
        return embed(self.embedding, self.pooling, audio, found.stretches, speech, self.stage.embedding_batch, self.device)


def resampled(recording: Recording, channel: int) -> Floats:
    """One channel at 16 kHz, float32 [n], mapped from scratch disk."""
    spool = Spool(np.float32, 1)
    for block in windows(recording.samples[channel : channel + 1], recording.bits, recording.rate, RATE):
        spool.write(block.T)
    audio: Floats = spool.samples()[0]
    return audio


def voice_name(place: int) -> str:
    """`A` for the voice heard first in a recording, `B` for the second and so on; after `Z` numbers."""
    return chr(ord("A") + place) if place < 26 else f"voice {place + 1}"


def _facts(decision: Decision) -> dict[str, Any]:
    return {
        "seconds_by_voice": [round(seconds, 2) for seconds in decision.seconds],
        "similarity": round(decision.similarity, 4),
        "agreement": round(decision.agreement, 4),
        "evidence": round(decision.evidence, 4),
    }
