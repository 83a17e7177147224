"""``python -m gan.demo``: errors before the page opens, and the choice of the port."""

import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gan.demo.port import listen
from tests.conftest import run_here
from tests.test_errors import error_line

Checkpoint = Callable[..., Path]


@pytest.fixture
def used_port() -> Iterator[int]:
    """A port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing"], "no checkpoint at missing"),
        (["missing", "--port", "0"], "--port 0: ports are 1 to 65535"),
        (["missing", "--port", "65536"], "--port 65536: ports are 1 to 65535"),
    ],
)
def test_bad_arguments(arguments: list[str], message: str) -> None:
    assert error_line(run_here("-m", "gan.demo", *arguments)) == f"error: {message}"


def test_port_in_use(used_port: int) -> None:
    line = error_line(run_here("-m", "gan.demo", "missing", "--port", str(used_port)))
    assert line == f"error: --port {used_port}: Address already in use; choose another, or leave --port out"


def test_the_default_port_is_the_next_free_one() -> None:
    with listen(None) as first, listen(None) as second:
        assert first.getsockname()[0] == "127.0.0.1"
        assert 7860 <= first.getsockname()[1] < second.getsockname()[1]


@pytest.mark.long
def test_generators_that_cannot_be_compared(checkpoint: Checkpoint) -> None:
    paths = [str(checkpoint("model=cgan")), str(checkpoint("model=dcgan"))]
    assert re.search("num_classes is 10 and 1", error_line(run_here("-m", "gan.demo", *paths)))
    paths = [str(checkpoint("model=dcgan")), str(checkpoint("data=ring8", "model=mlp_gan"))]
    assert re.search("one generates images, one points", error_line(run_here("-m", "gan.demo", *paths)))


def test_without_gradio(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    for name in ("gan.demo.server", "gan.demo.page"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = signal.getsignal(signal.SIGTERM)
    run = run_here("-m", "gan.demo", str(checkpoint("model=cgan")), GRADIO_TEMP_DIR="", GRADIO_ANALYTICS_ENABLED="")
    signal.signal(signal.SIGTERM, before)
    assert error_line(run) == "error: the demo needs packages: pip install -e '.[demo]'"
