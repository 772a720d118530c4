"""What separators with a name on the model hub have in common: the name or a local copy, its revision, and what they say of both."""

from __future__ import annotations

from dataclasses import dataclass, fields

from schemas.errors import UsageError
from stages.hub import check_named, named_weights
from stages.separate.network.base import NetworkSeparate
from stages.stage import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSeparate(NetworkSeparate):
    """A separator whose files lie in one folder, on the hub or here. Each kind has the published model as its default."""

    model: str
    """A hub name `owner/model`, or a local folder with the same files."""
    revision: str = "main"
    """Branch, tag or commit on the hub; a branch moves, so name the commit to pin what is loaded. Of no meaning for a folder."""

    def __post_init__(self) -> None:
        NetworkSeparate.__post_init__(self)
        check_named("separate", self.model, next(str(each.default) for each in fields(self) if each.name == "model"))
        if not self.revision.strip():
            raise UsageError("separate.revision: must not be empty; 'main' is the newest")

    def network_weights(self) -> tuple[Weights, ...]:
        return (named_weights(self.model, self.revision, self.licence),)
