"""ProGAN: layers used at each level, continuity of fades, real images, and growth through train.py."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

import gan
from gan.errors import UserError
from gan.losses.adversarial import NonSaturating
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.progan import Discriminator, Generator, ProGAN
from gan.nn.equalized import EqualizedConv2d
from gan.nn.growing import Growing, images_at_level, shrink
from gan.types import Batch, GeneratorInput
from tests.conftest import TINY, Run, run_here
from tests.passes import discriminate

SHAPE = (2, 16, 16)
Train = Callable[..., Run]


def networks(level: float, **settings: Any) -> tuple[Generator, Discriminator]:
    torch.manual_seed(0)
    generator, discriminator = Generator(SHAPE, 6, width=4, **settings), Discriminator(SHAPE, width=4, **settings)
    generator.level = discriminator.level = level
    return generator, discriminator


def make(**settings: Any) -> ProGAN:
    adam = partial(torch.optim.Adam, lr=1e-3)
    optimizer = {"generator": adam, "discriminator": adam}
    return ProGAN(*networks(0.0), **{"objective": Objective(NonSaturating()), "optimizer": optimizer, **settings})


def trained_layers(network: nn.Module) -> set[str]:
    """Return the list and index of each layer that has a gradient."""
    return {
        ".".join(name.split(".")[:2])
        for name, p in network.named_parameters()
        if p.grad is not None and name.startswith(("blocks", "to_image", "from_image"))
    }


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 48, 48), (3, 64, 64)], ids=str)
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0, 2.0])
def test_images_have_full_size_and_the_detail_of_the_level(shape: tuple[int, int, int], level: float) -> None:
    generator, discriminator = Generator(shape, 6, width=2), Discriminator(shape, width=2)
    generator.level = discriminator.level = level
    images = generator(torch.randn(3, 6))
    assert images.shape == (3, *shape)
    assert_close(images, images_at_level(images, float(-(-level // 1)), generator.sizes))
    output = discriminator(images)
    assert output.logits.shape == (3,)
    assert output.features.shape[0] == 3


@pytest.mark.parametrize(
    ("level", "blocks", "ends"), [(0.0, 0, [0]), (0.5, 1, [0, 1]), (1.0, 1, [1]), (1.5, 2, [1, 2]), (2.0, 2, [2])]
)
def test_only_the_layers_of_a_level_are_used(level: float, blocks: int, ends: list[int]) -> None:
    generator, discriminator = networks(level)
    discriminator(generator(torch.randn(4, 6))).logits.square().sum().backward()
    inner = {f"blocks.{n}" for n in range(blocks)}
    assert trained_layers(generator) == inner | {f"to_image.{n}" for n in ends}
    assert trained_layers(discriminator) == inner | {f"from_image.{n}" for n in ends}


@pytest.mark.parametrize("start_size", [4, 8, 16])
def test_all_layers_are_used_at_the_last_level(start_size: int) -> None:
    """Except for the input and output layers of lower levels, if there are any."""
    generator, discriminator = networks(0.0, start_size=start_size)
    generator.level = discriminator.level = float(len(generator.sizes) - 1)
    discriminator(generator(torch.randn(4, 6))).logits.square().sum().backward()
    for network in (generator, discriminator):
        unused = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is None}
        assert unused <= ({"to_image", "from_image"} if start_size < 16 else set())


@pytest.mark.parametrize("alpha", [1e-6, 1 - 1e-6])
def test_a_fade_starts_and_ends_continuously(alpha: float) -> None:
    z, images = torch.randn(4, 6), torch.rand(4, *SHAPE) * 2 - 1
    for level in (0.0, 1.0):
        generator, discriminator = networks(level + round(alpha))
        fading_generator, fading_discriminator = networks(level + alpha)
        assert_close(fading_generator(z), generator(z), atol=1e-4, rtol=1e-4)
        assert_close(fading_discriminator(images).logits, discriminator(images).logits, atol=1e-4, rtol=1e-4)


def test_a_fade_blends_both_resolutions() -> None:
    """Karras et al. (2018), Figure 2b."""
    z = torch.randn(4, 6)
    coarse, fine, blended = (networks(level)[0](z) for level in (0.0, 1.0, 0.25))
    assert_close(blended, 0.75 * coarse + 0.25 * fine)


def test_the_discriminator_sees_only_the_detail_of_its_level() -> None:
    images = torch.rand(4, *SHAPE)
    for level in (0.0, 1.0):
        discriminator = networks(level)[1]
        logits = discriminator(images).logits
        assert_close(discriminator(images_at_level(images, level, discriminator.sizes)).logits, logits)
        assert not torch.equal(discriminator(images_at_level(images, 2.0, discriminator.sizes) ** 2).logits, logits)


def test_images_are_clamped_in_evaluation_mode() -> None:
    generator, _ = networks(2.0)
    last = generator.to_image[2]
    assert isinstance(last, EqualizedConv2d)
    last.scale *= 10
    z = torch.randn(20, 6)
    raw = generator(z)
    assert raw.abs().max() > 1
    assert torch.equal(generator.eval()(z), raw.clamp(-1, 1))


@pytest.mark.parametrize(("seen", "level"), [(0, 0.0), (150, 0.5), (250, 1.0), (310, 1.1)])
def test_real_images_have_the_detail_of_the_level(seen: int, level: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make(stable_images=100, fade_images=100)
    model.images_seen = seen
    batch = Batch(torch.rand(4, *SHAPE), torch.zeros(4, dtype=torch.long))
    trained: list[Batch] = []

    def keep(_model: GAN, batch: Batch, _index: int) -> dict[str, Tensor]:
        trained.append(batch)
        return {}

    monkeypatch.setattr(GAN, "training_step", keep)
    monkeypatch.setattr(model, "_trainer", SimpleNamespace(world_size=1))
    expected = model.level
    model.training_step(batch, 0)
    levels = {network.level for network in model.modules() if isinstance(network, Growing)}
    assert levels == {expected}
    assert expected == pytest.approx(level)
    d_pass = discriminate(model, trained[0], GeneratorInput(None), torch.rand(4, *SHAPE))
    assert_close(d_pass.real, images_at_level(batch.real, expected, [4, 8, 16]))
    assert not torch.equal(shrink(d_pass.real, 16), batch.real)


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


FADING = ["model=progan", *TINY, "model.discriminator.width=8", "evaluate.every_n_steps=3"]
FADING += ["model.stable_images=16", "model.fade_images=96"]  # one batch of 16, then a fade over six batches


def test_resuming_during_a_fade_is_bit_exact(train: Train) -> None:
    whole = train(*FADING, "trainer.max_steps=6", name="whole")
    parts = train(*FADING, "trainer.max_steps=3", name="parts")
    assert whole.status == parts.status == 0, whole.err + parts.err
    half = parts.checkpoint()
    assert float(half["state_dict"]["generator._extra_state"]) == pytest.approx(1 / 6)
    parts = train(f"ckpt={parts.folder}", "trainer.max_steps=6", name="parts")
    assert parts.status == 0, parts.err
    a, b = whole.checkpoint(), parts.checkpoint()
    assert equal(a["state_dict"], b["state_dict"])
    assert float(a["state_dict"]["ema.network._extra_state"]) == pytest.approx(4 / 6)
    for ours, theirs in zip(a["optimizer_states"], b["optimizer_states"], strict=True):
        assert ours["state"].keys() == theirs["state"].keys()
        assert all(equal(ours["state"][n], theirs["state"][n]) for n in ours["state"])
    assert a["images_seen"] == b["images_seen"] == 96
    assert whole.results["scores"] == parts.results["scores"]

    again = train(f"ckpt={parts.folder}", "trainer.max_steps=7", "data.batch_size=8", name="parts")
    assert again.status == 0, again.err
    assert again.checkpoint()["images_seen"] == 104, "the level does not depend on the batch size"


@pytest.mark.long
def test_a_checkpoint_during_a_fade_samples_and_exports_its_level(train: Train, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs pip install -e '.[export]'")
    run = train(*FADING, "trainer.max_steps=4", "model.accumulate=2")
    generator = gan.load(run.folder)
    samples = generator.sample(4)
    assert_close(samples, images_at_level(samples, 1.0, [7, 14, 28]))
    assert not torch.equal(samples, images_at_level(samples, 0.0, [7, 14, 28]))
    done = run_here("-m", "gan.export", str(run.folder), "--out", str(tmp_path / "exported"))
    assert done.status == 0, done.err
    assert torch.equal(gan.load(tmp_path / "exported").sample(4), samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["model.generator.start_size=5"], "start_size must be one of 7, 14, 28"),
        (["model.discriminator.start_size=14"], "the networks must grow alike"),
        (["model.fade_images=-1"], r"model\.fade_images=-1 should be at least 0"),
        (["model.discriminator.group_size=1"], r"model\.discriminator\.group_size=1 should be at least 2"),
        (["data.image_size=36"], "image size 36 does not fit"),
    ],
)
def test_invalid_options(options: list[str], message: str) -> None:
    from gan.instantiate import build
    from tests.test_conf import composed

    with pytest.raises(UserError, match=message):
        build(composed("model=progan", *options).model)
