"""Chapter on BigGAN: its sweep, and sentences from tables."""

from pandas import DataFrame

from gan.config import compose_config, plain
from gan.course.biggan import best_network, orthogonality
from gan.course.biggan_runs import NETWORKS
from gan.resolvers import register_resolvers
from tests.course.recipes import sweep_of


def final(accuracy: float) -> DataFrame:
    rows = [
        (network, seed, (accuracy if network == "biggan" else 0.5) + 0.01 * seed, 10.0 + seed, 20.0 + seed)
        for network in NETWORKS
        for seed in range(3)
    ]
    return DataFrame(rows, columns=["network", "seed", "accuracy", "fd", "intra_fd"])


def test_the_sweep_has_all_networks() -> None:
    assert sweep_of("biggan")["experiment/course/biggan"] == ",".join(NETWORKS)


def test_orthogonality_is_the_only_change() -> None:
    register_resolvers()
    on, off = (
        plain(
            compose_config("train", ["experiment=course/biggan", f"experiment/course/biggan={network}"]), resolve=False
        )
        for network in NETWORKS[:2]
    )
    assert set(on["loss"].pop("generator_regularizers")) == {"orthogonality"}
    assert "generator_regularizers" not in off["loss"]
    assert [key for key in on if key != "name" and on[key] != off[key]] == []


def test_the_highest_accuracy_and_the_lowest_distance_are_best() -> None:
    first, second, third = best_network(final(0.9)).splitlines()
    assert first == "- **Accuracy**: BigGAN is best."
    assert second.startswith("- **Fréchet distance**: BigGAN is best; without orthogonality and projection DCGAN not")
    assert third.startswith("- **Fréchet distance within classes**: ")


def test_orthogonality_is_compared_at_the_lowest_threshold() -> None:
    rows = [
        (
            network,
            seed,
            threshold,
            0.5 + 0.01 * seed,
            0.5 + 0.01 * seed,
            0.9 if threshold > 1 else 0.1 * (network == "biggan") + 0.01 * seed,
        )
        for network in NETWORKS
        for seed in range(3)
        for threshold in (0.2, 2.0)
    ]
    columns = ["network", "seed", "threshold", "accuracy", "precision", "recall"]
    lines = orthogonality(final(0.5), DataFrame(rows, columns=columns)).splitlines()
    assert lines[0] == "- **Fréchet distance, not truncated**: 11.0 with it, not clearly different from 11.0 without."
    assert lines[-1] == "- **Recall at the threshold 0.2**: 0.11 with it, higher than 0.01 without."
