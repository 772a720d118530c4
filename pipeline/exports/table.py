"""The one table of formats. A format's module is imported when it is asked for."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING

from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipeline.exports.format import Format

FORMATS: dict[str, str] = {
    "moshi": "moshi.Moshi",
    "tokens": "tokens.Tokens",
    "jmoshi": "jmoshi.JMoshi",
    "labels": "labels.Labels",
    "hf": "hub.Hub",
    "lhotse": "lhotse_cuts.LhotseCuts",
    "shar": "lhotse_cuts.Shar",
    "nemo": "nemo.Nemo",
    "webdataset": "webdataset.WebDataset",
    "dgslm": "units.Dgslm",
    "gslm": "units.Gslm",
    "speechgpt": "units.SpeechGpt",
    "valle": "valle.Valle",
    "csm": "csm.Csm",
    "personaplex": "personaplex.PersonaPlex",
    "fdb": "fdb.FullDuplexBench",
    "chat": "chat.Chat",
    "realtime": "realtime.Realtime",
    "s2st": "s2st.SpeechTranslation",
}
"""Name on the command line: module and class below `pipeline.exports`."""


def format_named(name: str) -> Format:
    """The format of a name; raises `UsageError` with the nearest name for any other."""
    if name not in FORMATS:
        near = difflib.get_close_matches(name, FORMATS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"export: no format {name!r}{hint} Formats: {', '.join(FORMATS)}")
    module, _, cls = FORMATS[name].partition(".")
    found: Format = getattr(importlib.import_module(f"pipeline.exports.{module}"), cls)()
    return found
