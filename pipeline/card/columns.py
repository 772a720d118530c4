"""What each column of a row holds, in a sentence, for those who meet the data set without this program."""

from __future__ import annotations

COLUMNS: dict[str, str] = {
    "id": "Name of the row, unique in the data set.",
    "source": "Where the recording comes from: corpus, files, licence, consent, language, and its manifest's other fields as JSON.",
    "rights": "What may be done with the row: the strictest of the recording's licence and those of the models that shaped it.",
    "audio": "FLAC of two channels, one speaker on each: channel 0 is the model's voice, channel 1 the other side.",
    "rate": "Sampling rate of the audio in Hz, the recording's own.",
    "duration": "Length of the row in seconds.",
    "clip": "Which part of its recording the row is; all other times count from its start.",
    "speakers": "Who is on each channel, in what role, and which channel of the recording it was.",
    "speech": "Where each channel holds speech, in seconds.",
    "turns": "Turns of each speaker, in seconds.",
    "words": "Every word with its channel, start and end in seconds, confidence, and where its times come from.",
    "transcript": "Languages, words that were taken out as not said, and speech without words; null when nothing was transcribed.",
    "events": "Backchannels, interruptions, fillers, laughter and changes of the floor, in seconds.",
    "event_constants": "The constants that defined the events.",
    "origins": "How each stretch of each channel was made: original, or which step made it out of a mixture.",
    "crossfade": "Seconds over which stretches of different origin fade into each other.",
    "others": "Sound that is neither speaker: third voices, music, tones, noise.",
    "residual": "FLAC of what was given to neither speaker, where that was kept.",
    "decoding": "What the recording's file was and how it was decoded.",
    "health": "Levels, noise, bandwidth, leakage and findings of the whole recording's channels.",
    "quality": "Scores, each with its unit and method.",
    "codes": "Codec tokens of both channels: reshape each to (codebooks, frames).",
    "stats": "Turn-taking of the row: speech, pauses, gaps, overlaps, floor transfers, by the constants given with it.",
    "provenance": "Every stage that made the row, with its version, and the model weights that it used with their licence.",
    "redactions": "What `duologue redact` muted, in seconds: kind, channel, stretch and what fills it; empty where nothing was.",
}
"""In the order of the columns."""
