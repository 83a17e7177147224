"""How sharp generated images are beside real ones."""

from typing import ClassVar

from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["Sharpness"]


class Sharpness(Measure):
    """The mean variance of images' Laplacians over that of real images: 1 is as sharp as they are, 0 is flat.

    It is a property of pixels, not of features: what is kept of an image is a number of its own, beside the run's
    extractor, so that one evaluation has this and the score that runs are compared by. More is sharper, not better
    without end: noise has far more of it than real images. The two variances are in squared shades of 256.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {
        "sharpness": True,
        "laplacian_variance": True,
        "laplacian_variance_real": True,
    }
    needs: ClassVar[frozenset[Need]] = frozenset({"sharpness"})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    named_after_features: ClassVar[bool] = False

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        assert real.sharpness is not None
        assert fake.sharpness is not None
        of_real, of_fake = (float(x.double().mean()) for x in (real.sharpness, fake.sharpness))
        if not of_real > 0:
            raise UserError("metric=sharpness: the real images are flat, and have no sharpness to compare with")
        return {"sharpness": of_fake / of_real, "laplacian_variance": of_fake, "laplacian_variance_real": of_real}
