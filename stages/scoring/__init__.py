"""Measures of made channels against true ones: pure functions of spans and samples."""
