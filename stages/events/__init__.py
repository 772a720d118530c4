"""What happens between the two speakers."""
