"""Small random models, made once for all tests of tokenizers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.stages.tokenize.models import TINY, encodec_folder, hubert_folder, mimi_folder


@pytest.fixture(scope="session")
def tiny_mimi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mimi_folder(tmp_path_factory.mktemp("mimi"), **TINY)


@pytest.fixture(scope="session")
def tiny_encodec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encodec_folder(tmp_path_factory.mktemp("encodec"))


@pytest.fixture(scope="session")
def tiny_hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hubert_folder(tmp_path_factory.mktemp("hubert"))


@pytest.fixture(scope="session")
def centres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("centres") / "centres.npy"
    np.save(path, np.random.default_rng(0).standard_normal((50, 32)).astype(np.float32))
    return path
