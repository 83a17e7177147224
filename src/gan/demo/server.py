"""The page and its files, served to this machine alone; what it prints and what ends it is said here, not by Gradio."""

import socket
import webbrowser
from typing import Annotated, Literal

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException, Query, Response

from gan.demo.files import film, npz, strip
from gan.demo.page import FRAME, STYLE, THEME, build
from gan.demo.views import STEPS, Explorer, Morph, View
from gan.errors import UserError
from gan.images import encode_png

__all__ = ["serve"]

FILM_STEPS = 30
TYPES = {"png": "image/png", "gif": "image/gif", "npz": "application/octet-stream"}


def serve(explorers: list[Explorer], listener: socket.socket, browser: bool) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        explorers: One, or two to be compared.
        listener: A socket that listens already, so that whoever comes early waits.
        browser: Whether to open it in the user's browser.
    """
    app = gr.mount_gradio_app(
        files(explorers),
        build(explorers),
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        theme=THEME,
        css=STYLE,
        head=FRAME,
    )
    host, port = listener.getsockname()
    print(f"Demo  http://{host}:{port} (Ctrl-C ends it)", flush=True)
    if browser:
        webbrowser.open(f"http://{host}:{port}")
    # An open page holds a connection for good: it is not waited for, nor is its end an error to print.
    config = uvicorn.Config(app, log_config=None, log_level="critical", timeout_graceful_shutdown=0)
    uvicorn.Server(config).run(sockets=[listener])


def files(explorers: list[Explorer]) -> FastAPI:
    """Answer for what the page's links download, made when it is asked for."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def chosen(number: int) -> Explorer:
        if not 0 <= number < len(explorers):
            raise HTTPException(404)
        return explorers[number]

    @app.exception_handler(UserError)
    def refuse(_request: object, error: Exception) -> Response:
        return Response(str(error), 400, media_type="text/plain")

    @app.get("/{number}/samples.{kind}")
    def samples(number: int, kind: Literal["png", "npz"], view: Annotated[View, Query()]) -> Response:
        explorer = chosen(number)
        z, labels = explorer.noise(view)
        images = explorer.images(z, labels)
        if kind == "png":
            content = encode_png(explorer.generator.picture(images))
        else:
            content = npz(explorer.generator.data, images, z=z, labels=labels)
        return _file(content, f"samples-{'ab'[number]}-seed{view.seed}.{kind}")

    @app.get("/{number}/morph.{kind}")
    def morph(number: int, kind: Literal["png", "gif", "npz"], morph: Annotated[Morph, Query()]) -> Response:
        explorer = chosen(number)
        data = explorer.generator.data
        if kind == "gif" and not data.pixels:
            raise HTTPException(404)
        _, images = explorer.morph(morph, FILM_STEPS if kind == "gif" else STEPS)
        content = (
            encode_png(strip(data, images)) if kind == "png" else film(images) if kind == "gif" else npz(data, images)
        )
        return _file(content, f"morph-seed{morph.start}-to-seed{morph.end}.{kind}")

    return app


def _file(content: bytes, name: str) -> Response:
    kind = TYPES[name.rpartition(".")[2]]
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
