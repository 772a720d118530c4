"""What the two channels of a recording really are, measured."""
