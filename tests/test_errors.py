"""User errors: exit status 2 and one line that names the option and the remedy."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from tests.conftest import ROOT, TINY, Run, run_here, run_python

Train = Callable[..., Run]


def error_line(run: Run) -> str:
    """Check that a command ended with a user error, and return its line."""
    assert run.status == 2, f"status {run.status}: {run.err}"
    assert "Traceback" not in run.err
    lines = [line for line in run.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, run.err
    assert run.err.splitlines()[-1] == lines[0], "the error is the last line"
    return lines[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["trainer.max_stps=3"], r"no option 'trainer\.max_stps'; did you mean 'trainer\.max_steps'"),
        (["modle=dcgan"], r"no option 'modle'; did you mean 'model'"),
        (["model=dcgn"], r"model=dcgn: there are .*, dcgan, .*; did you mean 'dcgan'"),
        (["loss=wgan-gp"], r"loss=wgan-gp: .*did you mean 'wgan_gp'"),
        (["model=vae", "loss=wgan_gp"], r"model\S*: a VAE maximises .* bound, not Objective: leave loss=\.\.\. out"),
        (
            ["model=vae", "augment=ada"],
            r"^error: augment: augmentation .* a discriminator .*, and there is none: use augment=none",
        ),
        (["model=vqvae", "loss=elbo"], r"model: a VQ-VAE needs its own loss, not ELBO: leave loss=\.\.\. out"),
        (["model=vqvae", "data.image_size=32"], r"the 8 x 8 codes of an image of 32 pixels: set model\.latent_dim=64"),
        (["loss=elbo"], r"model\.discriminator\.norm: the choices of .* do not fit: .*'loss\.critic_norm' not found"),
        (["model=mlp_gan", "loss=elbo"], r"model: MLPGAN needs an adversarial loss, not ELBO: choose another"),
        (["loss.critic_stepz=3"], r"did you mean 'loss\.critic_steps'"),
        (["loss=wgan_gp", "loss.regularizers.gradient_penalty.wieght=3"], r"did you mean '.*gradient_penalty\.weight'"),
        (["trainer.gradient_clip_val=1"], r"trainer\.gradient_clip_val has no meaning here: use model\.gradient_clip,"),
        (["trainer.accumulate_grad_batches=2"], r"has no meaning here: use model\.accumulate,"),
        (["+trainer.max_epochs=3"], r"trainer\.max_epochs has no meaning here: use trainer\.max_steps"),
        (["epochs=3"], r"epochs has no meaning here: use trainer\.max_steps"),
        (["optimizer.lr=1e-3"], r"use optimizer\.generator\.lr and optimizer\.discriminator\.lr"),
        (["+model.widht=3"], r"model\.widht: DCGAN takes no such option"),
        (["model.discriminator.norm=bach"], r"model\.discriminator\.norm=bach is not one of .*did you mean 'batch'"),
        (["model.latent=gaussian"], r"model\.latent=gaussian is not one of normal, uniform"),
        (["trainer.max_steps=many"], r"trainer\.max_steps=many should be a valid integer"),
        (["trainer.accelerator=gpuu"], r"trainer\.accelerator=gpuu is not one of auto, cpu"),
        (["trainer=gpu"], r"trainer: .*(gpu|GPU|CUDA|cuda)"),
        (["trainer=gpu", "trainer.devices=auto"], r"trainer\.accelerator=gpu, but there is no GPU here"),
        (["trainer.precision=bf61"], r"trainer\.precision=bf61 is not one of auto, 32-true"),
        (["optimizer.generator.lr=-1"], r"^error: optimizer\.generator\.lr=-1 should be at least 0"),
        (["data.image_size=30"], r"image size 30 does not fit.*28 and 32.*data\.image_size=28"),
        (["model=r3gan", "data=ring8"], r"image size 1 does not fit.*model=mlp_gan"),
        (["data.batch_size=5000"], r"data\.batch_size=5000 is more than the 4000 training images"),
        (["loss=hinge", "+loss.label_flip=0.1"], r"label_flip has no meaning for Hinge"),
        (["model.ema_decay=2"], r"model\.ema_decay=2 should be below 1"),
        (["evaluate.every_n_steps=0"], r"^error: evaluate\.every_n_steps=0 should be at least 1"),
        (["data=image_folder"], r"^error: data\.path has no default: set data\.path=FOLDER$"),
        (["data=image_folder", "data.path=missing", "metric/features=inception"], r"missing is not a folder"),
        (["metric.features.weights=missing.pth", "metric/features=inception"], r"metric\.features\.weights=FILE"),
        (["data.channels=3"], r"data\.channels and data\.image_size say 3x28x28, but the images have 1x28x28"),
        (["data.num_classes=5"], r"data\.num_classes=5, but the images have 10 classes"),
        (["seed=-1"], r"seed=-1 should be at least 0"),
        (["trainer.log_every_n_steps=0"], r"trainer\.log_every_n_steps=0 should be at least 1"),
        (["trainer.precision=bf16-true"], r"trainer\.precision=bf16-true is not one of auto, 32-true"),
        (["model.accumulate=64"], r"model\.accumulate=64 splits a batch of 64 into parts of fewer than two"),
        (["model.gradient_clip=-1"], r"model\.gradient_clip=-1 should be above 0"),
        (["model.generator.width=-8"], r"^error: model\.generator\.width=-8 should be at least 1"),
        (
            ["optimizer.generator._target_=torch.optim.Adma"],
            r"optimizer\.generator\._target_: cannot find torch\.optim\.Adma",
        ),
        (["ckpt=missing.ckpt"], r"no checkpoint at missing\.ckpt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_options(train: Train, options: list[str], message: str) -> None:
    assert re.search(message, error_line(train("logger=none", *options)))


def test_compiling_needs_a_compiler(train: Train) -> None:
    message = error_line(train("logger=none", *TINY, "model.compile=true", CXX="no-such-compiler"))
    assert message == "error: model.compile=true needs a C++ compiler: install no-such-compiler, or set CXX to another"


def test_an_unreadable_image_is_named(train: Train, tmp_path: Path) -> None:
    images = tmp_path / "images"
    for number in range(40):
        folder = images / ("even", "odd")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 64)).save(folder / f"{number}.png")
    (images / "odd" / "7.png").write_bytes(b"not an image")
    options = ["data=image_folder", f"data.path={images}", "data.batch_size=8", "data.num_classes=2", "logger=none"]
    for limit in (2**30, 0):  # in memory, or streamed by workers
        run = train(*options, "metric/features=classifier", f"data.memory_limit={limit}", name=f"limit{limit}")
        assert re.search(r"cannot read the image .*odd/7\.png.*data\.on_error=skip", error_line(run))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    options = [*TINY, "trainer.max_steps=2", "evaluate.every_n_steps=1", f"hydra.run.dir={folder}"]
    assert run_here("train.py", *options).status == 0
    return folder / "checkpoints" / "last.ckpt"


class Code:
    """Object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return print, ("this code ran",)


def write_bad_checkpoint(ckpt: Path, kind: str, path: Path) -> None:
    """Write a checkpoint with an error of some kind."""
    checkpoint = torch.load(ckpt, weights_only=True)
    if kind == "truncated":
        path.write_bytes(ckpt.read_bytes()[:-2000])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "foreign":
        torch.save({"state_dict": {}}, path)
    elif kind == "code":
        torch.save(checkpoint | {"extra": Code()}, path)
    else:
        if kind == "target":
            checkpoint["config"]["model"]["discriminator"] |= {"image_shape": [1, 28, 28], "width": 8}
            checkpoint["config"]["model"]["generator"] = {"_target_": "os.system", "command": "echo this code ran"}
        elif kind == "hidden target":
            checkpoint["config"]["model"]["discriminator"] |= {"image_shape": [1, 28, 28], "width": 8}
            checkpoint["config"]["evil"] = "{_target_: os.system, command: echo this code ran}"
            checkpoint["config"]["model"]["generator"] = "${oc.create:${evil}}"
        elif kind == "target of a resumed run":  # hidden until the resumed run's options are resolved
            checkpoint["config"]["harmless"] = "{_target_: gan.losses.adversarial.Hinge}"
            checkpoint["config"]["evil"] = "{_target_: os.mkdir, path: this-code-ran}"
            checkpoint["config"]["pick"] = {"None": "${harmless}"}
            checkpoint["config"]["model"] = {"hidden": "${oc.create:${oc.select:pick.${ckpt},${evil}}}"}
        elif kind == "sizes":
            checkpoint["config"]["model"]["generator"]["width"] = 4
        torch.save(checkpoint, path)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("truncated", "damaged or no checkpoint"),
        ("empty", "damaged or no checkpoint"),
        ("foreign", "no checkpoint of this project"),
        ("code", "damaged or no checkpoint"),
        ("target", r"asks for os\.system \(at model\.generator\).*refused"),
        ("hidden target", r"model\.generator: '\$\{oc\.create:.*' is more than a reference to a key: refused"),
        ("target of a resumed run", r"model\.hidden: '\$\{oc\.create:.*' is more than a reference to a key: refused"),
        ("sizes", "weights do not fit"),
    ],
)
def test_bad_checkpoints(train: Train, trained: Path, tmp_path: Path, kind: str, message: str) -> None:
    path = tmp_path / "bad.ckpt"
    write_bad_checkpoint(trained, kind, path)
    runs = [run_here("-m", "gan.sample", str(path), "--out", str(tmp_path / "x.png"))]
    if kind in ("truncated", "target", "target of a resumed run", "sizes"):
        runs.append(train(f"ckpt={path}", "trainer.max_steps=4", f"hydra.run.dir={tmp_path / 'resumed'}"))
    for run in runs:
        assert re.search(message, error_line(run))
        assert "this code ran" not in run.out + run.err
        assert not (ROOT / "this-code-ran").exists()


@pytest.mark.parametrize("every", [1, 4])
def test_divergence_stops_the_run_and_keeps_the_last_good_checkpoint(train: Train, every: int) -> None:
    """Without its constraint, WGAN's loss is unbounded below, and SGD diverges."""
    options = ["model=mlp_gan", "loss=wgan", "loss.constraint=null", "optimizer=sgd", f"evaluate.every_n_steps={every}"]
    rates = [f"optimizer.{player}.lr=0.003" for player in ("discriminator", "generator")]
    run = train(*TINY, *options, *rates, "trainer.max_steps=100", "trainer.log_every_n_steps=50")
    match = re.search(r"train/[dg]/\w+ became (inf|-inf|nan) by generator update (\d+); the last good", error_line(run))
    assert match, run.err
    last = run.checkpoint()
    assert last["global_step"] % every == 0
    assert 0 < last["global_step"] <= int(match[2])
    assert all(value.isfinite().all() for value in last["state_dict"].values())


def test_an_existing_run_is_not_overwritten(train: Train) -> None:
    assert train(*TINY, "trainer.max_steps=2").status == 0
    assert re.search(r"holds a run: resume it with ckpt=", error_line(train(*TINY, "trainer.max_steps=2")))


def test_a_failed_start_leaves_its_folder_usable(train: Train) -> None:
    error_line(train(*TINY, "trainer.max_steps=2", "data.batch_size=5000"))
    assert train(*TINY, "trainer.max_steps=2").status == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], r"has 2 generator updates: set trainer\.max_steps above that"),
        (["trainer.max_steps=4", "loss=wgan"], r"loss=wgan: a resumed run keeps its recipe"),
        (
            ["trainer.max_steps=4", "optimizer=sgd"],
            r"optimizer: the checkpoint's states are of Adam, Adam, not SGD, SGD",
        ),
        (["trainer.max_steps=4", "loss.critic_stepz=2"], r"did you mean 'loss\.critic_steps'"),
    ],
    ids=str,
)
def test_invalid_options_of_a_resumed_run(train: Train, trained: Path, options: list[str], message: str) -> None:
    assert re.search(message, error_line(train(f"ckpt={trained}", *options)))


@pytest.mark.parametrize(
    ("choice", "plugin", "extra"),
    [
        ("hydra/launcher=slurm", "hydra_submitit_launcher", "slurm"),
        ("hydra/sweeper=optuna", "hydra_optuna_sweeper", "optuna"),
    ],
)
def test_missing_plugins_are_named(choice: str, plugin: str, extra: str) -> None:
    hidden = "walk = pkgutil.walk_packages; "
    hidden += "pkgutil.walk_packages = lambda *a, **k: (m for m in walk(*a, **k) if PLUGIN not in m.name)"
    start = f"sys.argv[1:] = ['-m', {choice!r}, 'seed=0']; runpy.run_path('train.py', run_name='__main__')"
    run = run_python("-c", f"import pkgutil, runpy, sys; PLUGIN = {plugin!r}; {hidden}; {start}")
    assert (run.status, run.err) == (2, f"error: {choice} needs packages: pip install -e '.[{extra}]'\n")


def test_bugs_keep_their_traceback() -> None:
    code = "from gan import cli\ndef main(): raise ValueError('a bug')\ncli.run(main)"
    run = run_python("-c", code)
    assert run.status == 1
    assert "Traceback" in run.err
