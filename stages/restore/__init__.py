"""Backends that enhance tracks: optional, and in no ready-made chain."""
