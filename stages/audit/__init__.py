"""What an audit measures of one recording, and of all recordings together."""
