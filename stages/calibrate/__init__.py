"""A chain for mono recordings, run on the mix of two true channels and compared with them."""
