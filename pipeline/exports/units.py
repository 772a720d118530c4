"""Unit streams of the textless models: HuBERT k-means units at 50 Hz, from rows tokenized with the backend `hubert`.

`dgslm` holds both sides of a dialogue in one line of JSON, `gslm` each side in a line of its own, whole and with runs of a unit collapsed,
and `speechgpt` the collapsed units as text in the turns of a human and an assistant.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.exports.exchanges import Exchange, exchanges
from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item, ItemCodes

UNIT_RATE = 50.0
"""Hz."""


class _Units(Format):
    reads: ClassVar[tuple[str, ...]] = ("codes",)
    carries: ClassVar[tuple[str, ...]] = ("frames",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        for item in items:
            reason = unfit(item.codes)
            if item.codes is None or reason:
                sink.leave_out(item, reason)
            else:
                self.one(item, item.codes, sink)

    @abstractmethod
    def one(self, item: Item, codes: ItemCodes, sink: Sink) -> None:
        """Write one row that has units, and count it; or leave it out."""


class Dgslm(_Units):
    """`<split>.jsonl` with `audio` (a name: no audio is written), `unitA` and `unitB`."""

    serves: ClassVar[str] = "dGSLM (fairseq)"

    def one(self, item: Item, codes: ItemCodes, sink: Sink) -> None:
        first, second = codes.codes[:, 0]
        sink.line(f"{sink.split}.jsonl", {"audio": f"{item.stem}.wav", "unitA": _spaced(first), "unitB": _spaced(second), "id": item.id})
        sink.wrote(item, frames=min(len(first), len(second)))


class Gslm(_Units):
    """`<split>.km` with every unit, and `<split>.dedup.km` with runs collapsed: `id|u1 u2 u3`, a line for each side."""

    serves: ClassVar[str] = "GSLM (fairseq)"

    def one(self, item: Item, codes: ItemCodes, sink: Sink) -> None:
        for channel, units in enumerate(codes.codes[:, 0]):
            sink.line(f"{sink.split}.km", f"{item.stem}-{channel}|{_spaced(units)}")
            sink.line(f"{sink.split}.dedup.km", f"{item.stem}-{channel}|{_spaced(collapsed(units))}")
        sink.line("ids.jsonl", {"file": item.stem, "id": item.id})
        sink.wrote(item, 2, frames=codes.frames)


class SpeechGpt(_Units):
    """`<split>.jsonl`: turns with their units as `<sosp><12><407>…<eosp>` and their words, the main speaker as `assistant`."""

    version: ClassVar[int] = 2
    serves: ClassVar[str] = "SpeechGPT"
    carries: ClassVar[tuple[str, ...]] = ("words",)
    understands: ClassVar[tuple[str, ...]] = ("main",)

    def one(self, item: Item, codes: ItemCodes, sink: Sink) -> None:
        said = exchanges(item)
        if not said:
            sink.leave_out(item, "neither words nor turns")
            return
        for main in sink.options.main:
            sink.line(f"{sink.split}.jsonl", {"id": item.id, "main": main, "turns": list(self._turns(said, codes, main))})
        sink.wrote(item, len(sink.options.main), words=sum(len(each.words) for each in said))

    def _turns(self, said: list[Exchange], codes: ItemCodes, main: int) -> Iterator[dict[str, Any]]:
        for each in said:
            first, last = (round((time + codes.lead) * codes.frame_rate) for time in (each.start, each.end))
            units = "".join(f"<{unit}>" for unit in collapsed(codes.codes[each.channel, 0, first : max(last, first + 1)]))
            role = "assistant" if each.channel == main else "human"
            yield {"role": role, "units": f"<sosp>{units}<eosp>", "text": each.text, "start": each.start, "end": each.end}


def unfit(codes: ItemCodes | None) -> str:
    """Why codes are no unit stream, as the end of a sentence; empty when they are."""
    if codes is None:
        return "no codes; add tokenize with the backend hubert to the chain"
    if codes.codebooks != 1 or codes.frame_rate != UNIT_RATE:
        return f"{codes.codebooks} codebooks of {codes.codec} at {codes.frame_rate:g} Hz; wanted units at {UNIT_RATE:g} Hz, of hubert"
    return ""


def collapsed(units: NDArray[np.int16]) -> NDArray[np.int16]:
    """Units with each run of one unit made one."""
    if not units.size:
        return units
    keep = np.ones(units.size, dtype=bool)
    keep[1:] = units[1:] != units[:-1]
    return units[keep]


def _spaced(units: NDArray[np.int16]) -> str:
    return " ".join(map(str, units.tolist()))
