"""Transcripts of corpora: one module for each family of file formats."""
