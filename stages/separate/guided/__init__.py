"""Overlaps separated by a small network that learns both voices from the recording's own solo speech."""
