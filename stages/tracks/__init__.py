"""Backends that give one channel per speaker."""
