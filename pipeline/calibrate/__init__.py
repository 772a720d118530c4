"""Calibration: a chain for mono recordings measured on the mixes of true two-channel ones, as JSON, as a page and as lines for a card."""

from pipeline.calibrate.card import card

__all__ = ["card"]
