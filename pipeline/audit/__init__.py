"""The audit: a corpus read, measured and judged before anything is built from it."""
