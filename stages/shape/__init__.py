"""Which stretches of dialogues make a set of a wanted conversational shape: what each clip must keep, and what all together."""
