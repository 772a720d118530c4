"""Files that a chain reads beside the recordings, as part of what the recordings are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from stages.sources.listing import Listing
from stages.sources.measure import measure
from stages.stage import files_beside


def with_files(listing: Listing, chain: Sequence[Any]) -> Listing:
    """`listing` with the fingerprint of each file that a stage of `chain` reads beside a recording, after those of its audio.

    So a changed transcript or RTTM is a new input, as a replaced recording is, and one that appears later too. The listing itself is given
    back where no stage reads such a file. Raises `UsageError` when a package for a remote store is missing.
    """
    beside = [tuple(dict.fromkeys(file for stage in chain for file in files_beside(stage, source))) for source in listing.sources]
    if not any(beside):
        return listing
    problems = list(listing.problems)
    measured = measure((file for files in beside for file in files), problems)
    sources = tuple(
        dataclasses.replace(source, fingerprints=(*source.fingerprints, *(measured[file][0] for file in files)))
        for source, files in zip(listing.sources, beside, strict=True)
    )
    return dataclasses.replace(listing, sources=sources, problems=tuple(problems))
