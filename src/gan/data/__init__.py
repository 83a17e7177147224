"""Data sets: one file here and one YAML in conf/data each."""
