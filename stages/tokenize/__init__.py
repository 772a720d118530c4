"""Codec tokens of both channels."""
