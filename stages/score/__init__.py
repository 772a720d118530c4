"""Scores of a recording and of its channels."""
