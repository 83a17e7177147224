"""Demo: downloads, and their errors."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gan
from gan.demo.generator import DemoGenerator
from tests.demo.inverting import SIZE, inverting

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


def test_files_that_were_not_uploaded_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")
    from fastapi.testclient import TestClient

    from gan.demo.server import build_app

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    private = tmp_path / "private.png"
    Image.new("L", (SIZE, SIZE)).save(private)
    with TestClient(build_app([inverting("edges", channels=1)]), base_url="http://127.0.0.1:7860") as client:
        events = client.get("/config").json()["dependencies"]
        (number,) = [event["id"] for event in events if "upload" in [name for _, name in event["targets"]]]

        def translate(path: str) -> str:
            file = {"path": path, "meta": {"_type": "gradio.FileData"}}
            body = {"fn_index": number, "session_hash": "x", "data": [file, "AtoB", "trained", 0]}
            return client.post("/gradio_api/run/predict", json=body).text

        for path in (str(private), "/etc/hostname", __file__):
            assert "was not uploaded by a user" in translate(path)
        (uploaded,) = client.post("/gradio_api/upload", files={"files": ("x.png", private.read_bytes())}).json()
        assert "<h2>Output</h2>" in translate(uploaded)
