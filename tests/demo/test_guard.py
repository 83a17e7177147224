"""Guard of the demo: other hosts, other origins and large requests are refused."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from gan.demo.guard import MAX_BYTES, guarded

URL = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A guarded page of Gradio, which by itself answers any origin, and a route that counts bytes."""
    app = FastAPI()

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body())

    with gr.Blocks(analytics_enabled=False) as page:
        gr.HTML("x")
    with TestClient(guarded(gr.mount_gradio_app(app, page, "/", ssr_mode=False)), base_url=URL) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "localhost:9000", "origin": "http://localhost:9000"}, 200),
        ({"origin": URL}, 200),
        ({"host": "evil.example"}, 400),
        ({"host": "127.0.0.1.evil.example"}, 400),
        ({"host": "evil.example", "origin": "http://evil.example"}, 400),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:7861"}, 403),
        ({"origin": "null"}, 403),
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("get", "/"), ("get", "/config"), ("post", "/count")])
def test_hosts_and_origins(client: TestClient, headers: dict[str, str], status: int, method: str, path: str) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status
    if status != 200:
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(("size", "status"), [(MAX_BYTES, 200), (MAX_BYTES + 1, 413)])
def test_sizes(client: TestClient, size: int, status: int) -> None:
    assert client.post("/count", content=b"x" * size).status_code == status
    files: Any = {"files": ("x.png", b"x" * size)}
    assert client.post("/gradio_api/upload", files=files).status_code == 413, "and with its frame"


def test_pages_that_take_uploads_have_a_larger_limit() -> None:
    app = FastAPI()

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body())

    client = TestClient(guarded(app, 2 * MAX_BYTES), base_url=URL)
    assert client.post("/count", content=b"x" * 2 * MAX_BYTES).json() == 2 * MAX_BYTES
    assert client.post("/count", content=b"x" * (2 * MAX_BYTES + 1)).status_code == 413


def test_a_request_of_unknown_length_is_cut_off(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * (MAX_BYTES // 10)

    assert client.post("/count", content=iter([b"xy", b"z"])).json() == 3
    with pytest.raises(ClientDisconnect):
        client.post("/count", content=chunks())
