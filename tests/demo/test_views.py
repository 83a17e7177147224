"""What the page shows is what the library samples, moves and morphs; its links give the same as files."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

import gan
from gan.demo.about import check_comparable, facts
from gan.demo.views import STEPS, Explorer, Morph, View
from gan.errors import UserError
from gan.latent.directions import find_directions

Checkpoint = Callable[..., Path]


@pytest.fixture(scope="module")
def explorer(checkpoint: Checkpoint) -> Explorer:
    return Explorer(gan.load(checkpoint("model=cgan")))


@pytest.mark.parametrize("truncation", [None, 0.5])
@pytest.mark.parametrize("label", [None, 3])
def test_a_view_is_what_sample_gives(explorer: Explorer, label: int | None, truncation: float | None) -> None:
    view = View(seed=2, truncation=truncation, num=12, label=label)
    expected = explorer.generator.sample(12, None if label is None else [label], 2, truncation)
    assert_close(explorer.images(*explorer.noise(view)), expected)


def test_shifts_go_along_directions(explorer: Explorer) -> None:
    units = find_directions(explorer.generator, "factorized", 5)
    still, _ = explorer.noise(View(num=4))
    moved, _ = explorer.noise(View(num=4, method="factorized", shifts=(0, -2, 0, 0, 1)))
    assert_close(moved - still, (units[4] - 2 * units[1]).expand(4, -1))


def test_a_morph_ends_at_its_seeds_and_classes(explorer: Explorer) -> None:
    morph = Morph(start=3, end=4, start_label=1, end_label=7, t=1)
    now, frames = explorer.morph(morph)
    ends = [explorer.generator.sample(1, [label], seed) for seed, label in ((3, 1), (4, 7))]
    assert len(frames) == STEPS + 1
    assert_close(torch.cat([frames[:1], frames[-1:]]), torch.cat(ends))
    assert_close(now, ends[1])
    assert_close(explorer.morph(morph.model_copy(update={"t": 0.3}))[0], frames[3:4])


def test_uniform_noise_has_its_own_measures(checkpoint: Checkpoint) -> None:
    explorer = Explorer(gan.load(checkpoint("model.latent=uniform")))
    assert explorer.widest == 1
    still, moved = (explorer.noise(View(num=2, shifts=shifts))[0] for shifts in ((), (1.0,)))
    assert_close((moved - still).norm(dim=1), torch.full((2,), 3**-0.5))


def test_facts_say_the_score_of_the_checkpoint_itself(checkpoint: Checkpoint) -> None:
    path = checkpoint("model=cgan")
    known = facts(gan.load(path))
    assert known["step"] == "1"
    assert known["score"].startswith("fd_classifier ")
    assert known["score"].endswith("(lower is better)")
    results = path.parent.parent / "results.json"
    kept = results.read_text()
    for damaged in ("{", "[]", '{"score_name": null, "scores": {}}'):
        results.write_text(damaged)
        assert "score" not in facts(gan.load(path))
    results.write_text(kept)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (["model=dcgan"], "num_classes is 10 and 1"),
        (["model=cgan", "model.latent_dim=32"], "latent_dim is 100 and 32"),
        (["model=cgan", "model.latent=uniform"], "latent is normal and uniform"),
    ],
)
def test_what_cannot_be_compared(explorer: Explorer, checkpoint: Checkpoint, other: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_comparable(explorer.generator, gan.load(checkpoint(*other)))


def test_links_give_files(explorer: Explorer) -> None:
    pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")
    from fastapi.testclient import TestClient

    from gan.demo.server import files

    client = TestClient(files([explorer]))
    query = {"seed": "1", "num": "9", "label": "2"}
    expected = explorer.generator.sample(9, [2], 1)
    with Image.open(BytesIO(client.get("/0/samples.png", params=query).content)) as image:
        assert np.array_equal(np.array(image), explorer.generator.picture(expected).permute(1, 2, 0).numpy())
    with np.load(BytesIO(client.get("/0/samples.npz", params=query).content)) as arrays:
        exact = explorer.generator.data.discretize(expected).permute(0, 2, 3, 1).numpy()
        assert np.abs(arrays["images"].astype(int) - exact).max() <= 1
        assert arrays["labels"].tolist() == [2] * 9
        assert arrays["z"].shape == (9, 100)
    with Image.open(BytesIO(client.get("/0/morph.gif").content)) as film:
        assert (film.size, film.n_frames) == ((280, 280), 60)

    for path, status in (
        ("/1/samples.png", 404),
        ("/0/samples.jpg", 422),
        ("/0/samples.png?num=0", 422),
        ("/0/samples.png?seed=-1", 422),
        ("/0/samples.png?truncation=0", 422),
        ("/0/samples.png?label=10", 400),
        ("/0/morph.png?t=2", 422),
    ):
        assert client.get(path).status_code == status, path
