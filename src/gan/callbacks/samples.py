"""Sample grids from fixed noise during training."""

from pathlib import Path

from pytorch_lightning import LightningModule, Trainer

from gan.bounds import PositiveInt, Seed, Shown
from gan.callbacks.periodic import Periodic, data_module
from gan.data.base import ImageDataModule
from gan.loggers.pictures import log_picture
from gan.loggers.texts import log_lines
from gan.models.sampler import Sampler
from gan.runs.folder import CAPTIONS, OutputPath, sample_grid

__all__ = ["SampleGrid"]


class SampleGrid(Periodic):
    """Write ``<folder>/<step>.png`` and log the picture; samples of text go to ``<folder>/<step>.txt``.

    Sentences that images are generated from are written to ``<folder>/captions.txt``; they are those of every step.

    Args:
        folder: Folder of the pictures.
        every_n_steps: Generator updates between two pictures.
        num: Number of samples per picture.
        seed: Seed of the samples' noise.
    """

    def __init__(self, folder: OutputPath, every_n_steps: PositiveInt, num: Shown = 64, seed: Seed = 0) -> None:
        super().__init__(every_n_steps)
        self.folder, self.num, self.seed = Path(folder), num, seed

    def act(self, trainer: Trainer, module: LightningModule) -> None:
        assert isinstance(module, Sampler)
        data = data_module(trainer)
        batches = module.iterate_samples(range(self.num), self.seed, self.num, requests=data.requests)
        batch = next(batches)
        if (lines := data.sample_lines(batch)) is not None:
            if trainer.is_global_zero:
                log_lines(trainer, "samples", lines, sample_grid(self.folder, trainer.global_step, ".txt"))
            return
        picture = data.picture_of_samples(batch)
        sentences = data.sentences_of(batch) if isinstance(data, ImageDataModule) else []
        if trainer.is_global_zero and sentences:
            log_lines(trainer, "captions", sentences, self.folder / CAPTIONS)
        if trainer.is_global_zero:
            log_picture(trainer, "samples", picture, sample_grid(self.folder, trainer.global_step))
