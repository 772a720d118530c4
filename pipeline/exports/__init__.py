"""A finished data set in the formats of those who train on it: one file per format, one table of formats, one way to run them."""
