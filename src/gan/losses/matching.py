"""Matching of images and sentences by cross entropy among those of a batch (the sentence's part of DAMSM)."""

import torch.nn.functional as F
from torch import Tensor

from gan.distributed.group import differentiable_gather, gather_tensor

__all__ = ["matching_loss"]


def matching_loss(images: Tensor, sentences: Tensor, condition: Tensor, scale: float = 10.0) -> Tensor:
    r"""Return the mean cross entropy of sentences by images, and of images by sentences (Xu et al., 2018, Eqs. 11, 12).

    .. math:: -\log \frac{\exp(γ \cos(x_i, e_i))}{\sum_j \exp(γ \cos(x_i, e_j))}

    Sentences that are equal count as one. The batch is that of all ranks.

    Args:
        images: Vectors of images, with shape (B, D).
        sentences: Vectors of their sentences, with shape (B, D).
        condition: The sentences, with shape (B, ...), by which equal ones are found.
        scale: γ, the factor of the cosine (γ_3 in the paper).
    """
    images, sentences = (differentiable_gather(F.normalize(x.float(), dim=1)) for x in (images, sentences))
    rows = gather_tensor(condition.contiguous()).flatten(1)
    similarity = scale * images @ sentences.T
    same = (rows[:, None] == rows).all(2).float()
    targets = same / same.sum(1, keepdim=True)
    return (F.cross_entropy(similarity, targets) + F.cross_entropy(similarity.T, targets)) / 2
