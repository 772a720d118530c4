"""PriMock57: a file and a TextGrid for each side, whatever is missing; and the real TextGrids of the shared data."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.sources.primock57 import READER
from tests.shared import SHARED, needs_shared
from tests.stages.sources.corpora import check, jsoned, put, read, reasons, source, transcribed, tree_of, wav, words

IDS = ("day1_consultation01", "day2_consultation10")


def grid(*said: str) -> bytes:
    """A TextGrid as the corpus has it: one tier called Speaker, an utterance every two seconds."""
    rows = "".join(
        f'\t\tintervals [{at}]:\n\t\t\txmin = {2 * at}\n\t\t\txmax = {2 * at + 1}\n\t\t\ttext = "{text}"\n'
        for at, text in enumerate(said, 1)
    )
    return (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 20\ntiers? <exists> \nsize = 1\nitem []: \n\titem [1]:\n'
        f'\t\tclass = "IntervalTier"\n\t\tname = "Speaker"\n\t\txmin = 0 \n\t\txmax = 20\n\t\tintervals: size = {len(said)}\n{rows}'
    ).encode()


def repository() -> dict[str, bytes]:
    files = {"README.md": b"about", "audio/README.md": b"about", "scripts/utils.py": b"", "human_eval_data/x.csv": b"a,b\n"}
    for id in IDS:
        files[f"notes/{id}.json"] = jsoned({"note": "cough"})
        for side in ("doctor", "patient"):
            files[f"audio/{id}_{side}.wav"] = wav(channels=1, seed=len(files))
            files[f"transcripts/{id}_{side}.TextGrid"] = grid(f"I am the {side}.", "<UNSURE>Yes</UNSURE>.")
    return files


def test_the_repository(tmp_path: Path) -> None:
    put(tmp_path / "data", {f"primock57/{path}": data for path, data in repository().items()})
    tree = tree_of(tmp_path)
    assert READER.recognise(tree) == ("data/primock57",)
    corpus = READER.read(tree, "data/primock57")
    check(corpus, tree.files)
    assert (corpus.rejects, corpus.problems) == ([], [])
    assert {draft.source.id for draft in corpus.drafts} == set(IDS)
    first = source(corpus, IDS[0])
    assert first.uris == tuple(f"data/primock57/audio/{IDS[0]}_{side}.wav" for side in ("doctor", "patient"))
    assert (first.licence, first.roles, first.language) == ("CC-BY-4.0", ("doctor", "patient"), "en")
    found = transcribed(first)
    assert words(found, 0) == ["I", "am", "the", "doctor.", "Yes."]
    assert words(found, 1) == ["I", "am", "the", "patient.", "Yes."]
    assert {what for path, what in corpus.claimed.items() if "/notes/" in path} == {"document"}


@given(kept=st.sets(st.sampled_from(sorted(repository()))))
def test_whatever_is_missing_is_accounted_for(kept: set[str]) -> None:
    files = repository()
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        marked = any(path.endswith(".TextGrid") for path in kept)
        marked |= any(path.startswith("audio/day") for path in kept) and any(path.startswith("notes/") for path in kept)
        assert READER.recognise(tree) == (("",) if marked else ())
        corpus = READER.read(tree, "")
    check(corpus, kept)
    expected = {}
    for id in IDS:
        sides = sum(f"audio/{id}_{side}.wav" in kept for side in ("doctor", "patient"))
        grids = sum(f"transcripts/{id}_{side}.TextGrid" in kept for side in ("doctor", "patient"))
        if sides == 2:
            assert (source(corpus, id).transcript is not None) == (grids == 2)
        elif sides or grids:
            expected[id] = "side_missing" if sides else "no_audio"
    assert reasons(corpus) == expected


def test_a_second_copy_of_a_side_is_a_duplicate(tmp_path: Path) -> None:
    copy = f"{IDS[0]}_doctor"
    corpus = read(READER, put(tmp_path, repository() | {f"{copy}.wav": wav(channels=1), f"{copy}.TextGrid": grid("other")}))
    assert reasons(corpus) == {copy: "duplicate_id"}
    assert [told for told in corpus.problems if "second transcripts" in told]
    check(corpus, tree_of(tmp_path).files)


@needs_shared
def test_the_real_textgrids_without_their_audio() -> None:
    corpus = read(READER, SHARED / "primock57")
    assert corpus.drafts == []
    assert reasons(corpus) == dict.fromkeys(("day1_consultation05", "day4_consultation02"), "no_audio")
    assert all(len(reject.uris) == 2 for reject in corpus.rejects)
    assert len(corpus.claimed) == 4


@needs_shared
@pytest.mark.parametrize("id", ["day1_consultation05", "day4_consultation02"])
def test_the_real_textgrids_are_read_side_by_side(tmp_path: Path, id: str) -> None:
    for path in (SHARED / "primock57").glob(f"{id}_*.TextGrid"):
        shutil.copy(path, tmp_path)
    put(tmp_path, {f"{id}_{side}.wav": wav(channels=1) for side in ("doctor", "patient")})
    found = transcribed(source(read(READER, tmp_path), id), np.zeros((2, 8000 * 900), np.int16))
    for channel, side in enumerate(("doctor", "patient")):
        texts = re.findall(r'text = "(.*)"', (tmp_path / f"{id}_{side}.TextGrid").read_text())
        assert letters(" ".join(words(found, channel))) == letters(re.sub("<[^>]*>", "", "".join(texts)))
        assert len([piece for piece in found.pieces if piece.channel == channel]) > 30


def letters(text: str) -> str:
    return re.sub(r"\W", "", text)
