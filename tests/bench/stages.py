"""How fast the stages are, as multiples of real time on one core, for two-channel 8 kHz calls. Run with `python -m tests.bench.stages`."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from schemas.recording import Decoding, Recording, Samples
from schemas.source import Source
from tests.stages.decode.shorten_encoder import AU2, encode, sphere
from tests.stages.vad.talk import talk

RATE = 8000
MINUTES = 10


def _recording() -> Recording:
    samples = talk(RATE).tracks.samples
    repeats = MINUTES * 60 * RATE // samples.shape[1]
    decoding = Decoding(container="made", encoding="PCM_16", decoder="made", exact=True)
    tiled: Samples = np.tile(samples, (1, repeats)).astype(np.int16)
    return Recording(samples=tiled, rate=RATE, bits=16, decoding=decoding)


def _times_real(seconds: float, work: Callable[[], Any], rounds: int = 3) -> float:
    """Seconds of audio over the least processor time (children's included) of some rounds."""
    import resource

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    taken = []
    for _ in range(rounds):
        before = used()
        work()
        taken.append(used() - before)
    return seconds / min(taken)


def measure() -> dict[str, float]:
    """Multiples of real time by name."""
    from stages.decode.g711 import compress_ulaw
    from stages.decode.shorten import warm_up
    from stages.decode.sphere import open_sphere
    from stages.health.measure import ChannelHealth

    recording = _recording()
    seconds = recording.duration
    coded = compress_ulaw(np.ascontiguousarray(recording.samples.T))
    shorten = sphere(
        encode(coded, ftype=AU2), channel_count=2, sample_rate=RATE, sample_n_bytes=1, sample_coding="ulaw,embedded-shorten-v2.00"
    )
    warm_up()
    health = ChannelHealth().load("cpu")
    found = {"channel health": _times_real(seconds, lambda: health(recording))}
    with tempfile.TemporaryDirectory() as folder:
        sph, wav = Path(folder, "call.sph"), Path(folder, "call.wav")
        sph.write_bytes(shorten)
        soundfile.write(wav, recording.samples.T, RATE, "ULAW")

        def shorten_alone() -> None:
            with sph.open("rb") as file:
                for _ in open_sphere(file).blocks:
                    continue

        found["shorten mu-law SPHERE, decoder alone"] = _times_real(seconds, shorten_alone)
        found["shorten mu-law SPHERE, whole decode stage (wall)"] = _wall(seconds, sph)
        found["mu-law WAV, whole decode stage (wall)"] = _wall(seconds, wav)
    return found


def _wall(seconds: float, path: Path) -> float:
    from stages.decode.file import FileDecode

    decode = FileDecode().load("cpu")
    source = Source(id="call", uris=(str(path),))
    decode(source)
    started = time.perf_counter()
    decode(source)
    return seconds / (time.perf_counter() - started)


def main() -> None:
    """Print the multiples."""
    for name, value in measure().items():
        print(f"{name:50s} {value:8.0f} x real time")


if __name__ == "__main__":
    main()
