"""Commands of a run, which are pasted into a shell as they are printed."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString

from gan.overrides import option, override
from gan.runs.commands import command_comments, earlier_commands, parse_commands, resume_command, sample_command
from gan.runs.folder import RunFolder
from gan.shell import command_line, split_command

NAMES = [
    *("plain", "a b", " edge ", "a,b", "lr=1e-3,seed=0", "it's", 'say "x"', "a[b]", "[a", "{a}", "(1)", "f(x)"),
    *("a#b", "#a", "a;b", "~a", "~", "$HOME", "$(id)", "`id`", "a\\b", "a\\", "a\\'b", 'a\\\\"b', "a\\ b", "!!"),
    *("two\nlines", "a\tb", "\x1b[31mred", "\r", "müll", "図", "\u202eabc", "\u00a0", "caf\udce9", "-x", "--help"),
    *("1", "1e3", "null", "true", "nan", "a:b", "*?", "a&b", "a|b", "<a>", "%s", "^", "a\n'b'\\", "$'x'", " $'x' "),
]
"""Names of folders; the last bytes of one are no UTF-8."""


def test_comments_of_a_resumed_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert earlier_commands(run) == []
    first = command_comments(["loss=hinge", "name=a b"])
    assert first == "# python train.py loss=hinge 'name=a b'\n"
    run.config.write_text(first + "name: a b\n")
    second = command_comments(["trainer.max_steps=4"], earlier_commands(run))
    assert second == first + "# python train.py trainer.max_steps=4\n"


def test_next_commands(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    run.last.touch()
    assert resume_command(run, 50, 50) == f"python train.py ckpt={run.last} trainer.max_steps=100"
    assert resume_command(run, 0, 0, ["a", "b.c"]).endswith(" trainer.max_steps=1 'trust=[a,b.c]'")
    for end in (400, -1):
        assert resume_command(run, 50, end) == f"python train.py ckpt={run.last}", "the rest of a run that was stopped"
    assert sample_command(run, ["a"]) == f"python -m gan.sample {run.last} --num 64 --out grid.png --trust a"
    usage = ["translate", "--words", "a b"]
    assert sample_command(run, ["a"], usage) == f"python -m gan.translate {run.last} --words 'a b' --trust a"
    assert sample_command(run, usage=["x"]) == sample_command(run), "results.json may be anyone's"
    run.best.touch()
    assert sample_command(run) == f"python -m gan.sample {run.best} --num 64 --out grid.png"


@pytest.fixture(scope="module")
def pasted() -> list[list[str]]:
    """Words that bash makes of the printed commands of all names."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    commands = [line for name in NAMES for line in printed(name)]
    assert all(command.isprintable() for command in commands), "each is one line, which a terminal shows as it is"
    script = "set -f; python() { printf '%s\\0' \"$@\"; printf '\\1'; }\n" + "\n".join(commands)
    out = subprocess.run([bash], input=script.encode(), capture_output=True, check=True)
    assert not out.stderr, out.stderr
    texts = out.stdout.decode(errors="surrogateescape").split("\1")[:-1]
    return [text.split("\0")[:-1] for text in texts]


def printed(name: str) -> list[str]:
    run = RunFolder(Path(name))
    return [resume_command(run, 1, 1), sample_command(run), f"python {option('data.path', name)}"]


@pytest.mark.parametrize("index", range(len(NAMES)), ids=ascii)
def test_pasted_commands_name_the_same_folder(index: int, pasted: list[list[str]]) -> None:
    """The shell's words are read by Hydra's parser, or by argparse, which takes a hyphen for an option."""
    run = RunFolder(Path(NAMES[index]))
    resume, sample, other = pasted[3 * index : 3 * index + 3]
    assert resume[0] == "train.py"
    assert read_value(resume[1]) == str(run.last)
    assert Path(sample[2]) == run.best
    assert not sample[2].startswith("-")
    assert read_value(other[0]) == NAMES[index]


def read_value(override: str) -> str:
    """Return the value that Hydra reads from an override."""
    (parsed,) = OverridesParser.create().parse_overrides([override])
    value = parsed.value()
    assert not parsed.is_sweep_override(), override
    text = value.text if isinstance(value, QuotedString) else value
    assert isinstance(text, str), override
    return text


def test_recorded_commands_keep_their_words() -> None:
    words = [f"name={name}" for name in NAMES]
    assert split_command(command_line(words)) == words
    assert split_command(command_line(NAMES)) == NAMES
    comments = command_comments(["name=two\nlines: 1"])
    assert parse_commands(comments) == comments.splitlines(), "a line break in a name adds no line to config.yaml"


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_commands_that_a_run_prints_work_when_pasted(tmp_path: Path) -> None:
    """Its folder needs quotes, and Hydra has changed the current folder, which the user has not."""
    name = "[a] ünd, 'b'=$HOME #1;\n~"
    small = [
        "model=mlp_gan",
        "data.batch_size=8",
        "callbacks.evaluation=null",
        "callbacks.neighbors=null",
        "logger=null",
    ]
    first = paste(
        f"python -m gan {command_line([*small, override('hydra.run.dir', name)])} "
        "trainer.max_steps=1 hydra.job.chdir=true",
        tmp_path,
    )
    for label in ("Resume", "Sample"):
        (command,) = re.findall(rf"^{label}   (.*)$", first, re.MULTILINE)
        paste(command, tmp_path)
    assert json.loads((tmp_path / name / "results.json").read_text())["global_step"] == 2
    assert (tmp_path / "grid.png").is_file()


def paste(command: str, folder: Path) -> str:
    """Run a line in bash, and return what it prints."""
    script = f'python() {{ {shlex.quote(sys.executable)} "$@"; }}\n{command}\n'
    done = subprocess.run(["bash"], input=script, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr[-2000:])
    return done.stdout
