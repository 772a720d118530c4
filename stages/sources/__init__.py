"""Source readers: from a folder or a manifest to the list of recordings to be processed."""

from stages.sources.beside import with_files
from stages.sources.listing import Listing, Probe
from stages.sources.manifest import write_manifest
from stages.sources.reader import list_sources
from stages.sources.settings import SourceSettings
from stages.sources.summary import Summary, summarise

__all__ = ["Listing", "Probe", "SourceSettings", "Summary", "list_sources", "summarise", "with_files", "write_manifest"]
