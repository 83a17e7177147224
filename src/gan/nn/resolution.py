"""Image sizes and channels of networks that double a small base resolution."""

__all__ = ["BASE_SIZES", "base_and_doublings", "channel_counts"]

BASE_SIZES = (4, 5, 6, 7)
LARGEST_MULTIPLE = 8


def base_and_doublings(size: int, largest: int = 128, parts: int = 1) -> tuple[int, int]:
    """Factor the size of a network's images into base * 2^n.

    Args:
        size: Height and width of whole images.
        largest: Largest size that the network takes.
        parts: Factor by which whole images are larger than those of the network.

    Returns:
        The base, from 4 to 7, and n.

    Raises:
        ValueError: If there is no such base, or the size is not from 16 to the largest.
    """
    if size < parts * BASE_SIZES[0]:
        raise ValueError(
            f"image size {size} does not fit: the network doubles 4, 5, 6 or 7 pixels, so it takes no points or "
            "smaller images; multilayer perceptrons take any size (model=mlp_gan)"
        )
    sizes = {base << n: (base, n) for base in BASE_SIZES for n in range(1, 9) if 16 <= base << n <= largest}
    if size % parts or size // parts not in sizes:
        nearest = sorted(sorted((parts * known for known in sizes), key=lambda known: abs(known - size))[:2])
        smaller = f", which has 1/{parts} of that size," if parts > 1 else ""
        raise ValueError(
            f"image size {size} does not fit: the network{smaller} doubles 4, 5, 6 or 7 pixels; the nearest sizes are "
            f"{nearest[0]} and {nearest[1]} (data.image_size={nearest[0]})"
        )
    return sizes[size // parts]


def channel_counts(width: int, number: int, growth: int = 2) -> list[int]:
    """Return the channels at each of ``number`` resolutions, from the highest to the lowest.

    Args:
        width: Channels at the highest resolution.
        number: Number of resolutions.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.
    """
    return [width * min(growth**n, LARGEST_MULTIPLE) for n in range(number)]
