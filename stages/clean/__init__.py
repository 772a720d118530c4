"""Cleaning of recorded channels: what one side's channel holds of the other side is taken out of it."""
