"""Damaged files end as samples or as verdicts, whatever was damaged."""

from __future__ import annotations

import tempfile

import pytest

from schemas.errors import REASONS
from stages.decode.limits import Limits
from stages.decode.sandbox import Sandbox
from tests.stages.decode.made import encoded, noise16, wav, written

SEEDS = {
    "wav": wav(noise16(4000, 1).tobytes()),
    "wav24": written(noise16(2000, 2).astype("int32") << 16, "WAVEX", "PCM_24"),
    "rf64": written(noise16(2000, 2), "RF64", "PCM_16"),
    "aiff": written(noise16(2000, 2), "AIFF", "PCM_16"),
    "aifc": written(noise16(2000, 2), "AIFF", "FLOAT"),
    "au": written(noise16(2000, 2), "AU", "ULAW"),
    "caf": written(noise16(2000, 2), "CAF", "ALAC_16"),
    "w64": written(noise16(2000, 2), "W64", "PCM_16"),
    "flac": written(noise16(9000, 2), "FLAC", "PCM_16"),
    "vorbis": written(noise16(9000, 2), "OGG", "VORBIS", rate=16000),
    "opus": written(noise16(9000, 2), "OGG", "OPUS", rate=16000),
    "mp3": written(noise16(9000, 2), "MP3", "MPEG_LAYER_III", rate=16000),
    "nist": written(noise16(2000, 2), "NIST", "PCM_16"),
    "m4a": encoded(noise16(9000, 2), "aac", "ipod", 16000),
    "alac": encoded(noise16(9000, 2), "alac", "ipod", 16000),
    "wavpack": encoded(noise16(9000, 2), "wavpack", "wv", 16000),
    "tta": encoded(noise16(9000, 2), "tta", "tta", 16000),
    "adts": encoded(noise16(9000, 2), "aac", "adts", 16000),
    "matroska": encoded(noise16(9000, 2), "flac", "matroska", 16000),
    "ima": encoded(noise16(9000, 2), "adpcm_ima_wav", "wav", 8000),
    "ac3": encoded(noise16(9000, 2), "ac3", "ac3", 48000),
    "amr": encoded(noise16(9000, 1), "libopencore_amrnb", "amr", 8000),
}


def outcomes(seed: str, target: str) -> dict[str, int]:
    mine = Sandbox(Limits(memory_mb=1024, stall_seconds=110), f"tests.stages.decode.hostile:{target}")
    try:
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
            source.write(SEEDS[seed])
            source.flush()
            return mine.run("decode", source, spool)
    finally:
        mine.close()


@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_damaged_copies_end_as_samples_or_verdicts(seed: str) -> None:
    """A copy that killed the decoder would fail the whole batch, which one process decodes."""
    found = outcomes(seed, "fuzz")
    assert sum(found.values()) == 150
    assert found["decoded"] > 0
    assert found.keys() <= {"decoded", "nothing", "memory", *REASONS}


@pytest.mark.slow
@pytest.mark.parametrize("seed", sorted(SEEDS))
def test_many_damaged_copies_end_as_samples_or_verdicts(seed: str) -> None:
    assert sum(outcomes(seed, "fuzz_long").values()) == 1500
