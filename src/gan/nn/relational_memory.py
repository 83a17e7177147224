"""Relational memory: a recurrent network whose slots attend to each other and to the input (Santoro et al., 2018)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Count, Depth, Width

__all__ = ["RelationalMemory"]


class RelationalMemory(nn.Module):
    r"""Recurrent network with a memory M of slots, as in RelGAN's generator (Nie et al., 2019, Section 2.1).

    In each of H heads, every slot attends to all slots and to the input x,

    .. math:: \tilde M = \mathrm{softmax}\left(M W_q ([M; x] W_k)^\top / \sqrt{d}\right) [M; x] W_v

    with d the width of a head. The heads' results side by side are added to the memory, and so is what a perceptron
    makes of each slot; each sum is normalised. Gates then mix the result with the former memory,

    .. math:: M' = \sigma(i) \tanh(\tilde M) + \sigma(f) M, \quad (i, f) = x W + \tanh(M) U + b

    with b of 0 for i and of 1 for f at the start. The output is M': there is no output gate, as Santoro et al. (2018,
    Section 3) have it.

    Args:
        inputs: Length of an input.
        width: Width of a slot, a multiple of ``heads``.
        slots: Number of slots; 1 in RelGAN.
        heads: Number H of attention heads; 2 in RelGAN.
        depth: Rounds of attention per step.

    Raises:
        ValueError: If the width is no multiple of the number of heads.
    """

    def __init__(self, inputs: Width, width: Width, slots: Count = 1, heads: Count = 2, depth: Depth = 1) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width={width} is no multiple of heads={heads}")
        self.width, self.slots, self.heads, self.depth = width, slots, heads, depth
        self.input = nn.Linear(inputs, width)
        self.query, self.key_value = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.perceptron = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.attention_norm, self.perceptron_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.input_gates, self.memory_gates = nn.Linear(width, 2 * width), nn.Linear(width, 2 * width, bias=False)
        with torch.no_grad():
            self.input_gates.bias.copy_(torch.arange(2).repeat_interleave(width))

    def forward(self, inputs: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run the network over a sequence.

        Args:
            inputs: With shape (B, T, inputs).
            memory: Memory before it, with shape (B, slots, width); None for the first, a row of the identity per slot.

        Returns:
            Outputs, with shape (B, T, slots * width), and the memory after the sequence.
        """
        if memory is None:
            memory = torch.eye(self.slots, self.width, dtype=inputs.dtype, device=inputs.device)
            memory = memory.expand(len(inputs), -1, -1)
        outputs = list[Tensor]()
        for x in self.input(inputs).unbind(1):
            memory = self.step(x[:, None], memory)
            outputs.append(memory.flatten(1))
        return torch.stack(outputs, 1), memory

    def step(self, x: Tensor, memory: Tensor) -> Tensor:
        """Return the memory after an input, with shape (B, 1, width), has been read."""
        attended = memory
        for _ in range(self.depth):
            attended = self.attention_norm(attended + self.attend(attended, x))
            attended = self.perceptron_norm(attended + self.perceptron(attended))
        keep_new, keep_old = (self.input_gates(x) + self.memory_gates(memory.tanh())).chunk(2, -1)
        return keep_new.sigmoid() * attended.tanh() + keep_old.sigmoid() * memory

    def attend(self, memory: Tensor, x: Tensor) -> Tensor:
        """Return each slot's mean of the values of all slots and of the input, with the memory's shape."""
        query = self.query(memory)
        key, value = self.key_value(torch.cat([memory, x], 1)).chunk(2, -1)
        heads = [part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value)]
        return F.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
