"""Generated corpora: trees of files in a corpus's exact layout, and what a reader's account of one must hold whatever is missing."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from schemas.source import Source
from schemas.tracks import Tracks
from schemas.transcript import Transcript
from stages.decode.fetch import open_uri
from stages.decode.peek import peek
from stages.decode.stream import Header
from stages.sources.corpus import Corpus, CorpusReader, Tree
from stages.sources.listing import Prober
from stages.sources.settings import SourceSettings
from stages.sources.walk import walk
from stages.transcribe.given import GivenTranscribe
from tests.stages.two_channels import tracks_of

RATE = 8000


def wav(seconds: float = 0.1, channels: int = 2, seed: int = 0) -> bytes:
    """A 16-bit WAV file of quiet noise at 8 kHz."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.random.default_rng(seed).integers(-500, 500, (round(seconds * RATE), channels)).astype("<i2").tobytes())
    return held.getvalue()


def jsoned(value: Any) -> bytes:
    return json.dumps(value).encode()


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def probe(uri: str) -> Header:
    with open_uri(uri) as file:
        header = peek(file)  # type: ignore[arg-type]
    assert header is not None
    return header


def tree_of(folder: Path, **settings: Any) -> Tree:
    said = SourceSettings(**settings)
    found = walk(str(folder), said.suffixes)
    files = {file.path: file for file in sorted([*found.files, *found.others], key=lambda file: file.path)}
    return Tree(str(folder), files, said, Prober(probe))


def read(reader: CorpusReader, folder: Path, **settings: Any) -> Corpus:
    """What a reader finds in a folder in which its corpus lies once."""
    tree = tree_of(folder, **settings)
    (root,) = reader.recognise(tree)
    return reader.read(tree, root)


def source(corpus: Corpus, id: str) -> Source:
    (found,) = (draft.source for draft in corpus.drafts if draft.source.id == id)
    return found


def reasons(corpus: Corpus) -> dict[str, str]:
    return {reject.id: reject.reason for reject in corpus.rejects}


def transcripts(given: Source) -> list[str]:
    """The files that a source's transcript stands for."""
    if given.transcript is None:
        return []
    sides = [
        given.transcript.replace("{role}", given.roles[side] if given.roles else "")
        .replace("{speaker}", given.speakers[side] if given.speakers else "")
        .replace("{side}", "AB"[side])
        for side in (0, 1)
    ]
    return [path.partition("::")[0] for path in dict.fromkeys(sides)]


def check(corpus: Corpus, paths: Iterable[str]) -> None:
    """The law: all of the corpus's files are claimed, and no audio or transcript is left out of the drafts, rejects and problems."""
    there = set(paths)
    assert set(corpus.claimed) == there
    told = "\n".join(corpus.problems)
    accounted = {uri.partition("::")[0] for reject in corpus.rejects for uri in reject.uris}
    taken: list[str] = []
    for draft in corpus.drafts:
        given = draft.source
        texts = transcripts(given)
        assert set(given.uris) | set(texts) <= there, "a draft names what is not there"
        assert given.bytes > 0
        assert len(given.fingerprints) == len(given.uris)
        taken += given.uris
        accounted |= {*given.uris, *texts, *json.loads(given.extra).get("other_transcripts", [])}
    assert len(taken) == len(set(taken))
    assert len({draft.source.id for draft in corpus.drafts}) == len(corpus.drafts)
    wanted = {path for path, what in corpus.claimed.items() if what in ("audio", "transcript")}
    assert {path for path in wanted - accounted if path not in told} == set()


def transcribed(given: Source, samples: Any = None, rate: int = RATE) -> Transcript:
    """The transcript of a source as the chain reads it, over two channels of the given samples, else of 20 s of silence."""
    held = tracks_of(np.zeros((2, 20 * rate), np.int16) if samples is None else samples, rate)
    names: dict[str, Any] = {"speakers": given.speakers or ("A", "B"), "roles": given.roles or ("", "")}
    tracks = Tracks(samples=held.samples, rate=rate, bits=16, order=held.order, chosen=held.chosen, origins=held.origins, **names)
    return GivenTranscribe().load("cpu")(given, tracks, None)


def words(found: Transcript, channel: int) -> list[str]:
    return [word.text for word in found.words(channel)]
