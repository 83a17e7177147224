"""Measurements of chapter 2: losses in two number formats, and the gradient that reaches G while D wins."""

from collections.abc import Callable, Iterator
from copy import deepcopy

import torch
import torch.nn.functional as F
from pandas import DataFrame
from torch import Tensor, nn

from gan.course.chapter import Tables
from gan.data.mnist5k import MNIST5k
from gan.features.classifier import Classifier
from gan.images import from_uint8, to_uint8
from gan.losses.adversarial import AdversarialLoss, Minimax, NonSaturating
from gan.metrics.frechet import frechet_distance
from gan.metrics.statistics import Statistics
from gan.models.mlp_gan import Discriminator, Generator

__all__ = ["DTYPES", "FORMS", "WORKED", "differentiate", "exact", "measure", "worked_example"]

Form = Callable[[Tensor], Tensor]

EPSILON = 1e-7  # by which Keras clips probabilities
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
FORMS: dict[str, dict[str, Form]] = {
    "D on a fake": {
        "probability": lambda x: -(1 - x.sigmoid()).log(),
        "clipped probability": lambda x: -(1 - x.sigmoid().clamp(EPSILON, 1 - EPSILON)).log(),
        "binary_cross_entropy": lambda x: F.binary_cross_entropy(x.sigmoid(), torch.zeros_like(x), reduction="none"),
        "logit": lambda x: F.binary_cross_entropy_with_logits(x, torch.zeros_like(x), reduction="none"),
    },
    "G, non-saturating": {
        "probability": lambda x: -x.sigmoid().log(),
        "clipped probability": lambda x: -x.sigmoid().clamp(EPSILON, 1 - EPSILON).log(),
        "binary_cross_entropy": lambda x: F.binary_cross_entropy(x.sigmoid(), torch.ones_like(x), reduction="none"),
        "logit": lambda x: F.softplus(-x),
    },
}
"""Ways to compute two losses of a logit x: -log(1 - D), which grows with x, and -log D, which grows with -x."""

SIGNS = {"D on a fake": 1, "G, non-saturating": -1}
SIZES = torch.cat([torch.arange(0, 32, 0.25), torch.arange(32, 201, 1.0)])  # exact in bfloat16
WORKED = ((0.9, 0.8), (0.3, 0.1))  # D's outputs on two real and two fake images

LATENT, WIDTH, BATCH = 100, 256, 64
SHAPE = (1, 28, 28)


def measure(short: bool) -> Tables:
    """Compute the tables: limits of the number formats, the worked example, and gradients on digits."""
    steps = (0, 50, 200) if short else (0, 200, 1000)
    return {
        **measure_formats(),
        "worked": worked_example(),
        **measure_digits(range(3 if short else 5), steps, 60 if short else 200),
    }


# Number formats ------------------------------------------------------------------------------------------------------


def differentiate(form: Form, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return a loss and its derivative by autograd, in the number format of x, as float64."""
    x = x.detach().clone().requires_grad_()
    loss = form(x)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    return loss.detach().double(), gradient.double()


def exact(loss: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return a loss and its derivative in float64, from formulas that neither overflow nor cancel."""
    x, sign = x.double(), SIGNS[loss]
    return torch.logaddexp(torch.zeros_like(x), sign * x), sign * (sign * x).sigmoid()


def first_failure(value: Tensor, truth: Tensor) -> float:
    """Return the first of SIZES at which a value is off by more than a tenth; infinity if there is none."""
    wrong = ~((value - truth).abs() <= 0.1 * truth.abs())
    return float(SIZES[wrong.nonzero()[0, 0]]) if wrong.any() else float("inf")


def measure_formats() -> Tables:
    """Compare each form in each number format with the exact loss and derivative."""
    limits, curves = [], []
    shown = (SIZES <= 40) & (SIZES % 2 == 0) | (SIZES <= 120) & (SIZES % 8 == 0)
    for loss, forms in FORMS.items():
        x = SIGNS[loss] * SIZES
        true_value, true_gradient = exact(loss, x)
        for dtype, torch_dtype in DTYPES.items():
            for form, function in forms.items():
                value, gradient = differentiate(function, x.to(torch_dtype))
                limits.append(
                    {
                        "loss": loss,
                        "form": form,
                        "dtype": dtype,
                        "loss_fails": first_failure(value, true_value),
                        "gradient_fails": first_failure(gradient, true_gradient),
                        "loss_at_150": float(value[SIZES == 150]),
                        "gradient_at_150": float(gradient[SIZES == 150]),
                    }
                )
                columns = zip(x[shown].tolist(), gradient[shown].tolist(), strict=True)
                curves += [
                    {"loss": loss, "form": form, "dtype": dtype, "x": at, "gradient": slope} for at, slope in columns
                ]
    return {"limits": DataFrame(limits), "curves": DataFrame(curves)}


# Worked example ------------------------------------------------------------------------------------------------------


def worked_example() -> DataFrame:
    """Compute losses and gradients of four images by hand, and by the classes of the package."""
    real, fake = (torch.tensor(p, dtype=torch.float64).logit().requires_grad_() for p in WORKED)
    gradients = {}
    losses: dict[str, AdversarialLoss] = {"minimax": Minimax(), "non_saturating": NonSaturating()}
    for name, loss in losses.items():
        gradients[name] = torch.autograd.grad(loss.generator(fake), fake)[0].tolist()
    by_code = torch.autograd.grad(NonSaturating().discriminator(real, fake), (real, fake))
    rows = []
    for kind, logits, slopes in (("real", real, by_code[0]), ("fake", fake, by_code[1])):
        for index, (logit, slope) in enumerate(zip(logits.tolist(), slopes.tolist(), strict=True)):
            output = WORKED[kind == "fake"][index]
            row = {
                "image": f"{kind} {index + 1}",
                "output": output,
                "logit": logit,
                "d_by_hand": ((output - 1) if kind == "real" else output) / 2,
                "d_by_code": slope,
            }
            if kind == "fake":
                row |= {"minimax_by_hand": -output / 2, "minimax_by_code": gradients["minimax"][index]}
                row |= {"ns_by_hand": (output - 1) / 2, "ns_by_code": gradients["non_saturating"][index]}
            rows.append(row)
    return DataFrame(rows)


# Digits --------------------------------------------------------------------------------------------------------------


class Game:
    """Two perceptrons on digits, trained in turn with an adversarial loss.

    Args:
        images: Real images, float32 in [-1, 1], with shape (N, 1, 28, 28).
        seed: Seed of the weights and the batches.
    """

    def __init__(self, images: Tensor, seed: int) -> None:
        torch.manual_seed(seed)
        self.images, self.rng = images, torch.Generator().manual_seed(seed)
        self.generator, self.critic = Generator(SHAPE, LATENT, WIDTH, 2), Discriminator(SHAPE, WIDTH, 2)
        self.optimizers = {
            "critic": adam(self.critic),
            "generator": adam(self.generator),
        }

    def latents(self, num: int = BATCH) -> Tensor:
        """Draw latent vectors."""
        return torch.randn(num, LATENT, generator=self.rng)

    def train_critic(self, loss: AdversarialLoss) -> None:
        """Update D."""
        real = self.images[torch.randint(len(self.images), (BATCH,), generator=self.rng)]
        with torch.no_grad():
            fake = self.generator(self.latents())
        self.optimizers["critic"].zero_grad()
        loss.discriminator(self.critic(real).logits, self.critic(fake).logits).backward()
        self.optimizers["critic"].step()

    def train_generator(self, loss: AdversarialLoss) -> None:
        """Update G."""
        self.optimizers["generator"].zero_grad()
        loss.generator(self.critic(self.generator(self.latents())).logits).backward()
        self.optimizers["generator"].step()


def adam(network: nn.Module) -> torch.optim.Optimizer:
    """Return the optimiser of ``optimizer=adam``."""
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True)


def generator_gradient(game: Game, loss: Form, z: Tensor) -> Tensor:
    """Return the gradient of a loss of the fakes' logits with respect to all of G's parameters, as one vector."""
    value = loss(game.critic(game.generator(z)).logits)
    gradients = torch.autograd.grad(value, list(game.generator.parameters()))
    return torch.cat([gradient.flatten() for gradient in gradients])


def gradient_norm(network: nn.Module) -> float:
    """Return the norm of the gradients that a network's parameters have, over all of them."""
    return float(torch.stack([p.grad.norm() for p in network.parameters() if p.grad is not None]).norm())


def let_critic_win(game: Game, updates: int) -> Iterator[dict[str, float]]:
    """Train D against a G that stands still, and measure the gradients that G would get."""
    z, loss = game.latents(256), NonSaturating()
    for update in range(updates + 1):
        if update in (0, 1, 2, 5) or update % 10 == 0:
            with torch.no_grad():
                real, fake = game.critic(game.images[:1000]).logits, game.critic(game.generator(z)).logits
            saturating = generator_gradient(game, Minimax().generator, z)
            non_saturating = generator_gradient(game, loss.generator, z)
            yield {
                "update": update,
                "value": float(Minimax().measures(real, fake)["value"]),
                "accuracy": float(((real > 0).float().mean() + (fake < 0).float().mean()) / 2),
                "logit": float(fake.mean()),
                "minimax": float(saturating.norm()),
                "non_saturating": float(non_saturating.norm()),
                "cosine": float(F.cosine_similarity(saturating, non_saturating, dim=0)),
            }
        game.train_critic(loss)


def measure_digits(seeds: range, steps: tuple[int, ...], updates: int) -> Tables:
    """Train GANs on digits with both losses of G, and let D win from several states.

    Args:
        seeds: Seeds.
        steps: Updates of both players after which D wins alone, or the state is measured; the last one ends training.
        updates: Updates of D alone.
    """
    data = MNIST5k(image_size=28, channels=1, num_classes=10, batch_size=BATCH)
    stored = torch.cat([batch.real for batch in data.batches("train")])
    images, extractor = from_uint8(stored), Classifier(data)
    with torch.no_grad():
        reference = Statistics.of(extractor(stored).vectors)
    losses: dict[str, AdversarialLoss] = {"minimax": Minimax(), "non_saturating": NonSaturating()}
    rows, trained, pictures = [], [], []
    for seed in seeds:
        for name, loss in losses.items():
            game = Game(images, seed)
            norms: list[float] = []
            for step in range(steps[-1] + 1):
                if step in steps and name == "non_saturating":
                    rows += [{"seed": seed, "start": step, **row} for row in let_critic_win(deepcopy(game), updates)]
                if step < steps[-1]:
                    game.train_critic(loss)
                    game.train_generator(loss)
                    norms.append(gradient_norm(game.generator))
            with torch.no_grad():
                fakes = to_uint8(torch.cat([game.generator(game.latents(500)) for _ in range(4)]))
                score = frechet_distance(reference, Statistics.of(extractor(fakes).vectors))
            for start in range(0, len(norms), max(len(norms) // 30, 1)):
                window = torch.tensor(norms[start : start + max(len(norms) // 30, 1)])
                trained.append({"seed": seed, "loss": name, "step": start, "gradient": float(window.median())})
            trained[-1]["score"] = score
            if seed == 0:
                pictures.append((name, fakes[:16]))
    return {"winning": DataFrame(rows), "training": DataFrame(trained), "samples": pixel_table(pictures)}


def pixel_table(pictures: list[tuple[str, Tensor]]) -> DataFrame:
    """Return images as a table, with one row of hexadecimal pixels per image."""
    rows = []
    for name, images in pictures:
        rows += [{"loss": name, "pixels": bytes(image.flatten().tolist()).hex()} for image in images]
    return DataFrame(rows)
