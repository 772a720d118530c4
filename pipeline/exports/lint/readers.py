"""What lies in a folder or file, item by item: a data set of ours, or an export to Moshi, to tokens or to J-Moshi, whoever wrote it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.exports.item import Item, read_items
from pipeline.exports.lint.checks import HOP
from pipeline.exports.lint.subject import Said, Sound, Subject
from pipeline.place import LocalPlace, Place, place_at
from schemas.errors import UsageError

KINDS = ("set", "moshi", "tokens", "personaplex", "jmoshi", "hf")
"""What is read item by item; of our other exports only the files' checksums are looked at."""
BLOCK = 1 << 18
"""Samples read at a time."""
MAIN = "SPEAKER_MAIN"


def sound_of(source: Any) -> Sound:
    """Level over time of an audio file (path or binary file object), read in blocks; raises what libsndfile raises."""
    import soundfile

    with soundfile.SoundFile(source) as file:
        hop = max(1, round(file.samplerate * HOP))
        size = max(hop, BLOCK // hop * hop)
        powers, count = [], 0
        for block in file.blocks(size, dtype="float32", always_2d=True):
            count += len(block)
            short = -len(block) % hop
            squares = np.pad(np.square(block.astype(np.float64)), ((0, short), (0, 0)))
            powers.append(squares.reshape(-1, hop, file.channels).mean(axis=1).T)
        power = np.concatenate(powers, axis=1) if powers else np.zeros((file.channels, 0))
        return Sound(int(file.channels), int(file.samplerate), count, power)


def of_set(set: Place) -> Iterator[Subject]:
    """The rows of a data set of ours."""
    from pipeline.exports.run import manifest_of

    manifest, _ = manifest_of(set)
    for shard in manifest["shards"]:
        yield from of_shard(set, shard["name"])


def of_shard(place: Place, name: str) -> Iterator[Subject]:
    """The rows of one shard of ours, by its name in a place."""
    try:
        for item in read_items(place, name, ("audio", "codes")):
            yield _of_item(item)
    except FileNotFoundError:
        subject = Subject(name)
        subject.note("missing", "listed in manifest.json")
        yield subject
    except (OSError, ValueError) as error:
        subject = Subject(name)
        subject.note("unreadable", str(error))
        yield subject


def _of_item(item: Item) -> Subject:
    words = [Said(word.channel, word.start, word.end, word.text) for word in item.words]
    subject = Subject(item.id, item.duration, words or None)
    _hear(subject, io.BytesIO(item.flac))
    if item.codes is not None:
        codes = item.codes.codes
        subject.codes, subject.rows_wanted = codes.reshape(-1, codes.shape[2]), 2 * codes.shape[1]
        subject.bins, subject.codec, subject.frame_rate = item.codes.bins, None, item.codes.frame_rate
        subject.lead = item.codes.lead
    return subject


def _hear(subject: Subject, source: Any) -> None:
    import soundfile

    try:
        subject.sound = sound_of(source)
    except (soundfile.LibsndfileError, OSError, ValueError) as error:
        subject.note("unreadable", f"the audio: {error}")


def of_moshi(manifests: list[Path]) -> Iterator[Subject]:
    """The items of moshi-finetune manifests; relative paths start at the manifest's folder."""
    seen: set[str] = set()
    for manifest in manifests:
        with manifest.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _moshi(manifest, f"{manifest.name}:{number}", line, seen)


def _moshi(manifest: Path, where: str, line: str, seen: set[str]) -> Subject:
    try:
        entry = json.loads(line)
        path, duration = str(entry["path"]), float(entry["duration"])
    except (ValueError, LookupError, TypeError) as error:
        subject = Subject(where)
        subject.note("unreadable", f"no line with path and duration: {error}")
        return subject
    subject = Subject(path, duration)
    subject.drop_rate = entry.get("token_drop_rate")
    if path in seen:
        subject.note("named_twice", where)
    seen.add(path)
    audio = manifest.parent / path
    if audio.is_file():
        _hear(subject, str(audio))
    else:
        subject.note("missing", str(audio))
    sidecar = Path(os.path.splitext(audio)[0] + ".json")
    try:
        data = json.loads(sidecar.read_text(encoding="utf-8"))
        subject.words = [
            Said(0 if each[2] == MAIN else 1, float(each[1][0]), float(each[1][1]), str(each[0])) for each in data["alignments"]
        ]
        subject.conditions = data.get("text_conditions") is not None
    except FileNotFoundError:
        subject.note("missing", str(sidecar))
    except (OSError, ValueError, LookupError, TypeError) as error:
        subject.note("unreadable", f"{sidecar.name}: {type(error).__name__}: {error}")
    return subject


def of_tokens(manifests: list[Path]) -> Iterator[Subject]:
    """The tensors of our `tokens` and `personaplex`."""
    for manifest in manifests:
        with manifest.open(encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                yield _tokens(manifest, f"{manifest.name}:{number}", line)


def _tokens(manifest: Path, where: str, line: str) -> Subject:
    from safetensors import SafetensorError, safe_open

    try:
        entry = json.loads(line)
        subject = Subject(f"{entry['file']}: {entry['key']}", rows_wanted=16, codec=entry.get("codec"))
        frames = int(entry["frames"])
    except (ValueError, LookupError, TypeError) as error:
        subject = Subject(where)
        subject.note("unreadable", f"no line with file, key and frames: {error}")
        return subject
    subject.drop_rate = entry.get("token_drop_rate")
    try:
        with safe_open(manifest.parent / entry["file"], framework="numpy") as file:
            tokens = file.get_tensor(entry["key"])
    except FileNotFoundError:
        subject.note("missing", entry["file"])
    except (OSError, SafetensorError) as error:
        subject.note("unreadable", str(error))
    else:
        subject.codes, subject.text = tokens[1:], tokens[:1, entry.get("prefix", 0) :]
        if tokens.shape[1] != frames:
            subject.note("codes_length", f"{tokens.shape[1]} frames; the list says {frames}")
    return subject


def of_jmoshi(files: list[Path]) -> Iterator[Subject]:
    """The rows of J-Moshi's Parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    seen: set[str] = set()
    for path in files:
        try:
            for batch in pq.ParquetFile(path).iter_batches(batch_size=8, columns=["dialogue_id", "A", "B"]):
                for row in batch.to_pylist():
                    yield _jmoshi(row, seen)
        except (OSError, pa.ArrowException) as error:
            subject = Subject(path.name)
            subject.note("unreadable", str(error))
            yield subject


def _jmoshi(row: dict[str, Any], seen: set[str]) -> Subject:
    subject = Subject(str(row["dialogue_id"]), rows_wanted=16)
    if subject.name in seen:
        subject.note("named_twice", "dialogue_id")
    seen.add(subject.name)
    lengths = {len(stream) for side in ("A", "B") for stream in row[side]}
    if len(lengths) != 1 or {len(row[side]) for side in ("A", "B")} != {9}:
        shapes = ", ".join(f"{side} has {len(row[side])} rows" for side in ("A", "B"))
        subject.note("codes_shape", f"{shapes} of {sorted(lengths)} frames; wanted 9 of one length")
        return subject
    sides = [np.array(row[side]) for side in ("A", "B")]
    subject.codes = np.concatenate([side[1:] for side in sides])
    subject.text = np.stack([side[0] for side in sides])
    return subject


Reader = tuple[str, Callable[[], Iterator[Subject]]]
"""What it is, and its items."""


def reader_of(path: str) -> Reader:
    """How to read what lies at a path or URL; raises `UsageError` where it is nothing that is known."""
    place = place_at(path)
    if not isinstance(place, LocalPlace):
        return "set", lambda: of_set(place)
    root = Path(place.root)
    if not root.exists():
        raise UsageError(f"{path}: no such file or folder")
    if root.is_file():
        return _file(root)
    if (root / "manifest.json").is_file():
        return "set", lambda: of_set(place)
    known = _exported(root)
    lists = sorted(each for each in root.rglob("*.jsonl") if ".duologue" not in each.parts)
    if known in ("moshi", None) and (found := [each for each in lists if _is_moshi(each)]):
        return "moshi", lambda: of_moshi(found)
    if known in ("tokens", "personaplex"):
        return known, lambda: of_tokens([each for each in lists if each.parent == root])
    tables = sorted(root.rglob("*.parquet"))
    if known in ("jmoshi", None) and (found := [each for each in tables if _columns(each) >= {"dialogue_id", "A", "B"}]):
        return "jmoshi", lambda: of_jmoshi(found)
    if known in ("hf", None) and tables and all(_columns(each) >= {"id", "audio", "words"} for each in tables):
        return known or "set", lambda: (subject for each in tables for subject in of_shard(place, str(each.relative_to(root))))
    if known is not None:
        return known, lambda: iter(())
    raise UsageError(f"{path}: neither a data set of duologue, nor one of its exports, nor a folder for moshi-finetune or J-Moshi")


def _file(path: Path) -> Reader:
    if path.suffix == ".jsonl" and _is_moshi(path):
        return "moshi", lambda: of_moshi([path])
    if path.suffix == ".parquet":
        columns = _columns(path)
        if columns >= {"dialogue_id", "A", "B"}:
            return "jmoshi", lambda: of_jmoshi([path])
        if columns >= {"id", "audio", "words"}:
            return "set", lambda: of_shard(LocalPlace(str(path.parent)), path.name)
    raise UsageError(f"{path}: wanted a manifest of moshi-finetune (.jsonl), or a Parquet file of J-Moshi or of a data set of duologue")


def _exported(root: Path) -> str | None:
    """The format of an export of ours, finished or not."""
    for name in ("export.json", ".duologue/export.json"):
        if (root / name).is_file():
            try:
                return str(json.loads((root / name).read_text(encoding="utf-8"))["format"])
            except (ValueError, LookupError, TypeError) as error:
                raise UsageError(f"{root / name}: damaged, it cannot be read: {error}") from error
    return None


def _is_moshi(path: Path) -> bool:
    """Whether the first line of a file is one of a moshi-finetune manifest."""
    with path.open(encoding="utf-8", errors="replace") as file:
        line = next((each for each in file if each.strip()), "")
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return isinstance(entry, dict) and {"path", "duration"} <= set(entry)


def _columns(path: Path) -> set[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return set(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return set()
