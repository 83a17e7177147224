"""The update loop: order and count of updates, noise, moving average, clipping, accumulation, mixed precision."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.plugins import MixedPrecision
from torch import Tensor, nn
from torch.testing import assert_close
from torch.utils.data import DataLoader, IterableDataset

from gan.augment.ada import Adaptive
from gan.augment.base import Augment
from gan.augment.color import Color
from gan.augment.geometry import Geometry
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream
from gan.losses.adversarial import AdversarialLoss, Minimax, NonSaturating, Relativistic, Wasserstein
from gan.losses.objective import Objective
from gan.losses.regularizers import R1, R2, GradientPenalty, Regularizer
from gan.models.discrimination import pack
from gan.models.gan import GAN
from gan.models.mlp_gan import MLPGAN, Discriminator, Generator
from gan.models.sampler import NOISE_BLOCK
from gan.schedules.decay import Cosine
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, RealOrFake, Terms
from tests.passes import discriminate

SHAPE = (1, 4, 4)


class Noise(IterableDataset[Batch]):
    """Endless random batches, the same at each iteration."""

    def __init__(self, batch_size: int = 8) -> None:
        self.batch_size = batch_size

    def __iter__(self) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(0)
        while True:
            images = torch.rand(self.batch_size, *SHAPE, generator=generator) * 2 - 1
            yield Batch(images, torch.zeros(self.batch_size, dtype=torch.long))


class Recorder(Callback):
    """Records the terms and all weights after each batch."""

    def __init__(self) -> None:
        self.terms: list[Terms] = []
        self.weights: list[dict[str, Tensor]] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, *_: Any) -> None:
        self.terms.append(dict(outputs))
        self.weights.append({name: p.detach().clone() for name, p in pl_module.named_parameters()})

    def changed(self, player: str) -> list[bool]:
        """Return for each batch except the first whether it changed a player's weights."""
        return [
            any(not torch.equal(a[name], b[name]) for name in a if name.startswith(f"{player}."))
            for a, b in pairwise(self.weights)
        ]


def make(objective: Objective | None = None, lr: float = 1e-2, **settings: Any) -> GAN:
    torch.manual_seed(0)
    adam = partial(torch.optim.Adam, lr=lr, betas=(0.5, 0.9))
    return MLPGAN(
        Generator(SHAPE, 4, width=16, depth=1, norm="none"),
        Discriminator(SHAPE, width=16, depth=1),
        objective or Objective(NonSaturating()),
        {"generator": adam, "discriminator": adam},
        **{"latent_dim": 4, **settings},
    )


QUIET: dict[str, Any] = {
    "accelerator": "cpu",
    "max_epochs": -1,
    "log_every_n_steps": 1,
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
}


def fit(model: GAN, steps: int = 4, **settings: Any) -> tuple[Trainer, Recorder]:
    recorder = Recorder()
    trainer = Trainer(**QUIET | settings, max_steps=steps, callbacks=[recorder])
    trainer.fit(model, DataLoader(Noise(), batch_size=None))
    return trainer, recorder


def record_latents(model: GAN) -> list[Tensor]:
    """Return a list to which each later draw of z is appended."""
    drawn: list[Tensor] = []
    draw = model.sample_latent

    def record(rng: KeyedRandom) -> Tensor:
        drawn.append(draw(rng))
        return drawn[-1]

    vars(model)["sample_latent"] = record
    return drawn


@pytest.mark.parametrize("critic_steps", [1, 3])
def test_steps_are_generator_updates(critic_steps: int) -> None:
    model = make(Objective(NonSaturating(), critic_steps=critic_steps))
    trainer, recorder = fit(model, steps=4)
    assert trainer.global_step == 4
    assert model.batches_seen == 4 * critic_steps == len(recorder.terms)
    updates = [any(name.startswith("g/") for name in terms) for terms in recorder.terms]
    assert updates == ([False] * (critic_steps - 1) + [True]) * 4
    assert recorder.changed("generator") == updates[1:]
    assert all(recorder.changed("discriminator"))


@pytest.mark.parametrize("k", [1, 2])
def test_one_step_matches_plain_gradient_descent(k: int) -> None:
    """Against a direct implementation."""
    model = make(Objective(NonSaturating(), critic_steps=k), ema_decay=0)
    sgd = partial(torch.optim.SGD, lr=0.1)
    model.optimizer_factories = {"generator": sgd, "discriminator": sgd}
    twin = make(Objective(NonSaturating()), ema_decay=0)
    noise = record_latents(model)
    fit(model, steps=1)

    data, latents, bce = iter(Noise()), iter(noise), nn.functional.binary_cross_entropy_with_logits

    def descend(network: nn.Module, loss: Tensor) -> None:
        gradients = torch.autograd.grad(loss, list(network.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(network.parameters(), gradients, strict=True):
                parameter.sub_(0.1 * gradient)

    for _ in range(k):
        real = twin.discriminator(next(data).real).logits
        fake = twin.discriminator(twin.generator(next(latents))).logits
        loss = bce(real, torch.ones(8)) + bce(fake, torch.zeros(8))
        descend(twin.discriminator, loss)
    descend(twin.generator, bce(twin.discriminator(twin.generator(next(latents))).logits, torch.ones(8)))
    for ours, theirs in zip(model.parameters(), twin.parameters(), strict=True):
        assert_close(ours, theirs)


def test_noise_is_determined_by_the_seed_and_never_repeats() -> None:
    def latents(seed: int) -> list[Tensor]:
        model = make(seed=seed)
        drawn = record_latents(model)
        fit(model, steps=3)
        return drawn

    first, again, other = latents(0), latents(0), latents(1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    draws = [*first, *other]
    assert not any(torch.equal(a, b) for i, a in enumerate(draws) for b in draws[:i])


@pytest.mark.parametrize(("latent", "least", "std"), [("uniform", -1.0, 3**-0.5), ("normal", -float("inf"), 1.0)])
def test_latent_distributions(latent: Any, least: float, std: float) -> None:
    z = make(latent=latent).sample_latent(KeyedRandom(0, total=20_000))
    assert z.shape == (20_000, 4)
    assert z.min() >= least
    assert z.mean().item() == pytest.approx(0, abs=0.02)
    assert z.std().item() == pytest.approx(std, rel=0.02)


def test_the_moving_average_follows_the_weights() -> None:
    model = make(ema_decay=0.9)
    _, recorder = fit(model, steps=20)
    names = [name for name in recorder.weights[0] if name.startswith("generator.")]
    torch.manual_seed(0)
    expected = {name: dict(make().named_parameters())[name].detach() for name in names}
    for step, weights in enumerate(recorder.weights, start=1):
        decay = min(0.9, step / (9 + step))
        expected = {name: decay * expected[name] + (1 - decay) * weights[name] for name in names}
    averaged = dict(model.named_parameters())
    for name in names:
        assert_close(averaged[f"ema.network.{name.removeprefix('generator.')}"], expected[name])


def test_samples_use_the_moving_average_if_there_is_one() -> None:
    model = make(ema_decay=0.9)
    fit(model)
    assert model.ema is not None
    assert not torch.equal(model.sample(4), model.sample(4, use_ema=False))
    assert torch.equal(model.sample(4, use_ema=False), model.generator.eval()(first_latents(model)).detach())
    assert make(ema_decay=0).ema is None
    assert make(ema_decay=0).sample(4).shape == (4, *SHAPE)


def first_latents(model: GAN) -> Tensor:
    return model.sample_latent(KeyedRandom(0, Stream.SAMPLES, 0, total=NOISE_BLOCK))[:4]


@pytest.mark.parametrize(
    "objective",
    [
        Objective(NonSaturating()),
        Objective(Wasserstein(), {"gp": GradientPenalty(10.0)}, critic_steps=2),
        Objective(Relativistic(), {"r1": R1(1.0)}),
    ],
)
@pytest.mark.parametrize("parts", [2, 3, 4])
def test_accumulation_does_not_change_training(objective: Objective, parts: int) -> None:
    whole, split = make(objective, lr=1e-3), make(objective, lr=1e-3, accumulate=parts)
    (_, a), (_, b) = fit(whole), fit(split)
    for before, after in zip(a.terms, b.terms, strict=True):
        losses = [name for name in before if "accuracy" not in name]  # accuracies depend on the parts
        assert_close([after[name] for name in losses], [before[name] for name in losses], atol=1e-4, rtol=1e-4)
    for ours, theirs in zip(split.parameters(), whole.parameters(), strict=True):
        assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_gradients_are_clipped() -> None:
    norms: list[float] = []

    class Norms(GAN):
        def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
            super().on_before_optimizer_step(optimizer)
            gradients = [p.grad for group in optimizer.param_groups for p in group["params"]]
            norms.append(float(nn.utils.get_total_norm([g for g in gradients if g is not None])))

    for clip in (None, 1e-3):
        norms.clear()
        model = make(gradient_clip=clip)
        model.__class__ = Norms
        _, recorder = fit(model, steps=3)
        assert len(norms) == 6, "both players, each step"
        assert max(norms) > 1e-2 if clip is None else max(norms) <= 1.01 * clip
        logged = [float(terms[f"{player}/gradient_norm"]) for terms in recorder.terms for player in "dg"]
        assert min(logged) > 1e-2, "the norm before clipping is logged"


@pytest.mark.parametrize("clip", [None, 1.0])
def test_norms_are_computed_at_the_start_of_a_window_or_for_clipping(clip: float | None) -> None:
    model = make(Objective(NonSaturating(), critic_steps=2), gradient_clip=clip)
    _, recorder = fit(model, steps=5, log_every_n_steps=3)
    computed = [[player for player in "dg" if f"{player}/gradient_norm" in terms] for terms in recorder.terms]
    due, rest = [["d"], ["d", "g"]], [[], []] if clip is None else [["d"], ["d", "g"]]
    assert computed == [*due, *rest, *rest, *due, *rest]


@pytest.mark.parametrize("clip", [None, 0.3])
def test_logging_and_clipping_use_the_same_norm(clip: float | None) -> None:
    """Clipping equals torch's to the bit, and the logged norm equals that of the concatenated gradient."""
    expected: list[Tensor] = []

    class Reference(GAN):
        def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            expected.append(torch.linalg.norm(torch.cat([p.grad.flatten() for p in parameters])))
            if self.gradient_clip is not None:
                nn.utils.clip_grad_norm_(parameters, self.gradient_clip)

    model, reference = make(gradient_clip=clip), make(gradient_clip=clip)
    reference.__class__ = Reference
    (_, ours), (_, theirs) = fit(model, steps=5), fit(reference, steps=5)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        assert all(torch.equal(a[name], b[name]) for name in a)
    assert_close([terms[f"{player}/gradient_norm"] for terms in ours.terms for player in "dg"], expected)


def test_an_update_skipped_by_loss_scaling_has_norm_zero() -> None:
    """A scale that is too large gives infinite gradients; the scaler skips such updates and lowers its scale."""
    _, recorder = fit(make(), steps=8, plugins=float16(2.0**24))
    norms = [terms["d/gradient_norm"] for terms in recorder.terms]
    assert norms[0] == 0
    assert norms[-1] > 0
    assert recorder.changed("discriminator")[-1]
    assert all(value.isfinite() for terms in recorder.terms for value in terms.values())


def float16(scale: float) -> MixedPrecision:
    """Lightning's float16 precision on the CPU, with an initial scale."""
    return MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=scale))


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_an_overflow_skips_one_update_of_one_player(player: str) -> None:
    """One player's gradient is infinite at its second update; its third, and all of the other player's, are applied."""
    model, other = make(), {"generator": "discriminator", "discriminator": "generator"}[player]
    terms, calls = getattr(model, f"{player}_terms"), [0]

    def overflowing(*args: Any) -> Terms:
        calls[0] += 1
        return {name: term * (float("inf") if calls[0] == 2 else 1) for name, term in terms(*args).items()}

    vars(model)[f"{player}_terms"] = overflowing
    _, recorder = fit(model, steps=4, plugins=float16(256.0))
    assert recorder.changed(player) == [False, True, True]
    assert recorder.changed(other) == [True, True, True]


@pytest.mark.parametrize("objective", [Objective(NonSaturating()), Objective(Wasserstein(), {"gp": GradientPenalty()})])
def test_updates_do_not_depend_on_the_scale(objective: Objective) -> None:
    """Not even with penalties; so both players can share a scaler, which an overflow of either lowers."""
    runs = [fit(make(objective, lr=1e-3), steps=4, plugins=float16(scale))[1] for scale in (2.0**6, 2.0**12)]
    for low, high in zip(runs[0].weights, runs[1].weights, strict=True):
        for name in low:
            assert_close(low[name], high[name], rtol=1e-4, atol=1e-6)
    _, exact = fit(make(objective, lr=1e-3), steps=4)
    assert_close(runs[0].weights[-1], exact.weights[-1], rtol=0.05, atol=5e-3)


@pytest.mark.parametrize(
    "loss", [Minimax(), NonSaturating(), Wasserstein(), Relativistic()], ids=lambda loss: type(loss).__name__
)
def test_bf16_is_close_to_float32(loss: AdversarialLoss) -> None:
    objective = Objective(loss, {"gp": GradientPenalty(1.0)})
    (_, exact), (_, mixed) = fit(make(objective, lr=1e-3)), fit(make(objective, lr=1e-3), precision="bf16-mixed")
    for a, b in zip(exact.terms, mixed.terms, strict=True):
        assert all(x.dtype == torch.float32 for x in b.values())
        assert_close(b, a, atol=0.03, rtol=0.03)


class ZeroDiscriminatorLoss(NonSaturating):
    """A discriminator loss of zero, so that penalties alone update D."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0 * (real.sum() + fake.sum())


def test_penalties_are_differentiated_in_float32() -> None:
    objective = Objective(ZeroDiscriminatorLoss(), {"r1": R1(1.0)})
    runs = [fit(make(objective), steps=1, precision=precision)[1] for precision in ("32-true", "bf16-mixed")]
    norms = [run.terms[0]["d/gradient_norm"] for run in runs]
    assert torch.equal(*norms)
    exact, mixed = (run.weights[0] for run in runs)
    assert all(torch.equal(exact[name], mixed[name]) for name in exact if name.startswith("discriminator."))


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize(
    ("regularizers", "kinds"),
    [
        ({"r1": R1(1.0, every=2)}, {"real"}),
        ({"r2": R2(1.0, every=2)}, {"fake"}),
        ({"r1": R1(1.0, every=2), "r2": R2(1.0, every=2), "gp": GradientPenalty(every=2)}, {"real", "fake"}),
        ({"gp": GradientPenalty()}, set()),
    ],
    ids=["r1", "r2", "all", "gp"],
)
def test_passes_and_precision_of_double_backward(
    regularizers: dict[str, Regularizer], kinds: set[RealOrFake], precision: str
) -> None:
    """Penalties reuse one float32 pass per kind; without a penalty, one joint pass has the precision of training."""
    autocast: list[bool] = []
    passes: list[list[bool]] = []

    class Recorded(GAN):
        def discriminate(self, *args: Any, **kwargs: Any) -> DiscriminatorPass:
            autocast.clear()
            return super().discriminate(*args, **kwargs)

        def measures(self, *args: Any) -> Terms:
            passes.append([*autocast])
            return super().measures(*args)

    model = make(Objective(NonSaturating(), regularizers))
    model.__class__ = Recorded
    forward = model.discriminator.forward

    def recorded(images: Tensor, labels: Tensor | None) -> DiscriminatorOutput:
        autocast.append(torch.is_autocast_enabled("cpu"))
        return forward(images, labels)

    vars(model.discriminator)["forward"] = recorded
    fit(model, steps=2, precision=precision)
    mixed = precision == "bf16-mixed"
    outputs = [mixed and "real" not in kinds, mixed and "fake" not in kinds] if kinds else [mixed]
    interpolated = [False] * ("gp" in regularizers)
    assert passes == [outputs + interpolated, [mixed] + interpolated * (not kinds)]


def test_compiled_networks_are_not_differentiated_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Penalties run the uncompiled network once more."""
    monkeypatch.setattr("gan.models.trainable.compile_calls", Mock())
    kinds: list[frozenset[RealOrFake]] = []

    class Recorded(GAN):
        def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
            kinds.append(d_pass.double_backward)
            return super().discriminator_terms(d_pass)

    for compiled in (False, True):
        model = make(Objective(NonSaturating(), {"r1": R1(1.0)}), compile=compiled)
        model.__class__ = Recorded
        fit(model, steps=1)
    assert kinds == [{"real"}, set()]


# Packs, schedules, classes ------------------------------------------------------------------------------------------


def packed(packing: int, objective: Objective | None = None) -> GAN:
    model = make(objective, packing=packing)
    torch.manual_seed(0)
    model.discriminator = Discriminator(SHAPE, width=16, depth=1, packing=packing)
    return model


def test_packs_are_images_with_more_channels() -> None:
    images = torch.arange(6 * 16.0).view(6, *SHAPE)
    packs = pack(images, 3)
    assert packs.shape == (2, 3, 4, 4)
    assert torch.equal(packs[1, 2], images[5, 0])
    assert pack(images, 1) is images


@pytest.mark.parametrize("packing", [2, 4])
def test_the_discriminator_sees_packs(packing: int) -> None:
    model = packed(packing, Objective(Relativistic(), {"gp": GradientPenalty(), "r1": R1(1.0)}))
    batch, rng = next(iter(Noise())), KeyedRandom(0, total=8)
    inputs = model.draw_generator_input(batch, rng)
    d_pass = discriminate(model, batch, inputs)
    assert d_pass.real_output is not None
    assert d_pass.real_output.logits.shape == d_pass.fake_output.logits.shape == (8 // packing,)
    expected = model.discriminator(d_pass.generated.images.reshape(-1, packing, 4, 4)).logits
    assert_close(d_pass.fake_output.logits, expected)
    assert len(d_pass.rng) == 8 // packing
    trainer, recorder = fit(model, steps=3)
    assert trainer.global_step == 3
    assert all(recorder.changed("discriminator"))
    assert all(value.isfinite() for terms in recorder.terms for value in terms.values())


def test_packs_must_divide_a_batch_and_have_no_class() -> None:
    with pytest.raises(UserError, match=r"packs of model\.packing=3"):
        fit(packed(3))
    with pytest.raises(ValueError, match="a pack has no one class"):
        make(packing=2, num_classes=10)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_learning_rates_follow_the_schedule(accumulate: int) -> None:
    model = make(lr=0.01, schedule=Cosine(steps=4, end=0.1), accumulate=accumulate)
    seen = []

    class Rates(Callback):
        def on_train_batch_start(self, trainer: Trainer, *_: Any) -> None:
            seen.append([group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups])

    trainer = Trainer(**QUIET, max_steps=6, callbacks=[Rates()])
    trainer.fit(model, DataLoader(Noise(), batch_size=None))
    expected = [0.01 * Cosine(steps=4, end=0.1)(step) for step in range(6)]
    assert seen == [[pytest.approx(rate)] * 2 for rate in expected]


@pytest.mark.parametrize("batch_size", [1, 100, 256, 300, 1000])
def test_the_samples_of_a_seed_do_not_depend_on_batches_and_ranges(batch_size: int) -> None:
    model = make()
    whole = model.sample(700, seed=3)
    assert_close(model.sample(700, seed=3, batch_size=batch_size), whole)
    assert_close(model.sample(300, seed=3), whole[:300])
    shares = [range(0, 233), range(233, 466), range(466, 700)]
    parts = [batch.images for indices in shares for batch in model.iterate_samples(indices, 3, batch_size)]
    assert_close(torch.cat(parts), whole)
    assert len(whole.flatten(1).unique(dim=0)) == 700
    assert not torch.equal(model.sample(10, seed=4), whole[:10])
    assert model.generator.training, "sampling restores the mode"


def test_samples_cycle_through_the_classes() -> None:
    class Constant(nn.Module):
        def forward(self, z: Tensor, labels: Tensor) -> Tensor:
            return labels.float().view(-1, 1, 1, 1).expand(-1, *SHAPE)

    model = make(ema_decay=0, num_classes=3)
    model.generator = Constant()
    batches = list(model.iterate_samples(range(5, 12), batch_size=4))
    labels = torch.cat([batch.labels for batch in batches])
    assert labels.tolist() == [2, 0, 1, 2, 0, 1, 2]
    assert torch.equal(torch.cat([batch.images for batch in batches])[:, 0, 0, 0], labels.float())


def adaptive(**settings: Any) -> Adaptive:
    return Adaptive(4, {"geometry": Geometry(), "color": Color()}, **settings)


@pytest.mark.parametrize("parts", [2, 3])
def test_accumulation_does_not_change_augmentation(parts: int) -> None:
    whole, split = (make(lr=1e-3, augment=adaptive(start=0.5), accumulate=n) for n in (1, parts))
    _, one = fit(whole)
    _, other = fit(split)
    for ours, theirs in zip(whole.parameters(), split.parameters(), strict=True):
        assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    assert one.terms[-1]["g/adversarial"] == pytest.approx(other.terms[-1]["g/adversarial"].item(), rel=1e-4)


def test_the_discriminator_sees_augmented_real_and_fake_images() -> None:
    class Doubled(Augment):
        def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
            return 2 * images + rng.uniform(1, 1, 1)

    model = make(augment=Doubled(4))
    seen: list[Tensor] = []
    model.discriminator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    batch = Batch(torch.zeros(8, *SHAPE), torch.zeros(8, dtype=torch.long))
    fake = torch.ones(8, *SHAPE, requires_grad=True)
    d_pass = discriminate(model, batch, GeneratorInput(None), fake)
    real_seen, fake_seen = torch.cat(seen).chunk(2)
    assert ((real_seen >= 0) & (real_seen < 1)).all()
    assert ((fake_seen >= 2) & (fake_seen < 3)).all()
    assert len({*real_seen[:, 0, 0, 0].tolist(), *(fake_seen[:, 0, 0, 0] - 2).tolist()}) == 16, "all differ"
    assert torch.equal(d_pass.real, real_seen)
    (gradient,) = torch.autograd.grad(d_pass.fake_output.logits.sum(), fake)
    (seen_gradient,) = torch.autograd.grad(d_pass.critic(fake_seen.requires_grad_()).logits.sum(), fake_seen)
    assert_close(gradient, 2 * seen_gradient)


@pytest.mark.parametrize(("lr", "start", "rises"), [(3e-2, 0.0, True), (0.0, 0.5, False)])
def test_augmentation_adapts_to_overfitting(lr: float, start: float, rises: bool) -> None:
    """A discriminator overfits if the generator is frozen, and does not if it is frozen itself."""
    model = make(augment=Adaptive(4, {}, start=start, images=400, limit=0.8))
    sgd = partial(torch.optim.SGD, lr=0.0)
    model.optimizer_factories = {"generator": sgd, "discriminator": partial(torch.optim.Adam, lr=lr)}
    _, recorder = fit(model, steps=100)
    probabilities = [terms["d/augment_p"].item() for terms in recorder.terms]
    assert probabilities[2] == pytest.approx(start), "before the first update"
    assert probabilities[-1] > probabilities[3] + 0.2 if rises else probabilities[-1] < probabilities[3]
    assert model.state_dict()["augment.probability"].item() == pytest.approx(probabilities[-1])
