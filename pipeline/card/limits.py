"""Known limits of a set: what was measured of it, what was not, and what follows for those who use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.card.text import cell
from pipeline.report.lines import words
from pipeline.report.view import Gathered
from pipeline.report.words import count, hours, several, share

NARROW_HZ = 11_025
"""Sampling rates below it hold telephone speech."""


def limits(manifest: Mapping[str, Any], gathered: Gathered, calibrated: bool) -> list[str]:
    """A sentence or two for each limit; Markdown."""
    if not gathered.totals.whole.rows:
        return ["The set has no rows."]
    parts = (
        _inputs(manifest),
        _terms(manifest, gathered),
        _sound(gathered),
        _health(gathered),
        _mixtures(gathered, calibrated),
        _said(manifest, gathered),
        _taking(gathered),
        _tokens(gathered),
        _splits(manifest),
    )
    return [sentence for part in parts for sentence in part]


def _inputs(manifest: Mapping[str, Any]) -> Iterator[str]:
    inputs = manifest["inputs"]
    if inputs["errors"] or inputs["pending"]:
        yield (
            f"The set is not finished: {several(inputs['errors'], 'input', 'inputs')} ended in a fault of the program and "
            f"{count(inputs['pending'])} are still to be done."
        )


def _terms(manifest: Mapping[str, Any], gathered: Gathered) -> Iterator[str]:
    whole = gathered.totals.whole.seconds
    for index, what, advice in (
        (1, "licence", "Without one nobody is allowed to use them; ask the supplier."),
        (2, "consent", "Whether the speakers agreed to this use is not known; ask the supplier."),
        (3, "language", ""),
    ):
        missing = sum(amount.seconds for key, amount in gathered.totals.terms.items() if not key[index])
        if missing:
            yield f"{hours(missing)} ({share(missing / whole)}) of the audio has no stated {what}. {advice}".strip()
    muted = manifest.get("redactions")
    voices = "Voices are personal data, and what people say may name them or others."
    if muted is None:
        yield f"{voices} Names, numbers and addresses were not muted; `duologue audit` looks for them, and `duologue redact` mutes them."
        return
    kinds = ", ".join(f"{words(each['kind'])} {count(each['spans'])}" for each in muted["by_kind"])
    found = f"{several(muted['spans'], 'stretch was', 'stretches were')} muted in {several(muted['rows']['redacted'], 'row', 'rows')}"
    yield f"{voices} {found}{f' ({kinds})' if kinds else ''}; what the search did not find is still there."
    if muted["rows"]["without_words"]:
        yield f"{several(muted['rows']['without_words'], 'row has', 'rows have')} no words, so nothing could be found and muted in them."


def _sound(gathered: Gathered) -> Iterator[str]:
    totals = gathered.totals
    narrow = sum(amount.seconds for key, amount in totals.formats.items() if key[0] < NARROW_HZ)
    if narrow:
        yield f"{hours(narrow)} ({share(narrow / totals.whole.seconds)}) of the audio is narrow-band, sampled below 11 kHz."
    lossy = sum(amount.seconds for key, amount in totals.formats.items() if not key[3])
    if lossy:
        yield f"{hours(lossy)} of the audio comes from lossy files, such as MP3 or GSM: what the codec took is gone."
    if totals.cut_in_speech:
        yield f"{several(totals.cut_in_speech, 'row ends', 'rows end')} in the middle of speech, because no silence was near the cut."


def _health(gathered: Gathered) -> Iterator[str]:
    condition = gathered.condition
    if not condition.recordings:
        yield "Channel health (levels, noise, leakage between the channels, bandwidth) was not measured."
        return
    if condition.unmeasured:
        yield f"Channel health was not measured of {several(condition.unmeasured, 'recording', 'recordings')}."
    if condition.findings:
        ordered = sorted(condition.findings.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(f"{words(name)} in {count(n)}" for name, n in ordered)
        of = f"{count(condition.flagged)} of {several(condition.recordings, 'recording', 'recordings')}"
        yield f"Channel health has findings about {of}: {listed}. They are in the column `health`."
    else:
        yield f"Channel health found nothing wrong with {several(condition.recordings, 'recording', 'recordings')}."


def _mixtures(gathered: Gathered, calibrated: bool) -> Iterator[str]:
    mixtures = gathered.mixtures
    if not mixtures.recordings:
        return
    sure = mixtures.confidence.quantile(0.5)
    expected = f" The diarization itself expects {share(sure)} of speech on the right channel in the median conversation." if sure else ""
    measured = "How well that goes was measured; see below." if calibrated else "How well that goes was not measured on this chain."
    yield (
        f"{several(mixtures.recordings, 'recording', 'recordings')} ({hours(mixtures.seconds)}) had both voices in one channel: who "
        f"speaks when, and so each channel, is a model's estimate (columns `origins` and `speakers`).{expected} {measured}"
    )


def _said(manifest: Mapping[str, Any], gathered: Gathered) -> Iterator[str]:
    taking = gathered.taking
    backends = {stage["stage"]: stage["backend"] for stage in manifest["chain"]}
    made = backends.get("transcribe")
    if not taking.worded_rows:
        yield "Nothing was transcribed: the column `words` is empty."
        return
    if made is None:
        yield "The chain does not say where the words come from."
    elif made == "given":
        yield "Words are those of the corpus's own transcripts, as they were delivered."
    else:
        yield f"Words were written by a recogniser ({cell(str(made))}); their errors were not counted on this set."
    if "align" in backends:
        yield f"Times of words were found by alignment ({cell(str(backends['align']))}), not by people."
    speech, bare = float(taking.worded_speech.sum()), float(taking.spoken["unworded"].sum())
    if speech and bare:
        yield f"{share(bare / speech)} of the speech in transcribed rows has no words."


def _taking(gathered: Gathered) -> Iterator[str]:
    taking = gathered.taking
    if not taking.rows:
        yield "Turn-taking was not measured: the chain has no stage for it."
        return
    absent = gathered.totals.whole.rows - taking.rows
    if absent:
        yield f"{several(absent, 'row has', 'rows have')} no turn-taking statistics."
    lists = str((taking.constants or {}).get("list_language") or "")
    spoken = {(key[3] or "").partition("-")[0].lower() for key in gathered.totals.terms} - {""}
    if lists and any(language != lists.partition("-")[0].lower() for language in spoken):
        yield f"Lists of backchannels and fillers are for {cell(lists)} only; elsewhere backchannels are known by their length alone."
    yield "Turn-taking is that of speech activity found by a detector, by constants of this program, not of people's annotation."


def _tokens(gathered: Gathered) -> Iterator[str]:
    tokens = gathered.tokens
    if tokens.codecs and not tokens.checked:
        yield "Codec tokens were not decoded again to compare them with the audio."
    elif tokens.codecs:
        checked = several(tokens.checked, "channel was", "channels were")
        yield f"Codec tokens are lossy; {checked} decoded again to measure how much (see `report.html`)."


def _splits(manifest: Mapping[str, Any]) -> Iterator[str]:
    names = {shard["name"].rsplit("/", 1)[-1].rsplit("-", 3)[0] for shard in manifest["shards"]}
    if len(names) == 1:
        yield "There is one split: nothing is held out, and a speaker may be in many rows. Split by speaker before you measure on it."
