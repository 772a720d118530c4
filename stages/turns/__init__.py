"""Who holds the floor when, and how the two take turns."""
