"""Shaping: rows of a finished data set are chosen, or clips cut out of them, so that the set meets targets of conversational shape."""
