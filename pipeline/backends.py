"""The one table of backends: where `pipeline` meets `stages`.

Outside packages add theirs through the entry-point group `duologue.backends`, each named `<kind>.<backend>`.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from schemas.errors import UsageError

BACKENDS: dict[str, dict[str, str]] = {
    "decode": {"file": "stages.decode.file:FileDecode"},
    "tracks": {"recorded": "stages.tracks.recorded:RecordedTracks"},
    "health": {"channels": "stages.health.measure:ChannelHealth"},
    "clean": {"crosstalk": "stages.clean.crosstalk:CrosstalkClean"},
    "diarize": {
        "pyannote": "stages.diarize.pyannote:PyannoteDiarize",
        "rttm": "stages.diarize.rttm:RttmDiarize",
        "plain": "stages.diarize.plain:PlainDiarize",
        "community": "stages.diarize.community:CommunityDiarize",
        "end_to_end": "stages.diarize.end_to_end:EndToEndDiarize",
    },
    "separate": {
        "guided": "stages.separate.guided.separate:GuidedSeparate",
        "route": "stages.separate.route:RouteSeparate",
        "convtasnet": "stages.separate.network.convtasnet:ConvTasNetSeparate",
        "sepformer": "stages.separate.network.sepformer:SepFormerSeparate",
        "onnx": "stages.separate.network.onnx:OnnxSeparate",
        "torchscript": "stages.separate.network.torchscript:TorchScriptSeparate",
        "pixit": "stages.separate.network.pixit:PixItSeparate",
        "dialoguesidon": "stages.separate.network.dialoguesidon:DialogueSidonSeparate",
    },
    "restore": {
        "deepfilter": "stages.restore.deepfilter:DeepFilterRestore",
        "model": "stages.restore.model:ModelRestore",
    },
    "vad": {"silero": "stages.vad.silero:SileroVad", "energy": "stages.vad.energy:EnergyVad"},
    "transcribe": {
        "whisper": "stages.transcribe.whisper:WhisperTranscribe",
        "given": "stages.transcribe.given:GivenTranscribe",
        "none": "stages.transcribe.none:NoTranscribe",
    },
    "align": {
        "pocketsphinx": "stages.align.pocketsphinx:PocketsphinxAlign",
        "ctc": "stages.align.ctc:CtcAlign",
        "attention": "stages.align.attention:AttentionAlign",
    },
    "recover": {"small_words": "stages.recover.small_words:SmallWordsRecover"},
    "turns": {"channels": "stages.turns.channels:ChannelTurns"},
    "events": {"turn_taking": "stages.events.turn_taking:TurnTakingEvents"},
    "stats": {"turn_taking": "stages.turns.stats:TurnTaking"},
    "score": {"channels": "stages.score.channels:ChannelScore"},
    "filter": {"gate": "stages.filter.gate:GateFilter"},
    "tokenize": {
        "mimi": "stages.tokenize.mimi:MimiTokenize",
        "encodec": "stages.tokenize.encodec:EncodecTokenize",
        "hubert": "stages.tokenize.hubert:HubertTokenize",
        "melrvq": "stages.tokenize.melrvq:MelRvqTokenize",
    },
}
"""Kind, then backend, then where its class is; the first backend of a kind is its default."""

GROUP = "duologue.backends"


@cache
def table() -> dict[str, dict[str, str]]:
    """The literal table with the entry points of installed packages added; those never replace a backend of ours."""
    known = {kind: dict(backends) for kind, backends in BACKENDS.items()}
    for point in entry_points(group=GROUP):
        kind, _, backend = point.name.partition(".")
        if not backend:
            raise UsageError(f"entry point {point.name!r} of {GROUP}: wanted a name of the form kind.backend")
        known.setdefault(kind, {}).setdefault(backend, point.value)
    return known


def backend_class(kind: str, backend: str | None, place: str) -> type[Any]:
    """The stage class of one backend; `place` says where it was asked for. Raises `UsageError` with the nearest valid name."""
    known = table().get(kind)
    if known is None:
        raise UsageError(f"{place}: {kind}: no such kind of stage{did_you_mean(kind, table())}")
    chosen = backend or next(iter(known))
    if chosen not in known:
        raise UsageError(f"{place}: {kind}.backend: no backend {chosen!r}{did_you_mean(chosen, known)}")
    module, _, name = known[chosen].partition(":")
    try:
        loaded: type[Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{place}: {kind}.backend: {chosen} ({known[chosen]}) cannot be loaded: {error}") from error
    return loaded


def did_you_mean(wrong: str, valid: Any) -> str:
    """`; did you mean 'x'?` or `; valid are a, b`, for the end of a message."""
    near = difflib.get_close_matches(wrong, list(valid), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; valid are {', '.join(sorted(valid))}"
