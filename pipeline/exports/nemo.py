"""NeMo speechlm2, duplex: Lhotse Shar of cuts with the user's side as recording and the agent's side as `target_audio`.

One supervision per utterance, its speaker `user` or `agent`. Read it with `type: lhotse_shar`, `shar_path: <export>/train`,
`frame_length: 0.08`, `source_sample_rate: 16000` and `target_sample_rate: 22050`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pipeline.exports.format import Format, Sink
from pipeline.exports.item import Item
from pipeline.exports.lhotse_cuts import in_shar, json_bytes, put_cuts, recording, supervision, words_in
from pipeline.exports.sound import flac_bytes, side_at
from pipeline.exports.tar import Tar, tar_at
from pipeline.exports.text import utterances_of

USER_RATE, AGENT_RATE = 16000, 22050
"""Hz that the models hear and speak at."""
ROLES = ("agent", "user")


class Nemo(Format):
    """Per shard one file of cuts and a tar for each of the two sides."""

    version: ClassVar[int] = 2
    serves: ClassVar[str] = "NeMo speechlm2 duplex"
    reads: ClassVar[tuple[str, ...]] = ("audio",)
    carries: ClassVar[tuple[str, ...]] = ("seconds", "words")
    understands: ClassVar[tuple[str, ...]] = ("main",)

    def write(self, items: Iterable[Item], sink: Sink) -> None:
        cuts = []
        names = [f"{sink.split}/{field}.{sink.index:06d}.tar" for field in ("recording", "target_audio")]
        with sink.file(names[0]) as user, sink.file(names[1]) as agent, tar_at(user) as heard, tar_at(agent) as spoken:
            for item in items:
                made = [self._cut(item, main, heard, spoken) for main in sink.options.main]
                sink.wrote(item, len(made), words=min(words_in(cut) for cut in made))
                cuts += made
        put_cuts(sink, cuts)

    def _cut(self, item: Item, main: int, heard: Tar, spoken: Tar) -> dict[str, Any]:
        id = f"{item.stem}-{main}"
        user, agent = side_at(item, 1 - main, USER_RATE), side_at(item, main, AGENT_RATE)
        recordings = []
        for tar, samples, rate in ((heard, user, USER_RATE), (spoken, agent, AGENT_RATE)):
            made = recording(id, in_shar((0,)), rate, len(samples))
            tar.add(f"{id}.flac", flac_bytes(samples, rate))
            tar.add(f"{id}.json", json_bytes(made))
            recordings.append(made)
        said = [
            supervision(item, each, index, ROLES[channel != main], 0)
            for channel in (0, 1)
            for index, each in enumerate(utterances_of(item, channel))
        ]
        said.sort(key=lambda each: (each["start"], each["id"]))
        custom = {"target_audio": recordings[1], "row_id": item.id, "licence": item.source.licence}
        cut = {"id": id, "start": 0.0, "duration": recordings[0]["duration"], "channel": 0, "supervisions": said}
        return {**cut, "recording": recordings[0], "custom": custom, "type": "MonoCut"}
