"""Short stretches of recorded speech around the worst overlaps, so that a person can hear what the figures say."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.overlaps import Excerpt, OverlapScores
from schemas.recording import Recording, as_float
from schemas.tracks import Tracks
from stages.calibrate.mixture import Mixture
from stages.scoring.signal import MOST_DB

AROUND = 1.0
"""Seconds before and after an overlap."""
LONGEST = 4.0
"""Seconds of an excerpt; of a longer one the beginning."""
HIGHEST = 16_000
"""Hz: excerpts of a higher rate are brought down to this."""
TOLD = 0.3
"""Seconds: overlaps shorter than this come last, because little can be heard in them."""
ALIKE_DB = 0.1
"""Gains are compared in these steps, so that what fades do to a routed overlap does not decide."""


def worst(found: Sequence[OverlapScores], most: int) -> tuple[int, ...]:
    """Places of at most `most` overlaps, worst first: up to half of them separated ones, by the lower gain of their two voices.

    A voice whose channel is silent throughout counts as the lowest gain there is. Of equal gains the one with the lower SI-SDR is worse.
    """
    order = sorted(range(len(found)), key=lambda at: badness(found[at]))
    kept = [at for at in order if any(voice.kept_gain_db is not None for voice in found[at].voices)]
    first = kept[: (most + 1) // 2]
    chosen = [*first, *(at for at in order if at not in first)][:most]
    return tuple(sorted(chosen, key=lambda at: badness(found[at])))


def badness(overlap: OverlapScores) -> tuple[bool, float, float, float]:
    """The order of overlaps from the worst on."""
    gain = min(-MOST_DB if voice.gain_db is None else voice.gain_db for voice in overlap.voices)
    level = min(-MOST_DB if voice.si_sdr_db is None else voice.si_sdr_db for voice in overlap.voices)
    return overlap.seconds < TOLD, round(gain / ALIKE_DB), level, overlap.start


def excerpts(found: Sequence[OverlapScores], most: int, tracks: Tracks, order: tuple[int, int], mixed: Mixture) -> tuple[Excerpt, ...]:
    """Excerpts of the `most` worst overlaps, worst first; `order` has the made channel that stands for each true one."""
    return tuple(_excerpt(at, found[at], tracks, order, mixed) for at in worst(found, most))


def _excerpt(at: int, overlap: OverlapScores, tracks: Tracks, order: tuple[int, int], mixed: Mixture) -> Excerpt:
    rate = tracks.rate
    start = max(0, round((overlap.start - AROUND) * rate))
    end = min(tracks.length, round((overlap.end + AROUND) * rate), start + round(LONGEST * rate))
    mix: Recording = mixed.recording
    made = as_float(tracks.samples[:, start:end], tracks.bits)
    heard = np.stack((as_float(mix.samples[0, start:end], mix.bits), made[order[0]], made[order[1]], *mixed.sides(start, end)))
    return Excerpt(overlap=at, start=start / rate, end=end / rate, flac=base64.b64encode(_flac(heard, rate)).decode())


def _flac(signals: NDArray[np.floating], rate: int) -> bytes:
    """Signals [channels, n], full scale 1, as a FLAC file of 16 bits at `HIGHEST` Hz or less; equal samples give equal bytes."""
    import soundfile
    import soxr

    sound = signals.T
    if rate > HIGHEST:
        sound, rate = soxr.resample(sound, rate, HIGHEST, quality="HQ"), HIGHEST
    file = io.BytesIO()
    pcm = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    soundfile.write(file, pcm, rate, subtype="PCM_16", format="FLAC")
    return file.getvalue()
