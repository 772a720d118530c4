"""Personal data in what was said: numbers, addresses, names, tied to the times of the words."""
