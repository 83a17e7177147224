"""AC-GAN: discriminator, class terms of both players, and logged accuracy."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.testing import assert_close

from gan.losses.adversarial import NonSaturating
from gan.losses.objective import Objective
from gan.models import cgan, dcgan
from gan.models.acgan import ACGAN, Discriminator
from gan.types import Batch, DiscriminatorPass, GeneratorInput
from tests.conftest import TINY, run_here
from tests.passes import discriminate

SHAPE = (1, 16, 16)


def make(**settings: Any) -> ACGAN:
    torch.manual_seed(0)
    adam = partial(torch.optim.Adam, lr=1e-3)
    return ACGAN(
        generator=cgan.Generator(SHAPE, 3, latent_dim=4, width=4),
        discriminator=Discriminator(SHAPE, 3, width=4, norm="none"),
        objective=Objective(NonSaturating()),
        optimizer={"generator": adam, "discriminator": adam},
        **{"latent_dim": 4, "num_classes": 3, **settings},
    )


def run_pass(model: ACGAN) -> DiscriminatorPass:
    """Run D on real images and on fakes of other classes."""
    batch = Batch(torch.rand(6, *SHAPE) * 2 - 1, torch.tensor([0, 1, 2, 0, 1, 2]))
    inputs = GeneratorInput(torch.randn(6, 4), torch.tensor([2, 2, 1, 1, 0, 0]))
    return discriminate(model, batch, inputs)


def cross_entropy(model: ACGAN, features: Tensor, labels: Tensor) -> Tensor:
    """Return the mean of -log P(C = c | X), from its definition."""
    head: Any = model.discriminator.class_head
    logits = features @ head.weight.T + head.bias
    return -logits.softmax(1).log()[range(len(labels)), labels].mean()


def test_the_discriminator_is_dcgans_and_ignores_labels() -> None:
    torch.manual_seed(0)
    discriminator, images = Discriminator(SHAPE, 3, width=4), torch.randn(5, *SHAPE)
    plain = dcgan.Discriminator(SHAPE, width=4)
    plain.load_state_dict(
        {name: value for name, value in discriminator.state_dict().items() if "class_head" not in name}
    )
    with_labels, without = discriminator(images, torch.arange(5) % 3), discriminator(images)
    assert torch.equal(with_labels.logits, without.logits)
    assert_close(without, plain(images))


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_shapes_and_gradients(spectral_norm: bool) -> None:
    discriminator = Discriminator(SHAPE, 3, width=4, spectral_norm=spectral_norm)
    logits, features = discriminator(torch.randn(5, *SHAPE))
    classes = discriminator.classify(features.bfloat16())
    assert classes.shape == (5, 3)
    assert classes.dtype == torch.float32
    (logits.sum() + F.cross_entropy(classes, torch.arange(5) % 3)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in discriminator.parameters())


def test_classification_is_in_float32_under_mixed_precision() -> None:
    discriminator = Discriminator(SHAPE, 3, width=4)
    features = discriminator(torch.randn(5, *SHAPE)).features
    exact = discriminator.classify(features)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(discriminator.classify(features), exact)


@pytest.mark.parametrize("weight", [1.0, 0.3])
@pytest.mark.parametrize("classify_fakes", [True, False])
def test_the_class_terms_are_cross_entropies(weight: float, classify_fakes: bool) -> None:
    model = make(class_weight=weight, classify_fakes=classify_fakes)
    d_pass = run_pass(model)
    assert d_pass.real_output is not None
    real_term = cross_entropy(model, d_pass.real_output.features, d_pass.batch.labels)
    fake_term = cross_entropy(model, d_pass.fake_output.features, d_pass.inputs.labels)
    terms = model.discriminator_terms(d_pass)
    assert list(terms) == ["adversarial", "class"]
    assert_close(terms["adversarial"], model.objective.discriminator_terms(d_pass)["adversarial"])
    assert_close(terms["class"], weight * (real_term + (fake_term if classify_fakes else 0)))
    terms = model.generator_terms(d_pass)
    assert_close(terms["adversarial"], model.objective.generator_terms(d_pass)["adversarial"])
    assert_close(terms["class"], weight * fake_term)


def test_the_generators_class_term_trains_all_its_weights() -> None:
    model = make()
    model.generator_terms(run_pass(model))["class"].backward()
    assert all(p.grad is not None and p.grad.any() for p in model.generator.parameters())


def test_the_classification_accuracy_on_real_images_is_logged() -> None:
    model = make()
    d_pass = run_pass(model)
    assert d_pass.real_output is not None
    predicted = model.discriminator.classify(d_pass.real_output.features).argmax(1)
    batch = d_pass.batch._replace(labels=torch.where(torch.arange(6) < 4, predicted, (predicted + 1) % 3))
    measures = model.measures(replace(d_pass, batch=batch))
    assert measures["class_accuracy"].item() == pytest.approx(4 / 6)
    assert {"accuracy_real", "accuracy_fake"} < set(measures)


def test_invalid_arguments() -> None:
    with pytest.raises(ValueError, match="two classes or more, not 1"):
        Discriminator(SHAPE, 1, width=4)


@pytest.mark.parametrize("model", ["acgan", "cdcgan"])
def test_data_without_classes_are_rejected_before_training(model: str, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for n in range(40):
        grey = np.random.default_rng(n).integers(0, 255, (16, 16, 3), np.uint8)
        Image.fromarray(grey).save(tmp_path / "images" / f"{n}.png")
    data = ["data=image_folder", f"data.path={tmp_path / 'images'}", "data.image_size=16", "data.num_workers=0"]
    run = run_here("train.py", f"model={model}", *data, *TINY, f"hydra.run.dir={tmp_path / 'run'}")
    assert run.status == 2
    assert "Traceback" not in run.err
    assert run.err.splitlines()[-1].startswith("error: model")
    assert "needs data of two classes or more, not 1" in run.err.splitlines()[-1]
