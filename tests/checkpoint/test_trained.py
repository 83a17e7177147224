"""``gan.load``: sampling, classes, truncation and gradients of trained generators."""

import base64
import math
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import one_hot
from torch.testing import assert_close

import gan
from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from tests.conftest import LIVELY, TINY, run_here, run_python


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conditional")
    assert run_here("train.py", *TINY, *LIVELY, "model=cgan", f"hydra.run.dir={folder}").status == 0
    return folder


@pytest.fixture(scope="module")
def unconditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unconditional")
    options = [*TINY, *LIVELY, "model=mlp_gan", "model.latent=uniform"]
    assert run_here("train.py", *options, f"hydra.run.dir={folder}").status == 0
    return folder


@pytest.fixture
def generator(conditional: Path) -> TrainedGenerator:
    return gan.load(conditional, device="cpu")


@pytest.mark.long
def test_three_lines_in_a_new_process(conditional: Path, tmp_path: Path) -> None:
    lines = ["import gan", f"images = gan.load({str(conditional)!r}).sample(16)"]
    lines += [f"import numpy; numpy.save({str(tmp_path / 'images.npy')!r}, images.cpu().numpy())"]
    run = run_python("-c", "\n".join(lines), folder=tmp_path)
    assert run.status == 0, run.err
    images = np.load(tmp_path / "images.npy")
    assert (images.shape, images.dtype) == ((16, 1, 28, 28), np.float32)
    assert np.abs(images).max() <= 1
    assert_close(torch.from_numpy(images), gan.load(conditional, device="cpu").sample(16))


def test_importing_the_package_is_fast() -> None:
    run = run_python("-c", "import sys, gan; print('torch' in sys.modules, gan.load, 'torch' in sys.modules)")
    assert re.fullmatch(r"False <function load at \w+> True\n", run.out), run.err


def test_unknown_attributes_are_errors() -> None:
    with pytest.raises(AttributeError, match="module 'gan' has no attribute 'lod'"):
        _ = gan.lod


def test_labels_are_cycled(generator: TrainedGenerator) -> None:
    z = generator.latents(25)
    every, some, one = (generator.sample(25, labels) for labels in (None, [3, 1, 7], torch.tensor([4])))
    assert_close(every, generator(z, torch.arange(25) % 10))
    assert_close(some, generator(z, torch.tensor([3, 1, 7]).repeat(9)[:25]))
    assert_close(one, generator(z, torch.full((25,), 4)))
    assert (some - one).abs().amax((1, 2, 3)).min() > 0.01, "a class makes a difference to each image"
    labels = torch.cat([batch.labels for batch in generator.batches(range(4, 9), [3, 1, 7], batch_size=2)])
    assert labels.tolist() == [1, 7, 3, 1, 7], "an image's class follows from its index"


@pytest.mark.parametrize("batch_size", [1, 7, 300, 1000])
def test_samples_do_not_depend_on_the_batch_size(generator: TrainedGenerator, batch_size: int) -> None:
    images = generator.sample(300, seed=2)
    assert_close(generator.sample(300, seed=2, batch_size=batch_size), images)
    assert_close(generator.sample(270, seed=2), images[:270])
    part = torch.cat([batch.images for batch in generator.batches(range(250, 270), seed=2, batch_size=batch_size)])
    assert_close(part, images[250:270])
    assert not torch.allclose(generator.sample(300, seed=3), images, atol=0.01)
    assert images.std(0).mean() > 0.02, "the images differ from each other"


@pytest.mark.parametrize("kind", ["conditional", "unconditional"])
def test_truncation_bounds_the_noise(kind: str, request: pytest.FixtureRequest) -> None:
    """A normal latent vector by standard deviations, a uniform one by its half-width."""
    generator = gan.load(request.getfixturevalue(kind), device="cpu")
    full = generator.latents(500)
    for threshold in (0.3, 1.0):
        z = generator.latents(500, truncation=threshold)
        assert z.shape == full.shape == (500, 100)
        assert 0.99 * threshold < z.abs().max() <= threshold
        labels = torch.arange(500) % 10
        assert_close(generator.sample(500, truncation=threshold), generator(z, labels))
    narrow, wide = (generator.sample(500, truncation=threshold) for threshold in (0.05, 0.5))
    spread = [torch.cat([images[label::10].std(0) for label in range(10)]).mean() for images in (narrow, wide)]
    assert spread[0] < spread[1], "images of a class are less various"
    assert_close(generator.latents(500, truncation=8.0), full, rtol=0, atol=1e-5)
    assert_close(generator.sample(50, truncation=8.0), generator.sample(50), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": [10]}, r"there is no class 10: .* has classes 0 to 9"),
        ({"labels": [3, -1]}, r"there is no class -1: .* has classes 0 to 9"),
        ({"labels": []}, "no class is named"),
        ({"seed": -1}, "a seed must be at least 0"),
        ({"batch_size": 0}, "a batch at least 1"),
        ({"num": 0}, "number of samples must be at least 1, not 0"),
        ({"truncation": 0.0}, r"truncation must be above 0, not 0\.0"),
        ({"truncation": -1.0}, r"truncation must be above 0, not -1\.0"),
        ({"truncation": math.nan}, "truncation must be above 0, not nan"),
    ],
    ids=str,
)
def test_invalid_arguments(generator: TrainedGenerator, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        generator.sample(**{"num": 4} | settings)
    assert "\n" not in str(error.value)


def test_an_unconditional_generator_takes_no_classes(unconditional: Path) -> None:
    generator = gan.load(unconditional)
    assert generator.num_classes == 1
    with pytest.raises(UserError, match="is unconditional: it takes no classes"):
        generator.sample(4, labels=[0])


def test_gradients_reach_the_latent_vector(generator: TrainedGenerator) -> None:
    """They equal finite differences, and weights get none."""
    z, labels = generator.latents(3).requires_grad_(), torch.tensor([1, 5, 9])
    images = generator(z, labels)
    (gradient,) = torch.autograd.grad(images.square().sum(), z)
    assert gradient.norm(dim=1).min() > 0
    with torch.no_grad():
        step = 1e-2 * gradient / gradient.norm()
        change = (generator(z + step, labels).square() - generator(z - step, labels).square()).double().sum()
    assert_close(change.item(), 2e-2 * gradient.norm().item(), rtol=0.02, atol=0)
    assert not any(weight.requires_grad for weight in generator.model.parameters())


def test_mixtures_of_classes(generator: TrainedGenerator) -> None:
    z, labels = generator.latents(10), torch.arange(10)
    pure = generator(z, labels)
    assert torch.equal(generator(z, one_hot(labels, 10).float()), pure)
    assert torch.equal(generator(z), generator(z, torch.zeros(10, dtype=torch.long))), "without, the first class"
    half = generator(z, 0.5 * one_hot(labels, 10) + 0.5 * one_hot((labels + 1) % 10, 10))
    assert (half - pure).abs().max() > 0.01


def test_moving_average_or_last_weights(conditional: Path) -> None:
    average, last = (gan.load(conditional, use_ema=choice, device="cpu") for choice in (True, False))
    assert average.model.ema is not None
    z = average.latents(5)
    labels = torch.arange(5)
    assert torch.equal(average(z, labels), average.model.ema.network(z, labels))
    assert torch.equal(last(z, labels), average.model.generator(z, labels))
    assert not torch.equal(average(z, labels), last(z, labels))


def test_representations(generator: TrainedGenerator, conditional: Path) -> None:
    facts = {"path": repr(str(conditional)), "model": "CGAN", "data": "MNIST5k", "image_shape": "(1, 28, 28)"}
    facts |= {"num_classes": "10", "latent_dim": "100", "global_step": "10", "use_ema": "True", "device": "cpu"}
    assert repr(generator) == f"TrainedGenerator({', '.join(f'{name}={value}' for name, value in facts.items())})"
    assert "use_ema=False" in repr(gan.load(conditional, use_ema=False))
    page = generator._repr_html_()
    rows = dict(re.findall(r"<tr><th>(\w+)</th><td>(.*?)</td></tr>", page))
    assert rows == facts | {"path": f"&#x27;{conditional}&#x27;"}
    (encoded,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    with Image.open(BytesIO(base64.b64decode(encoded))) as image:
        assert image.format == "PNG"
        pixels = torch.from_numpy(np.array(image))
    assert pixels.shape[:2] == (4 * 30 + 2, 4 * 30 + 2)
    shown = generator.picture(generator.sample(16)).permute(1, 2, 0).squeeze(2)
    assert torch.equal(pixels, shown), "16 samples"
    assert shown.float().std() > 10


def test_paths_are_escaped_in_notebooks(conditional: Path, tmp_path: Path) -> None:
    path = tmp_path / "<b>bold<b>.ckpt"
    path.write_bytes((conditional / "checkpoints" / "best.ckpt").read_bytes())
    assert "<b>" not in gan.load(path)._repr_html_()
    assert "&lt;b&gt;bold" in gan.load(path)._repr_html_()
