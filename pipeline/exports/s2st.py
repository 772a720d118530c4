"""Direct speech-to-speech translation: rows whose two sides are the source speech and its translation.

Contract: the TSV of the S2ST recipes in fairseq (Translatotron and its like), with the texts of both sides. The main channel is the target.
Hibiki is trained by the trainer of Moshi, so its stereo files come from `moshi`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.sound import write_wav
from pipeline.exports.text import joined

HEADER = ["id", "src_audio", "src_n_frames", "tgt_audio", "tgt_n_frames", "src_lang", "tgt_lang", "src_text", "tgt_text"]


class SpeechTranslation(Format):
    """Two mono WAV files per row and main speaker, and `<split>.tsv`."""

    serves: ClassVar[str] = "Translatotron, fairseq S2ST, Hibiki"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")
    understands: ClassVar[tuple[str, ...]] = ("main",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        if sink.index == 0:
            sink.line(f"{sink.split}.tsv", "\t".join(HEADER))
        for item in items:
            languages = item.languages
            if item.transcript is not None and languages[0] is not None and languages[0] == languages[1]:
                sink.leave_out(item, f"both sides speak {languages[0]}; wanted a source and its translation")
                continue
            words = [self._one(item, main, languages, sink) for main in sink.options.main]
            sink.wrote(item, len(words), words=min(words))

    def _one(self, item: Item, main: int, languages: tuple[str | None, str | None], sink: Sink) -> int:
        """Write one item; the words of its texts."""
        sides = ((1 - main, "source"), (main, "target"))
        files = []
        for channel, name in sides:
            files.append(f"{sink.folder}/{item.stem}-{main}.{name}.wav")
            with sink.file(files[-1]) as path:
                write_wav(path, item.samples[channel : channel + 1], item.rate, item.subtype)
        frames = str(item.samples.shape[1])
        said = [[word for word in item.words if word.channel == channel] for channel, _ in sides]
        texts = [" ".join(joined(item, words).split()) for words in said]
        tags = [languages[channel] or "" for channel, _ in sides]
        fields = [f"{item.stem}-{main}", files[0], frames, files[1], frames, *tags, *texts]
        sink.line(f"{sink.split}.tsv", "\t".join(fields))
        return sum(map(len, said))
