"""What goes with a data set for people and catalogues: the card `README.md` with its plots, and `croissant.json`."""
