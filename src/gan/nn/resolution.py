"""Sizes of images that networks come to by doubling a few pixels."""

__all__ = ["BASES", "levels"]

BASES = (4, 5, 6, 7)


def levels(size: int) -> tuple[int, int]:
    """Split an image size as base * 2^n.

    Returns:
        The base, from 4 to 7, and n.

    Raises:
        ValueError: If there is no such base, or the size is not from 16 to 128; the nearest sizes are named, if near.
    """
    if size < BASES[0]:
        raise ValueError(
            f"image size {size} does not fit: the network doubles 4, 5, 6 or 7 pixels, which points and the smallest "
            "images have not; perceptrons take any size (model=mlp_gan)"
        )
    sizes = {base << n: (base, n) for base in BASES for n in range(1, 6) if 16 <= base << n <= 128}
    if size not in sizes:
        near = sorted(sorted(sizes, key=lambda known: abs(known - size))[:2])
        raise ValueError(
            f"image size {size} does not fit: the network doubles 4, 5, 6 or 7 pixels; the nearest sizes are "
            f"{near[0]} and {near[1]} (data.image_size={near[0]})"
        )
    return sizes[size]
