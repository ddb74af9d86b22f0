"""File loaders, one file per format; every error names the file and what was expected in it."""
