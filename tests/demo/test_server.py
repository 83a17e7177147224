"""Demo: downloads, and their errors."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gan
from gan.demo.generator import DemoGenerator

Checkpoint = Callable[..., Path]


def test_downloads(checkpoint: Checkpoint) -> None:
    pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")
    from fastapi.testclient import TestClient

    from gan.demo.server import download_app

    generator = gan.load(checkpoint("model=cgan"))
    client = TestClient(download_app([DemoGenerator(generator)]))
    query = {"seed": "1", "num": "9", "label": "2"}
    expected = generator.sample(9, [2], 1)
    with Image.open(BytesIO(client.get("/0/samples.png", params=query).content)) as image:
        assert np.array_equal(np.array(image), generator.picture(expected).permute(1, 2, 0).numpy())
    with np.load(BytesIO(client.get("/0/samples.npz", params=query).content)) as arrays:
        exact = generator.data.discretize(expected).permute(0, 2, 3, 1).numpy()
        assert np.abs(arrays["images"].astype(int) - exact).max() <= 1
        assert arrays["labels"].tolist() == [2] * 9
        assert arrays["z"].shape == (9, 100)
    with Image.open(BytesIO(client.get("/0/morph.gif").content)) as animation:
        assert (animation.size, animation.n_frames) == ((280, 280), 60)

    for path, status in (
        ("/1/samples.png", 404),
        ("/0/samples.jpg", 422),
        ("/0/samples.png?num=0", 422),
        ("/0/samples.png?seed=-1", 422),
        ("/0/samples.png?truncation=0", 422),
        ("/0/samples.png?label=10", 400),
        ("/0/morph.png?t=2", 422),
    ):
        assert client.get(path).status_code == status, path
