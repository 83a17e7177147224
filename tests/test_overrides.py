"""Values on the command line that Hydra's grammar does not take."""

from pathlib import Path

import pytest

from gan.config import read_arguments
from gan.errors import UserError
from gan.overrides import quote_value
from gan.shell import split_command
from tests.runs.test_commands import NAMES, read_value


@pytest.mark.parametrize("text", NAMES, ids=ascii)
def test_a_quoted_value_is_read_as_its_text(text: str) -> None:
    assert read_value(f"x={quote_value(text)}") == text
    assert read_arguments([f"x={quote_value(text)}"]) == [f"x={quote_value(text)}"]


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        *(
            (f"data.path={text}", text)
            for text in ("/home/müller/bilder", "runs/lr=0.1", "a#1", "C:\\ü", "a (1)", "~u/x")
        ),
        *((f"+data.path={text}", text) for text in ("图", "a&b;c", "x=y=z", "<a>", "^a`b!")),
        ("data.path=~/bilder", "/home/someone/bilder"),
        ("hydra.run.dir=~", "/home/someone"),
        ("hydra.run.dir=~/größe=1", "/home/someone/größe=1"),
    ],
)
def test_values_that_can_only_be_texts(argument: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    (read,) = read_arguments([argument])
    assert read.partition("=")[0] == argument.partition("=")[0]
    assert read_value(read) == text


@pytest.mark.parametrize(
    "argument",
    [
        *("seed=1", "data.path=a b", "loss=a,b", "lr=choice(1,2)", "lr=1e-3", "a=[1,2]", "a={b:1}", "a='x=y'", "a="),
        *("~a", "a=${b}", "--multirun", "--config-dir", "/home/ü/x", "-m", "a=null"),
    ],
)
def test_what_hydra_reads_is_left_alone(argument: str) -> None:
    assert read_arguments([argument]) == [argument]


@pytest.mark.parametrize("text", ["/a(1),b", "[a", "ü,b", "f(ü)", "it's", "{a", "~/a[1]", 'say "x"'])
def test_a_value_that_may_be_meant_otherwise_is_shown_in_quotes(text: str) -> None:
    with pytest.raises(UserError, match="quotes for Hydra and for the shell: ") as error:
        read_arguments([f"data.path={text}"])
    (pasted,) = split_command(str(error.value).rpartition("shell: ")[2])
    assert read_arguments([pasted]) == [pasted]
    assert read_value(pasted) == text.replace("~", str(Path.home()))


def test_commas_separate_the_values_of_a_sweep() -> None:
    read = read_arguments(["-m", "data.path=a=1,b,~/c", "seed=0,1"])
    assert read == ["-m", f'data.path="a=1",b,{Path.home()}/c', "seed=0,1"]
