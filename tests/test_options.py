"""Options: a value of any kind is refused in one line that names its key, or works."""

from pathlib import Path
from random import Random
from time import perf_counter

import pytest

from tests.conftest import run_python
from tests.faults import options

AMONG = ["model=infogan", "loss=wgan_gp", "data=image_folder", "callbacks=beta2", "optimizer=sgd"]
"""Choices that compose most kinds of option; the campaign draws from all."""

SMALL = ["logger=none", "trainer=cpu", "callbacks.neighbors=null", "metric.num_samples=16", "evaluate.every_n_steps=2"]
SMALL += ["trainer.max_steps=2", "data.batch_size=8", "model.generator.width=4", "trainer.max_time=00:00:00:05"]


def test_values_are_refused_by_key_or_accepted() -> None:
    wrong = []
    for case in range(300):
        mutation = options.draw(Random(f"options {case}"), AMONG)
        if problem := options.wrong_with(mutation, building=False):
            wrong.append(f"{mutation.choice} {mutation.override}: {problem}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="module")
def _imported() -> None:
    """Start the process that later ones are forked from, whose imports take longest."""
    run_python("train.py", "--help")


@pytest.mark.long
@pytest.mark.usefixtures("_imported")
@pytest.mark.parametrize("case", range(12))
def test_processes_end_in_a_line_that_names_the_key(case: int, tmp_path: Path) -> None:
    mutation = options.draw(Random(f"processes {case}"), ["model=dcgan", "loss=wgan_gp", "optimizer=sgd"])
    start = perf_counter()
    arguments = [mutation.choice, *SMALL, f"hydra.run.dir={tmp_path}", mutation.override]
    run = run_python("train.py", *arguments)
    seconds = perf_counter() - start
    assert "Traceback" not in run.err, run.err
    assert run.status in (0, 2), mutation.override
    if run.status == 2:
        line = run.err.splitlines()[-1]
        assert line.startswith("error: "), run.err
        assert mutation.key in line
        assert seconds < 10
