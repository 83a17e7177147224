"""Contrastive regularisers of translators: patches keep their content (CUT; Park et al., 2020, Sections 3 and 4)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from gan.bounds import Positive, PositiveInt, Weight
from gan.errors import UserError
from gan.losses.regularizers import Regularizer
from gan.schedules.base import Schedule
from gan.types import GeneratorOutput, GeneratorPass

__all__ = ["IdentityNCE", "PatchNCE", "info_nce"]


def info_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    r"""Return the contrastive loss of patches against the other patches of their image (Eq. 3), a scalar.

    .. math:: -\log \frac{\exp(v \cdot v^+ / τ)}{\exp(v \cdot v^+ / τ) + \sum_n \exp(v \cdot v_n^- / τ)}

    Args:
        queries: Unit vectors v of patches, with shape (B, P, D).
        keys: Unit vectors of the patches that should match them, in the same order.
        temperature: τ.
    """
    similarities = (queries / temperature) @ keys.transpose(1, 2)
    matches = torch.arange(queries.shape[1], device=queries.device).expand(len(queries), -1)
    return functional.cross_entropy(similarities.flatten(0, 1), matches.flatten())


class PatchNCE(Regularizer):
    """Contrastive loss between each patch of a translation and the patches of its source, averaged over layers (Eq. 4).

    Args:
        weight: λ_X in the paper.
        temperature: τ, by which similarities are divided.
        patches: Patches per image and layer, at random places; layers with fewer places use them all.
        every: Generator updates per penalty.
        schedule: Factor of the weight as a function of generator updates.
    """

    needs_discriminator = False
    in_float32 = False

    def __init__(
        self,
        weight: Weight = 0.25,
        temperature: Positive = 0.07,
        patches: PositiveInt = 256,
        every: PositiveInt = 1,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(weight, every, schedule)
        self.temperature, self.patches = temperature, patches

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        network: Any = g_pass.generator
        if not hasattr(network, "project"):
            raise UserError("patch_nce and identity_nce need a generator that encodes patches, as in model=cut")
        output = self.translation(g_pass)
        keys = source_features(output)
        positions = [self._positions(g_pass, x.shape[2] * x.shape[3]) for x in keys]
        queries = network.project(network.encode(output.images), positions)
        with torch.no_grad():
            targets = network.project(keys, positions)
        with torch.autocast(output.images.device.type, enabled=False):
            losses = [
                info_nce(query.float(), key.float(), self.temperature)
                for query, key in zip(queries, targets, strict=True)
            ]
        return torch.stack(losses).mean()

    def translation(self, g_pass: GeneratorPass) -> GeneratorOutput:
        """Return the translation that is compared with its source."""
        return g_pass.generated

    def _positions(self, g_pass: GeneratorPass, number: int) -> Tensor:
        """Draw different places of each image, int64 with shape (B, P)."""
        return g_pass.rng.uniform(number).topk(min(self.patches, number)).indices


class IdentityNCE(PatchNCE):
    """PatchNCE of the translation of target images, which should change nothing (Eq. 5); its weight is λ_Y.

    The generator runs once more. Source and target must have the same channels.
    """

    def translation(self, g_pass: GeneratorPass) -> GeneratorOutput:
        target, source = g_pass.batch.real, g_pass.inputs.condition
        assert isinstance(source, Tensor)
        if source.shape[1] != target.shape[1]:
            raise UserError(
                f"the identity term translates images of one kind of channels, not {source.shape[1]} and "
                f"{target.shape[1]}: set loss.generator_regularizers.identity_nce=null"
            )
        return g_pass.generate(g_pass.inputs._replace(condition=target))


def source_features(output: GeneratorOutput) -> list[Tensor]:
    """Return the features of the source images that came with their translation."""
    extras: Mapping[str, Tensor] = output.extras or {}
    return [x for name, x in extras.items() if name.startswith("features_")]
