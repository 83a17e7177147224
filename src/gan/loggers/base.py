"""Interface of loggers that take images."""

from abc import ABC, abstractmethod

from torch import Tensor

__all__ = ["PictureLogger"]


class PictureLogger(ABC):
    """Logger of images besides scalars."""

    @abstractmethod
    def log_picture(self, name: str, image: Tensor, step: int) -> None:
        """Log an image, uint8 with shape (C, H, W), at a generator update."""
