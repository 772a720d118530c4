"""Listings come back from a manifest as they were written; licences are judged and kept."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageError
from schemas.source import Source, same_id
from stages.rights.licences import licence_problem
from stages.sources import Listing, SourceSettings, list_sources, write_manifest


@pytest.mark.parametrize(
    "licence", ["MIT", "cc-by-4.0", "LicenseRef-Fisher", "MIT OR LicenseRef-X", "NOASSERTION", "GPL-2.0-only WITH Classpath-exception-2.0"]
)
def test_licences_that_are_spdx(licence: str) -> None:
    assert licence_problem(licence) is None


@given(st.text(max_size=30))
def test_any_licence_text_is_judged(licence: str) -> None:
    problem = licence_problem(licence)
    assert problem is None or len(problem) < 400


_TEXT = st.text(min_size=1, max_size=8)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2),
)


_KNOWN = {"id", "uri", "uris", "base", "corpus", "licence", "consent", "language", "speakers", "roles", "transcript"}


_URI = st.one_of(
    st.text(min_size=1, max_size=8).map(lambda text: text.replace("\0", "").replace("/", "") + ".wav"),
    st.sampled_from(["/none/x.wav", "a:b.wav", "pipe:x.wav", "s/../t.wav", " | x.wav", "memory://none/x.wav"]),
)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    uris = tuple(draw(st.lists(_URI, min_size=1, max_size=2)))
    absent_or_text = st.none() | _TEXT
    extra = draw(
        st.dictionaries(
            st.text(max_size=5).filter(lambda name: name not in _KNOWN) | st.sampled_from(["license", "path", "audio"]), _JSON, max_size=3
        )
    )
    return Source(
        id=draw(_TEXT.filter(str.strip)),
        uris=uris,
        base=draw(st.sampled_from(["", "/none", "memory://none/there"])),
        fingerprints=("",) * len(uris),
        corpus=draw(absent_or_text),
        licence=draw(absent_or_text),
        consent=draw(absent_or_text),
        language=draw(absent_or_text),
        speakers=draw(st.sampled_from([(), ("p", "q; r")])),
        roles=draw(st.sampled_from([(), ("agent", "caller")])),
        transcript=draw(st.sampled_from([None, "x.json"])),
        extra=json.dumps(extra, sort_keys=True, ensure_ascii=False),
    )


@given(st.lists(sources(), max_size=4, unique_by=lambda source: same_id(source.id)))
def test_sources_come_back_as_they_were_written(made: list[Source]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = tuple(sorted((replace(source, base=source.base or folder) for source in made), key=lambda source: source.id))
        write_manifest(Listing(here, (), (), ()), f"{folder}/m.jsonl")
        assert [path.name for path in Path(folder).iterdir()] == ["m.jsonl"]
        back = list_sources(f"{folder}/m.jsonl", SourceSettings(corpus="default", licence="MIT", language="xx"))
        assert back.sources == here
        assert back.rejects == ()


@pytest.mark.parametrize("name", ["m.csv", "m.jsonl.gz", "m.txt"])
def test_manifests_are_written_as_json_lines(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"\.jsonl"):
        write_manifest(Listing((), (), (), ()), str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_comes_back_from_a_manifest_elsewhere(tmp_path: Path) -> None:
    names = ["a.wav", "a.flac", "x_agent.wav", "x_caller.wav", "pipe:1.wav", "new\nline.wav", "d/é.wav"]
    (tmp_path / "audio/d").mkdir(parents=True)
    for name in names:
        (tmp_path / "audio" / name).write_bytes(name.encode())
    listing = list_sources(str(tmp_path / "audio"), SourceSettings(licence="MIT"))
    for file in (str(tmp_path / "m.jsonl"), str(tmp_path / "audio" / "m.jsonl"), "memory://elsewhere/m.jsonl"):
        write_manifest(listing, file)
        assert list_sources(file, SourceSettings()).sources == listing.sources
    assert len(listing.sources) == 6
