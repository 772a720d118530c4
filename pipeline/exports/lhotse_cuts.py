"""Lhotse: one MultiCut for each row, with a supervision for each utterance and its words as alignment.

`lhotse` writes FLAC files and one manifest per split, whose paths are relative to the export: open it there, or with
`CutSet.from_file(...).with_recording_path_prefix(folder)`. `shar` writes the same as Lhotse Shar, for sequential reading. In both the audio
is the data set's own FLAC, byte for byte.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.tar import tar_at
from pipeline.exports.text import Utterance, utterances_of


class LhotseCuts(Format):
    """FLAC files and `cuts.<split>.jsonl.gz`."""

    version: ClassVar[int] = 2
    serves: ClassVar[str] = "Lhotse, icefall, ESPnet, NeMo ASR"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        for item in items:
            name = f"audio/{sink.folder}/{item.stem}.flac"
            sink.put(name, item.flac)
            cut = multi_cut(item, {"type": "file", "channels": [0, 1], "source": name})
            sink.line(f"cuts.{sink.split}.jsonl.gz", cut)
            sink.wrote(item, words=words_in(cut))


class Shar(Format):
    """`<split>/cuts.000000.jsonl.gz` and `<split>/recording.000000.tar` for each shard, for `CutSet.from_shar(in_dir=...)`."""

    version: ClassVar[int] = 2
    serves: ClassVar[str] = "Lhotse Shar"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        cuts = []
        with sink.file(f"{sink.split}/recording.{sink.index:06d}.tar") as path, tar_at(path) as tar:
            for item in items:
                cut = multi_cut(item, in_shar((0, 1)))
                tar.add(f"{cut['id']}.flac", item.flac)
                tar.add(f"{cut['id']}.json", json_bytes(cut["recording"]))
                cuts.append(cut)
                sink.wrote(item, words=words_in(cut))
        put_cuts(sink, cuts)


def in_shar(channels: tuple[int, ...]) -> dict[str, Any]:
    """The source of a recording that lies in a tar beside its cut."""
    return {"type": "shar", "channels": list(channels), "source": ""}


def put_cuts(sink: Sink, cuts: list[dict[str, Any]]) -> None:
    """Write the cuts of one shard of a Shar."""
    data = b"".join(json_bytes(cut) + b"\n" for cut in cuts)
    sink.put(f"{sink.split}/cuts.{sink.index:06d}.jsonl.gz", gzip.compress(data, mtime=0))


def json_bytes(value: Any) -> bytes:
    """A value as one line of JSON."""
    return json.dumps(value, ensure_ascii=False).encode()


def recording(id: str, source: dict[str, Any], rate: int, samples: int) -> dict[str, Any]:
    """Lhotse's `Recording`."""
    length = {"sampling_rate": rate, "num_samples": samples, "duration": samples / rate}
    return {"id": id, "sources": [source], **length, "channel_ids": source["channels"]}


def supervision(item: Item, utterance: Utterance, index: int, speaker: str, channel: int) -> dict[str, Any]:
    """Lhotse's `SupervisionSegment` of one utterance."""
    words = [[word.text, word.start, word.end - word.start, word.confidence] for word in utterance.words]
    times = {"start": utterance.start, "duration": utterance.end - utterance.start, "channel": channel}
    language = item.languages[utterance.channel]
    known = {} if language is None else {"language": language}
    about = {"id": f"{item.stem}-{utterance.channel}-{index:05d}", "recording_id": item.stem, **times, "text": utterance.text, **known}
    return {**about, "speaker": speaker, "alignment": {"word": words}}


def words_in(cut: dict[str, Any]) -> int:
    """Aligned words of a cut."""
    return sum(len(each["alignment"]["word"]) for each in cut["supervisions"])


def multi_cut(item: Item, source: dict[str, Any]) -> dict[str, Any]:
    """Lhotse's `MultiCut` of all of a row."""
    supervisions = []
    for channel in (0, 1):
        who = item.speaker(channel)
        # a speaker without a name is told from those of other recordings by the recording
        name = who.name if who is not None and who.name else f"{item.stem}-{'AB'[channel]}"
        supervisions += [supervision(item, each, index, name, channel) for index, each in enumerate(utterances_of(item, channel))]
    made = recording(item.stem, source, item.rate, round(item.duration * item.rate))
    custom = {"row_id": item.id, "licence": item.source.licence, "corpus": item.source.corpus}
    cut = {"id": item.stem, "start": 0.0, "duration": made["duration"], "channel": [0, 1], "supervisions": supervisions}
    return {**cut, "recording": made, "custom": custom, "type": "MultiCut"}
