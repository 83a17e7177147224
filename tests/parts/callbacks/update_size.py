"""Size of the generator's updates."""

from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from gan.models.sampler import Sampler

__all__ = ["UpdateSize"]


class UpdateSize(Callback):
    """Logs the norm of each update of the generator's weights."""

    before: Tensor

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self.before = weights(pl_module)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        self.log("update_size", (weights(pl_module) - self.before).norm())


def weights(module: LightningModule) -> Tensor:
    """Return all weights of the generator as a vector."""
    assert isinstance(module, Sampler)
    return torch.cat([parameter.detach().flatten() for parameter in module.generator.parameters()])
