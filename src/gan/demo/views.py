"""What the page's controls say, and the images that a generator makes of it; nothing here knows of Gradio."""

import threading
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import BaseModel, Field
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.latent.directions import Method, find_directions
from gan.latent.interpolation import PATHS, Path, lerp, travel

__all__ = ["STEPS", "Explorer", "Morph", "View"]

STEPS = 10  # from one end of a strip to the other
TRACE = 100  # points that show a way through the plane
DIRECTIONS = 5
SIDE = 10  # of the largest grid
MOST_POINTS = 2500


class View(BaseModel, frozen=True):
    """Samples of a seed, all moved alike along directions in latent space.

    Attributes:
        seed: What the noise follows from.
        truncation: As ``TrainedGenerator.sample`` takes it.
        num: How many.
        label: Their class; None for all classes in turn.
        method: How the directions were found.
        shifts: How far to go along each, in standard deviations of the noise.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    truncation: Annotated[float | None, Field(gt=0)] = None
    num: Annotated[int, Field(ge=1, le=MOST_POINTS)] = 1
    label: Annotated[int | None, Field(ge=0)] = None
    method: Method = "principal"
    shifts: Annotated[tuple[float, ...], Field(max_length=DIRECTIONS)] = ()


class Morph(BaseModel, frozen=True):
    """The way from a seed's first sample to another's.

    Attributes:
        start: The seed that it begins at.
        end: The seed that it ends at.
        start_label: The class there; None where there are none.
        end_label: The class there.
        path: The way through latent space; that from class to class is straight.
        t: The share of the way that is done.
    """

    start: Annotated[int, Field(ge=0)] = 0
    end: Annotated[int, Field(ge=0)] = 1
    start_label: Annotated[int | None, Field(ge=0)] = None
    end_label: Annotated[int | None, Field(ge=0)] = None
    path: Path = "spherical"
    t: Annotated[float, Field(ge=0, le=1)] = 0.5


class Explorer:
    """A generator, with what the page may ask of it; requests come from several threads.

    Args:
        generator: Whose images.

    Attributes:
        directions: How many directions can be followed.
        most: How many images are shown at once at most.
        usual: How many are at first: each class as often, where there are a few.
        widest: The truncation from which on nearly all of the noise is kept.
    """

    def __init__(self, generator: TrainedGenerator) -> None:
        self.generator = generator
        self.lock = threading.Lock()  # finding directions hooks into layers that all requests go through
        self.found: dict[Method, Tensor] = {}
        self.most = SIDE**2 if generator.data.pixels else MOST_POINTS
        classes = generator.num_classes
        self.usual = (classes**2 if 1 < classes <= SIDE else 64) if generator.data.pixels else 1000
        self.widest = 3.0 if generator.model.latent == "normal" else 1.0
        try:
            self.directions = len(self._units("factorized"))
        except UserError:  # no layer takes the noise as it is
            self.directions = 0

    def noise(self, view: View) -> tuple[Tensor, Tensor]:
        """Return the noise of a view, with shape (num, latent_dim), and its classes, with shape (num,)."""
        z = self.generator.latents(view.num, view.seed, view.truncation)
        if any(view.shifts):
            deviation = 1.0 if self.generator.model.latent == "normal" else 3**-0.5
            with self.lock:
                units = self._units(view.method).to(z.device)
            shifts = torch.tensor(view.shifts[: len(units)], device=z.device)
            z = z + deviation * shifts @ units[: len(shifts)]
        wanted = torch.arange(self.generator.num_classes) if view.label is None else torch.tensor([view.label])
        self.generator.classes(None if view.label is None else [view.label])
        return z, wanted[torch.arange(view.num) % len(wanted)]

    def images(self, z: Tensor, labels: Tensor) -> Tensor:
        """Generate images of noise and classes, in [-1, 1] with shape (B, C, H, W), on the CPU."""
        with self.lock, torch.no_grad():
            return self.generator(z, labels).cpu()

    def morph(self, morph: Morph, steps: int = STEPS) -> tuple[Tensor, Tensor]:
        """Follow a way.

        Args:
            morph: From where to where.
            steps: From one end to the other.

        Returns:
            The image at t, with shape (1, C, H, W), and those at even steps from end to end, with shape
            (steps + 1, C, H, W); of points, many from the start to t.
        """
        ends = [self.generator.latents(1, seed) for seed in (morph.start, morph.end)]
        classes = [self._mixture(label) for label in (morph.start_label, morph.end_label)]
        now = PATHS[morph.path](ends[0], ends[1], morph.t), lerp(classes[0], classes[1], morph.t)
        if self.generator.data.pixels:
            ways = travel(ends, steps, PATHS[morph.path]), travel(classes, steps, lerp)
        else:
            shares = torch.linspace(0, morph.t, TRACE).tolist()
            ways = (
                [PATHS[morph.path](ends[0], ends[1], t) for t in shares],
                [lerp(classes[0], classes[1], t) for t in shares],
            )
        images = self.images(torch.cat([now[0], *ways[0]]), torch.cat([now[1], *ways[1]]))
        return images[:1], images[1:]

    def _mixture(self, label: int | None) -> Tensor:
        self.generator.classes(None if label is None else [label])
        return F.one_hot(torch.tensor([label or 0]), self.generator.num_classes).float()

    def _units(self, method: Method) -> Tensor:
        if method not in self.found:
            num = min(DIRECTIONS, self.generator.model.latent_dim)
            self.found[method] = find_directions(self.generator, method, num)
        return self.found[method]
