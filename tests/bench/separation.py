"""What `separate.guided` gains on held-out real voices laid over each other: `python -m tests.bench.separation [n]`:
all four calls and every n-th composed case.

Beside it the mixture on both channels (routed: 0 dB by definition) and the oracle: the mask made from the true voices' own powers, which
is the ceiling of any mask of this resolution that leaves the mixture's phase.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np

from schemas.source import Source
from schemas.tracks import Tracks
from stages.scoring.rank import spearman
from stages.scoring.signal import Ratio
from stages.separate.guided.separate import GuidedSeparate
from stages.separate.guided.spectra import Spectra
from tests.bench.held_out import RATE, Case, Floats, cases

Pair = tuple[float, float]


def gains(one: Case, made: Floats, spans: tuple[slice, ...]) -> Pair:
    """Improvement of SI-SDR in dB over the mixture, of either channel of [2, n], over the samples of some spans together."""
    mixed = one.recording.samples[0] / 32768
    found = []
    for channel in (0, 1):
        after, before = Ratio(), Ratio()
        for span in spans:
            after.add(made[channel, span], one.true[channel, span])
            before.add(mixed[span], one.true[channel, span])
        found.append((after.db or 0.0) - (before.db or 0.0))
    return found[0], found[1]


def oracle(one: Case) -> Floats:
    """Both channels [2, n] by the mask that the true powers give."""
    import torch

    spectra, true = Spectra(RATE), torch.from_numpy(one.true.astype(np.float32))
    power = spectra.of(true).abs() ** 2
    first = spectra.back(power[0] / (power.sum(0) + 1e-20) * spectra.of(true.sum(0)), true.shape[1]).numpy()
    return np.stack([first, one.true.sum(axis=0) - first])


def told(one: Case, tracks: Tracks) -> Iterator[tuple[float, Pair]]:
    """Confidence and gains of each overlap."""
    made = tracks.samples / 32768
    for span in one.diarization.overlaps:
        origin = next(o for o in tracks.origins if o.channel == 0 and o.span.start <= span.start < o.span.end)
        yield origin.confidence or 0.0, gains(one, made, (slice(span.start, span.end),))


def main() -> None:
    """A line for each case, then the means."""
    every, step = cases(), int(sys.argv[1]) if len(sys.argv) > 1 else 1
    wanted = [one for one in every if one.kind == "call"] + [one for one in every if one.kind != "call"][::step]
    if not wanted:
        print("skipped: the shared calls are not here")
        return
    separate = GuidedSeparate(margin=0.0, reach=0.0, least_confidence=0.0).load("cpu")
    rows: list[tuple[Case, Pair]] = []
    overlaps: list[tuple[float, Pair]] = []
    for one in wanted:
        before = time.process_time()
        tracks = separate(Source(id="case", uris=("case.wav",)), one.recording, one.diarization)
        cost = time.process_time() - before
        if tracks.speakers != one.diarization.speakers:
            raise SystemExit(f"{one.name}: channels are in another order than the speakers")
        spans = tuple(slice(span.start, span.end) for span in one.diarization.overlaps)
        found, best = gains(one, tracks.samples / 32768, spans), gains(one, oracle(one), spans)
        rows.append((one, found))
        overlaps += told(one, tracks)
        alike = "alike" if one.alike else "apart"
        print(
            f"{one.name:24} {one.kind:9} {alike} {found[0]:5.1f} {found[1]:5.1f}   oracle {best[0]:5.1f} {best[1]:5.1f}   {cost:4.0f} s",
            flush=True,
        )
    _sum_up(rows, overlaps)


def _sum_up(rows: list[tuple[Case, Pair]], overlaps: list[tuple[float, Pair]]) -> None:
    every = np.array([found for _, found in rows])
    print(f"mean {every.mean():.2f} dB, worst channel {every.min():.2f} dB, of {len(rows)} cases")
    for alike in (True, False):
        part = np.array([found for one, found in rows if one.alike == alike])
        if len(part):
            print(f"{'alike' if alike else 'apart'}: mean {part.mean():.2f} dB, worst {part.min():.2f} dB, of {len(part)}")
    rank = spearman([sure for sure, _ in overlaps], [float(np.mean(pair)) for _, pair in overlaps])
    least = spearman([sure for sure, _ in overlaps], [min(pair) for _, pair in overlaps])
    print(f"confidence against the gain of {len(overlaps)} overlaps: rank correlation {rank:.2f} (mean of channels), {least:.2f} (lesser)")
    for limit in (0.0, 0.5, 0.7, 0.85, 0.95):
        kept = [pair for sure, pair in overlaps if sure >= limit]
        worse = sum(min(pair) < 0 for pair in kept)
        print(f"kept at {limit}: {len(kept)} of {len(overlaps)}, {worse} with a channel below 0 dB")


if __name__ == "__main__":
    main()
