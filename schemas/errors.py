"""The two ways a dialogue can end without a result, and the closed list of reasons for the first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class DuologueError(Exception):
    """Base of every error a person can act on; its text is one sentence that names the thing, the place and what was wanted."""


class LawError(DuologueError, ValueError):
    """A value broke one of its own laws: always a bug in the stage that made it, never in the data."""


class UsageError(DuologueError, ValueError):
    """What the person asked for cannot be done as asked: a wrong setting, a missing folder, a missing package."""


REASONS: dict[str, str] = {
    # found while listing the source
    "bad_manifest_line": "a manifest line is not an object, or lacks its audio, or holds a value of the wrong type",
    "duplicate_id": "an earlier input of the same run already has this id (compared after Unicode normalisation and case folding)",
    "bad_name": "the file's name is not valid Unicode or no relative path, so no row could name it",
    "side_missing": "one file of a one-file-per-side recording is absent",
    "no_audio": "a table or transcript of the corpus names this recording, and its audio is not there",
    "not_audio": "the file is not audio in any supported container",
    "rights": "the policy given to the build rejects the recording for its rights, or the chain for its models",
    # found while decoding
    "missing": "the file is named by the source but is not there or cannot be opened",
    "unreadable": "no decoder accepts the file's contents",
    "unsupported": "the container is known but its encoding is refused, such as a video container or a compression nothing here reads",
    "truncated": "fewer samples are present than the header promises, beyond the tolerance in the config",
    "empty": "the file holds no samples",
    "too_short": "the recording is shorter than the shortest accepted",
    "too_long": "the recording is longer than the longest accepted",
    "too_many_channels": "the file has more channels than two sides can be made of",
    "not_two_channel": "the recording is mono, and this chain takes one channel per speaker",
    "rate_out_of_range": "the sampling rate is outside the accepted range",
    "non_finite": "float samples that are not finite numbers",
    "sides_differ_in_length": "the two files of one recording differ in length beyond the tolerance in the config",
    "sides_differ_in_rate": "the two files of one recording have different sampling rates",
    "decoder_crash": "the decoder died, ran out of its memory or ran past its time while reading the file",
    # found by channel health, when the policy says so
    "dual_mono": "the two channels carry the same signal (identical, scaled, inverted or delayed)",
    "one_scene": "the two channels hear the same room or are one joint-stereo scene, not one speaker each",
    "one_sided": "one of the two channels has no speech",
    "silent": "neither channel has speech",
    "leakage": "one side is heard in the other side's channel above the accepted level",
    "clipping": "too large a share of the samples is clipped",
    "upsampled": "the recording holds no content above a much lower sampling rate than its own",
    "dc_offset": "a channel's mean is too far from zero",
    "hum": "mains hum stands too far above the noise floor",
    "low_level": "speech on a channel is too quiet",
    # found by diarization
    "one_speaker": "one voice holds the whole recording, so it is no two-party dialogue",
    "too_many_speakers": "three or more voices have a real share of the speech, so it is no two-party dialogue",
    "unsure": "the evidence is too thin to tell two voices apart: too little speech of one of them, or voices too much alike",
    "low_confidence": "the expected share of speech given to the right speaker is below the least accepted",
    "bad_rttm": "the RTTM file named for the recording is missing, malformed or does not name two speakers",
    "no_conversation": "no stretch of the recording is a conversation of two by the rules in the config",
    # found by turn taking
    "no_speech": "no speech was found in the recording",
    # found by transcription
    "unknown_language": "the source claims a language that the recogniser does not know",
    "bad_transcript": "the transcript of the recording is not named, missing or malformed, or its labels name no two sides",
    # found by the gate
    "gated": "a term of the gate does not hold, or what it asks for is not known",
}
"""Every reason a recording can be rejected for, in one place. `Reject` accepts no other."""


class Reject(DuologueError):
    """A verdict on the data: this recording cannot be used, for `reason`, with the measured `facts`.

    Raised by stages; the worker turns it into `<key>.reject.json`. `reason` is a key of `REASONS`; `facts` hold JSON values.
    """

    def __init__(self, reason: str, detail: str = "", **facts: Any) -> None:
        if reason not in REASONS:
            raise LawError(f"reject reason {reason!r} is not in schemas.errors.REASONS")
        self.reason = reason
        self.detail = detail or REASONS[reason]
        self.facts: Mapping[str, Any] = facts
        super().__init__(f"{reason}: {self.detail}")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_reject, (self.reason, self.detail, dict(self.facts))


def _rebuild_reject(reason: str, detail: str, facts: dict[str, Any]) -> Reject:
    return Reject(reason, detail, **facts)


@dataclass(frozen=True, slots=True)
class RejectRecord:
    """One rejected input as the ledger keeps it and `rejects.parquet` publishes it."""

    id: str
    key: str
    stage: str
    reason: str
    detail: str
    facts: str
    """JSON object of measured facts, keys sorted."""
    uris: tuple[str, ...] = ()

    @staticmethod
    def of(reject: Reject, id: str, key: str, stage: str, uris: tuple[str, ...]) -> RejectRecord:
        facts = json.dumps(dict(reject.facts), sort_keys=True, ensure_ascii=False, default=str)
        return RejectRecord(id, key, stage, reject.reason, reject.detail, facts, uris)
