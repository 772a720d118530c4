"""What an audit finds in a corpus, before anything is built from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.errors import REASONS, LawError

Area = Literal["files", "wholeness", "channels", "transcripts", "duplicates", "rights", "personal", "shape", "splits"]
Severity = Literal["note", "flag", "reject"]
"""A note leaves a recording passed; a flag asks a person to look; a reject says that it must not be used as it is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One typed finding: what it means, what to do about it, and how severe it is unless a policy says otherwise."""

    area: Area
    meaning: str
    advice: str
    severity: Severity


AUDIT_KINDS: dict[str, Kind] = {
    # the corpus's files
    "unlisted": Kind("files", "the recording is not in the corpus's own list of files", "ask the supplier whether it belongs", "flag"),
    "no_transcript": Kind(
        "files", "other recordings of this corpus have a transcript and this one has none", "ask for it, or transcribe", "flag"
    ),
    "not_measured": Kind("files", "the audit itself failed on this recording", "see its error; run the audit again", "flag"),
    # wholeness
    "header_mismatch": Kind(
        "wholeness",
        "the file holds another number of samples than its header says",
        "ask for the file again; only what is there is used",
        "flag",
    ),
    "cut_off": Kind("wholeness", "the transcript goes on after the sound ends", "ask for the whole recording", "reject"),
    "checksum": Kind("wholeness", "the file is not the one that its checksum was made of", "fetch the file again", "reject"),
    "damaged": Kind("wholeness", "parts of the file could not be decoded and were skipped", "fetch the file again", "flag"),
    "untranscribed_end": Kind(
        "wholeness", "speech goes on long after the transcript's last words", "check that transcript and recording belong together", "flag"
    ),
    # channels
    "swapped_sides": Kind(
        "channels", "the transcript's sides fit the channels the other way round", "build with the sides turned round", "reject"
    ),
    "cut_mono": Kind(
        "channels",
        "the channels are one mixture cut up by speaker: who does not speak is perfectly silent, and nothing or the same sound overlaps",
        "build it as mono from the uncut recording; overlaps and backchannels are lost or doubled here",
        "reject",
    ),
    "gated_silence": Kind(
        "channels",
        "each channel is perfectly silent away from its speaker, as behind a noise gate",
        "breaths and soft backchannels are probably lost; ask for ungated tracks",
        "flag",
    ),
    "separated": Kind(
        "channels",
        "the channels hold traces of each other as separation of a mixture leaves them",
        "ask how the channels were made; do not treat them as two microphones",
        "flag",
    ),
    "mono": Kind("channels", "the recording holds both voices in one channel", "build it with mono_calls", "flag"),
    # transcripts against audio
    "bad_transcript": Kind(
        "transcripts",
        "the transcript cannot be read, or its labels name no two sides",
        "see the detail; build without it, or mend it",
        "flag",
    ),
    "speech_without_words": Kind(
        "transcripts", "speech that the transcript has no words for", "transcribe anew, or take the words with care", "flag"
    ),
    "words_without_speech": Kind(
        "transcripts", "words where nobody is heard", "align anew; look for a shifted or foreign transcript", "flag"
    ),
    "foreign_transcript": Kind(
        "transcripts", "the transcript fits this recording no better than chance", "find the transcript that belongs to it", "reject"
    ),
    "shifted_transcript": Kind("transcripts", "the transcript fits when moved in time", "move it, or align anew", "flag"),
    "word_errors": Kind("transcripts", "a recogniser hears other words than the transcript has", "look at the worst sides first", "flag"),
    # duplicates
    "duplicate": Kind("duplicates", "the same samples as another recording", "keep one of them", "reject"),
    "duplicate_side": Kind("duplicates", "one side has the same samples as a side of another recording", "keep one of them", "reject"),
    "near_duplicate": Kind(
        "duplicates", "the same sound as another recording, after another codec, gain, cut or resampling", "keep the better one", "reject"
    ),
    "evaluation": Kind("duplicates", "holds audio of the given evaluation set", "leave it out of training", "reject"),
    # rights
    "licence_unknown": Kind("rights", "no licence is known", "ask the supplier; name it in the manifest or with --licence", "flag"),
    "licence_unclear": Kind("rights", "the licence is no SPDX expression", "write it as one, such as CC-BY-4.0 or LicenseRef-Own", "flag"),
    "licence_refused": Kind("rights", "the policy does not allow this licence", "leave it out, or buy other terms", "reject"),
    "consent_missing": Kind("rights", "the policy wants consent of the speakers and none is recorded", "ask the supplier for it", "reject"),
    "rights_missing": Kind("rights", "something else that the policy requires is not recorded", "ask the supplier for it", "reject"),
    "jurisdiction_refused": Kind("rights", "the policy does not allow the recording's jurisdiction", "leave it out", "reject"),
    "use_refused": Kind("rights", "the intended use is not among the permitted ones", "leave it out, or buy other terms", "reject"),
    "expired": Kind("rights", "the permission has run out", "renew it, or delete the recording", "reject"),
    "weights_refused": Kind("rights", "a model whose weights the policy denies shaped the data", "build with other models", "reject"),
    # personal data
    "personal_data": Kind("personal", "names, numbers or addresses of people are spoken", "duologue redact mutes them", "flag"),
    # shape
    "outlier": Kind("shape", "the talk goes unlike that of the rest of the corpus", "listen to it", "note"),
    # splits
    "split_leak": Kind("splits", "a speaker, call or voice stands in two of the corpus's splits", "use the splits of this audit", "flag"),
}
"""Every finding of an audit that is no reject reason of a build, or means less than there. Those of channel health and of decoding keep
their names."""

HEALTH_ADVICE: dict[str, tuple[Severity, str]] = {
    "dual_mono": ("reject", "both channels are one signal: build it as mono, with mono_calls"),
    "one_scene": ("reject", "both channels hear the same room: build it as mono, with mono_calls"),
    "one_sided": ("reject", "ask for the other side; a monologue is no dialogue"),
    "silent": ("reject", "leave it out"),
    "leakage": ("flag", "listen before use: one side is heard in the other's channel"),
    "clipping": ("flag", "listen before use"),
    "upsampled": ("note", "count it as narrow-band"),
    "dc_offset": ("note", "harmless to most models; a high-pass removes it"),
    "hum": ("flag", "listen before use"),
    "low_level": ("note", "raise the level when training"),
}
"""Severity and advice for the findings of channel health."""


def kind_of(name: str) -> Kind:
    """The kind of a finding by its name: an audit's own, one of channel health, or a reject reason, which is a reject."""
    if name in AUDIT_KINDS:
        return AUDIT_KINDS[name]
    if name in HEALTH_ADVICE:
        severity, advice = HEALTH_ADVICE[name]
        return Kind("channels", REASONS[name], advice, severity)
    if name not in REASONS:
        raise LawError(f"audit finding {name!r} is neither in schemas.audit.AUDIT_KINDS nor in schemas.errors.REASONS")
    listing = ("bad_manifest_line", "duplicate_id", "bad_name", "side_missing", "no_audio", "not_audio", "missing")
    return Kind("files" if name in listing else "wholeness", REASONS[name], "ask for the file again, or leave it out", "reject")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of one recording in seconds, on one channel or on all (None)."""

    start: float
    end: float
    channel: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One finding about one recording. Law: `name` has a kind."""

    name: str
    detail: str = ""
    """A sentence with the numbers, for people; empty where value and limit say it all."""
    channel: int | None = None
    value: float | None = None
    unit: str | None = None
    limit: float | None = None
    """What the value was held against."""
    facts: str = "{}"
    """JSON object, keys sorted."""
    stretches: tuple[Stretch, ...] = ()
    """Where in the recording, sorted; empty where it is about the whole."""

    def __post_init__(self) -> None:
        kind_of(self.name)
