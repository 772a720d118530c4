"""Readers that list what is to be processed."""
