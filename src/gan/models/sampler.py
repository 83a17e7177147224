"""Sampler: a generator, its moving average, and seeded sampling."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, Le
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from gan.bounds import Classes, Decay
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream, truncate_normal
from gan.nn.moving_average import MovingAverage
from gan.types import Batch, Condition, GeneratorInput, GeneratorOutput, Request, Samples, map_tensors

__all__ = ["RequestSource", "Sampler", "eval_mode"]

NOISE_BLOCK = 256  # rows drawn with one key; changing it changes the samples of every seed

RequestSource = Callable[[range], Request]
"""A function from indices of samples to their conditions, such as a data module's ``requests``."""


class Sampler(LightningModule):
    """A generator that can be sampled; subclasses define how it is trained.

    Three methods lead from random numbers to images: ``draw_generator_input`` in training, ``sample_input`` for the
    samples of a seed, and ``run_generator``, which runs a network on either.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W); see ``run_generator``.
        latent_dim: Length of the latent vector z; 0 for a generator without one.
        latent: Distribution of z: standard normal, or uniform on [-1, 1].
        ema_decay: Decay of the generator's moving average per update; 0 disables the average.
        num_classes: Number of classes of a conditional generator; 1 for an unconditional one.

    Attributes:
        uses_condition: Whether the networks take the batch's condition as an input.
    """

    uses_condition: ClassVar[bool] = False

    def __init__(
        self,
        generator: nn.Module,
        latent_dim: Annotated[int, Ge(0), Le(2**20)] = 100,
        latent: Literal["normal", "uniform"] = "normal",
        ema_decay: Decay = 0.999,
        num_classes: Classes = 1,
    ) -> None:
        super().__init__()
        self.generator = generator
        self.ema = MovingAverage(generator, ema_decay) if ema_decay else None
        self.latent_dim, self.latent, self.num_classes = latent_dim, latent, num_classes

    # Hooks that variants may override --------------------------------------------------------------------------------

    def sample_latent(self, rng: KeyedRandom) -> Tensor:
        """Draw z, with shape (B, latent_dim)."""
        return rng.normal(self.latent_dim) if self.latent == "normal" else 2 * rng.uniform(self.latent_dim) - 1

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor] | None:
        """Draw the generator's further random inputs by name, each with B rows; by default there are none."""
        return None

    def translation_noise(self, rng: KeyedRandom, size: tuple[int, int]) -> dict[str, Tensor] | None:
        """Draw the further random inputs that translate source images of a height and width; see ``sample_noise``."""
        return self.sample_noise(rng)

    def reversed_network(self, network: nn.Module) -> nn.Module | None:
        """Return a network that translates back, from target to source images, with the weights of ``network``.

        The default has none: None.
        """
        return None

    def sample_labels(self, rng: KeyedRandom) -> Tensor:
        """Draw classes uniformly, int64 with shape (B,)."""
        return (self.num_classes * rng.uniform()).long()

    def truncate_latent(self, z: Tensor, threshold: float) -> Tensor:
        """Move z towards its mean, which trades variety for quality; the shape is kept."""
        return truncate_normal(z, threshold) if self.latent == "normal" else min(threshold, 1.0) * z

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw the generator's input in training: z and noise for each row, with its class and condition."""
        z, noise = self._draw(rng)
        return GeneratorInput(z, batch.labels, self.condition_of(batch), noise)

    def run_generator(
        self, network: Callable[..., Tensor | GeneratorOutput], inputs: GeneratorInput
    ) -> GeneratorOutput:
        """Run a generator's network on an input.

        The network is called as ``network(z, labels)``, with ``condition=...`` and ``noise=...`` if the input has them.
        This method must read its arguments alone, so that it can be traced for an export.

        Args:
            network: The generator, its moving average, or its ``forward``.
            inputs: Its input.

        Returns:
            The output; images are float32.
        """
        further = {"condition": inputs.condition, "noise": inputs.noise}
        output = network(
            inputs.z, inputs.labels, **{name: value for name, value in further.items() if value is not None}
        )
        if isinstance(output, Tensor):
            return GeneratorOutput(output.float())
        return output._replace(images=output.images.float())

    # Sampling --------------------------------------------------------------------------------------------------------

    def condition_of(self, batch: Batch) -> Condition | None:
        """Return a batch's condition; None if the networks do not use it.

        Raises:
            UserError: If they do, and there is none, or of another shape than the generator's ``source_shape``.
        """
        if not self.uses_condition:
            return None
        condition, expected = batch.condition, getattr(self.generator, "source_shape", None)
        if condition is None:
            raise UserError(f"{type(self).__name__} needs data with a condition, and the data set has none")
        if isinstance(condition, Tensor) and expected not in (None, tuple(condition.shape[1:])):
            given, wanted = ("x".join(map(str, shape)) for shape in (condition.shape[1:], expected))
            raise UserError(
                f"{type(self).__name__} takes source images of {wanted}, and the data's are {given}: choose another "
                "model or data, such as model=srgan for small source images"
            )
        return condition

    def sample(
        self,
        num: int,
        seed: int = 0,
        batch_size: int = 256,
        use_ema: bool = True,
        requests: RequestSource | None = None,
    ) -> Tensor:
        """Generate images; a seed gives the same images for every batch size.

        Args:
            num: Number of images.
            seed: Seed of the latent vectors.
            batch_size: Images per forward pass.
            use_ema: Whether to use the moving average, if there is one.
            requests: See ``iterate_samples``.

        Returns:
            Images in [-1, 1], float32, with shape (num, C, H, W), on the model's device.
        """
        batches = self.iterate_samples(range(num), seed, batch_size, use_ema, requests=requests)
        return torch.cat([batch.images for batch in batches])

    @torch.no_grad()
    def iterate_samples(
        self,
        indices: range,
        seed: int = 0,
        batch_size: int = 256,
        use_ema: bool = True,
        classes: Sequence[int] | None = None,
        truncation: float | None = None,
        requests: RequestSource | None = None,
    ) -> Iterator[Samples]:
        """Yield batches of the samples that a seed has at some indices, with their classes and conditions.

        Args:
            indices: Consecutive indices of the samples.
            seed: Seed of the latent vectors.
            batch_size: Images per batch.
            use_ema: Whether to use the moving average, if there is one.
            classes: Classes that successive samples cycle through; None for those of the requests, or for all.
            truncation: See ``sample_input``.
            requests: Source of conditions; models without a condition do not use it.

        Raises:
            UserError: If the model has a condition, and there is no source.
        """
        with self.inference_network(use_ema) as network:
            for start in range(0, len(indices), batch_size):
                part = indices[start : start + batch_size]
                request = None
                if self.uses_condition and requests is not None:
                    request = map_tensors(lambda x: x.to(self.device), requests(part))
                inputs = self.sample_input(part, seed, classes, truncation, request)
                images = self.run_generator(network, inputs).images
                assert inputs.labels is not None
                real, row = (None, None) if request is None else (request.real, request.row)
                yield Samples(images, inputs.labels, inputs.condition, real, row)

    def sample_input(
        self,
        indices: range,
        seed: int = 0,
        classes: Sequence[int] | None = None,
        truncation: float | None = None,
        request: Request | None = None,
    ) -> GeneratorInput:
        """Return the input of the samples that a seed has at some indices, however the indices are split over calls.

        Args:
            indices: Consecutive indices of the samples.
            seed: Seed of the latent vectors and of noise.
            classes: Classes that successive samples cycle through; None for those of the request, or for all.
            truncation: Bound of each entry of z, in standard deviations, or in half-widths of a uniform distribution
                (Brock et al., 2019, Section 3.1); None for no truncation.
            request: Condition of each sample, on the model's device.

        Raises:
            UserError: If the model has a condition, and there is no request; or if there is no z to truncate.
        """
        if self.uses_condition and request is None:
            raise UserError(f"{type(self).__name__} generates from a condition: pass one per image")
        if classes is None and request is not None and request.labels is not None:
            labels = request.labels
        else:
            cycle = torch.tensor(range(self.num_classes) if classes is None else classes, device=self.device)
            labels = cycle[torch.arange(indices.start, indices.stop, device=self.device) % len(cycle)]
        first, last = indices.start // NOISE_BLOCK, (indices.stop - 1) // NOISE_BLOCK
        blocks = [
            self._draw(KeyedRandom(seed, Stream.SAMPLES, block, total=NOISE_BLOCK, device=self.device))
            for block in range(first, last + 1)
        ]
        wanted = slice(indices.start - first * NOISE_BLOCK, indices.stop - first * NOISE_BLOCK)
        latents, noises = zip(*blocks, strict=True)
        z = None if latents[0] is None else torch.cat(latents)[wanted]
        noise = noises[0] and {name: torch.cat([noise[name] for noise in noises])[wanted] for name in noises[0]}
        if truncation is not None:
            if z is None:
                raise UserError(f"{type(self).__name__} has no latent vector to truncate: leave truncation out")
            z = self.truncate_latent(z, truncation)
        return GeneratorInput(z, labels, None if request is None else request.condition, noise)

    def translation_input(self, sources: Tensor, seed: int = 0) -> GeneratorInput:
        """Return the input that translates source images, which may have another size than those of training.

        All images have the same z and noise, so that an image's translation does not depend on the others.

        Args:
            sources: Source images, with shape (B, C, H, W), on the model's device.
            seed: Seed of z and of noise, which also depends on H and W.
        """
        rng = KeyedRandom(seed, Stream.TRANSLATIONS, total=1, device=self.device)
        z = self.sample_latent(rng) if self.latent_dim else None
        noise = self.translation_noise(rng, (sources.shape[2], sources.shape[3]))
        labels = torch.zeros(1, dtype=torch.long, device=self.device)
        shared = GeneratorInput(z, labels, None, noise)
        return shared.map(lambda x: x.expand(len(sources), *x.shape[1:]))._replace(condition=sources)

    @contextmanager
    def inference_network(self, use_ema: bool = True) -> Iterator[nn.Module]:
        """Yield the generator, or its moving average if there is one and it is requested, in evaluation mode."""
        with eval_mode(self.ema.network if self.ema is not None and use_ema else self.generator) as network:
            yield network

    def _draw(self, rng: KeyedRandom) -> tuple[Tensor | None, dict[str, Tensor] | None]:
        """Draw z and noise."""
        return self.sample_latent(rng) if self.latent_dim else None, self.sample_noise(rng)


@contextmanager
def eval_mode(network: nn.Module) -> Iterator[nn.Module]:
    """Yield a network in evaluation mode, and restore its mode afterwards."""
    mode = network.training
    network.eval()
    try:
        yield network
    finally:
        network.train(mode)
