"""The one table of corpus layouts. A layout's module is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stages.sources.corpus import CorpusReader

LAYOUTS: dict[str, str] = {
    "fisher": "stages.sources.fisher",
    "switchboard": "stages.sources.switchboard",
    "callhome": "stages.sources.callhome",
    "spokenwoz": "stages.sources.spokenwoz",
    "primock57": "stages.sources.primock57",
    "candor": "stages.sources.candor",
    "seamless": "stages.sources.seamless",
    "moshi": "stages.sources.moshi",
    "lhotse": "stages.sources.lhotse",
    "duologue": "stages.sources.duologue",
    "webdataset": "stages.sources.webdataset",
    "parquet": "stages.sources.parquet",
}
"""Each layout's module, which holds its `READER`; in the order in which they are looked for."""


def layout(name: str) -> CorpusReader:
    """The reader of one layout of the table."""
    reader: CorpusReader = import_module(LAYOUTS[name]).READER
    return reader
