"""Feature extractors: the networks whose features metrics compare."""
