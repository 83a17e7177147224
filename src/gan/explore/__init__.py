"""Looking into what generators have learned: a view a file, which ``python -m gan.explore`` rng."""
