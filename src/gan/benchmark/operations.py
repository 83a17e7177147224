"""Operations and memory of an update, counted with tensors that have shapes and no values."""

from collections.abc import Sequence
from copy import deepcopy
from functools import reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from gan.keyed_random import KeyedRandom
from gan.losses.regularizers import Regularizer
from gan.models.gan import GAN
from gan.types import Batch, Player

__all__ = ["Cost", "count_update", "num_bytes"]

ROWS = 4  # images of the counted batch; costs are divided by their number


class Cost(NamedTuple):
    """Cost of an update.

    Attributes:
        operations: Floating-point operations per image of the batch, in convolutions and products of matrices; a
            product and its sum are two.
        saved: Bytes per image that are kept for the backward pass, in float32.
    """

    operations: float
    saved: float


def count_update(model: GAN, player: Player, shape: Sequence[int]) -> Cost:
    """Count a player's update: the mean of the operations, and the largest memory, over the steps of lazy regularisers.

    Args:
        model: The model; it is left as it was.
        player: The player.
        shape: (C, H, W) of an image.
    """
    name = "regularizers" if player == "discriminator" else "generator_regularizers"
    terms = getattr(model.objective, name)
    lazy = {key: term.every for key, term in terms.items() if isinstance(term, Regularizer) and term.every > 1}

    def count(left_out: set[str]) -> Cost:
        twin = deepcopy(model)
        for key in left_out:
            del getattr(twin.objective, name)[key]
        return _count(twin, player, shape)

    least = count(set(lazy))
    operations, saved = least
    for key, every in lazy.items():
        cost = count(set(lazy) - {key})
        operations += (cost.operations - least.operations) / every
        saved = max(saved, cost.saved)
    return Cost(operations, saved)


def num_bytes(networks: Sequence[nn.Module]) -> int:
    """Return the bytes of the weights of some networks."""
    weights = {weight for network in networks for weight in network.parameters()}
    return sum(weight.numel() * weight.element_size() for weight in weights)


def _count(model: GAN, player: Player, shape: Sequence[int]) -> Cost:
    """Count one update of a model, whose tensors lose their values."""
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        for module in model.modules():
            for name, weight in module._parameters.items():
                if weight is not None:
                    module._parameters[name] = nn.Parameter(mode.from_tensor(weight.detach()), requires_grad=False)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = mode.from_tensor(buffer)
        for network in model.players()[player]:
            network.requires_grad_(True)
        batch = Batch(torch.zeros(ROWS, *shape), torch.zeros(ROWS, dtype=torch.long))
        loss = model.discriminator_loss if player == "discriminator" else model.generator_loss
        known = {tensor.untyped_storage()._cdata for tensor in (*model.parameters(), *model.buffers())}
        saved: dict[int, torch.UntypedStorage] = {}

        def keep(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage._cdata not in known:
                saved[storage._cdata] = storage
            return tensor

        with _Counter() as counter, saved_tensors_hooks(keep, lambda tensor: tensor):
            terms, _ = loss(batch, KeyedRandom(0, total=ROWS))
            reduce(torch.add, terms.values()).backward()
        kept = sum(storage.nbytes() for storage in saved.values())
    return Cost(counter.operations / ROWS, kept / ROWS)


class _Counter(TorchDispatchMode):
    """Counts floating-point operations; torch's own counter does not allow for gradients of gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call an operation, and count it."""
        out = func(*args, **(kwargs or {}))
        if count := flop_registry.get(func._overloadpacket):
            self.operations += count(*args, **(kwargs or {}), out_val=out)
        return out
