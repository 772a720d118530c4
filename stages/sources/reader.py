"""The one entry to sources: a folder or a manifest, here or on an object store, becomes a listing."""

from __future__ import annotations

import difflib
import os

from schemas.errors import UsageError
from stages.sources.delivery import Delivery, list_delivery
from stages.sources.folder import list_folder
from stages.sources.listing import Listing, Probe, Prober
from stages.sources.manifest import list_manifest
from stages.sources.places import file_system, is_url, local_path, refusal
from stages.sources.rows import KINDS, manifest_kind
from stages.sources.settings import SourceSettings
from stages.sources.walk import is_text, shown


def list_sources(src: str, settings: SourceSettings, probe: Probe | None = None, probe_all: bool = False) -> Listing:
    """List what is to be processed.

    `src` is a folder or a manifest (JSON lines, CSV, TSV or Parquet), as a local path or a URL that fsspec reads. `probe` gives a file's
    header by its full path or URL, or raises `Reject`; without it, names alone decide, and weak side names (1/2, A/B) make no pairs. It is
    called for files that may be one side of a recording, and with `probe_all` for every file; a file it then rejects is a reject of the
    listing. Raises `UsageError` when `src` is not there, cannot be read or is neither.
    """
    prober = _prober(probe, probe_all)
    place, is_folder = _placed(src)
    if not is_folder:
        return _manifest(src, place, settings, prober, probe_all)
    if settings.layout is not None:
        return list_delivery(place, settings, prober, probe_all).listing
    return list_folder(place, settings, prober, probe_all)


def list_delivered(src: str, settings: SourceSettings, probe: Probe | None = None, probe_all: bool = False) -> Delivery:
    """The same with what every file of a folder is, for an audit; a manifest has no other files."""
    prober = _prober(probe, probe_all)
    place, is_folder = _placed(src)
    if not is_folder:
        return Delivery(_manifest(src, place, settings, prober, probe_all), [])
    return list_delivery(place, settings, prober, probe_all)


def _prober(probe: Probe | None, probe_all: bool) -> Prober | None:
    if probe is None and probe_all:
        raise UsageError("source: opening every file (probe_all) needs a probe")
    return None if probe is None else Prober(probe)


def _placed(src: str) -> tuple[str, bool]:
    """The full path or URL of a source, and whether it is a folder."""
    if not is_text(src):
        raise UsageError(f"{shown(src)}: the path is not valid UTF-8; rename the folder or link to it under another name")
    if is_url(src) and (why := refusal(src)):
        raise UsageError(f"{src!r} {why}")
    local = local_path(src)
    place = src.rstrip("/") if local is None else os.path.abspath(local)
    return place, _is_remote_folder(place) if local is None else _is_local_folder(place)


def _manifest(src: str, place: str, settings: SourceSettings, prober: Prober | None, probe_all: bool) -> Listing:
    kind = manifest_kind(place)
    if kind is None:
        raise UsageError(
            f"{src}: neither a folder nor a manifest; a manifest's name ends in {', '.join(KINDS)} (all but Parquet also with .gz)"
        )
    if settings.pattern is not None:
        raise UsageError(f"source.pattern: {src} is a manifest, whose lines name their files; leave the pattern out")
    return list_manifest(place, kind, settings, prober, probe_all)


def _is_local_folder(path: str) -> bool:
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such folder or file{_nearest(path)}")
    return os.path.isdir(path)


def _nearest(path: str) -> str:
    folder, name = os.path.split(path)
    names = os.listdir(folder) if os.path.isdir(folder) and os.access(folder, os.R_OK) else []
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {os.path.join(folder, near[0])!r}?" if near else ""


def _is_remote_folder(url: str) -> bool:
    fs, path = file_system(url)
    try:
        if fs.isfile(path):
            return False
        if fs.isdir(path):
            return True
    except Exception as error:  # drivers raise types of their own (botocore, aiohttp)
        raise UsageError(f"{url}: cannot be reached: {error}") from error
    raise UsageError(f"{url}: no such folder or file")
