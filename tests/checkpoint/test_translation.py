"""Translation of images of any size: padding, tiles, directions, dropout masks, and what is refused."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.testing import assert_close

from gan.checkpoint.translation import Translator
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.image_tensor import image_tensor
from gan.errors import UserError
from gan.losses.adversarial import NonSaturating
from gan.losses.objective import Objective
from gan.models.pix2pix import Pix2Pix
from gan.models.sampler import Sampler
from gan.nn.patch_discriminator import PatchDiscriminator
from gan.nn.unet import UNet
from gan.types import Samples

SIZE = 16


class Sources(ImageDataModule):
    """Data with grey source images of 16 pixels, of which nothing can be loaded; shown are images and sources."""

    def __init__(self) -> None:
        super().__init__(image_size=SIZE, channels=1, num_classes=1)

    @property
    def source_shape(self) -> tuple[int, int, int]:
        return 1, SIZE, SIZE

    def load(self, split: Split) -> ImageDataset:
        raise AssertionError(split)

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        return image_tensor(image, 1, self.background)

    def complete(self, samples: Samples) -> Samples:
        assert isinstance(samples.condition, Tensor)
        source = nn.functional.interpolate(samples.condition, samples.images.shape[2:])
        return samples._replace(images=torch.cat([samples.images, source], 1))


class Network(nn.Module):
    """Network that halves an image, or enlarges it, and notes the sizes that it is given."""

    def __init__(self, divisor: int | None = None, scale: int = 1) -> None:
        super().__init__()
        if divisor is not None:
            self.divisor = divisor
        self.larger, self.sizes = nn.Upsample(scale_factor=scale), list[tuple[int, ...]]()

    def forward(self, z: None, labels: Tensor, condition: Tensor) -> Tensor:
        assert not self.training
        self.sizes.append(tuple(condition.shape[2:]))
        return self.larger(condition) / 2


class OneWay(Sampler):
    """Model that translates by any network."""

    uses_condition = True


class BothWays(OneWay):
    """Model that doubles when it translates back."""

    def reversed_network(self, network: nn.Module) -> nn.Module:
        return Back()


class Back(nn.Module):
    """Network that doubles an image."""

    divisor = 1

    def forward(self, z: None, labels: Tensor, condition: Tensor) -> Tensor:
        return 2 * condition


def make(network: nn.Module, model: type[Sampler] = OneWay, **settings: Any) -> Translator:
    return Translator(model(network, latent_dim=0, ema_decay=0), Sources(), **settings)


@pytest.mark.parametrize(("size", "padded"), [((16, 16), (16, 16)), ((13, 33), (16, 36)), ((1, 2), (16, 16))])
@pytest.mark.parametrize("scale", [1, 3])
def test_any_size_is_padded_and_cropped(size: tuple[int, int], padded: tuple[int, int], scale: int) -> None:
    network, images = Network(4, scale), torch.rand(2, 1, *size)
    translated = make(network)(images)
    assert network.sizes == [padded], "a multiple of the divisor, and at least the size of training"
    expected = nn.functional.interpolate(images, scale_factor=scale) / 2
    assert_close(translated[:, :1], expected)


def test_completion_sees_the_whole_source() -> None:
    images = torch.rand(1, 1, 9, 50)
    assert_close(make(Network(4), tile=16, overlap=2)(images), torch.cat([images / 2, images], 1))


def test_a_network_that_names_no_sizes_gets_tiles_of_the_size_of_training() -> None:
    network, images = Network(), torch.rand(1, 1, 40, 5)
    assert_close(make(network)(images)[:, :1], images / 2)
    assert set(network.sizes) == {(SIZE, SIZE)}
    assert len(network.sizes) > 2


def test_tiles_are_rounded_up_to_sizes_that_the_network_takes() -> None:
    network = Network(8)
    make(network, tile=19)(torch.rand(1, 1, 70, 24))
    assert set(network.sizes) == {(24, 24)}


def pix2pix(**settings: Any) -> Pix2Pix:
    torch.manual_seed(0)
    adam, shape = partial(torch.optim.Adam, lr=1e-3), (1, SIZE, SIZE)
    return Pix2Pix(
        generator=UNet(shape, shape, width=2),
        discriminator=PatchDiscriminator(shape, 1, width=2, n_layers=1),
        objective=Objective(NonSaturating()),
        optimizer={"generator": adam, "discriminator": adam},
        latent_dim=0,
        ema_decay=0,
        **settings,
    )


@pytest.mark.parametrize("size", [(16, 16), (48, 32)])
def test_dropout_depends_on_the_seed_alone(size: tuple[int, int]) -> None:
    images, translate = torch.rand(3, 1, *size), Translator(pix2pix(), Sources())
    alone = torch.cat([translate(image[None]) for image in images])
    assert_close(translate(images), alone, msg="not on the rest of the batch")
    other = Translator(translate.model, translate.data, seed=1)(images)
    assert not torch.allclose(other[:, :1], alone[:, :1])
    without = Translator(pix2pix(dropout_at_sampling=False), Sources())(images)
    assert not torch.allclose(without[:, :1], alone[:, :1])


def test_masks_of_the_size_of_training_have_its_shapes() -> None:
    model, images = pix2pix(), torch.rand(2, 1, SIZE, SIZE)
    assert model.generator.dropout_shapes == {"dropout_1": (8, 2, 2), "dropout_2": (4, 4, 4), "dropout_3": (2, 8, 8)}
    noise = model.translation_input(images).noise
    assert noise is not None
    assert {name: tuple(mask.shape[1:]) for name, mask in noise.items()} == model.generator.dropout_shapes
    assert {float(mask.unique().max()) for mask in noise.values()} == {2.0}
    assert torch.equal(noise["dropout_1"][0], noise["dropout_1"][1])


def test_translations_back_are_of_the_reversed_network() -> None:
    images = torch.rand(1, 1, 5, 7)
    assert_close(make(Network(1), BothWays, direction="BtoA")(images), (2 * images).clamp(max=1))
    with pytest.raises(UserError, match="OneWay translates in one direction"):
        make(Network(1), direction="BtoA")


def test_images_of_any_kind(tmp_path: Path) -> None:
    image = Image.effect_noise((20, 10), 50)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(tmp_path / "turned.png", exif=exif)
    translator = make(Network(1))
    single = translator.read_all(image)
    assert single.shape == (1, 1, 10, 20)
    assert_close(translator.read_all([image, image]), single.expand(2, -1, -1, -1))
    assert_close(translator.read_all(str(tmp_path / "turned.png")), single.rot90(-1, (2, 3)))
    opened = Image.open(tmp_path / "turned.png")
    assert translator.read_all([opened]).shape == (1, 1, 20, 10)
    assert opened.size == (20, 10), "the caller's image is as it was"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "the seed must be at least 0"),
        ({"tile": 0}, "at least 1 pixel"),
        ({"overlap": 4}, "name their size as well"),
        ({"tile": 30, "overlap": 17}, "half a tile, 16 pixels, not 17"),
    ],
)
def test_numbers_out_of_range(settings: dict[str, int], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make(Network(8), **settings)


def test_what_cannot_be_translated() -> None:
    translate = make(Network(4))
    with pytest.raises(UserError, match=r"need the shape \(B, 1, H, W\), not \(1, 2, 8, 8\)"):
        translate(torch.rand(1, 2, 8, 8))
    with pytest.raises(UserError, match="4x4, 5x4 apart"):
        translate.read_all([Image.new("L", (4, 4)), Image.new("L", (5, 4))])
    with pytest.raises(UserError, match=r"missing\.png"):
        translate.read_all("missing.png")
    with pytest.raises(UserError, match="Sampler does not translate images"):
        make(Network(4), Sampler)
