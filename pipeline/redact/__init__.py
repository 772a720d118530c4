"""Redaction: personal data is muted in the sound, the words and the tokens of a finished data set together."""
