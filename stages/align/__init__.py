"""Word times by forced alignment."""
