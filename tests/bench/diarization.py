"""The default diarization beside the plain pipeline, on the mixture of one real call: `python -m tests.bench.diarization`."""

from __future__ import annotations

import time
from typing import Any

from schemas.activity import Activity
from schemas.diarization import Diarization
from schemas.recording import Decoding, Recording
from schemas.source import Source
from schemas.tracks import view_of
from stages.acoustics.condition import NAMED
from stages.calibrate.mixture import mixture
from stages.diarize.plain import PlainDiarize
from stages.diarize.pyannote import PyannoteDiarize
from stages.health.measure import ChannelHealth
from stages.scoring.speakers import COLLAR, speaker_errors
from stages.vad.silero import SileroVad
from tests.shared import SHARED

CALL = SHARED / "spokenwoz" / "SNG0072.wav"


def side_by_side(recording: Recording) -> dict[str, float]:
    """Figures of both on the mixture of a two-channel recording, one thread, one run each, loading not counted.

    `ours, cost` and `plain, cost`: processor seconds for a second of recording. `… DER`: diarization error rate in percent against the
    speech that the VAD finds on the true channels, without collar and leaving out ±0.25 s. Ratios are ours over plain.
    """
    import torch

    torch.set_num_threads(1)
    source = Source(id="call", uris=("call.wav",))
    mixed = mixture(recording, NAMED["clean"], source.id, 0).recording
    health = ChannelHealth(reject=()).load("cpu")(mixed)
    true: Activity = SileroVad().load("cpu")(view_of(recording, (0, 1), ("A", "B"), ("", ""), "as_recorded"))
    found: dict[str, float] = {}
    stages: dict[str, Any] = {"ours": PyannoteDiarize(), "plain": PlainDiarize()}
    for name, stage in stages.items():
        diarize = stage.load("cpu")
        before = time.process_time()
        made: Diarization = diarize(source, mixed, health)
        found[f"{name}, cost"] = (time.process_time() - before) / recording.duration
        for collar, what in ((COLLAR, "DER ±0.25 s, %"), (0.0, "DER no collar, %")):
            speech = (true.channels[0], true.channels[1])
            errors = speaker_errors(speech, (made.of(0), made.of(1)), recording.length, recording.rate, collar)
            found[f"{name}, {what}"] = 100 * (errors.rate or 0.0)
    for what in ("cost", "DER no collar, %"):
        found[f"ours / plain, {what.partition(',')[0]}"] = found[f"ours, {what}"] / max(found[f"plain, {what}"], 1e-9)
    return found


def main() -> None:
    """Print the figures, or that the call is not there."""
    if not CALL.is_file():
        print("skipped: the shared calls are not here")
        return
    import soundfile

    samples, rate = soundfile.read(CALL, dtype="int16")
    decoding = Decoding(container="WAV", encoding="PCM_16", decoder="bench", exact=True)
    for name, value in side_by_side(Recording(samples=samples.T.copy(), rate=rate, bits=16, decoding=decoding)).items():
        print(f"{name:32} {value:8.3f}")


if __name__ == "__main__":
    main()
