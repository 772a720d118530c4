"""Ready-made configs."""
