"""Chat JSONL for cascades: each dialogue as messages of a user and an assistant, with times, for tuning and judging text models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pipeline.exports.exchanges import Exchange, exchanges
from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.text import NO_WORDS


class Chat(Format):
    """`<split>.jsonl`: `messages` with `role`, `content`, `start`, `end` and `overlaps`."""

    serves: ClassVar[str] = "cascades: chat templates, TRL, axolotl"
    carries: ClassVar[tuple[str, ...]] = ("words",)
    understands: ClassVar[tuple[str, ...]] = ("main",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        for item in items:
            if not item.words:
                sink.leave_out(item, NO_WORDS)
                continue
            said = exchanges(item)
            for main in sink.options.main:
                about = {"id": item.id, "main": main, "language": item.language, "duration": item.duration}
                sink.line(f"{sink.split}.jsonl", {**about, "messages": messages(said, main)})
            sink.wrote(item, len(sink.options.main), words=sum(len(each.words) for each in said))


def messages(said: list[Exchange], main: int) -> list[dict[str, Any]]:
    """Who said what, in order of start; `overlaps` where it began before the one before had ended."""
    return [
        {
            "role": "assistant" if each.channel == main else "user",
            "content": each.text,
            "start": each.start,
            "end": each.end,
            "overlaps": each.overlaps,
        }
        for each in said
    ]
