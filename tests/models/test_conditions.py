"""Games with a condition: pairs in the discriminator, seeded sampling, further noise, and several discriminators."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.augment.ada import Adaptive
from gan.augment.geometry import Geometry
from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import NonSaturating
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, GeneratorPass, Request
from tests.models.test_gan import SHAPE, fit, make
from tests.passes import discriminate


class Translator(nn.Module):
    """Generator that adds z and dropout noise to the source image."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def forward(self, z: Tensor, labels: Tensor, condition: Tensor, noise: dict[str, Tensor]) -> Tensor:
        return (self.gain * condition + z[:, :1, None, None] + noise["shift"][:, None, None, None]).tanh()


class PairDiscriminator(nn.Module):
    """Linear discriminator of images and their sources."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(32, 1)

    def forward(self, images: Tensor, labels: Tensor, condition: Tensor) -> DiscriminatorOutput:
        features = torch.cat([images, condition], 1).flatten(1)
        return DiscriminatorOutput(self.layer(features).flatten(), features)


class Translation(GAN):
    uses_condition = True

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor]:
        return {"shift": rng.uniform()}


def translation(kind: type[GAN] = Translation, **settings: Any) -> GAN:
    adam = partial(torch.optim.Adam, lr=1e-2)
    optimizer = {"generator": adam, "discriminator": adam}
    return kind(Translator(), PairDiscriminator(), Objective(NonSaturating()), optimizer, latent_dim=2, **settings)


def pairs(number: int = 8) -> Batch:
    source = torch.rand(number, *SHAPE, generator=torch.Generator().manual_seed(1)) * 2 - 1
    return Batch(source / 2, torch.zeros(number, dtype=torch.long), source)


def requests(indices: range) -> Request:
    return Request(torch.stack([torch.full(SHAPE, index / 1000) for index in indices]))


def test_a_pair_is_augmented_alike() -> None:
    """The real image is half its source; augmented geometry keeps that, for fakes of the same rows too."""
    model = translation(augment=Adaptive(4, {"geometry": Geometry()}, start=1.0))
    seen: list[tuple[Tensor, Tensor]] = []
    model.discriminator.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((args[0].detach(), kwargs["condition"])), with_kwargs=True
    )
    batch = pairs()
    discriminate(model, batch, GeneratorInput(None), fake=-batch.real)
    (real, condition), (fake, same) = seen
    assert not torch.equal(condition, batch.condition)
    assert_close(real, condition / 2)
    assert_close(fake, -condition / 2)
    assert torch.equal(condition, same)


@pytest.mark.parametrize("batch_size", [3, 100, 700])
def test_samples_of_a_seed_do_not_depend_on_batches(batch_size: int) -> None:
    model = translation()
    whole = model.sample(600, seed=3, requests=requests)
    parts = [range(0, 250), range(250, 600)]
    batches = [b for part in parts for b in model.iterate_samples(part, 3, batch_size, requests=requests)]
    assert_close(torch.cat([batch.images for batch in batches]), whole)
    inputs = model.sample_input(range(600), 3, request=requests(range(600)))
    assert inputs.noise is not None
    assert len(inputs.noise["shift"].unique()) == 600
    assert_close(model.run_generator(model.generator, inputs).images, whole)
    assert len(inputs.split(250)) == 3


def test_a_condition_is_required() -> None:
    model = translation()
    with pytest.raises(UserError, match="generates from a condition"):
        model.sample(3)
    with pytest.raises(UserError, match="needs data with a condition"):
        fit(model)  # its data set has none


def test_a_model_without_a_condition_ignores_that_of_the_data() -> None:
    model = make()
    assert model.draw_generator_input(pairs(), KeyedRandom(0, total=8)).condition is None
    assert discriminate(model, pairs(), GeneratorInput(None), fake=pairs().real).fake_output.logits.shape == (8,)


def test_losses_are_summed_over_several_discriminators() -> None:
    class Double(Translation):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            self.second = PairDiscriminator()

        def players(self) -> dict[str, list[nn.Module]]:
            players = super().players()
            return players | {"discriminator": [*players["discriminator"], self.second]}

        def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
            return super().draw_generator_input(batch._replace(condition=batch.real), rng)

        def condition_of(self, batch: Batch) -> Any:
            return batch.real if batch.condition is None else batch.condition

        def discriminator_passes(self, g_pass: GeneratorPass, **settings: Any) -> dict[str, DiscriminatorPass]:
            flipped = replace(g_pass, generated=g_pass.generated._replace(images=g_pass.generated.images.flip(3)))
            return {
                "plain": self.discriminate(g_pass, **settings),
                "flipped": self.discriminate(flipped, discriminator=self.second, **settings),
            }

    trainer, recorder = fit(translation(Double), steps=2)
    names = {"d/plain_adversarial", "d/flipped_adversarial", "g/plain_adversarial", "d/flipped_accuracy_real"}
    assert names <= recorder.terms[-1].keys()
    assert all(recorder.changed("discriminator"))
    assert all(recorder.changed("second"))
    assert trainer.global_step == 2


class PairData(ImageDataModule):
    """Random images; each is its own condition, inverted."""

    def load(self, split: Split) -> ImageDataset:
        images = torch.randint(256, (10, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
        return TensorImages(images, torch.arange(10) % 2, 255 - images)


def test_data_scale_and_flip_pairs_together() -> None:
    data = PairData(4, 1, 2, batch_size=10, flip=True)
    (batch,) = data.batches("train")
    scaled = data.on_after_batch_transfer(batch, 0)
    assert isinstance(scaled.condition, Tensor)
    assert_close(scaled.condition, -scaled.real)
    assert not torch.equal(scaled.real, data.scale_batch(batch).real), "some are flipped"


def test_requests_cycle_through_held_out_rows() -> None:
    data = PairData(4, 1, 2)
    request = data.requests(range(7, 13))
    assert request.labels is not None
    assert request.labels.tolist() == [1, 0, 1, 0, 1, 0]
    assert request.real is not None
    assert_close(request.condition, -request.real)


def test_pictures_show_conditions_and_targets() -> None:
    data, model = PairData(4, 1, 2), translation()
    (samples,) = model.iterate_samples(range(6), requests=data.requests)
    picture = data.picture_of_samples(samples)
    assert picture.shape[0] == 3
    first = picture[:, 2:6, 2:6].float().mean()
    source = data.split("test").__getitems__([0]).condition
    assert isinstance(source, Tensor)
    assert first == source.float().mean(), "the first tile is the first condition"
