"""Where each channel holds speech."""
