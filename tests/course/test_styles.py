"""Chapter on styles: its sweeps, and sentences from tables."""

import pytest
from pandas import DataFrame

from gan.config import compose_config, plain
from gan.course.styles import LABELS, best_network, few_faces, monotone, smoother
from gan.course.styles_runs import FACES, NETWORKS
from gan.resolvers import register_resolvers
from tests.course.recipes import sweep_of


def scores(**values: list[float]) -> DataFrame:
    rows = [(network, seed, fd) for network, seeds in values.items() for seed, fd in enumerate(seeds)]
    return DataFrame(rows, columns=["network", "seed", "fd"])


def test_the_sweeps_have_all_recipes() -> None:
    assert sweep_of("styles")["experiment/course/styles"] == ",".join(NETWORKS)
    assert sweep_of("faces")["experiment/course/faces"] == ",".join(FACES)


def test_path_length_is_the_only_change() -> None:
    register_resolvers()
    on, off = (
        plain(
            compose_config("train", ["experiment=course/styles", f"experiment/course/styles={network}"]), resolve=False
        )
        for network in NETWORKS[:2]
    )
    assert set(on["loss"].pop("generator_regularizers")) == {"path_length"}
    assert "generator_regularizers" not in off["loss"]
    assert [key for key in on if key != "name" and on[key] != off[key]] == []


def test_the_best_network_and_its_equals_are_named() -> None:
    others = {network: [90.0, 91.0, 92.0] for network in NETWORKS[2:]}
    final = scores(stylegan2=[1.0, 2.0, 3.0], no_path_length=[2.0, 3.0, 4.0], **others)
    assert (
        best_network(final) == f"{LABELS['stylegan2']} is lowest, and {LABELS['no_path_length']} not clearly different."
    )


def test_a_path_length_is_given_as_a_ratio() -> None:
    final = scores(stylegan2=[4.0, 5.0, 6.0], no_path_length=[4.0, 5.0, 6.0])
    paths = DataFrame(
        [(network, space, length) for network in NETWORKS[:2] for space in "zw" for length in (1.0, 2.0, 3.0)],
        columns=["network", "space", "length"],
    )
    paths.loc[(paths["network"] == "stylegan2") & (paths["space"] == "w"), "length"] /= 100
    first, second, third = smoother(final, paths).splitlines()
    assert first == "- **Path length in w**: 0.01 times that without, lower than it."
    assert second == "- **Path length in z**: 1.00 times that without, not clearly different from it."
    assert third == "- **Fréchet distance**: 1.00 times that without, not clearly different from it."


def test_steps_of_truncation_are_counted() -> None:
    rows = [(0, 0.5, 0.9, 0.1), (0, 0.7, 0.8, 0.3), (0, 1.0, 0.85, 0.4)]
    lines = monotone(DataFrame(rows, columns=["seed", "threshold", "precision", "recall"]))
    assert lines.splitlines() == [
        "- **Precision** falls with ψ in 1 of 2 steps.",
        "- **Recall** rises with ψ in 2 of 2 steps.",
    ]


@pytest.mark.parametrize(("held_out", "relation"), [(0.2, "lower than"), (0.95, "not clearly different from")])
def test_overfitting_is_the_gap_between_training_and_held_out_faces(held_out: float, relation: str) -> None:
    shares = {"none": (1.0, held_out, 0.0), "ada": (0.9, 0.85, 0.1), "transfer": (0.9, 0.85, 0.1)}
    rows = [
        (start, seed, images, share + 0.01 * seed * (images == "train"))
        for start, of_start in shares.items()
        for seed in range(3)
        for images, share in zip(("train", "test", "samples"), of_start, strict=True)
    ]
    verdicts = DataFrame(rows, columns=["start", "seed", "images", "real"])
    distances = [(start, seed, step, 0.1 + 0.001 * seed) for start in FACES for seed in range(3) for step in (400, 800)]
    lines = few_faces(DataFrame(distances, columns=["start", "seed", "step", "kd"]), verdicts).splitlines()
    assert f"6 ± 1 points with ADA, {relation}" in lines[0]
    assert lines[1] == (
        "- **ADA**: the kernel distance is not clearly different from that without it after 400 updates, "
        "and not clearly different from that without it after 800 updates."
    )
