"""Two-channel dialogues with exact truth, laid out from single-speaker utterances by named turn-taking statistics."""
