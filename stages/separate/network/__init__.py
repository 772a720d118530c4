"""Separation networks that a person names: by file, folder, bundle or hub name."""
