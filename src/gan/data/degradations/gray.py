"""Grey copies of images."""

from torch import Tensor

from gan.data.degradations.base import ConditionBaseline, GreySource
from gan.keyed_random import KeyedRandom

__all__ = ["Gray", "luma"]

WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow converts to grey


class Gray(GreySource):
    """Grey copy of a colour image: the luma of ITU-R BT.601, as files are converted to grey."""

    @property
    def trivial_baselines(self) -> dict[str, ConditionBaseline]:
        """The grey image itself."""
        return {"grey": lambda condition: condition.expand(-1, 3, -1, -1)}

    def condition(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        return luma(images)


def luma(images: Tensor) -> Tensor:
    """Return the luma of images, with shape (B, 1, H, W); grey images as they are."""
    if images.shape[1] == 1:
        return images
    return (images * images.new_tensor(WEIGHTS).view(3, 1, 1)).sum(1, keepdim=True)
