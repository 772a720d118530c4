"""What two voices' own spectra say of their mixture, without any learning."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from stages.separate.guided.exemplars import EACH, Exemplars
from stages.separate.guided.solos import Solos, solos
from stages.separate.guided.spectra import Spectra
from tests.stages.separate.guided_talk import si_sdr, talk

SPECTRA = Spectra(8000)


@pytest.fixture(scope="module")
def known() -> Exemplars:
    mixture, _, diarization = talk()
    return Exemplars(solos(mixture, 16, diarization), "cpu")


def test_either_voice_comes_out_nearer_to_itself(known: Exemplars) -> None:
    _, true, diarization = talk()
    for span in diarization.overlaps:
        both = true[:, span.start : span.end]
        mixed = SPECTRA.of(torch.from_numpy(both.sum(axis=0).astype(np.float32)))
        share = known.share(mixed)
        for k, part in ((0, share), (1, 1 - share)):
            made = SPECTRA.back(part * mixed, both.shape[1]).numpy().astype(float)
            assert si_sdr(made, both[k]) > si_sdr(both.sum(axis=0), both[k]) + 1


def test_shares_are_shares_whatever_the_level(known: Exemplars) -> None:
    mixed = SPECTRA.of(torch.from_numpy(talk()[1][:, 27200:32000].sum(axis=0).astype(np.float32)))
    share = known.share(mixed)
    assert share.shape == mixed.shape
    assert 0 < float(share.min()) < 0.1
    assert 0.9 < float(share.max()) <= 1
    assert torch.equal(share, known.share(mixed))
    assert torch.allclose(share, known.share(mixed / 100), atol=0.02)


def test_silence_has_shares_too(known: Exemplars) -> None:
    share = known.share(torch.zeros(257, 6, dtype=torch.complex64))
    assert bool(((share > 0) & (share < 1)).all())


def test_a_long_voice_gives_no_more_examples_than_allowed() -> None:
    """And a digitally silent one some that are finite."""
    noise = np.random.default_rng(0).standard_normal(8000 * 60).astype(np.float32)
    found = Exemplars(Solos(8000, (noise, np.zeros(8000, np.float32))), "cpu")
    assert found.first == EACH
    assert bool(torch.isfinite(found.examples).all())
    assert torch.allclose(found.examples.sum(0), torch.tensor(1.0))
