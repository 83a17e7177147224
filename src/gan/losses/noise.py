"""Instance noise: the same fading noise on real and fake images blurs the line that D draws between them."""

from torch import Tensor

from gan.draws import Draws

__all__ = ["InstanceNoise"]


class InstanceNoise:
    """Gaussian noise on all that the discriminator sees (Sønderby et al., 2017; Arjovsky and Bottou, 2017).

    Args:
        std: Standard deviation at the start, in units of images that span [-1, 1].
        decay_steps: Discriminator steps until it has faded linearly to zero; None keeps it.

    Raises:
        ValueError: If an argument is not positive.
    """

    def __init__(self, std: float = 0.1, decay_steps: int | None = None) -> None:
        if std <= 0 or (decay_steps is not None and decay_steps <= 0):
            raise ValueError(f"std and decay_steps must be positive, not {std} and {decay_steps}")
        self.std, self.decay_steps = std, decay_steps

    def at(self, step: int) -> float:
        """Return the standard deviation at a step."""
        return self.std * (max(0.0, 1 - step / self.decay_steps) if self.decay_steps else 1.0)

    def __call__(self, images: Tensor, step: int, draws: Draws) -> Tensor:
        """Return noisy images, with the shape of ``images``, (B, C, H, W)."""
        std = self.at(step)
        return images + std * draws.normal(*images.shape[1:]) if std else images
