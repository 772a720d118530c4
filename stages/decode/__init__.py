"""Files into recordings, in a child process that a broken file cannot hurt."""
