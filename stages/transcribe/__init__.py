"""Words of each channel."""
