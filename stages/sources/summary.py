"""What a scan found, in numbers: kinds, hours, rates and encodings of the files that were opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stages.decode.stream import Header
from stages.sources.listing import Listing

Counts = tuple[tuple[str, int], ...]
"""Names with how often each was seen, the most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Totals of a listing. Rates, encodings and hours cover the sources whose files were all opened."""

    recordings: int
    opened: int
    kinds: Counts
    rates: Counts
    """Hz as text; `8000+16000` for a recording whose sides differ."""
    encodings: Counts
    """Container and encoding of each file, such as `WAV PCM_16`."""
    hours: float
    """Hours of recording (a pair counts once, by its longer side) as the headers promise them; decoding gives the truth."""
    untimed: int
    """Recordings opened whose headers promise no length."""
    bytes: int
    rejects: Counts
    """Rejects by reason."""


def summarise(listing: Listing) -> Summary:
    """Totals of `listing`."""
    opened = [found for headers in listing.headers if (found := tuple(h for h in headers if h is not None)) and len(found) == len(headers)]
    seconds = [_seconds(headers) for headers in opened]
    return Summary(
        recordings=len(listing.sources),
        opened=len(opened),
        kinds=_counted(listing.kinds),
        rates=_counted("+".join(map(str, dict.fromkeys(header.rate for header in headers))) for headers in opened),
        encodings=_counted(f"{header.container} {header.encoding}" for headers in opened for header in headers),
        hours=sum(each for each in seconds if each is not None) / 3600,
        untimed=seconds.count(None),
        bytes=sum(source.bytes for source in listing.sources),
        rejects=_counted(reject.reason for reject in listing.rejects),
    )


def _seconds(headers: tuple[Header, ...]) -> float | None:
    lengths = [header.frames / header.rate for header in headers if header.frames is not None and header.rate > 0]
    return max(lengths) if len(lengths) == len(headers) else None


def _counted(names: Iterable[str]) -> Counts:
    return tuple(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))
