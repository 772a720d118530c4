"""What is asked of an audit, checked before anything is read."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pipeline.build import Build
from stages.rights.policy import Policy
from stages.sources.delivery import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest:
    """One audit, fully described."""

    request: Build
    """Its config's chain is the measuring stage alone, its listing that of the delivery."""
    delivery: Delivery
    policy: Policy
    against: Delivery | None = None
    """Evaluation audio that must not be in the corpus."""
    players: int = 40
    """Recordings that get a player with sound, those with most against them first."""
    seed: int = 0
    """Of the splits."""

    def with_request(self, request: Build) -> AuditRequest:
        """The same audit for another run of the engine."""
        return dataclasses.replace(self, request=request)
