"""The checks of one item: pure functions of what was read."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pipeline.exports.lint.subject import Said, Sound, Subject
from pipeline.exports.text import EPAD, FRAME_RATE, PAD

TOLERANCE = 0.002
"""Seconds by which times in text may miss the audio: rounding to milliseconds."""
DURATION_TOLERANCE = 0.01
"""Seconds by which a manifest's duration may miss the audio's."""
HOP = 0.01
"""Seconds of one value of `Sound.power`."""
SILENT = 1e-5
"""Mean square of the loudest 10 ms (-50 dBFS) below which a channel is silent."""
UNHEARD = 1e-7
"""Mean square (-70 dBFS) below which a word is heard on neither channel."""
RISE_DB = 3.0
"""Median over the main speaker's words of their level above the channel's quietest fifth, below which they are not heard there."""
WORDS_FOR_ORDER = 5
"""Words that must be heard before the order of channels is judged."""
SWAPPED_DB = -6.0
"""Median over the words of own level minus the other side's, from which the channels are the wrong way round."""


def examine(subject: Subject, most_dropped: float) -> None:
    """Add to the subject all that is wrong with it; `most_dropped` is the largest share of dropped text tokens that is fine."""
    for check in CHECKS_OF_AN_ITEM:
        check(subject)
    if subject.drop_rate is not None and subject.drop_rate > most_dropped:
        subject.note("tokens_dropped", f"{100 * subject.drop_rate:.1f} % of the text tokens, {100 * most_dropped:g} % are allowed")


def words(subject: Subject) -> None:
    """Order, length and place of words."""
    said = subject.words or []
    length = subject.sound.duration if subject.sound is not None else subject.duration
    before = -math.inf
    for word in said:
        at = f"{word.text!r} at {word.start:g} to {word.end:g} s"
        if not word.finite:
            subject.note("word_not_finite", at)
            continue
        if subject.must_be_sorted and word.start < before:
            subject.note("words_unsorted", f"{at}, after one at {before:g} s")
        before = max(before, word.start)
        if not word.text.strip():
            subject.note("word_blank", at)
        if word.end <= word.start:
            subject.note("word_empty", at)
        if word.start < -TOLERANCE or (length is not None and word.end > length + TOLERANCE):
            subject.note("word_outside", f"{at}; the audio has {length:g} s" if length is not None else at)


def collisions(subject: Subject) -> None:
    """Words of the main side that begin in one frame, where it is not known how many tokens that costs."""
    starts = [math.floor(word.start * FRAME_RATE) for word in subject.words or [] if word.channel == 0 and word.finite]
    lost = len(starts) - len(set(starts))
    if lost and subject.drop_rate is None:
        subject.note("words_collide", f"{lost} of {len(starts)} words")


def audio(subject: Subject) -> None:
    """Channels, duration and silence."""
    sound = subject.sound
    if sound is None:
        return
    if sound.channels != 2:
        subject.note("not_stereo", f"{sound.channels} channels")
        return
    if subject.duration is not None and not abs(subject.duration - sound.duration) <= DURATION_TOLERANCE:
        subject.note("duration", f"{subject.duration:g} s in the manifest, {sound.duration:g} s of audio")
    if not sound.power.shape[1]:
        return
    for channel, check in enumerate(("main_silent", "other_silent")):
        peak = float(sound.power[channel].max())
        if peak < SILENT:
            subject.note(check, f"nothing above {10 * math.log10(max(peak, 1e-12)):.0f} dBFS")


def main_words(subject: Subject) -> None:
    """A main side that speaks and has no words, where there are words at all."""
    sound = subject.sound
    if subject.words is None or any(word.channel == 0 for word in subject.words) or sound is None or sound.channels != 2:
        return
    loud = float((sound.power[0] > 1e-4).mean()) * sound.duration if sound.power.shape[1] else 0.0
    if loud > 1.0:
        subject.note("no_main_words", f"{loud:.1f} s of the main channel are above -40 dBFS")


def order(subject: Subject) -> None:
    """Whether each side's words are heard on its own channel."""
    sound = subject.sound
    if sound is None or sound.channels != 2 or not subject.words:
        return
    levels = [level for word in subject.words if (level := own_level(word, subject)) is not None]
    if len(levels) >= WORDS_FOR_ORDER and float(np.median(levels)) <= SWAPPED_DB:
        subject.note("channel_order", f"{len(levels)} words are {-float(np.median(levels)):.0f} dB louder on the other side's channel")
        return
    rises = [rise for word in subject.words if word.channel == 0 and (rise := own_rise(word, sound)) is not None]
    if len(rises) >= WORDS_FOR_ORDER and float(np.median(rises)) < RISE_DB and float(sound.power[0].max()) >= SILENT:
        subject.note(
            "main_silent", f"its {len(rises)} words are {float(np.median(rises)):.1f} dB above its noise, so they are not heard there"
        )


def own_level(word: Said, subject: Subject) -> float | None:
    """How much louder a word's own channel is than the other in its time, in dB; None where it is not heard on either."""
    if not word.finite or subject.sound is None:
        return None
    power = subject.sound.power
    first, last = max(0, round(word.start / HOP)), min(power.shape[1], round(word.end / HOP))
    if last <= first:
        return None
    mean = power[:, first:last].mean(axis=1)
    if float(mean.max()) < UNHEARD:
        return None
    return float(10 * np.log10((mean[word.channel] + 1e-12) / (mean[1 - word.channel] + 1e-12)))


def own_rise(word: Said, sound: Sound) -> float | None:
    """How far a word stands above the quietest fifth of its own channel, in dB; None for one of no length."""
    power = sound.power[word.channel]
    first, last = (max(0, round(time / HOP)) if word.finite else 0 for time in (word.start, word.end))
    if not len(power[first:last]):
        return None
    return float(10 * np.log10((power[first:last].mean() + 1e-12) / (np.quantile(power, 0.2) + 1e-12)))


def codes(subject: Subject) -> None:
    """Shape, range, length and life of the codes."""
    found = subject.codes
    if found is None:
        return
    if subject.codec is not None and subject.codec != "mimi":
        subject.note("codec", subject.codec)
    if found.ndim != 2 or (subject.rows_wanted is not None and found.shape[0] != subject.rows_wanted) or not found.shape[1]:
        subject.note("codes_shape", f"{list(found.shape)}; wanted [{subject.rows_wanted}, frames]")
        return
    low, high = int(found.min()), int(found.max())
    if low < 0 or high >= subject.bins:
        subject.note("codes_range", f"from {low} to {high}; wanted 0 to {subject.bins - 1}")
    length = subject.sound.duration if subject.sound is not None else subject.duration
    if subject.frame_rate is not None and length is not None:
        wanted = (length + subject.lead) * subject.frame_rate
        if not wanted - 0.01 <= found.shape[1] < wanted + 1.01:
            subject.note("codes_length", f"{found.shape[1]} frames; {length:g} s have {math.ceil(wanted - 1e-6)}")
    half = found.shape[0] // 2
    for name, side in (("main", found[:half]), ("other", found[half:])):
        if found.shape[1] > FRAME_RATE * 2 and side.size and bool((side == side[:, :1]).all()):
            subject.note("codes_constant", f"the {name} channel")


def text(subject: Subject) -> None:
    """Padding and ids of text rows."""
    if subject.text is None:
        return
    for row in subject.text:
        if row.size and int(row.min()) < 0:
            subject.note("text_range", f"{int(row.min())}")
        starts = (row[1:] != PAD) & (row[1:] != EPAD) & (row[:-1] == PAD)
        if bool(starts.any()):
            subject.note("text_epad", f"{int(starts.sum())} times, first in frame {int(np.argmax(starts)) + 1}")
    first = subject.text[0]
    if first.size and bool(((first == PAD) | (first == EPAD)).all()):
        subject.note("text_empty", "the main speaker's")


CHECKS_OF_AN_ITEM: tuple[Callable[[Subject], None], ...] = (words, collisions, audio, main_words, order, codes, text)
