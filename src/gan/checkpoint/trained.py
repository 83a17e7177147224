"""Trained generator, loaded from a checkpoint: ``gan.load("runs/...").sample(16)``."""

import base64
import html
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from gan.checkpoint.reading import data_of, read, restore
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.host import initialize_mkl
from gan.images import encode_png
from gan.models.sampler import Sampler
from gan.types import Batch

__all__ = ["TrainedGenerator", "load"]

NOTEBOOK_SAMPLES = 16


class TrainedGenerator:
    """Generator of a checkpoint, with its data set and configuration.

    Args:
        path: A checkpoint, a run's folder (its best checkpoint), or weights written by ``gan.export``.
        use_ema: Whether to use the moving average of the weights, if there is one.
        device: Device; None is a GPU if there is one, otherwise the CPU.

    Attributes:
        model: The trained model, in evaluation mode.
        use_ema: Whether the images are made with the moving average of the weights.
        data: Data module of the run; no data is loaded until it is used.
        config: Configuration of the run, as plain values.
        global_step: Number of generator updates.

    Raises:
        UserError: If the checkpoint does not exist, is damaged, or names code outside this package.
    """

    def __init__(self, path: str | Path, use_ema: bool = True, device: str | torch.device | None = None) -> None:
        initialize_mkl()
        checkpoint = read(path)
        self.path = Path(path)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model: Sampler = restore(checkpoint, path, use_ema).to(self.device).requires_grad_(False)
        self.use_ema = use_ema and self.model.ema is not None
        self.data: ImageDataModule = data_of(checkpoint)
        self.config, self.global_step = checkpoint["config"], checkpoint["global_step"]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return self.data.image_shape

    @property
    def num_classes(self) -> int:
        """Number of classes; 1 for an unconditional generator."""
        return self.model.num_classes

    def sample(
        self,
        num: int,
        labels: Sequence[int] | Tensor | None = None,
        seed: int = 0,
        truncation: float | None = None,
        batch_size: int = 256,
    ) -> Tensor:
        """Generate images; a seed gives the same images for any number and batch size.

        Args:
            num: Number of images.
            labels: Classes, repeated cyclically; None cycles through all classes.
            seed: Seed of the latent vectors.
            truncation: Truncates the latent vectors to this many standard deviations; None does not.
            batch_size: Images per forward pass.

        Returns:
            Images in [-1, 1], float32, with shape (num, C, H, W), on the generator's device.

        Raises:
            UserError: If a number is out of range or a class does not exist.
        """
        if num < 1:
            raise UserError(f"the number of samples must be at least 1, not {num}")
        batches = self.batches(range(num), labels, seed, truncation, batch_size)
        return torch.cat([batch.images for batch in batches])

    def batches(
        self,
        indices: range,
        labels: Sequence[int] | Tensor | None = None,
        seed: int = 0,
        truncation: float | None = None,
        batch_size: int = 256,
    ) -> Iterator[Batch]:
        """Yield the samples of a seed at consecutive indices, with their classes; see ``sample``."""
        if seed < 0 or batch_size < 1:
            raise UserError(f"a seed must be at least 0 and a batch at least 1, not {seed} and {batch_size}")
        self._check(truncation)
        return self.model.iterate_samples(indices, seed, batch_size, self.use_ema, self.classes(labels), truncation)

    def latents(self, num: int, seed: int = 0, truncation: float | None = None) -> Tensor:
        """Return the latent vectors of a seed's first samples, with shape (num, latent_dim)."""
        self._check(truncation)
        return self.model.latents(range(num), seed, truncation)

    def __call__(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generate images from latent vectors, differentiably.

        Args:
            z: Latent vectors, with shape (B, latent_dim).
            labels: Classes, int64 with shape (B,), or mixtures of them, float32 with shape (B, num_classes); None is
                the first class.

        Returns:
            Images in [-1, 1], float32, with shape (B, C, H, W).
        """
        if labels is None:
            labels = torch.zeros(len(z), dtype=torch.long)
        with self.model.inference_network(self.use_ema) as network:
            return network(z.to(self.device), labels.to(self.device)).float()

    def check_smooth(self) -> None:
        """Check that images are differentiable by the latent vector.

        Raises:
            UserError: If they are not, such as those of a VQ-VAE, whose latent vector selects discrete codes.
        """
        with torch.enable_grad():
            smooth = self(self.latents(1).requires_grad_()).requires_grad
        if not smooth:
            raise UserError(
                f"{self.path}: this command needs images that change smoothly with the latent vector, and these do not"
            )

    def classes(self, labels: Sequence[int] | Tensor | None) -> list[int] | None:
        """Validate classes and return them as a list; None stays None.

        Raises:
            UserError: If a class does not exist.
        """
        if labels is None:
            return None
        requested = [int(label) for label in labels]
        if self.num_classes == 1:
            raise UserError(f"{self.path} is unconditional: it takes no classes")
        if not requested:
            raise UserError("no class is named")
        if wrong := sorted({label for label in requested if not 0 <= label < self.num_classes}):
            raise UserError(f"there is no class {wrong[0]}: {self.path} has classes 0 to {self.num_classes - 1}")
        return requested

    def picture(self, images: Tensor) -> Tensor:
        """Arrange samples, with shape (N, C, H, W), in one picture, uint8 with shape (3 or C, H', W')."""
        return self.data.picture(images)

    def _check(self, truncation: float | None) -> None:
        if truncation is not None and not truncation > 0:
            raise UserError(f"truncation must be above 0, not {truncation}")

    def __repr__(self) -> str:
        return f"TrainedGenerator({', '.join(f'{name}={value}' for name, value in self._facts().items())})"

    def _repr_html_(self) -> str:
        """Table of properties and some samples, for notebooks."""
        picture = base64.b64encode(encode_png(self.picture(self.sample(NOTEBOOK_SAMPLES)))).decode()
        facts = (f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in self._facts().items())
        image = f'<img src="data:image/png;base64,{picture}" alt="samples" style="image-rendering: pixelated">'
        return f"<table>{''.join(facts)}</table>{image}"

    def _facts(self) -> dict[str, str]:
        channels, height, width = self.image_shape
        return {
            "path": repr(str(self.path)),
            "model": type(self.model).__name__,
            "data": type(self.data).__name__,
            "image_shape": f"({channels}, {height}, {width})",
            "num_classes": str(self.num_classes),
            "latent_dim": str(self.model.latent_dim),
            "global_step": str(self.global_step),
            "use_ema": str(self.use_ema),
            "device": str(self.device),
        }


def load(path: str | Path, use_ema: bool = True, device: str | torch.device | None = None) -> TrainedGenerator:
    """Load the generator of a checkpoint, a run or an export; see TrainedGenerator for arguments and errors."""
    return TrainedGenerator(path, use_ema, device)
