"""Data sets of images, each a file and a YAML."""
