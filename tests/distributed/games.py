"""Functions that the tests' ranks run, importable from new processes."""

import os
import signal
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.plugins.environments import TorchElasticEnvironment

from gan.config import compose_config
from gan.distributed import environment, group, strategy
from gan.distributed.strategy import NetworksStrategy, average_over_ranks
from gan.errors import UserError
from gan.resolvers import register_resolvers
from gan.training import train
from tests import loss_games

QUICK = [
    "logger=none",
    "name=game",
    "model=dcgan",
    "model.generator.width=8",
    "data.batch_size=16",
    "metric.num_samples=64",
    "trainer.accelerator=cpu",
    "trainer.max_steps=6",
    "trainer.precision=32-true",
    "trainer.log_every_n_steps=1",
    "trainer.enable_progress_bar=false",
    "trainer.enable_model_summary=false",
    "evaluate.every_n_steps=3",
    "callbacks.neighbors=null",
]


def play(games: list[tuple[Path, list[str]]]) -> None:
    """Train several runs one after the other, as one of the ranks in the environment or as the only one."""
    register_resolvers()
    with group.process_group(torch.device("cpu")):
        for folder, options in games:
            watch = f"+callbacks.watch={{_target_: tests.distributed.games.Watch, folder: {folder}}}"
            quick = [option for option in QUICK if not ("model=muse" in options and "width" in option)]
            with redirect_stdout(StringIO()):
                train(compose_config("train", [*quick, watch, *options, f"run_dir={folder}"]))


def play_losses(folder_and_names: tuple[Path, list[str]]) -> None:
    """Train games of ``tests.loss_games``, as one of the ranks in the environment or as the only one."""
    (folder, names), info = folder_and_names, environment.rank_info()
    with group.process_group(torch.device("cpu")), redirect_stdout(StringIO()):
        for name in names:
            ranks: dict[str, Any] = {"devices": info.world, "use_distributed_sampler": False}
            if info.world > 1:
                ranks |= {"plugins": [TorchElasticEnvironment()], "strategy": NetworksStrategy()}
            trainer, logs = loss_games.play(name, steps=3, **ranks)
            averaged = [dict(zip(log, mean_of(list(log.values())), strict=True)) for log in logs]
            torch.save((loss_games.state_of(trainer), averaged), folder / f"{name}-{info.rank}.pt")


def mean_of(values: list[torch.Tensor]) -> torch.Tensor:
    return group.mean_over_ranks(torch.stack([value.float() for value in values]))


class Watch(Callback):
    """Save each rank's final weights and buffers, and the bytes of each all-reduce of an update.

    Args:
        folder: Folder to save to.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.sent = list[int]()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.average = strategy.average_over_ranks

        def counted(tensors: list[torch.Tensor]) -> None:
            self.sent.append(sum(tensor.nbytes for tensor in tensors))
            self.average(tensors)

        strategy.average_over_ranks = counted

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        strategy.average_over_ranks = self.average
        torch.save({"state": pl_module.state_dict(), "sent": self.sent}, self.folder / f"rank{trainer.global_rank}.pt")


def report(folder: Path) -> None:
    """Write the rank's environment variables to a file."""
    keys = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "OMP_NUM_THREADS")
    (folder / f"rank{os.environ['RANK']}").write_text(" ".join(os.environ[key] for key in keys))


def average(path: Path) -> None:
    """Average tensors over the ranks; save the results and the size of each all-reduce."""
    with group.process_group(torch.device("cpu")):
        rank, sizes, all_reduce = dist.get_rank(), list[int](), dist.all_reduce

        def counted(tensor: torch.Tensor, *args: Any, **settings: Any) -> Any:
            sizes.append(tensor.nbytes)
            return all_reduce(tensor, *args, **settings)

        dist.all_reduce = counted
        tensors = [torch.full((3, 4), float(rank)), torch.arange(9_000_000.0) + rank]
        average_over_ranks(tensors)
        dist.all_reduce = all_reduce
        std = group.std_over_ranks(torch.arange(8.0).chunk(2)[rank])
        if rank == 1:
            torch.save((tensors, sizes, std), path)


def start(folder: Path) -> None:
    """Start the strategy with weights that differ by rank."""
    with group.process_group(torch.device("cpu")):
        torch.manual_seed(dist.get_rank())
        strategy = NetworksStrategy()
        norm = torch.nn.BatchNorm1d(4)
        assert norm.running_mean is not None
        norm.running_mean += dist.get_rank()
        strategy.model = torch.nn.Sequential(torch.nn.Linear(3, 4), norm)
        strategy.configure_ddp()
        torch.save(strategy.model.state_dict(), folder / f"rank{dist.get_rank()}.pt")


def differ(_: None) -> None:
    """Use other settings on rank 1."""
    with group.process_group(torch.device("cpu")), group.propagate_errors():
        group.check_same_settings({"model": {"width": 8 + dist.get_rank()}, "seed": 0})


def fail(how: str) -> None:
    """Fail on rank 1, in one of several ways, while rank 0 waits for it."""
    with group.process_group(torch.device("cpu")), group.propagate_errors():
        if dist.get_rank() == 1:
            match how:
                case "mistake":
                    raise UserError("there is no such folder")
                case "bug":
                    raise RuntimeError("something is wrong here")
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
        dist.barrier()


def hang(_: None) -> None:
    """Fail on rank 1 while rank 0 is busy outside the process group."""
    if os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)
