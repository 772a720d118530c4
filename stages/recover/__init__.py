"""What the recogniser left out."""
