"""Options of a run: their annotations by key, which are checked before anything is built."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge
from pydantic import BeforeValidator
from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer
from pytorch_lightning.accelerators import AcceleratorRegistry
from pytorch_lightning.loggers import Logger
from torch import nn

from gan.augment.base import Augment
from gan.bounds import NonNegativeInt, PositiveInt, Seed
from gan.instantiate import signature
from gan.metrics.evaluator import Evaluator
from gan.models.trainable import LearningRateSchedule, OptimizerFactory

__all__ = ["OPTIONS"]

MAX_DEVICES = 1024
ALL_DEVICES = ("auto", -1, "-1")
DURATIONS = {"days", "hours", "minutes", "seconds"}
DURATION = re.compile(r"\d+:\d\d:\d\d:\d\d")


def _duration(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() <= DURATIONS:
        return value
    if value is not None and not (isinstance(value, str) and DURATION.fullmatch(value.strip())):
        raise ValueError("should be DD:HH:MM:SS, such as 00:08:00:00")
    return value


def _accelerator(value: Any) -> Any:
    known = ("auto", "gpu", *AcceleratorRegistry.available_accelerators())
    if value not in known:
        raise ValueError(f"is not one of {', '.join(sorted(set(known)))}")
    return value


def _devices(value: Any) -> Any:
    if isinstance(value, list):
        valid = bool(value) and all(type(index) is int and 0 <= index < MAX_DEVICES for index in value)
    elif isinstance(value, str):
        valid = value in ALL_DEVICES or bool(re.fullmatch(r"\d{1,4}(,\d{1,4})*,?", value.replace(" ", "")))
    else:
        valid = type(value) is int and (value == -1 or 1 <= value <= MAX_DEVICES)
    if not valid:
        raise ValueError(f"should be auto, a number of devices up to {MAX_DEVICES}, or a list of their indices")
    return value


TRAINER = signature(Trainer) | {
    "accelerator": Annotated[Any, BeforeValidator(_accelerator)],
    "devices": Annotated[Any, BeforeValidator(_devices)],
    "log_every_n_steps": PositiveInt,
    "max_steps": Annotated[int, Ge(-1)],  # -1 for no end
    "max_time": Annotated[Any, BeforeValidator(_duration)],
    "min_steps": NonNegativeInt | None,
    "num_nodes": PositiveInt,
    "precision": Literal["auto", "32-true", "32", 32, "bf16-mixed", "16-mixed"],  # penalties stay in float32
}
"""Arguments of Lightning's Trainer, with the ranges that Lightning does not state."""

OPTIONS: dict[str, Any] = {
    "seed": Seed,
    "ckpt": str | None,
    "init": str | None,
    "trust": list[str] | None,
    "name": str | int | float,
    "run_dir": str,
    "id": str | None,
    "trainer": TRAINER,
    "evaluate": {"every_n_steps": PositiveInt},
    "data": LightningDataModule,
    "optimizer": Mapping[str, OptimizerFactory],
    "schedule": LearningRateSchedule | None,
    "schedules": Mapping[str, LearningRateSchedule | None],
    "loss": nn.Module,
    "augment": Augment | None,
    "model": LightningModule,
    "metric": Evaluator,
    "callbacks": Mapping[str, Callback | None] | None,
    "logger": Mapping[str, Logger | None] | None,
}
"""All options of ``conf/train.yaml``, in the order of checks: those that others refer to are first."""
