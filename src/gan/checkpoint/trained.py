"""A generator out of training: ``gan.load("runs/...").sample(16)``."""

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

SHOWN = 16  # samples in a notebook


class TrainedGenerator:
    """The generator of a checkpoint, and all that it takes to use it.

    Args:
        path: A checkpoint, a run's folder, which stands for its best, or weights that ``gan.export`` wrote.
        use_ema: Whether to use the moving average of its weights, where there is one.
        device: Where it computes; None for a GPU if there is one.

    Attributes:
        model: What was trained, in evaluation mode.
        data: What it was trained on; nothing of it is loaded yet.
        config: How, as plain values.
        global_step: Generator updates that it has had.

    Raises:
        UserError: If there is no such checkpoint, it is damaged, or asks for code outside this package.
    """

    def __init__(self, path: str | Path, use_ema: bool = True, device: str | torch.device | None = None) -> None:
        initialize_mkl()
        checkpoint = read(path)
        self.path, self.use_ema = Path(path), use_ema
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model: Sampler = restore(checkpoint, path, use_ema).to(self.device).requires_grad_(False)
        self.data: ImageDataModule = data_of(checkpoint)
        self.config, self.global_step = checkpoint["config"], checkpoint["global_step"]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return self.data.image_shape

    @property
    def num_classes(self) -> int:
        """Number of classes that can be asked for; 1 where it takes none."""
        return self.model.num_classes

    def sample(
        self,
        num: int,
        labels: Sequence[int] | Tensor | None = None,
        seed: int = 0,
        truncation: float | None = None,
        batch_size: int = 256,
    ) -> Tensor:
        """Generate images, the same for a seed whatever their number and the batch size.

        Args:
            num: How many.
            labels: Classes, taken in turn where there are fewer than images; None for all classes in turn.
            seed: What the noise follows from.
            truncation: Keeps the noise within so many standard deviations; None keeps all of it.
            batch_size: How many at a time.

        Returns:
            In [-1, 1], float32, with shape (num, C, H, W), on the generator's device.

        Raises:
            UserError: If a number or a class does not exist.
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
        """Yield the samples that a seed has at some consecutive indices, and their classes; see ``sample``."""
        if seed < 0 or batch_size < 1:
            raise UserError(f"a seed must be at least 0 and a batch at least 1, not {seed} and {batch_size}")
        self._check(truncation)
        return self.model.iterate_samples(indices, seed, batch_size, self.use_ema, self.classes(labels), truncation)

    def latents(self, num: int, seed: int = 0, truncation: float | None = None) -> Tensor:
        """Return the noise of a seed's first samples, with shape (num, latent_dim)."""
        self._check(truncation)
        return self.model.latents(range(num), seed, truncation)

    def __call__(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Generate images from given noise; gradients flow back to it.

        Args:
            z: With shape (B, latent_dim).
            labels: Classes, int64 with shape (B,), or mixtures of them, float32 with shape (B, num_classes); None for
                the first class.

        Returns:
            In [-1, 1], float32, with shape (B, C, H, W).
        """
        if labels is None:
            labels = torch.zeros(len(z), dtype=torch.long)
        with self.model.inference_network(self.use_ema) as network:
            return network(z.to(self.device), labels.to(self.device)).float()

    def check_smooth(self) -> None:
        """Refuse to go by the gradient of images by noise where there is none.

        Raises:
            UserError: If noise picks whole codes, say.
        """
        with torch.enable_grad():
            smooth = self(self.latents(1).requires_grad_()).requires_grad
        if not smooth:
            raise UserError(f"{self.path}: its images do not change smoothly with noise, as this view needs")

    def classes(self, labels: Sequence[int] | Tensor | None) -> list[int] | None:
        """Check classes.

        Raises:
            UserError: If there is no such class.
        """
        if labels is None:
            return None
        wanted = [int(label) for label in labels]
        if self.num_classes == 1:
            raise UserError(f"{self.path} takes no classes: it was trained without")
        if not wanted:
            raise UserError("no class is named")
        if wrong := sorted({label for label in wanted if not 0 <= label < self.num_classes}):
            raise UserError(f"there is no class {wrong[0]}: {self.path} has classes 0 to {self.num_classes - 1}")
        return wanted

    def picture(self, images: Tensor) -> Tensor:
        """Show samples, with shape (N, C, H, W), in one picture, uint8 with shape (3 or C, H', W')."""
        return self.data.picture(images)

    def _check(self, truncation: float | None) -> None:
        if truncation is not None and not truncation > 0:
            raise UserError(f"truncation must be above 0, not {truncation}")

    def __repr__(self) -> str:
        return f"TrainedGenerator({', '.join(f'{name}={value}' for name, value in self._facts().items())})"

    def _repr_html_(self) -> str:
        """Show what it is, and some samples, in a notebook."""
        picture = base64.b64encode(encode_png(self.picture(self.sample(SHOWN)))).decode()
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
            "use_ema": str(self.use_ema and self.model.ema is not None),
            "device": str(self.device),
        }


def load(path: str | Path, use_ema: bool = True, device: str | torch.device | None = None) -> TrainedGenerator:
    """Load the generator of a checkpoint; see TrainedGenerator."""
    return TrainedGenerator(path, use_ema, device)
