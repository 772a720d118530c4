"""Named shapes of ordinary talk to hold a corpus against: who published them, and where what they count is not what is counted here."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import LawError
from schemas.stats import CANDOR_MEDIAN_FTO, FISHER_SHAPE

FIGURES: dict[str, tuple[str, str]] = {
    "ipu": ("Speech (IPUs, both channels added)", "s/min"),
    "pause": ("Pauses (silence inside one side's talk)", "s/min"),
    "gap": ("Gaps (silence between the sides)", "s/min"),
    "overlap": ("Overlap (both speak)", "s/min"),
    "fto_median": ("Median floor transfer offset", "s"),
}
"""What can be compared: label and unit."""
RELATIVE, ABSOLUTE = "mean relative difference", "absolute difference"
DISTANCES: dict[str, str] = {
    RELATIVE: "mean of |corpus - reference| / reference over the figures, 0 for the same shape",
    ABSOLUTE: "|corpus - reference|, in the figure's own unit",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One published shape. Laws: its figures are among `FIGURES`, its distance among `DISTANCES`; an absolute one is of one figure."""

    name: str
    title: str
    citation: str
    url: str
    figures: tuple[tuple[str, float], ...]
    """Name and published value, in the figure's unit."""
    distance: str
    differences: str
    """What is counted otherwise there than here, in sentences."""

    def __post_init__(self) -> None:
        unknown = [name for name, _ in self.figures if name not in FIGURES]
        if unknown or not self.figures:
            raise LawError(f"shape {self.name!r}: wanted figures among {', '.join(FIGURES)}, got {', '.join(unknown) or 'none'}")
        if self.distance not in DISTANCES or (self.distance == ABSOLUTE and len(self.figures) != 1):
            raise LawError(f"shape {self.name!r}: no distance {self.distance!r} of {len(self.figures)} figures")
        if self.distance == RELATIVE and any(value <= 0 for _, value in self.figures):
            raise LawError(f"shape {self.name!r}: a relative difference needs figures above 0")


SHAPES: tuple[Shape, ...] = (
    Shape(
        name="fisher",
        title="Fisher",
        citation="Défossez et al. 2024, Moshi: a speech-text foundation model for real-time dialogue, table 9: ground truth of Fisher",
        url="https://arxiv.org/abs/2410.00037",
        figures=tuple(FISHER_SHAPE.items()),
        distance=RELATIVE,
        differences=(
            "English telephone talk between strangers about a given topic. The definitions of IPU, pause, gap and overlap are those of "
            "dGSLM (arXiv 2203.16502), as here, but speech was found by another detector, on samples of the corpus; here seconds are added "
            "up over everything before they are divided."
        ),
    ),
    Shape(
        name="candor",
        title="CANDOR",
        citation="Reece et al. 2023, The CANDOR corpus, Science Advances 9, eadf3197",
        url="https://doi.org/10.1126/sciadv.adf3197",
        figures=(("fto_median", CANDOR_MEDIAN_FTO),),
        distance=ABSOLUTE,
        differences=(
            "English video calls of about half an hour, in which the two see each other. Intervals there are between the turns of a "
            "transcript; here they are between changes of the floor, found from speech activity, and the median is read from bins of 0.1 s."
        ),
    ),
)
"""Only shapes whose numbers are in a source that can be named; corpora are compared with all of them that share a figure."""
