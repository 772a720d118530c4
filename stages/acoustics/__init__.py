"""Sound as it is spoilt between a mouth and a file: levels, noise, rooms, telephone lines and codecs. Pure functions, seeded."""
