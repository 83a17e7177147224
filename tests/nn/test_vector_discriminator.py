"""Discriminator of vectors: shapes, and the input dropout that its joint pass depends on."""

import torch

from gan.nn.vector_discriminator import VectorDiscriminator


def test_outputs_and_dropout_of_the_input() -> None:
    x = torch.randn(5, 6)
    network = VectorDiscriminator(6, width=7, depth=2, input_dropout=0.5)
    output = network(x)
    assert output.logits.shape == (5,)
    assert output.features.shape == (5, network.num_features)
    assert not torch.equal(network(x).logits, output.logits)
    assert torch.equal(network.eval()(x).logits, network(x).logits)
    assert not network.batch_independent
    assert VectorDiscriminator(6, input_dropout=0).batch_independent
