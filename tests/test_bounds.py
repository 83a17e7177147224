"""Ranges of options in signatures: a value on either side of each is refused in a line that names the option."""

from typing import Any

import pytest
from hydra.utils import get_class

from gan.errors import OptionError
from gan.instantiate import check_call


def same(names: tuple[str, ...], values: list[Any]) -> dict[str, list[Any]]:
    return dict.fromkeys(names, values)


OUTSIDE: dict[str, dict[str, list[Any]]] = {
    "gan.augment.ada.Adaptive": {
        "target": [-1.0, 1.0],
        "images": [0],
        "interval": [0],
        "start": [-0.1, 1.1],
        "limit": [-0.1, 1.1],
    },
    "gan.augment.color.Color": same(("brightness", "contrast", "hue", "saturation"), [-0.1, 1e12]),
    "gan.augment.corruption.Corruption": same(("noise", "cutout"), [-0.1, 1e12]),
    "gan.augment.diffaug.DiffAugment": {
        "brightness": [-0.1],
        **same(("saturation", "contrast", "translation", "cutout"), [-0.1, 1.1]),
    },
    "gan.augment.filtering.Filtering": {"gain": [-0.1]},
    "gan.augment.geometry.Geometry": same(("translation", "scale", "rotation", "anisotropy", "shift"), [-0.1]),
    "gan.callbacks.monitor.Monitor": {"every_n_steps": [0]},
    "gan.callbacks.neighbor_figure.NeighborFigure": same(("num", "k", "limit"), [0]),
    "gan.callbacks.samples.SampleGrid": {"num": [0, 10**12], "every_n_steps": [-1]},
    "gan.callbacks.stop.Stop": {
        "patience": [0],
        "balance": [0.0, 0.5],
        "saturation": [0.5, 1.1],
        "windows": [0],
    },
    "gan.data.gaussians.Grid": {"std": [0.0], "scale": [-1.0], "side": [0, 10**6]},
    "gan.data.mnist5k.MNIST5k": {
        "image_size": [0, 10**6],
        "channels": [0],
        "num_classes": [0],
        "batch_size": [0, 10**12],
        "num_workers": [-1, 10**12],
        "limit": [0],
    },
    "gan.losses.adversarial.Minimax": same(("real_label", "fake_label"), [-0.1, 1.1]),
    "gan.losses.consistency.BalancedConsistency": {"fake_ratio": [-1.0]},
    "gan.losses.constraints.WeightClip": {"bound": [0.0]},
    "gan.losses.elbo.ELBO": {"beta": [-1.0], "variance": [0.0]},
    "gan.losses.energy.BEGAN": {"diversity": [0.0, 1.1], "rate": [0.0]},
    "gan.losses.energy.EBGAN": {"margin": [0.0]},
    "gan.losses.generator_regularizers.PathLength": {"shrink": [0], "decay": [-0.1, 1.0]},
    "gan.losses.lecam.LeCam": {"decay": [-0.1, 1.0], "start": [-1]},
    "gan.losses.objective.Objective": {
        "critic_steps": [0, 10**12],
        "label_flip": [-0.1, 0.5],
        "instance_noise": [-1.0],
        "instance_noise_steps": [0],
    },
    "gan.losses.regularizers.R1": {"weight": [-1.0, 1e12], "every": [0]},
    "gan.losses.top_k.TopK": {"share": [0.0, 1.1], "decay": [0.0, 1.5], "every": [0]},
    "gan.losses.vector_quantization.VectorQuantization": {"commitment": [-1.0]},
    "gan.metrics.evaluator.Evaluator": {"num_samples": [1, 10**12]},
    "gan.metrics.inception_score.InceptionScore": {"splits": [1]},
    "gan.metrics.kernel.Kernel": {"subsets": [0], "subset_size": [1]},
    "gan.metrics.memorization.MiFID": {"threshold": [0.0, 1.1]},
    "gan.metrics.modes.Modes": {"deviations": [0.0]},
    "gan.metrics.prdc.PRDC": {"nearest_k": [0], "limit": [0]},
    "gan.models.acgan.ACGAN": {"class_weight": [-1.0]},
    "gan.models.began.Generator": {"layers": [0], "width": [0], "latent_dim": [0]},
    "gan.models.biggan.BigGAN": {"standing_batches": [-1]},
    "gan.models.biggan.Generator": {"embedding_dim": [0], "width": [0]},
    "gan.models.dcgan.DCGAN": {
        "latent_dim": [-1],
        "ema_decay": [-0.1, 1.0],
        "accumulate": [0],
        "gradient_clip": [0.0],
        "packing": [0],
        "seed": [-1, 2**32],
    },
    "gan.models.dcgan.Generator": {"latent_dim": [0], "width": [0, 10**12], "image_shape": [[1, 0, 28]]},
    "gan.models.ddpm.Generator": {
        "noise_steps": [0, 10**12],
        "first_variance": [0.0, 1.0],
        "last_variance": [0.0, 1.0],
        "steps": [0],
    },
    "gan.models.infogan.InfoGAN": {"continuous": [-1], "category_weight": [-1.0], "continuous_weight": [-1.0]},
    "gan.models.mlp_gan.Generator": {"depth": [0, 10**12]},
    "gan.models.multi_gan.Generator": {"num_generators": [1]},
    "gan.models.multi_gan.MultiGAN": {"diversity": [-1.0]},
    "gan.models.phases.Phase": {"steps": [0]},
    "gan.models.progan.ProGAN": {"fade_images": [-1], "stable_images": [-1]},
    "gan.models.progan.Discriminator": {"group_size": [1]},
    "gan.models.r3gan.Generator": {"blocks": [0], "growth": [0], "expansion": [0], "cardinality": [0]},
    "gan.models.stylegan2.Generator": {"style_dim": [0], "mapping_depth": [0], "mapping_rate": [0.0]},
    "gan.models.stylegan2.StyleGAN2": {"style_mixing": [-0.1, 1.1]},
    "gan.models.replay.Replay": {"size": [0, 10**12], "share": [0.0, 1.0]},
    "gan.models.unrolled_gan.UnrolledGAN": {"unroll_steps": [-1, 10**12], "unroll_lr": [0.0]},
    "gan.nn.conditioning.LabelVector": {"embedding_dim": [0]},
    "gan.nn.denoising_unet.DenoisingUNet": {"width": [0], "patch": [0, 10**6], "halvings": [0]},
    "gan.nn.minibatch_discrimination.MinibatchDiscrimination": same(("num_features", "kernels", "kernel_dim"), [0]),
    "gan.nn.minibatch_std.MinibatchStd": {"group_size": [1]},
    "gan.nn.pixelcnn.PixelCNN": {"depth": [0]},
    "gan.nn.quantizer.VectorQuantizer": {"num_codes": [1], "code_dim": [0]},
    "gan.schedules.decay.Cosine": {"steps": [0], "end": [-0.1, 1e12]},
    "gan.schedules.decay.Linear": {"steps": [0], "end": [-0.1, 1e12]},
    "gan.schedules.warmup.Warmup": {"steps": [0]},
    "torch.optim.Adam": {"lr": [-1.0, 1e12], "betas": [[0.5, 1.0], [-0.1, 0.9]], "weight_decay": [-1.0]},
    "torch.optim.lr_scheduler.StepLR": {"step_size": [0]},
}


@pytest.mark.parametrize("target", OUTSIDE)
def test_values_outside_a_range_are_refused(target: str) -> None:
    for name, values in OUTSIDE[target].items():
        for value in values:
            with pytest.raises(OptionError, match=rf"^part\.{name}(\[\d\])?=\S+ should be (at|above|below)"):
                check_call(get_class(target), {name: value}, "part")


@pytest.mark.parametrize("value", [True, False, float("nan"), float("inf"), "many", None, {}, []])
def test_what_is_no_number(value: Any) -> None:
    for target, name in (("gan.callbacks.monitor.Monitor", "every_n_steps"), ("torch.optim.SGD", "lr")):
        with pytest.raises(OptionError, match=rf"^part\.{name}=.* should be a "):
            check_call(get_class(target), {name: value}, "part")


def test_ends_of_a_range_and_text_of_a_number_are_taken() -> None:
    taken = check_call(get_class("gan.augment.ada.Adaptive"), {"start": 0, "limit": "1", "images": 1e5}, "part")
    assert taken == {"start": 0.0, "limit": 1.0, "images": 100_000}
