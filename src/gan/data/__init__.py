"""Data sets, each one Python file and one YAML file in conf/data."""
