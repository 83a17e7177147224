"""Regularisers of the generator, which ``loss/generator_regularizers=[...]`` adds to its loss."""

import torch
from torch import Tensor, nn

from gan.bounds import Decay, PositiveInt, Weight
from gan.distributed.group import differentiable_mean_over_ranks, mean_over_ranks
from gan.errors import UserError
from gan.losses.regularizers import Regularizer
from gan.nn.conditioning import LabelVector
from gan.schedules.base import Schedule
from gan.types import DiscriminatorPass, GeneratorPass, Player, Terms

__all__ = ["L1", "MSE", "FeatureMatching", "ModeSeeking", "Orthogonality", "PathLength"]


class L1(Regularizer):
    """Mean absolute difference from the real row of each condition (pix2pix; Isola et al., 2017, Eq. 3).

    The difference is of the images as generated, not as augmented. The data must be paired.
    """

    needs_discriminator = False

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        return (g_pass.generated.images - g_pass.batch.real).abs().mean()


class MSE(Regularizer):
    """Mean squared difference from the real row of each condition (SRGAN; Ledig et al., 2017, Eq. 4); see L1."""

    needs_discriminator = False

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        return (g_pass.generated.images - g_pass.batch.real).square().mean()


class PathLength(Regularizer):
    r"""Path length regularisation (StyleGAN2; Karras et al., 2020, Eq. 4).

    The length of the gradient of a random projection of an image should be the same everywhere in latent space:

    .. math:: E_{w, y} [(\|J_w^T y\|_2 - a)^2], \quad y \sim N(0, I / (H W))

    The gradient is by the intermediate latent vectors ``w`` if the generator returns them, otherwise by z. The target a
    is the moving average of the lengths up to the last penalty, so that it does not depend on how a batch is split.
    The generator runs once more, in float32; its batch norms, if any, see these images too.

    Args:
        weight: γ_pl in the authors' code.
        every: Generator updates per penalty.
        shrink: Every ``shrink``-th image is used, to save memory.
        decay: Weight of the previous average of lengths.
        schedule: Factor of the weight as a function of generator updates.

    Attributes:
        mean: Moving average a of the lengths, a scalar.
    """

    needs_discriminator = False
    mean: Tensor

    def __init__(
        self,
        weight: Weight = 2.0,
        every: PositiveInt = 4,
        shrink: PositiveInt = 2,
        decay: Decay = 0.99,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(weight, every, schedule)
        self.shrink, self.decay = shrink, decay
        self.register_buffer("mean", torch.zeros(()))

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        size, rows = g_pass.inputs.size, g_pass.rng.rows
        chosen = [index for index, row in enumerate(rows) if row % self.shrink == 0]
        noise = g_pass.rng.normal(*g_pass.generated.images.shape[1:])[chosen]
        if not chosen:
            return g_pass.generated.images.new_zeros(())
        lengths = path_lengths(g_pass, chosen, noise)
        share = self.shrink / size  # a sum over chosen rows, so that parts and ranks add up to the whole batch's mean
        g_pass.measures["path_length_mean"] = share * lengths.detach().sum()
        return share * (lengths - self.mean).square().sum()

    def after_step(self, player: Player, values: Terms) -> None:
        """Average in the lengths of the generator's step, if it had the penalty."""
        if player == "generator" and "path_length_mean" in values:
            self.mean.lerp_(values["path_length_mean"], 1 - self.decay)


def path_lengths(g_pass: GeneratorPass, rows: list[int], noise: Tensor) -> Tensor:
    """Return the path length of some rows, with shape (N,) and a graph to the generator's parameters.

    Args:
        g_pass: The pass of the generator.
        rows: The rows.
        noise: Standard normal, with the shape of the rows' images.

    Raises:
        UserError: If the generator has no latent vector.
    """
    inputs = g_pass.inputs.map(lambda x: x[rows])
    if inputs.z is None:
        raise UserError("path_length needs a generator with a latent vector")
    z = inputs.z.detach().requires_grad_()
    output = g_pass.generate(inputs._replace(z=z))
    latent = z if output.w is None else output.w
    pixels = output.images[0, 0].numel()
    projection = (output.images * noise).sum() / pixels**0.5
    (gradient,) = torch.autograd.grad(projection, latent, create_graph=True)
    # a vector per layer: the mean over layers of the squared norms
    return (gradient.square().sum(-1).flatten(1).mean(1) if gradient.dim() > 2 else gradient.square().sum(1)).sqrt()


class Orthogonality(Regularizer):
    r"""Orthogonal regularisation of the generator's weights, without their norms (BigGAN; Brock et al., 2019, Eq. 3).

    .. math:: \sum_W \|W W^T \odot (1 - I)\|_F^2

    Each W holds one filter per row, as in the authors' code; embeddings of classes are left out.
    """

    needs_discriminator = False

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        penalties = []
        for weight in filters(g_pass.generator):
            # |W W^T|_F = |W^T W|_F: the smaller product is enough
            products = weight @ weight.T if weight.shape[0] <= weight.shape[1] else weight.T @ weight
            penalties.append(products.square().sum() - weight.square().sum(1).square().sum())
        return torch.stack(penalties).sum()


def filters(network: nn.Module) -> list[Tensor]:
    """Return the weights of a network as matrices with one filter per row, without those of embeddings."""
    kinds = (nn.Embedding, LabelVector)
    embeddings = {id(p) for module in network.modules() if isinstance(module, kinds) for p in module.parameters()}
    return [p.flatten(1) for p in network.parameters() if p.dim() > 1 and id(p) not in embeddings]


class FeatureMatching(Regularizer):
    r"""Squared distance of the mean features of real and fake images (Salimans et al., 2016, Section 3.1).

    .. math:: \|E_x f(x) - E_z f(G(z))\|_2^2

    f are the discriminator's features. The means are over the batch of all ranks.
    """

    needs_real = True
    couples_batch = True

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        assert d_pass.real_output is not None
        real, fake = (output.features.float().flatten(1).mean(0) for output in (d_pass.real_output, d_pass.fake_output))
        return (differentiable_mean_over_ranks(fake) - mean_over_ranks(real.detach())).square().sum()


class ModeSeeking(Regularizer):
    r"""Mode seeking: images of different latent vectors should differ (MSGAN; Mao et al., 2019, Eq. 2).

    The paper maximises the ratio of distances; as in the authors' code, its inverse is minimised, with mean absolute
    differences over the batch, of all ranks, as distances:

    .. math:: \left( \frac{|G(z_1) - G(z_2)|}{|z_1 - z_2|} + ε \right)^{-1}

    The generator runs once more, with other latent vectors and the same classes and conditions.
    """

    needs_discriminator = False
    couples_batch = True

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        inputs = g_pass.inputs
        other = g_pass.redraw()._replace(labels=inputs.labels)
        if inputs.z is None or other.z is None:
            raise UserError("mode_seeking needs a generator with a latent vector")
        of_images = (g_pass.generate(other).images - g_pass.generated.images).abs().mean()
        of_latents = (other.z - inputs.z).abs().mean()
        ratio = differentiable_mean_over_ranks(of_images) / mean_over_ranks(of_latents)
        return 1 / (ratio + 1e-5)
