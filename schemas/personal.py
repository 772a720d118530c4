"""Personal data that is spoken in a recording: where it is, of what kind, and which rule says so; never what was said."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.span import Span

PERSONAL_KINDS: dict[str, str] = {
    "name": "a person's name, said or spelled out",
    "phone": "a telephone number",
    "email": "an e-mail address",
    "card": "a payment card's number",
    "identifier": "an account, booking, plate or other number or code",
    "postcode": "a postcode",
    "address": "a street address",
    "birth_date": "a date of birth",
}
"""Every kind of personal data. They are told by their form: a rule cannot know whose number or address it is."""

FILLS: dict[str, str] = {
    "silence": "zeros",
    "tone": "a steady tone of 1 kHz",
    "noise": "noise with the spectrum and level of the channel's own background; zeros where that is digital silence",
}
"""What takes the place of muted sound."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word as written, of one channel, in samples."""

    channel: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalSpan:
    """One stretch of one channel that holds personal data. It holds no text: `stages.personal.mask` shows what of the text may be shown.

    Laws: `kind` is in `PERSONAL_KINDS`; `first <= last`; confidence in (0, 1].
    """

    kind: str
    channel: int
    span: Span
    """Samples, from the start of the first word to the end of the last."""
    rule: str
    """Which rule found it, such as `card:luhn`."""
    confidence: float
    """How far the rule is trusted: set by hand, in order of strength, and no measured probability."""
    first: int
    """Place of its first word in the sequence that was searched. The words of the other channel between the two are not part of it."""
    last: int
    """Place of its last word, included."""

    def __post_init__(self) -> None:
        if self.kind not in PERSONAL_KINDS:
            raise LawError(f"PersonalSpan: {self.kind!r} is not in schemas.personal.PERSONAL_KINDS")
        if not 0 <= self.first <= self.last or not 0 < self.confidence <= 1 or self.channel < 0:
            raise LawError(
                f"PersonalSpan: words {self.first} to {self.last} of channel {self.channel} with confidence {self.confidence}; "
                f"wanted 0 <= first <= last and a confidence in (0, 1]"
            )
