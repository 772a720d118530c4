"""Backends that say who speaks when."""
