"""Splits of a corpus: which recordings are for training, validation and test, and what leaks between them."""
