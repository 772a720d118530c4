"""What each figure of the overlaps is called, means and is measured in."""

from __future__ import annotations

from stages.scoring.overlaps import JOIN, SHORTEST
from stages.scoring.rank import FEWEST

INSIDE_DEFINITIONS: dict[str, str] = {
    "overlaps": f"Maximal stretches in which both true speakers talk by the reference, gaps of up to {JOIN:g} s closed. Those shorter than "
    f"{SHORTEST:g} s are counted as short and not measured.",
    "overlaps.gain_db": "SI-SDR improvement (SI-SDRi): SI-SDR of the made channel against the true side less SI-SDR of the mixture against "
    "the same side, over the same samples. Routing puts the mixture on both channels, so this is what a separator brings over routing, and "
    "0 for routing itself. All overlap samples of a channel of a call are one signal; the mean of channels is weighted by seconds of "
    "overlap. Overlaps that were not found count with what the channels hold there; a channel silent in all of them has none.",
    "overlaps.gain_worst": "The channel of a call whose improvement is least.",
    "overlaps.gain_overlap_mean_db": "The same taken overlap by overlap and voice by voice, mean weighted by seconds. A voice whose "
    "channel is silent in all of an overlap has no SI-SDR and is not in it; see the share that is given to one only.",
    "overlaps.gain_overlap_median_db": "Median of the same, weighted by seconds.",
    "overlaps.si_sdr_db": "SI-SDR of the made channels over all of a call's overlap samples, mean of channels weighted by seconds of "
    "overlap.",
    "overlaps.mix_si_sdr_db": "That of the mixture itself.",
    "overlaps.separated": "Share of overlap seconds that are separated on both channels, by their origins.",
    "overlaps.routed": "Share of overlap seconds that are the mixture on both channels, because nothing separated them.",
    "overlaps.lost": "Share of overlap seconds in which a channel holds nothing of the recording: all was given to one speaker, or nothing "
    "to anybody.",
    "overlaps.separated_outside": "Seconds that were separated where the true speakers do not both talk, mean of the two channels.",
    "overlaps.kept": f"Overlaps of which {SHORTEST:g} s or more is separated on both channels. What is said of kept overlaps is of the "
    "separated part alone.",
    "overlaps.kept_gain_db": "SI-SDR improvement where the channels are separated, mean of voices weighted by seconds.",
    "overlaps.kept_worse": "Share of kept overlaps that are worse than routing: the mean improvement of both voices is below 0.",
    "overlaps.kept_worse_voices": "Share of voices in kept overlaps whose improvement is below 0.",
    "overlaps.confidence": "What the separator itself expects: mean over kept overlaps of their origins' confidence.",
    "overlaps.rank_correlation": f"Spearman's, of the confidence of kept overlaps with their improvement (mean of both voices), over "
    f"{FEWEST} overlaps or more: 1 when the confidence orders overlaps as their improvements do.",
    "overlaps.words": "Words of the reference whose middle (halfway between start and end) lies in a measured overlap.",
    "overlaps.wer": "Of those words, the share that is substituted or deleted in an alignment of least errors of all that the side says, "
    "plus words inserted right before or after one of them; heard on the made channels.",
    "overlaps.wer_true": "The same heard on the true channels; absent where that is the reference itself.",
    "overlaps.wer_routed": "The same heard on the made channels with the mixture in the place of everything separated: routing, all else "
    "equal.",
    "overlaps.wer_change": "How far the word error rate inside overlaps lies from that of routing, as a share of the latter; a third lower "
    "is −33 %.",
    "activity": "Estimated: who speaks when is what the chain's diarization finds in the mixture. True: it is what the reference finds on "
    "the true channels, so that only what comes after the diarization is scored.",
}

INSIDE_LABELS: dict[str, tuple[str, str]] = {
    "count": ("Overlaps measured", "number"),
    "seconds": ("Overlap in all", "s"),
    "short": ("Overlaps too short to measure", "number"),
    "separated": ("Overlap separated", "share"),
    "routed": ("Overlap routed", "share"),
    "lost": ("Overlap given to one only", "share"),
    "separated_outside": ("Separated outside overlaps", "s"),
    "si_sdr_db": ("SI-SDR inside overlaps", "dB"),
    "mix_si_sdr_db": ("SI-SDR of the mixture there", "dB"),
    "gain_db": ("Improvement over routing (SI-SDRi)", "dB"),
    "gain_worst": ("Improvement, worst channel", "dB"),
    "gain_overlap_mean_db": ("Improvement by overlap, mean", "dB"),
    "gain_overlap_median_db": ("Improvement by overlap, median", "dB"),
    "kept": ("Overlaps kept as separated", "number"),
    "kept_gain_db": ("Improvement where kept", "dB"),
    "kept_worse": ("Kept and worse than routing", "share"),
    "kept_worse_voices": ("Voices kept and worse than routing", "share"),
    "confidence": ("Confidence of the separation", "share"),
    "rank_correlation": ("Rank correlation of confidence and improvement", "rank"),
    "words": ("Words inside overlaps", "number"),
    "wer": ("Word error rate there, made channels", "share"),
    "wer_true": ("Word error rate there, true channels", "share"),
    "wer_routed": ("Word error rate there, routed", "share"),
    "wer_change": ("Change of it against routing", "share"),
}
"""Name and unit of each figure, in the order in which they are shown."""

DEFINED_BY = {"count": "overlaps", "seconds": "", "short": ""}
"""Figures that another definition explains, or that need none."""
TRUE_ACTIVITY = {"backend": "true activity", "address": "", "weights": [], "settings": {}}
"""What stands in a recipe for a diarization that was not run; without an address the recipe is that of no data set."""
