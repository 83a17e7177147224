"""Local web server of the page and its downloads, without Gradio's own messages and shutdown."""

import socket
import webbrowser
from typing import Annotated, Literal

import gradio as gr
import uvicorn
from fastapi import FastAPI, HTTPException, Query, Response
from starlette.types import ASGIApp

from gan.checkpoint.trained import TrainedGenerator
from gan.demo.encoding import encode_gif, encode_npz, image_row
from gan.demo.generator import MORPH_STEPS, DemoGenerator
from gan.demo.guard import MAX_BYTES, guarded
from gan.demo.page import HEAD, STYLE, THEME, noise_page, translation_page
from gan.demo.settings import MorphSettings, SampleSettings
from gan.demo.summary import translates
from gan.demo.translator import DemoTranslator
from gan.demo.uploads import MAX_UPLOAD
from gan.errors import UserError
from gan.images import encode_png

__all__ = ["build_app", "download_app", "serve"]

GIF_STEPS = 30
MEDIA_TYPES = {"png": "image/png", "gif": "image/gif", "npz": "application/octet-stream"}


def serve(generators: list[TrainedGenerator], listener: socket.socket, browser: bool) -> None:
    """Serve the page until SIGINT or SIGTERM.

    Args:
        generators: One generator, or two of a kind to compare.
        listener: Socket that is already listening, so that early requests wait.
        browser: Whether to open the page in the user's browser.
    """
    app = build_app(generators)
    host, port = listener.getsockname()
    print(f"Demo  http://{host}:{port} (Ctrl-C to stop)", flush=True)
    if browser:
        webbrowser.open(f"http://{host}:{port}")
    # An open page keeps its connection forever: shutdown does not wait for it, and its end is not logged as an error.
    config = uvicorn.Config(app, log_config=None, log_level="critical", timeout_graceful_shutdown=0)
    uvicorn.Server(config).run(sockets=[listener])


def build_app(generators: list[TrainedGenerator]) -> ASGIApp:
    """Build the guarded web application of the page and its downloads; see ``serve``."""
    if translates(generators[0]):
        page = translation_page([DemoTranslator(generator) for generator in generators])
        app, max_bytes = download_app([]), MAX_UPLOAD
    else:
        demos = [DemoGenerator(generator) for generator in generators]
        page, app, max_bytes = noise_page(demos), download_app(demos), MAX_BYTES
    page.has_launched = True  # else Gradio takes any file of this machine that a request names for an upload
    app = gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=max_bytes,
        theme=THEME,
        css=STYLE,
        head=HEAD,
    )
    return guarded(app, max_bytes)


def download_app(generators: list[DemoGenerator]) -> FastAPI:
    """Build the web application that generates the page's downloads on request."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def generator_at(number: int) -> DemoGenerator:
        if not 0 <= number < len(generators):
            raise HTTPException(404)
        return generators[number]

    @app.exception_handler(UserError)
    def bad_request(_request: object, error: Exception) -> Response:
        return Response(str(error), 400, media_type="text/plain")

    @app.get("/{number}/samples.{kind}")
    def samples(number: int, kind: Literal["png", "npz"], settings: Annotated[SampleSettings, Query()]) -> Response:
        demo = generator_at(number)
        inputs = demo.inputs(settings)
        images = demo.images(inputs)
        if kind == "png":
            content = encode_png(demo.generator.picture(images))
        else:
            content = encode_npz(demo.generator.data, images, **inputs.tensors())
        return _file(content, f"samples-{'ab'[number]}-seed{settings.seed}.{kind}")

    @app.get("/{number}/morph.{kind}")
    def morph(number: int, kind: Literal["png", "gif", "npz"], settings: Annotated[MorphSettings, Query()]) -> Response:
        demo = generator_at(number)
        data = demo.generator.data
        if kind == "gif" and not data.pixels:
            raise HTTPException(404)
        _, images = demo.morph(settings, GIF_STEPS if kind == "gif" else MORPH_STEPS)
        if kind == "png":
            content = encode_png(image_row(data, images))
        else:
            content = encode_gif(images) if kind == "gif" else encode_npz(data, images)
        return _file(content, f"morph-seed{settings.start}-to-seed{settings.end}.{kind}")

    return app


def _file(content: bytes, name: str) -> Response:
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
