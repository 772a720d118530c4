"""Calibration: a chain for mono recordings measured on the mixes of true two-channel ones, as JSON and as a page."""
