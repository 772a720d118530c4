"""Words in time as the text stream of a speech model: one token or padding per codec frame."""
