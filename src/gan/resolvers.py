"""OmegaConf resolvers that the files in ``conf/`` use."""

from omegaconf import OmegaConf

from gan.data.degradations.shape import resolve_degraded_shape
from gan.runs.output_folder import run_folder

__all__ = ["register_resolvers"]


def register_resolvers() -> None:
    """Register ``${run_folder:ckpt,new}``, ``${degraded_shape:NAME}`` and ``${quotient:a,b}`` with OmegaConf."""
    OmegaConf.register_new_resolver("run_folder", run_folder, replace=True)
    OmegaConf.register_new_resolver("degraded_shape", resolve_degraded_shape, replace=True)
    OmegaConf.register_new_resolver("quotient", quotient, replace=True)


def quotient(total: int, parts: int) -> int:
    """Return a whole quotient, such as the generator updates of a number of discriminator updates.

    Raises:
        ValueError: If there is a remainder.
    """
    if total % parts:
        raise ValueError(f"{total} is not a multiple of {parts}")
    return total // parts
