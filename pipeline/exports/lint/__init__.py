"""What silently ruins training, found in a data set or an export before any GPU is spent."""
