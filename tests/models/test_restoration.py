"""Models that restore degraded images: known pixels, colours, sizes, and runs without a discriminator."""

from functools import partial
from typing import Any, get_args

import pytest
import torch
from pytorch_lightning import Trainer
from torch import Tensor, nn

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.data.degradations.holes import Hole
from gan.data.degraded import Degraded
from gan.losses.adversarial import NonSaturating
from gan.losses.generator_regularizers import L1, MSE
from gan.losses.objective import Objective
from gan.losses.regularizers import Regularizer
from gan.models.gan import GAN
from gan.models.inpainting import Inpainting
from gan.models.phases import Phase
from gan.models.pix2pix import Pix2Pix
from gan.models.srgan import SRGAN
from gan.nn.context_encoder import ContextEncoder
from gan.nn.patch_discriminator import PatchDiscriminator
from gan.nn.srresnet import SRResNet
from gan.nn.super_resolution_discriminator import SuperResolutionDiscriminator
from gan.nn.unet import UNet
from gan.schedules.window import Window
from tests.models.test_gan import QUIET, Recorder

HEIGHT, WIDTH = 16, 24


class Noise(ImageDataModule):
    """Random colour images that are wider than high."""

    background = "white"

    def load(self, split: Split) -> ImageDataset:
        images = torch.randint(256, (8, 3, HEIGHT, WIDTH), generator=torch.Generator().manual_seed(0))
        return TensorImages(images.to(torch.uint8), torch.zeros(8, dtype=torch.long))


def degraded(degrade: str, **settings: Any) -> Degraded:
    images = Noise(HEIGHT, 3, 1, width=WIDTH)
    return Degraded(images, degrade, HEIGHT, WIDTH, batch_size=4, num_workers=0, **settings)


def model_of(
    kind: type[GAN], generator: nn.Module, discriminator: nn.Module, content: Regularizer, **settings: Any
) -> GAN:
    adam = partial(torch.optim.Adam, lr=1e-3)
    objective = Objective(NonSaturating(), generator_regularizers={"content": content})
    players = {"generator": adam, "discriminator": adam}
    networks = {"generator": generator, "discriminator": discriminator}
    return kind(**networks, objective=objective, optimizer=players, latent_dim=0, **settings)


def inpainting(source_channels: int = 4, **settings: Any) -> GAN:
    shape = (3, HEIGHT, WIDTH)
    generator = ContextEncoder((4, HEIGHT, WIDTH), shape, width=4, bottleneck=8)
    discriminator = PatchDiscriminator(shape, source_channels, width=4, n_layers=2)
    return model_of(Inpainting, generator, discriminator, L1(10.0), **settings)


def fit(model: GAN, data: Degraded, steps: int = 3, **settings: Any) -> Recorder:
    recorder = Recorder()
    Trainer(**QUIET | settings, max_steps=steps, callbacks=[recorder]).fit(model, datamodule=data)
    assert all(value.isfinite() for terms in recorder.terms for value in terms.values())
    return recorder


@pytest.mark.parametrize("hole", get_args(Hole))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_known_pixels_are_kept_to_the_bit(hole: Hole, dtype: torch.dtype) -> None:
    data, model = degraded("mask", mask=hole), inpainting()
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        (samples,) = model.iterate_samples(range(8), requests=data.requests)
    assert isinstance(samples.condition, Tensor)
    images = data.discretize_samples(data.complete(samples)).images
    stored, hole_pixels = data.split("test").__getitems__(list(range(8))).real, samples.condition[:, -1:] == 1
    assert 0 < hole_pixels.float().mean() < 1
    assert torch.equal(torch.where(hole_pixels, 0, images), torch.where(hole_pixels, 0, stored))
    assert not torch.equal(images, stored)


def test_generators_output_outside_the_hole_has_no_gradient() -> None:
    data, model = degraded("mask"), inpainting()
    request = data.requests(range(4))
    raw: list[Tensor] = []

    def keep(_: nn.Module, __: Any, output: Tensor) -> None:
        output.retain_grad()
        raw.append(output)

    model.generator.register_forward_hook(keep)
    model.run_generator(model.generator, model.sample_input(range(4), request=request)).images.sum().backward()
    assert raw[0].grad is not None
    assert isinstance(request.condition, Tensor)
    assert torch.equal(raw[0].grad, request.condition[:, -1:].expand_as(raw[0]))


@pytest.mark.parametrize("source_channels", [0, 4])
def test_inpainting_trains_with_and_without_a_conditional_discriminator(source_channels: int) -> None:
    recorder = fit(inpainting(source_channels), degraded("mask"))
    assert all(recorder.changed("generator"))
    assert all(recorder.changed("discriminator"))


@pytest.mark.parametrize("scale", [2, 4])
def test_super_resolution_begins_without_a_discriminator(scale: int) -> None:
    """The phase ends, the pixel error with it, and the game begins."""
    shape, source = (3, HEIGHT, WIDTH), (3, HEIGHT // scale, WIDTH // scale)
    model = model_of(
        SRGAN,
        SRResNet(source, shape, width=4, blocks=1),
        SuperResolutionDiscriminator(shape, width=4, levels=3, units=8),
        MSE(1000.0, schedule=Window(end=2)),
        phases=[Phase(2)],
    )
    data = degraded("downsample", factor=scale)
    recorder = fit(model, data, steps=4)
    names = [{name for name in terms if name in ("g/content", "g/adversarial")} for terms in recorder.terms]
    assert names == [{"g/content"}, {"g/content"}, {"g/adversarial"}, {"g/adversarial"}]
    assert recorder.changed("discriminator") == [False, True, True]
    assert model.sample(3, requests=data.requests).shape == (3, *shape)


def test_colourisation_gives_colours_to_the_same_lightness() -> None:
    shape = (2, HEIGHT, WIDTH)
    generator = UNet((1, HEIGHT, WIDTH), shape, width=4)
    model = model_of(Pix2Pix, generator, PatchDiscriminator(shape, 1, width=4, n_layers=2), L1(100.0), dropout=0.0)
    data = degraded("lab")
    fit(model, data)
    (samples,) = model.iterate_samples(range(4), requests=data.requests)
    assert samples.images.shape == (4, *shape)
    assert data.complete(samples).images.shape == (4, 3, HEIGHT, WIDTH)
    (again,) = model.iterate_samples(range(4), seed=1, requests=data.requests)
    assert torch.equal(samples.images, again.images), "without dropout, a source has one image"
