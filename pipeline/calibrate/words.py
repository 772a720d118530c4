"""What each score is called, means and is measured in."""

from __future__ import annotations

from pipeline.calibrate.words_inside import INSIDE_DEFINITIONS
from stages.scoring.identity import SUSTAINED
from stages.scoring.kept import BACKCHANNEL, INSIDE, IPU_SILENCE, KEPT
from stages.scoring.signal import MOST_DB, PROJECTION
from stages.scoring.speakers import COLLAR
from stages.scoring.taking import LEAST

__all__ = ["DEFINITIONS", "LABELS", "MOST_DB"]

DEFINITIONS: dict[str, str] = {
    "reference": "Speech that the chain's own voice activity stage finds on the true channels. Who speaks is scored, not how the detector "
    "draws its edges.",
    "der": "Diarization error rate: missed, false and confused seconds over reference speech (overlap counted twice), no collar, overlap "
    "scored, from the speech activity of the made channels; by pyannote.metrics.",
    "der_collar_250ms": f"The same without {COLLAR} s on either side of every end of reference speech (collar={2 * COLLAR} in "
    "pyannote.metrics).",
    "miss": "Share of reference speech that is in no channel's activity.",
    "false_alarm": "Activity where nobody talks, or of two where one does, over reference speech.",
    "confusion": "Share of reference speech that is in the other speaker's channel.",
    "der_segments": "DER of the diarization's own segments, before any voice activity is run on the made channels; no collar.",
    "overlap_recall": "Share of the time in which both true speakers talk in which both made channels hold speech.",
    "overlap_precision": "Share of the time in which both made channels hold speech in which both true speakers talk.",
    "backchannel_recall": f"Share of true utterances (silences under {IPU_SILENCE} s closed) shorter than {BACKCHANNEL:g} s, at least "
    f"{INSIDE:.0%} of each inside the partner's speech, of which at least {KEPT:.0%} is speech in the right made channel.",
    "speech_kept": "Share of each speaker's reference speech during which the right made channel carries the recording, by its origins.",
    "leakage_db": f"Power of the other voice in a channel over that of its own voice, each by projection on the true sides in windows of "
    f"{PROJECTION:g} s, voices being the sides where their speaker talks. An overlap routed to both channels counts as leakage in both.",
    "leakage_solo_db": "The same with the other voice taken only where its speaker talks alone: what routing alone can avoid.",
    "swaps_per_hour": f"Disjoint stretches in which the reverse of the call's mapping fits better by at least {SUSTAINED:g} s of speech.",
    "si_sdr_db": "Scale-invariant signal-to-distortion ratio of each made channel against the true side, whole call, means left in.",
    "si_sdr_solo_db": "The same over the samples where only this channel's speaker talks.",
    "si_sdr_overlap_db": "The same over the samples where both talk.",
    "turn_taking_error": "(made - true) / true for seconds and counts, a difference in seconds for the median floor transfer offset. "
    f"The largest is that of IPU, pause, gap and overlap seconds, none divided by less than {LEAST:g} s per minute.",
    "wer_true": "Word error rate of what is heard on the true channels against the corpus's own transcript; absent where the source names "
    "none that can be read. Texts by whisper-normalizer, counts by jiwer.",
    "wer": "Word error rate of what is heard on the made channels, each against the words of its true one: the corpus's own transcript "
    "where the source names one, else what is heard on the true channels. Pooled over calls of the first kind where there are any.",
    "cpwer_true": "Both true channels together under the better assignment of sides (cpWER).",
    "cpwer": "Both made channels together under the better assignment of sides (cpWER).",
    "transcripts_unread": "Mixtures whose corpus names a transcript that could not be read, so that it is not the reference; why stands at "
    "each as words.unread.",
    "wer_mix": "Word error rate of the mix heard as one channel, against the words of both sides in order of time.",
    "rtf": "Processor seconds of the chain, without decoding and with its models loaded, per second of audio. It changes from run to run.",
    "confidence": "What the diarization itself expects of its labels; the mean by time when pooled.",
    "rank_correlation": "Spearman's, of 1 - confidence with DER and with 1 - speech_kept, over five mixtures or more: 1 when the "
    "confidence orders the calls as their errors do.",
    "pooling": "Shares and rates: summed over mixtures before they are divided. Levels in dB: median over channels, held inside "
    f"±{MOST_DB:g} dB, beyond which 16 bits show nothing. Each "
    "call's own level is the mean of its two channels.",
    **INSIDE_DEFINITIONS,
}
"""Every score as `calibration.json` and its page explain it."""

LABELS: dict[str, tuple[str, str]] = {
    "der": ("DER, no collar", "share"),
    "der_collar_250ms": ("DER, collar ±0.25 s", "share"),
    "miss": ("Missed speech", "share"),
    "false_alarm": ("False alarm", "share"),
    "confusion": ("Confusion", "share"),
    "der_segments": ("DER of the segments", "share"),
    "overlap_recall": ("Overlap recall", "share"),
    "overlap_precision": ("Overlap precision", "share"),
    "backchannel_recall": ("Backchannel recall", "share"),
    "speech_kept": ("Speech kept in the right channel", "share"),
    "leakage_db": ("Leakage of the other voice", "dB"),
    "leakage_solo_db": ("Leakage outside overlaps", "dB"),
    "swaps_per_hour": ("Swaps", "per hour"),
    "si_sdr_db": ("SI-SDR, whole call", "dB"),
    "si_sdr_solo_db": ("SI-SDR in solos", "dB"),
    "si_sdr_overlap_db": ("SI-SDR in overlaps", "dB"),
    "turn_taking_error": ("Largest turn-taking error", "share"),
    "wer_true": ("Word error rate, true channels", "share"),
    "wer": ("Word error rate, made channels", "share"),
    "cpwer_true": ("cpWER, true channels", "share"),
    "cpwer": ("cpWER, made channels", "share"),
    "wer_mix": ("Word error rate, mono mix", "share"),
    "rtf": ("Processor time", "of real time"),
    "confidence": ("Confidence", "share"),
}
"""Name and unit of each score, in the order in which they are shown."""
