"""Thread-safe generation of the images that the page shows, independent of Gradio."""

import threading

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.checkpoint.sentences import condition_of_text
from gan.checkpoint.trained import TrainedGenerator
from gan.data.captioned import Captioned
from gan.demo.settings import MAX_DIRECTIONS, MAX_POINTS, MorphSettings, SampleSettings
from gan.errors import UserError
from gan.latent.directions import Method, find_directions
from gan.models.interpolation import PATHS, interpolate_keyframes, lerp
from gan.types import GeneratorInput

__all__ = ["MORPH_STEPS", "DemoGenerator"]

MORPH_STEPS = 10  # intervals of the row of images
TRACE_POINTS = 100  # points that draw the path of a 2-D point
MAX_GRID_SIDE = 10


class DemoGenerator:
    """Generator that serves concurrent requests of the page.

    Args:
        generator: The generator.

    Attributes:
        num_directions: Number of latent directions; 0 if none can be found.
        max_num: Maximum number of samples shown at once.
        default_num: Number of samples shown at first: one row per class if there are few classes.
        max_truncation: Truncation that keeps nearly all of the noise.
    """

    def __init__(self, generator: TrainedGenerator) -> None:
        self.generator = generator
        self.lock = threading.Lock()  # find_directions registers hooks on layers that all requests use
        self._directions: dict[Method, Tensor] = {}
        self.max_num = MAX_GRID_SIDE**2 if generator.data.pixels else MAX_POINTS
        classes = generator.num_classes
        grid_size = classes**2 if 1 < classes <= MAX_GRID_SIDE else 64
        self.default_num = grid_size if generator.data.pixels else 1000
        self.max_truncation = 3.0 if generator.model.latent == "normal" else 1.0
        try:
            self.num_directions = len(self._find_directions("factorized"))
        except UserError:  # no layer takes z as its input
            self.num_directions = 0

    def inputs(self, settings: SampleSettings) -> GeneratorInput:
        """Return the generator's input for the requested samples."""
        labels = None if settings.label is None else [settings.label]
        condition = condition_of_text(self.generator, settings.text, settings.num) if settings.text.strip() else None
        inputs = self.generator.inputs(settings.num, labels, settings.seed, settings.truncation, condition)
        z = inputs.z
        if z is not None and any(settings.shifts):
            std = 1.0 if self.generator.model.latent == "normal" else 3**-0.5
            with self.lock:
                directions = self._find_directions(settings.method).to(z.device)
            shifts = torch.tensor(settings.shifts[: len(directions)], device=z.device)
            z = z + std * shifts @ directions[: len(shifts)]
        return inputs._replace(z=z)

    def example(self) -> str | None:
        """Return a sentence to begin with, empty if no data are there; None if the generator takes none."""
        data = self.generator.data
        if not self.generator.model.uses_condition or not isinstance(data, Captioned):
            return None
        try:
            return data.lines_of(data.requests(range(1)).condition)[0]
        except UserError:  # a checkpoint may be far from its data
            return ""

    def images(self, inputs: GeneratorInput) -> Tensor:
        """Generate images, in [-1, 1] with shape (B, C, H, W), on the CPU."""
        with self.lock, torch.no_grad():
            return self.generator.generate(inputs).cpu()

    def morph(self, settings: MorphSettings, steps: int = MORPH_STEPS) -> tuple[Tensor, Tensor]:
        """Generate the images of an interpolation.

        Args:
            settings: End points, path, and position on it.
            steps: Intervals between the end points.

        Returns:
            The image at position t, with shape (1, C, H, W), and images at equal intervals from start to end, with
            shape (steps + 1, C, H, W). For 2-D points, the latter trace the path from the start to t.
        """
        ends = [self.generator.latents(1, seed) for seed in (settings.start, settings.end)]
        classes = [self._class_weights(label) for label in (settings.start_label, settings.end_label)]
        interpolate = PATHS[settings.path]
        if self.generator.data.pixels:
            z, labels = interpolate_keyframes(ends, steps, interpolate), interpolate_keyframes(classes, steps, lerp)
        else:
            positions = torch.linspace(0, settings.t, TRACE_POINTS).tolist()
            z = [interpolate(ends[0], ends[1], t) for t in positions]
            labels = [lerp(classes[0], classes[1], t) for t in positions]
        z_at_t, label_at_t = interpolate(ends[0], ends[1], settings.t), lerp(classes[0], classes[1], settings.t)
        first = self.generator.inputs(1, seed=settings.start)  # condition and noise of all images
        inputs = first.map(lambda x: x.expand(1 + len(z), *x.shape[1:]))
        images = self.images(inputs._replace(z=torch.cat([z_at_t, *z]), labels=torch.cat([label_at_t, *labels])))
        return images[:1], images[1:]

    def _class_weights(self, label: int | None) -> Tensor:
        self.generator.classes(None if label is None else [label])
        return F.one_hot(torch.tensor([label or 0]), self.generator.num_classes).float()

    def _find_directions(self, method: Method) -> Tensor:
        if method not in self._directions:
            num = min(MAX_DIRECTIONS, self.generator.model.latent_dim)
            self._directions[method] = find_directions(self.generator, method, num)
        return self._directions[method]
