"""Backends that make one channel per speaker of a recording that holds both in one."""
