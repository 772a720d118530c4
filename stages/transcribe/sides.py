"""Which label of a transcript is which channel of the tracks."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.activity import Activity
from schemas.errors import Reject
from schemas.source import Source
from schemas.span import Span, intersect, total, union
from schemas.tracks import Tracks
from stages.transcribe.formats.said import Said

CHANNELS = (
    {"a": 0, "b": 1},
    {"l": 0, "r": 1},
    {"left": 0, "right": 1},
    {"ch0": 0, "ch1": 1},
    {"channel_0": 0, "channel_1": 1},
    {"speaker_main": 0, "speaker_user": 1},
)
"""Labels that name a channel of the recording; `SPEAKER_MAIN` is moshi-finetune's name for the first one."""
LEAST_SHARE = 0.55
"""Of the time that two unknown labels share with the channels' speech, the least that must lie on the side that is chosen."""


def sides(said: Sequence[Said], base: int | None, source: Source, tracks: Tracks, activity: Activity | None) -> dict[str, int]:
    """The channel of the tracks for each label.

    In this order: the speakers' names or roles in the tracks, a channel of the recording by its number (`base` is the first, read off the
    labels when it is None) or its usual name, and for two labels that say nothing, the channels with whose speech they share most time.
    Raises `Reject` bad_transcript when that leaves a label without a channel.
    """
    labels = sorted({each.label for each in said})
    # Names that nobody gave: whoever made the tracks called them so, as many a transcript calls its speakers.
    unnamed = tracks.order is None and set(tracks.speakers) == {"A", "B"} and len(labels) == 2
    if unnamed and activity is not None and (heard := _by_speech(labels, said, activity)):
        return heard
    for names in (tracks.speakers, _ordered(source.speakers, tracks), tracks.roles):
        if names and (found := _by_name(labels, names)):
            return found
    channels = _by_channel(labels, base)
    if channels is not None and tracks.order is not None:
        return {label: tracks.order.index(channel) for label, channel in channels.items()}
    if len(labels) == 2 and activity is not None and (heard := _by_speech(labels, said, activity)):
        return heard
    wanted = [*tracks.speakers, *filter(None, tracks.roles)]
    raise Reject("bad_transcript", f"labels {_shown(labels)} name no two sides; wanted {', '.join(wanted)} or channels", labels=labels[:20])


def _ordered(names: tuple[str, ...], tracks: Tracks) -> tuple[str, ...]:
    return tuple(names[index] for index in tracks.order) if names and tracks.order is not None else ()


def _by_name(labels: list[str], names: Sequence[str]) -> dict[str, int] | None:
    folded = [name.casefold() for name in names]
    if folded[0] == folded[1] or not set(map(str.casefold, labels)) <= set(folded):
        return None
    return {label: folded.index(label.casefold()) for label in labels}


def _by_channel(labels: list[str], base: int | None) -> dict[str, int] | None:
    numbers = {label: int(label) for label in labels if label.isdecimal() and len(label) < 3}
    if len(numbers) == len(labels) and numbers:
        first = base if base is not None else 0 if 0 in numbers.values() else 1
        return {label: number - first for label, number in numbers.items()} if {n - first for n in numbers.values()} <= {0, 1} else None
    for known in CHANNELS:
        if {label.casefold() for label in labels} <= set(known):
            return {label: known[label.casefold()] for label in labels}
    return None


def _by_speech(labels: list[str], said: Sequence[Said], activity: Activity) -> dict[str, int] | None:
    spans = [
        union(
            Span(max(0, round(each.start * activity.rate)), max(0, round(each.end * activity.rate))) for each in said if each.label == label
        )
        for label in labels
    ]
    straight, crossed = (sum(total(intersect(spans[i], activity.channels[i ^ flip])) for i in (0, 1)) for flip in (0, 1))
    if max(straight, crossed) < LEAST_SHARE * (straight + crossed) or not straight + crossed:
        return None
    return {labels[0]: int(crossed > straight), labels[1]: int(crossed <= straight)}


def _shown(labels: list[str]) -> str:
    return ", ".join(repr(label) for label in labels[:5]) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
