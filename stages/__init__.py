"""The work: one backend per file, grouped by kind."""
