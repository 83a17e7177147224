"""Names of the scores that a run's own is compared with: real images, trivial generators and noise."""

from collections.abc import Mapping
from typing import Any

__all__ = ["named_baselines", "real_images_name", "throughput_unit"]


def named_baselines(results: Mapping[str, Any], score: str) -> dict[str, float]:
    """Return the baselines of a score by the names that reports show, as far as they were computed.

    Args:
        results: Contents of results.json.
        score: Name of the score. Real images and noise are known for the main score alone.
    """
    named = {}
    main = results["baselines"] if score == results["score_name"] else {}
    if "held_out" in main:
        named[real_images_name(results["protocol"])] = main["held_out"]
    for name, scores in results["trivial_baselines"].items():
        if score in scores:
            named[name] = scores[score]
    if "noise" in main:
        named["noise"] = main["noise"]
    return named


def real_images_name(protocol: Mapping[str, Any]) -> str:
    """Name the real images that are scored like generated ones: those of the split that is not compared with."""
    noun = protocol.get("noun", "images")
    return f"training {noun}" if protocol.get("real_split") == "test" else f"held-out real {noun}"


def throughput_unit(protocol: Mapping[str, Any]) -> str:
    """Name the unit of throughput: images per second, or sentences."""
    return f"{protocol.get('noun', 'images')}/s"
