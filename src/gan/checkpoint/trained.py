"""Trained generator, loaded from a checkpoint: ``gan.load("runs/...").sample(16)``."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.checkpoint.accept import accept
from gan.checkpoint.classes import check_classes
from gan.checkpoint.lines import translate_lines
from gan.checkpoint.reading import build_part, data_of, read, restore
from gan.checkpoint.sentences import condition_of_text
from gan.checkpoint.summary import facts, table
from gan.checkpoint.texts import sample_texts
from gan.checkpoint.translation import ImageOrPath, Images, Translator
from gan.checkpoint.trust import local_trust
from gan.checkpoint.words import Translation, WordTranslator
from gan.data.base import as_images
from gan.data.module import DataModule
from gan.errors import UserError
from gan.features.base import FeatureExtractor, MakeExtractor
from gan.host import initialize_mkl
from gan.models.sampler import RequestSource, Sampler
from gan.types import Condition, GeneratorInput, Request, Samples, map_tensors

__all__ = ["TrainedGenerator", "load"]


class TrainedGenerator:
    """Generator of a checkpoint, with its data set and configuration.

    Args:
        path: A checkpoint, a run's folder (its best checkpoint), or weights written by ``gan.export``.
        use_ema: Whether to use the moving average of the weights, if there is one.
        device: Device; None is a GPU if there is one, otherwise the CPU.
        trust: Packages whose classes the checkpoint may name beside this one's; they will be imported.

    Attributes:
        model: The trained model, in evaluation mode.
        use_ema: Whether the images are made with the moving average of the weights.
        data: Data module of the run; no data is loaded until it is used.
        config: Configuration of the run, as plain values without references.
        trust: Packages whose classes the checkpoint may name.
        global_step: Number of generator updates.

    Raises:
        UserError: If the checkpoint does not exist, is damaged, or names classes of a package that is not trusted.
    """

    def __init__(
        self,
        path: str | Path,
        use_ema: bool = True,
        device: str | torch.device | None = None,
        trust: Sequence[str] = (),
    ) -> None:
        initialize_mkl()
        self.trust = tuple(trust)
        checkpoint = read(path, local_trust(trust))
        self.path = Path(path)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model: Sampler = restore(checkpoint, use_ema).to(self.device).requires_grad_(False)
        self.use_ema = use_ema and self.model.ema is not None
        self.data: DataModule = data_of(checkpoint)
        self.config, self.global_step = checkpoint.config, checkpoint.global_step

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Channels, height and width of an image; length and vocabulary size of a sentence."""
        return self.data.image_shape

    @property
    def num_classes(self) -> int:
        """Number of classes; 1 for an unconditional generator."""
        return self.model.num_classes

    @property
    def translates(self) -> bool:
        """Whether the generator translates source images, rather than to generate from noise alone."""
        return self.model.uses_condition and self.data.source_shape is not None

    def feature_extractor(self) -> FeatureExtractor:
        """Build the feature extractor by which the run was scored, for its data.

        Raises:
            UserError: If the checkpoint names a class that is not trusted, or the extractor does not fit the data.
        """
        config = accept(self.config, {"metric.features": MakeExtractor}, local_trust(self.trust))
        make: MakeExtractor = build_part(config, "metric.features")
        return make(self.data)

    def sample(
        self,
        num: int,
        labels: Sequence[int] | Tensor | None = None,
        seed: int = 0,
        truncation: float | None = None,
        batch_size: int = 256,
        condition: Condition | None = None,
        text: str | Sequence[str] | None = None,
    ) -> Tensor:
        """Generate images; a seed gives the same images for any number and batch size.

        Args:
            num: Number of images.
            labels: Classes, repeated cyclically; None cycles through all classes.
            seed: Seed of the latent vectors.
            truncation: Truncates the latent vectors to this many standard deviations; None does not.
            batch_size: Images per forward pass.
            condition: Conditions, with ``num`` rows, such as source images in [-1, 1]; None for those of held-out rows.
            text: A sentence that the images show, or several that are cycled through, in place of ``condition``.

        Returns:
            Images in [-1, 1], as they are shown, float32 with shape (num, C, H, W), on the generator's device.

        Raises:
            UserError: If a number is out of range, a class does not exist, or a sentence does not fit.
        """
        if num < 1:
            raise UserError(f"the number of samples must be at least 1, not {num}")
        condition = condition if text is None else condition_of_text(self, text, num)
        batches = self.batches(range(num), labels, seed, truncation, batch_size, condition)
        return torch.cat([self.data.complete(batch).images for batch in batches])

    def batches(
        self,
        indices: range,
        labels: Sequence[int] | Tensor | None = None,
        seed: int = 0,
        truncation: float | None = None,
        batch_size: int = 256,
        condition: Condition | None = None,
    ) -> Iterator[Samples]:
        """Yield the samples of a seed at consecutive indices, as generated, with classes and conditions.

        See ``sample`` for the arguments. ``data.complete`` gives their images the form in which they are shown.
        """
        if seed < 0 or batch_size < 1:
            raise UserError(f"a seed must be at least 0 and a batch at least 1, not {seed} and {batch_size}")
        self._check(truncation)
        classes, requests = self.classes(labels), self._requests(condition)
        return self.model.iterate_samples(indices, seed, batch_size, self.use_ema, classes, truncation, requests)

    def texts(self, num: int, seed: int = 0, **settings: Any) -> list[str]:
        """Generate lines of text; see ``text_batches`` for settings and errors."""
        return sample_texts(self, num, seed, **settings)

    def inputs(
        self,
        num: int,
        labels: Sequence[int] | Tensor | None = None,
        seed: int = 0,
        truncation: float | None = None,
        condition: Condition | None = None,
    ) -> GeneratorInput:
        """Return the generator's input for a seed's first samples; see ``sample``."""
        self._check(truncation)
        request = self._requests(condition)(range(num)) if self.model.uses_condition else None
        request = map_tensors(lambda x: x.to(self.device), request)
        return self.model.sample_input(range(num), seed, self.classes(labels), truncation, request)

    def latents(self, num: int, seed: int = 0, truncation: float | None = None) -> Tensor:
        """Return the latent vectors of a seed's first samples, with shape (num, latent_dim); see ``check_latent``."""
        self.check_latent()
        z = self.inputs(num, seed=seed, truncation=truncation).z
        assert z is not None
        return z

    def check_latent(self) -> None:
        """Check that the generator has a latent vector.

        Raises:
            UserError: If it has none.
        """
        if not self.model.latent_dim:
            name = type(self.model).__name__
            raise UserError(
                f"{self.path}: {name} translates images, and has no latent vector to move along: use "
                f"python -m gan.translate {self.path} IMAGES"
                if self.translates
                else f"{self.path}: {name} generates from a condition, and has no latent vector to move along"
            )

    def translator(self, **settings: Any) -> Translator:
        """Return the translation of source images by this generator; see Translator for settings and errors."""
        return Translator(self.model, as_images(self.data, "translation"), self.use_ema, **settings)

    def translate(
        self,
        images: Images,
        masks: ImageOrPath | Sequence[ImageOrPath] | None = None,
        batch_size: int = 16,
        **settings: Any,
    ) -> Tensor:
        """Translate source images of one size, which may differ from that of training.

        Args:
            images: Files, open images, or a tensor in [-1, 1] with shape (B, C, H, W), as the data module's
                ``condition_of_image`` returns its rows.
            masks: Holes to fill, for data with holes, one per image; None for the transparent pixels.
            batch_size: Images per forward pass.
            **settings: ``direction``, ``seed``, ``tile``, ``overlap`` and ``noise``; see Translator.

        Returns:
            Images in [-1, 1], as they are shown, float32 with shape (B, C', H', W'), on the generator's device.

        Raises:
            UserError: If the generator does not translate so, an image does not fit, or a number is out of range.
        """
        if batch_size < 1:
            raise UserError(f"a batch must have at least 1 image, not {batch_size}")
        translator = self.translator(**settings)
        return torch.cat([translator(part) for part in translator.read_all(images, masks).split(batch_size)])

    def translate_words(self, words: Sequence[str], num: int = 5, **settings: Any) -> list[Translation]:
        """Translate words by their vectors; see WordTranslator for settings and errors."""
        return WordTranslator(self.model, self.data, self.use_ema, **settings)(words, num)

    def translate_lines(self, lines: Sequence[str], back: bool = False, batch_size: int = 256) -> list[str]:
        """Translate lines of text; see ``gan.checkpoint.lines.translate_lines`` for arguments and errors."""
        return translate_lines(self, lines, back, batch_size)

    def generate(self, inputs: GeneratorInput) -> Tensor:
        """Generate images from an input, differentiably.

        Args:
            inputs: Input as returned by ``inputs``, possibly changed.

        Returns:
            Images in [-1, 1], float32, with shape (B, C, H, W).
        """
        with self.model.inference_network(self.use_ema) as network:
            return self.model.run_generator(network, inputs.map(lambda x: x.to(self.device))).images

    def __call__(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generate images from latent vectors, differentiably; conditions and noise are those of the first samples.

        Args:
            z: Latent vectors, with shape (B, latent_dim).
            labels: Classes, int64 with shape (B,), or mixtures of them, float32 with shape (B, num_classes); None is
                the first class.

        Returns:
            Images in [-1, 1], float32, with shape (B, C, H, W).
        """
        if labels is None:
            labels = torch.zeros(len(z), dtype=torch.long)
        return self.generate(self.inputs(len(z))._replace(z=z, labels=labels))

    def check_smooth(self) -> None:
        """Check that images are differentiable by the latent vector.

        Raises:
            UserError: If they are not, such as those of a VQ-VAE, whose latent vector selects discrete codes.
        """
        self.check_latent()
        with torch.enable_grad():
            inputs = self.inputs(1)
            smooth = inputs.z is not None and self.generate(inputs._replace(z=inputs.z.requires_grad_())).requires_grad
        if not smooth:
            raise UserError(
                f"{self.path}: this command needs images that change smoothly with the latent vector, and these do not"
            )

    def classes(self, labels: Sequence[int] | Tensor | None) -> list[int] | None:
        """Return classes as a list, or raise a UserError if one does not exist; None stays None."""
        return None if labels is None else check_classes([int(label) for label in labels], self.num_classes, self.path)

    def picture(self, images: Tensor) -> Tensor:
        """Arrange samples, with shape (N, C, H, W), in one picture, uint8 with shape (3 or C, H', W')."""
        return self.data.picture(images)

    def _requests(self, condition: Condition | None) -> RequestSource:
        """Return a source of conditions: those that are passed, or the data module's."""
        if condition is None:
            return self.data.requests
        if not self.model.uses_condition:
            raise UserError(f"{self.path} generates from noise alone: it takes no condition")
        return lambda indices: Request(map_tensors(lambda x: x[indices.start : indices.stop], condition))

    def _check(self, truncation: float | None) -> None:
        if truncation is not None and not truncation > 0:
            raise UserError(f"truncation must be above 0, not {truncation}")

    def __repr__(self) -> str:
        return f"TrainedGenerator({', '.join(f'{name}={value}' for name, value in facts(self).items())})"

    def _repr_html_(self) -> str:
        return table(self)


def load(
    path: str | Path, use_ema: bool = True, device: str | torch.device | None = None, trust: Sequence[str] = ()
) -> TrainedGenerator:
    """Load the generator of a checkpoint, a run or an export; see TrainedGenerator for arguments and errors."""
    return TrainedGenerator(path, use_ema, device, trust)
