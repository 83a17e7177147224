"""``python -m gan.explore``: figures of what a generator has learned."""
