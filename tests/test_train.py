"""train.py end to end: a whole run and its folder, resuming, signals, seeds, trackers."""

import csv
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from tests.conftest import TINY, Run, start_python
from tests.processes import wait_for

Train = Callable[..., Run]

STEPS = ["trainer.max_steps=6", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=4"]


def weights(run: Run, name: str = "last") -> dict[str, torch.Tensor]:
    return run.checkpoint(name)["state_dict"]


def rows(run: Run) -> list[dict[str, str]]:
    with (run.folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def same(a: Any, b: Any) -> bool:
    """Compare nested values, tensors bit by bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def test_a_whole_run(train: Train) -> None:
    run = train("model=dcgan", "loss=wgan_gp", *TINY, *STEPS, "logger=wandb", fresh=True)
    assert run.status == 0, run.err
    for said in (
        "generator",
        "discriminator",
        "Total params",
        "Best ",
        "held-out real images",
        "noise",
        "Resume ",
        "Sample ",
    ):
        assert said in run.out + run.err
    assert "fd_classifier=" in run.err, "the progress bar shows the latest score"
    assert "W&B      wandb sync" in run.out, "without a key the run is tracked offline"
    assert "Traceback" not in run.err

    assert sorted(path.name for path in (run.folder / "samples").iterdir()) == ["000004.png", "000006.png"]
    picture = np.asarray(Image.open(run.folder / "samples" / "000006.png"))
    assert picture.shape == (8 * 30 + 2, 8 * 30 + 2, 3) or picture.shape == (8 * 30 + 2, 8 * 30 + 2)
    assert list((run.folder / "wandb").glob("offline-run-*/run-*.wandb"))

    results = run.results
    wanted = "command config versions seed global_step score_name score protocol wall_seconds images_per_second"
    assert set(wanted.split()) | {"peak_memory_mb", "baselines", "best_step"} <= results.keys()
    assert results["global_step"] == 6
    assert results["score_name"] == "fd_classifier"
    assert results["score"] == min(scores["fd_classifier"] for scores in results["scores"].values())
    assert results["protocol"]["real_images"] == 4000
    assert results["protocol"]["fake_images"] == 64
    assert results["baselines"]["held_out"] < results["score"]
    assert results["peak_memory_mb"] > 100
    config = OmegaConf.load(run.folder / "config.yaml")
    assert config.loss.critic_steps == 5
    assert json.loads(json.dumps(OmegaConf.to_container(config, resolve=True))) == results["config"]

    logged = rows(run)
    assert [row["step"] for row in logged] == ["2", "4", "6"]
    assert [bool(row["val/fd_classifier"]) for row in logged] == [False, True, True]
    terms = (
        "d/adversarial",
        "d/gradient_penalty",
        "d/accuracy_real",
        "d/accuracy_fake",
        "d/wasserstein",
        "g/adversarial",
        "g/gradient_norm",
    )
    assert all(row[f"train/{term}"] for row in logged for term in terms)

    last = run.checkpoint()
    assert last["global_step"] == 6
    assert last["batches_seen"] == 30
    assert run.checkpoint("best")["global_step"] == results["best_step"]
    kept = {"best.ckpt", "last.ckpt", "previous.ckpt"}
    assert {path.name for path in (run.folder / "checkpoints").iterdir()} == kept


RECIPES = [
    ["model=dcgan", "loss=wgan_gp", "augment=ada", "augment.start=0.5", "augment.target=-0.9", "augment.images=2000"],
    ["model=mlp_gan", "loss=r3gan", "model.discriminator.dropout=0.3", "model.latent=uniform", "data.flip=true"],
    ["experiment=biggan_digits", "model.standing_batches=1", "model.generator.width=4"],
    [
        "experiment=stylegan2_digits",
        "loss.generator_regularizers.path_length.every=2",
        "augment=ada",
        "augment.start=0.5",
    ],
    ["model=seqgan", "data=oracle", "data.rows=100", "model.phases=[]", "model.rollouts=2"],
    [
        *("model=dfgan", "data.image_size=16", "data.made.digit_size=8", "data.made.rows=200"),
        *("metric=[frechet]", "metric/features=classifier"),
    ],
    ["model=muse", "data.made_words=100", "data.commonest=50"],
    ["model=gumbel_gan", "model.relaxation_steps=9", "model.phases=[{_target_: gan.models.phases.Phase, steps: 2}]"],
]


def run_data(checkpoint: dict[str, Any]) -> str:
    """Return the key of the data module's state."""
    return next(name for name in ("MNIST5k", "Oracle", "Text", "Captions", "VectorFiles") if name in checkpoint)


@pytest.mark.parametrize(
    "recipe",
    [RECIPES[0], *(pytest.param(recipe, marks=pytest.mark.long) for recipe in RECIPES[1:])],
    ids=lambda recipe: recipe[0],
)
def test_a_resumed_run_ends_in_the_same_bits(train: Train, recipe: list[str]) -> None:
    """A run stopped twice, once within an epoch of 250 batches, against an uninterrupted one."""
    tiny = [option for option in TINY if not (recipe[0] == "model=muse" and "generator" in option)]
    options = [*recipe, *tiny, "evaluate.every_n_steps=2", "trainer.log_every_n_steps=2"]
    whole = train(*options, "trainer.max_steps=6", name="whole", apart=True)
    parts = train(*options, "trainer.max_steps=3", name="parts", apart=True)
    assert whole.status == parts.status == 0, whole.err + parts.err
    assert parts.checkpoint()["global_step"] == 3
    for ckpt, steps in ((parts.folder / "checkpoints" / "last.ckpt", 5), (parts.folder, 6)):
        parts = train(f"ckpt={ckpt}", f"trainer.max_steps={steps}", name="parts", apart=True)
        assert parts.status == 0, parts.err
        assert parts.results["global_step"] == steps

    a, b = whole.checkpoint(), parts.checkpoint()
    assert same(a["state_dict"], b["state_dict"])
    assert same(a["optimizer_states"], b["optimizer_states"])
    data = run_data(a)
    assert same(a[data], b[data])
    assert a["batches_seen"] == b["batches_seen"]
    scores = {int(step): score for step, score in parts.results["scores"].items()}
    assert {2, 4, 6} <= scores.keys()
    assert all(scores[int(step)] == score for step, score in whole.results["scores"].items())
    assert [row["step"] for row in rows(parts)] == ["2", "3", "4", "5", "6"]


def test_resuming_an_earlier_checkpoint_drops_later_rows(train: Train) -> None:
    run = train(*TINY, *STEPS)
    last = run.folder / "checkpoints" / "last.ckpt"
    early = last.with_name("early.ckpt")
    early.write_bytes(last.read_bytes())
    longer = train(f"ckpt={last}", "trainer.max_steps=10")
    before = weights(longer)
    assert [row["step"] for row in rows(longer)] == ["2", "4", "6", "8", "10"]
    again = train(f"ckpt={early}", "trainer.max_steps=10")
    assert again.status == 0, again.err
    assert same(weights(again), before), "and ends where the first run ended"
    assert [row["step"] for row in rows(again)] == ["2", "4", "6", "8", "10"]


def test_a_resumed_run_takes_new_options(train: Train) -> None:
    run = train(*TINY, *STEPS)
    options = ["optimizer.generator.lr=1e-5", "metric=[kernel,frechet]", "trainer.enable_progress_bar=false"]
    again = train(f"ckpt={run.folder}", "trainer.max_steps=8", *options)
    assert again.status == 0, again.err
    assert [state["param_groups"][0]["lr"] for state in again.checkpoint()["optimizer_states"]] == [2e-4, 1e-5]
    assert list(again.results["scores"]) == ["8"], "scores measured otherwise are not compared with the old ones"
    assert again.results["score_name"] == "kd_classifier"
    assert "step/s" not in again.err


@pytest.mark.parametrize(
    "kill", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGKILL], ids=lambda kill: kill.name
)
def test_a_run_resumes_after_ctrl_c_and_after_a_kill(train: Train, tmp_path: Path, kill: signal.Signals) -> None:
    """Ctrl-C ends a run normally; after SIGKILL it resumes from its last checkpoint; both to the same bits."""
    folder, options = tmp_path / "run", [*TINY, "evaluate.every_n_steps=10", "trainer.log_every_n_steps=10"]
    process = start_python("train.py", *options, "trainer.max_steps=-1", f"hydra.run.dir={folder}")
    last = folder / "checkpoints" / "last.ckpt"
    wait_for(last, process)
    process.send_signal(kill)
    out, err = process.communicate()
    step = torch.load(last, weights_only=True)["global_step"]
    if kill is signal.SIGINT:
        assert process.returncode == 0, err
        assert f"Resume   python train.py ckpt={last}" in out
        assert "trainer.max_steps=-1: training has no end; Ctrl-C ends it with all results" in err
        results = json.loads((folder / "results.json").read_text())
        assert (results["global_step"], results["stopped"]) == (step, f"at step {step}: Ctrl-C")
        assert str(step) in results["scores"]
    else:
        assert process.returncode == -signal.SIGKILL

    resumed = train(f"ckpt={last}", f"trainer.max_steps={step + 5}", apart=True)
    whole = train(*options, f"trainer.max_steps={step + 5}", name="whole", apart=True)
    assert resumed.status == whole.status == 0, resumed.err + whole.err
    assert same(weights(resumed), weights(whole))
    assert rows(resumed)[-1]["val/fd_classifier"] == rows(whole)[-1]["val/fd_classifier"]


@pytest.mark.long
def test_a_second_ctrl_c_ends_a_run_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = ["model=mlp_gan", *TINY, "metric.num_samples=5000", "evaluate.every_n_steps=10"]
    process = start_python("train.py", *options, "trainer.max_steps=-1", f"hydra.run.dir={folder}")
    last = folder / "checkpoints" / "last.ckpt"
    wait_for(last, process)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        sleep(0.1)
    _, err = process.communicate()
    assert process.returncode == 130
    end = f"Ctrl-C again: ended at once; the last checkpoint is {last}; resume with ckpt={folder}"
    assert err.strip().endswith(end)
    assert "Traceback" not in err
    assert not (folder / "results.json").exists()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="there is no /proc to look for processes in")
def test_a_signal_to_all_processes_of_a_run_saves_it(train: Train, tmp_path: Path) -> None:
    """A signal to the process group, data loader workers included, as a cluster sends it."""
    folder, options = tmp_path / "run", [*TINY, "data.num_workers=1", "evaluate.every_n_steps=10"]
    process = start_python("train.py", *options, "trainer.max_steps=100000", f"hydra.run.dir={folder}", fresh=True)
    while not (folder / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()
        sleep(0.05)
    loaders = [path.name for path in Path("/proc").glob("[0-9]*") if parent(path) == process.pid]
    assert loaders
    for loader in map(int, loaders):
        os.kill(loader, signal.SIGTERM)
    sleep(0.5)  # time to miss them
    process.terminate()
    _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, err
    assert err.strip().endswith(f"SIGTERM received; all steps so far are saved; resume with ckpt={folder}")
    step = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    assert train(f"ckpt={folder}", f"trainer.max_steps={step + 2}").status == 0


def parent(process: Path) -> int:
    """Return a process's parent from /proc; 0 if the process has ended."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_the_seed_decides(train: Train) -> None:
    first, again = (train(*TINY, *STEPS, "seed=3", name=name) for name in ("first", "again"))
    other = train(*TINY, *STEPS, "seed=4", name="other")
    assert same(weights(first), weights(again))
    assert rows(first)[-1]["train/d/adversarial"] == rows(again)[-1]["train/d/adversarial"]
    assert not same(weights(first), weights(other))


def test_command_line_options_override_recipes(train: Train) -> None:
    run = train(
        "loss=wgan",
        *TINY,
        *STEPS,
        "optimizer=adam",
        "optimizer.generator.lr=1e-3",
        "optimizer.discriminator.betas=[0,0.9]",
        "loss.critic_steps=2",
        "model.discriminator.norm=none",
        "loss/regularizers=[r1]",
        "loss.regularizers.r1.weight=5",
        "model.gradient_clip=1.0",
        "model.accumulate=2",
        "trainer.precision=bf16-mixed",
    )
    assert run.status == 0, run.err
    groups = [optimizer["param_groups"][0] for optimizer in run.checkpoint()["optimizer_states"]]
    assert [group["lr"] for group in groups] == [2e-4, 1e-3]
    assert groups[0]["betas"] == [0.0, 0.9] or groups[0]["betas"] == (0.0, 0.9)
    assert run.checkpoint()["batches_seen"] == 12
    assert run.results["config"]["loss"]["regularizers"]["r1"]["weight"] == 5
    assert rows(run)[-1]["train/d/r1"]


def test_tensorboard_and_no_tracker(train: Train) -> None:
    run = train(*TINY, *STEPS, "logger=[tensorboard,csv]")
    assert run.status == 0, run.err
    assert list((run.folder / "tensorboard").glob("events.*"))
    assert not (run.folder / "wandb").exists()
    assert rows(run)


@pytest.mark.long
def test_an_unreachable_server_does_not_end_a_run(train: Train) -> None:
    key = {"WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9"}
    run = train(*TINY, *STEPS, "logger=wandb", "logger.wandb.timeout=3", fresh=True, **key)
    assert run.status == 0, run.err
    assert "tracked offline" in run.err + run.out
    assert "wandb sync" in run.out


def test_debug_fast_runs_two_steps_of_everything(train: Train) -> None:
    run = train("debug=fast", "model.generator.width=8", apart=True)
    assert run.status == 0, run.err
    assert run.results["global_step"] == 2
    assert len(run.results["scores"]) == 2
    assert len(list((run.folder / "samples").iterdir())) == 2
