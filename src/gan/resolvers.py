"""OmegaConf resolvers that the files in ``conf/`` use."""

from omegaconf import OmegaConf

from gan.data.degradations.shape import resolve_degraded_shape
from gan.runs.output_folder import run_folder

__all__ = ["register_resolvers"]


def register_resolvers() -> None:
    """Register ``${run_folder:ckpt,new}`` and ``${degraded_shape:NAME}`` with OmegaConf."""
    OmegaConf.register_new_resolver("run_folder", run_folder, replace=True)
    OmegaConf.register_new_resolver("degraded_shape", resolve_degraded_shape, replace=True)
