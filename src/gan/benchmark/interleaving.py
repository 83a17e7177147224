"""Alternating measurements, so that changes of the machine's load affect all implementations alike."""

from collections.abc import Callable, Mapping

from gan.progress import progress_bar

__all__ = ["measure_alternately"]


def measure_alternately(
    implementations: Mapping[str, Callable[[], float]], rounds: int, description: str = "Measurements"
) -> dict[str, list[float]]:
    """Measure each implementation once per round; the order is reversed every other round.

    Args:
        implementations: By name, functions that run one measurement and return it.
        rounds: Number of rounds.
        description: Label of the progress bar.

    Returns:
        The measurements of each implementation, one per round.
    """
    measurements: dict[str, list[float]] = {name: [] for name in implementations}
    names = list(implementations)
    order = [name for index in range(rounds) for name in (reversed(names) if index % 2 else names)]
    for name in progress_bar(order, len(order), description):
        measurements[name].append(implementations[name]())
    return measurements
