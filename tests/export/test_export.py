"""``python -m gan.export``: exports reproduce the checkpoint's images and replace it in every command."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.utils import parametrize

import gan
from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.export import graph as graph_module
from gan.export.graph import Graph, plain_copy
from gan.models import dcgan
from tests.conftest import LIVELY, ROOT, TINY, Run, run_here, run_python
from tests.test_errors import error_line

Train = Callable[..., Run]

RECIPES = {
    "dcgan": ["model=dcgan"],
    "mlp_gan": ["model=mlp_gan", "model.latent=uniform"],
    "cgan": ["model=cgan"],
    "embedding": ["model=cgan", "model.generator.embedding_dim=16"],
    "spectral": ["model=dcgan", "model.generator.spectral_norm=true", "model.generator.norm=instance"],
    "attention": ["model=sagan", "model.latent_dim=100"],
}
ALL = {"generator.safetensors", "generator.json", "generator.onnx", "generator.pt2"}
WEIGHTS = ["--formats", "safetensors"]


@dataclass(frozen=True)
class Exported:
    """A run, the folder of its export, and the finished export command."""

    run: Path
    folder: Path
    command: Run

    def inputs(self, num: int) -> dict[str, Tensor]:
        """Return latent vectors and, for conditional generators, labels, by input name."""
        generator = gan.load(self.run)
        labels = {"labels": torch.arange(num) % 10} if generator.num_classes > 1 else {}
        return {"z": generator.latents(num, seed=3)} | labels


PARAMS = [pytest.param(name, marks=pytest.mark.long if name != "cgan" else []) for name in RECIPES]


@pytest.fixture(scope="module", params=PARAMS)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    pytest.importorskip("onnxruntime", reason="needs pip install -e '.[export]'")
    run, out = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("new") / "exported"
    options = [*TINY, *LIVELY, *RECIPES[request.param], f"hydra.run.dir={run}"]
    assert run_here("train.py", *options).status == 0
    return Exported(run, out, run_here("-m", "gan.export", str(run), "--out", str(out)))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Export of the weights alone, of a conditional generator."""
    run, out = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("weights")
    assert run_here("train.py", *TINY, *LIVELY, "model=cgan", f"hydra.run.dir={run}").status == 0
    return Exported(run, out, run_here("-m", "gan.export", str(run), "--out", str(out), *WEIGHTS))


def test_files_and_messages(exported: Exported) -> None:
    done, folder = exported.command, exported.folder
    assert done.status == 0, done.err
    assert {path.name for path in folder.iterdir()} == ALL
    names = "|".join(re.escape(str(folder / name)) for name in ALL)
    lines = done.out.splitlines()
    sizes = dict(re.findall(rf"^Wrote    ({names}), (\d+\.\d) kB", done.out, re.M))
    assert len(lines) == len(sizes) + 1
    assert sizes == {str(path): f"{path.stat().st_size / 1000:.1f}" for path in folder.iterdir()}
    differences = [
        float(value) for value in re.findall(r"difference from the generator's images: (\S+)$", done.out, re.M)
    ]
    assert len(differences) == 2
    assert max(differences) <= 1e-4
    assert lines[-1] == f'Use      import gan; images = gan.load("{folder}").sample(16)'
    notes = [f"Writing  {folder / name} ..." for name in ("generator.onnx", "generator.pt2")]
    assert done.err.splitlines() == notes, "exporters print nothing"


@pytest.mark.parametrize("name", ["", "generator.safetensors"])
def test_samples_equal_the_checkpoints_exactly(exported: Exported, name: str) -> None:
    export, checkpoint = gan.load(exported.folder / name), gan.load(exported.run)
    settings = {"seed": 5, "truncation": 0.7, "labels": [3, 1] if checkpoint.num_classes > 1 else None}
    assert torch.equal(export.sample(20), checkpoint.sample(20))
    assert torch.equal(export.sample(20, **settings), checkpoint.sample(20, **settings))
    assert not torch.equal(export.sample(20), gan.load(exported.run, use_ema=False).sample(20)), "it is the EMA"
    path = re.compile(r"path=[^,]*, ")
    assert path.sub("", repr(export)) == path.sub("", repr(checkpoint))
    assert checkpoint.sample(20).std() > 0.1, "uniform grey images would equal those of any other generator"


@pytest.mark.parametrize("num", [1, 2, 7])
def test_onnxruntime_reproduces_the_images(exported: Exported, num: int) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(exported.folder / "generator.onnx", providers=["CPUExecutionProvider"])
    inputs = exported.inputs(num)
    expected = {"z": ("tensor(float)", ["batch", 100]), "labels": ("tensor(int64)", ["batch"])}
    assert {i.name: (i.type, i.shape) for i in session.get_inputs()} == {name: expected[name] for name in inputs}
    assert [(o.name, o.shape) for o in session.get_outputs()] == [("images", ["batch", 1, 28, 28])]
    images = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
    np.testing.assert_allclose(images, gan.load(exported.run)(*inputs.values()).numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("num", [1, 2, 7])
def test_torch_export_reproduces_the_images(exported: Exported, num: int) -> None:
    program = torch.export.load(exported.folder / "generator.pt2").module()
    inputs = exported.inputs(num).values()
    torch.testing.assert_close(program(*inputs), gan.load(exported.run)(*inputs), rtol=0, atol=1e-4)


@pytest.mark.long
def test_graphs_run_without_this_package(train: Train, tmp_path: Path) -> None:
    """A separate process also reveals output that bypasses ``sys.stderr``, and imports of gan."""
    pytest.importorskip("onnxruntime", reason="needs pip install -e '.[export]'")
    run, out = train(*TINY, *LIVELY, "model=cgan"), tmp_path / "exported"
    done = run_python("-m", "gan.export", str(run.folder), "--out", str(out), "--formats", "torch", "onnx")
    assert (done.status, len(done.err.splitlines()), len(done.out.splitlines())) == (0, 2, 3), done.err + done.out
    assert done.out.splitlines()[-1] == (
        f'Use      images = onnxruntime.InferenceSession("{out}/generator.onnx").run(None, '
        '{"z": z, "labels": labels})[0]'
    )
    z, labels = gan.load(run.folder).latents(4), torch.tensor([5, 0, 9, 9])
    torch.save((z, labels, gan.load(run.folder)(z, labels)), tmp_path / "images.pt")
    code = f"""
import sys; sys.modules["gan"] = None
import torch
z, labels, images = torch.load({str(tmp_path / "images.pt")!r})
program = torch.export.load({str(out / "generator.pt2")!r}).module()
torch.testing.assert_close(program(z, labels), images, rtol=0, atol=1e-4)
import onnxruntime
session = onnxruntime.InferenceSession({str(out / "generator.onnx")!r})
result = session.run(None, {{"z": z.numpy(), "labels": labels.numpy()}})[0]
torch.testing.assert_close(torch.from_numpy(result), images, rtol=0, atol=1e-4)
"""
    process = run_python("-c", code)
    assert process.status == 0, process.err


def test_description(weights: Exported) -> None:
    facts = json.loads((weights.folder / "generator.json").read_text())
    expected = {"format": 2, "global_step": 10, "use_ema": True, "image_shape": [1, 28, 28]}
    expected |= {"latent_dim": 100, "latent": "normal", "num_classes": 10}
    assert {name: facts[name] for name in expected} == expected
    assert facts["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert set(facts["config"]) == {"model", "data", "metric"}
    assert facts["config"]["model"]["generator"]["image_shape"] == [1, 28, 28], "interpolations are resolved"
    checkpoint = torch.load(weights.run / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    state = load_file(weights.folder / "generator.safetensors")
    assert state
    assert all(torch.equal(value, checkpoint[f"ema.network.{name}"]) for name, value in state.items())


def test_last_weights(weights: Exported, tmp_path: Path) -> None:
    done = run_here("-m", "gan.export", str(weights.run), "--out", str(tmp_path), "--no-ema", *WEIGHTS)
    assert done.status == 0, done.err
    assert json.loads((tmp_path / "generator.json").read_text())["use_ema"] is False
    images = gan.load(weights.run, use_ema=False).sample(8)
    assert torch.equal(gan.load(tmp_path).sample(8), images)
    assert torch.equal(gan.load(tmp_path, use_ema=False).sample(8), images)
    assert "use_ema=False" in repr(gan.load(tmp_path))
    with pytest.raises(UserError, match=r"holds the moving average .* only, not the last weights"):
        gan.load(weights.folder, use_ema=False)


def test_commands_accept_an_export(weights: Exported, tmp_path: Path) -> None:
    scores, images = [], []
    for number, path in enumerate((weights.run, weights.folder, weights.folder / "generator.safetensors")):
        array, json_file = tmp_path / f"{number}.npz", tmp_path / f"{number}.json"
        assert run_here("-m", "gan.sample", str(path), "--num", "9", "--out", str(array)).status == 0
        images.append(np.load(array)["images"])
        options = ["num_samples=64", "seeds=1", "metric=frechet", f"out={json_file}"]
        done = run_here("-m", "gan.evaluate", str(path), *options)
        assert done.status == 0, done.err
        results = json.loads(json_file.read_text())
        assert results["subject"] == f"samples of {path} (moving average weights)"
        scores.append((results["scores"], results["protocol"]))
    assert scores[0] == scores[1] == scores[2]
    assert np.array_equal(images[0], images[1])
    assert np.array_equal(images[0], images[2])


def test_an_export_can_be_exported_again(weights: Exported, tmp_path: Path) -> None:
    assert run_here("-m", "gan.export", str(weights.folder), "--out", str(tmp_path), *WEIGHTS).status == 0
    for name in ("generator.safetensors", "generator.json"):
        assert (tmp_path / name).read_bytes() == (weights.folder / name).read_bytes()


@pytest.mark.parametrize("name", ["", "generator.safetensors"])
def test_training_cannot_resume_from_an_export(train: Train, weights: Exported, name: str) -> None:
    path = weights.folder / name
    message = error_line(train(f"ckpt={path}", "trainer.max_steps=20", f"hydra.run.dir={weights.folder.parent / 'no'}"))
    assert message == f"error: ckpt={path} is an exported generator, which cannot resume training: name a run"


def test_a_run_folder_with_an_export_is_still_a_run(weights: Exported, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(weights.run, run)
    assert run_here("-m", "gan.export", str(run), "--out", str(run), "--no-ema", *WEIGHTS).status == 0
    assert torch.equal(gan.load(run).sample(4), gan.load(weights.run).sample(4))


def change(facts: dict[str, Any], key: str, value: Any) -> None:
    """Set the value of a dotted key; None deletes it."""
    *path, last = key.split(".")
    for part in path:
        facts = facts[part]
    facts[last] = value
    if value is None:
        del facts[last]


def read_to_edit(folder: Path) -> dict[str, Any]:
    """Return a description without its own hash, as one who edits it by hand must."""
    facts: dict[str, Any] = json.loads((folder / "generator.json").read_text())
    del facts["description_sha256"]
    return facts


MARKER = "this-code-ran"
EVIL = {"_target_": "os.mkdir", "path": MARKER}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 1}, r"generator\.json has format 1, but this version reads 2: export the run again"),
        ({"format": None}, r"generator\.json was not written by this project: it has no format number"),
        ({"global_step": None}, r"generator\.json is damaged \(global_step: Field required\)"),
        ({"image_shape": [28, 28]}, r"image_shape is \(1, 28, 28\) by its configuration, but \(28, 28\) by"),
        ({"sha256": "0"}, r"generator\.safetensors is damaged or belongs to another export than generator\.json"),
        ({"config.model": EVIL}, r"asks for os\.mkdir \(at model\).*refused"),
        ({"config.data": EVIL}, r"asks for os\.mkdir \(at data\).*refused"),
        ({"config.model.generator": EVIL}, r"asks for os\.mkdir \(at model\.generator\).*refused"),
        ({"config.model.discriminator": EVIL}, r"asks for os\.mkdir \(at model\.discriminator\).*refused"),
        ({"config.model.generator": {"_target_": "torch.nn.Identity"}}, r"weights do not fit its configuration"),
        ({"config.model.generator": {"_target_": "torch.jit.load"}}, r"asks for torch\.jit\.load .*refused"),
        (
            {
                "config.evil": f"{{_target_: os.mkdir, path: {MARKER}}}",
                "config.model.generator": "${oc.create:${evil}}",
            },
            r"model\.generator: '\$\{oc\.create:\$\{evil\}\}' is more than a reference to a key: refused",
        ),
        ({"config.model": {"_target_": "gan.losses.adversarial.Hinge"}}, r"model is not a Trainable but a Hinge"),
        ({"config.data": {}}, r"data names no DataModule: refused"),
        ({"config.data": None}, r"its configuration has no model, or no data"),
        ({"config.data.image_size": "${nowhere}"}, r"data\.image_size: .* key 'nowhere' not found"),
        ({"config.model.generator.width": 4}, r"weights do not fit its configuration"),
        ({"config.model.generator.embedding_dim": 16}, r"weights do not fit its configuration"),
        ({"config.model.latent_dim": 50}, r"weights do not fit its configuration"),
        ({"latent_dim": 50}, r"latent_dim is 100 by its configuration, but 50 by its description"),
        ({"latent": "uniform"}, r"latent is normal by its configuration, but uniform by its description"),
        ({"image_shape": [3, 28, 28]}, r"image_shape is \(1, 28, 28\) by its configuration, but \(3, 28, 28\) by"),
    ],
    ids=str,
)
def test_bad_descriptions(weights: Exported, tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    shutil.copytree(weights.folder, tmp_path / "bad")
    facts = read_to_edit(weights.folder)
    for key, value in changes.items():
        change(facts, key, value)
    (tmp_path / "bad" / "generator.json").write_text(json.dumps(facts))
    assert re.search(message, refused(tmp_path / "bad"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("generator.json", None, r"generator\.safetensors has no generator\.json beside it"),
        ("generator.safetensors", None, r"no checkpoint at .*generator\.safetensors"),
        ("generator.json", b"{", r"generator\.json is damaged"),
        ("generator.json", b"[" * 100_000, r"generator\.json is damaged"),
        ("generator.json", b"\xff", r"generator\.json is damaged"),
        ("generator.json", b"[]", r"generator\.json was not written by this project"),
        ("generator.safetensors", b"", r"generator\.safetensors is damaged or holds no weights"),
        ("generator.safetensors", b"\xff" * 1000, r"generator\.safetensors is damaged or holds no weights"),
    ],
    ids=[
        "no description",
        "no weights",
        "invalid JSON",
        "nested JSON",
        "invalid UTF-8",
        "not an object",
        "empty weights",
        "invalid weights",
    ],
)
def test_bad_files(weights: Exported, tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    folder = tmp_path / "bad"
    shutil.copytree(weights.folder, folder)
    (folder / name).unlink() if content is None else (folder / name).write_bytes(content)
    assert re.search(message, refused(folder))


def test_a_changed_description_is_damaged(weights: Exported, tmp_path: Path) -> None:
    """Also where every value is of the right type."""
    shutil.copytree(weights.folder, tmp_path / "bad")
    path = tmp_path / "bad" / "generator.json"
    text = path.read_text()
    path.write_text(text.replace('"global_step": ', '"global_step": 1'))
    assert re.search(r"generator\.json is damaged, or was edited .* delete .*description_sha256", refused(path.parent))
    path.write_text(json.dumps(json.loads(text), indent=1))
    assert gan.load(path.parent).sample(1).shape[0] == 1, "the same values in another layout"


@pytest.mark.parametrize("kind", ["truncated", "flipped", "of another export"])
def test_weights_with_another_hash(weights: Exported, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "bad"
    shutil.copytree(weights.folder, folder)
    path = folder / "generator.safetensors"
    content = bytearray(path.read_bytes())
    if kind == "truncated":
        path.write_bytes(content[:-100])
    elif kind == "flipped":
        content[-100] ^= 1
        path.write_bytes(content)
    else:
        state = load_file(path)
        save_file({name: value + 1 for name, value in state.items()}, path)
    assert re.search(r"generator\.safetensors is damaged", refused(folder))


@pytest.mark.parametrize(("kind", "message"), [("missing", "Missing key"), ("shape", "size mismatch")])
def test_weights_of_another_network(weights: Exported, tmp_path: Path, kind: str, message: str) -> None:
    """The hash matches, but the weights do not fit the network."""
    folder = tmp_path / "bad"
    shutil.copytree(weights.folder, folder)
    path = folder / "generator.safetensors"
    state = load_file(path)
    name, value = next((name, value) for name, value in state.items() if value.dim() == 4)
    state[name] = value[:, :, 1:].contiguous()
    if kind == "missing":
        del state[name]
    save_file(state, path)
    facts = read_to_edit(folder)
    facts["sha256"] = sha256(path.read_bytes()).hexdigest()
    (folder / "generator.json").write_text(json.dumps(facts))
    assert re.search(f"weights do not fit its configuration .*{message}", refused(folder))


def refused(folder: Path) -> str:
    """Sample from an export; check that it is refused and ran no code, and return the error."""
    message = error_line(run_here("-m", "gan.sample", str(folder), "--out", str(folder / "x.png")))
    with pytest.raises(UserError):
        gan.load(folder)
    assert not (ROOT / MARKER).exists()
    assert not (folder / "x.png").exists()
    return message


@pytest.mark.parametrize("form", ["onnx", "torch"])
def test_a_failed_verification_leaves_no_file(
    weights: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    name = {"onnx": "generator.onnx", "torch": "generator.pt2"}[form]
    monkeypatch.setattr(graph_module, "TOLERANCE", -1.0)
    command = ["-m", "gan.export", str(weights.folder), "--out", str(tmp_path), "--formats", form]
    message = error_line(run_here(*command))
    assert re.search(rf"{name} cannot be written: its images differ from the generator's by \S+$", message)
    assert not list(tmp_path.iterdir())
    (tmp_path / name).write_text("an earlier one")
    error_line(run_here(*command))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "an earlier one"


@pytest.mark.parametrize(
    ("error", "message"),
    [(2e-4, "differ from the generator's by 0.0002"), (float("nan"), "by nan"), (5e-5, None), (0.0, None)],
)
def test_differences(weights: Exported, error: float, message: str | None) -> None:
    generator = gan.load(weights.folder, device="cpu")
    graph = Graph(generator)

    def run(z: Tensor, labels: Tensor) -> Tensor:
        images = generator(z, labels)
        images[-1, 0, 3, 4] += error if len(images) > 1 else 0.0  # only in the larger batch
        return images

    if message is None:
        assert graph.difference(run) == pytest.approx(error, abs=1e-7)
    else:
        with pytest.raises(UserError, match=message):
            graph.difference(run)
    with pytest.raises(UserError, match=r"images of shape \(1, 1, 28\), not \(1, 1, 28, 28\)"):
        graph.difference(lambda z, labels: generator(z, labels)[..., 0])


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_missing_packages(weights: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    command = ["-m", "gan.export", str(weights.folder), "--out", str(tmp_path / "out")]
    message = error_line(run_here(*command, "--formats", "safetensors", "onnx"))
    assert message == "error: --formats onnx needs packages: pip install -e '.[export]'"
    assert not (tmp_path / "out").exists()
    done = run_here(*command)
    assert done.status == 0, done.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == ALL - {"generator.onnx"}
    assert "Skipped generator.onnx, which needs packages: pip install -e '.[export]'" in done.out


def test_a_generator_that_cannot_be_traced(weights: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = dcgan.Generator.forward

    def branching(self: dcgan.Generator, z: Tensor) -> Tensor:
        return forward(self, z) if z.sum() > 0 else -forward(self, z)

    monkeypatch.setattr(dcgan.Generator, "forward", branching)
    message = error_line(
        run_here("-m", "gan.export", str(weights.folder), "--out", str(tmp_path), "--formats", "torch")
    )
    assert re.search(r"this generator cannot be traced \(\w+: .*\)$", message)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["/proc/missing", "a file"])
def test_unwritable_folders(weights: Exported, tmp_path: Path, name: str) -> None:
    (tmp_path / "a file").touch()
    out = tmp_path / name
    message = error_line(run_here("-m", "gan.export", str(weights.folder), "--out", str(out), *WEIGHTS))
    assert re.match(f"error: --out {out}: ", message)


def test_plain_copy_does_not_change_the_original() -> None:
    network = dcgan.Generator((1, 28, 28), 10, 8, spectral_norm=True).to(memory_format=torch.channels_last).eval()
    z = torch.randn(4, 10)
    images, names = network(z), list(network.state_dict())
    copy = plain_copy(network)
    assert not any(parametrize.is_parametrized(module) for module in copy.modules())
    assert all(weight.is_contiguous() for weight in copy.parameters())
    torch.testing.assert_close(copy(z), images)
    assert torch.equal(network(z), images)
    assert list(network.state_dict()) == names
    torch.testing.assert_close(plain_copy(network)(z), images)  # a second copy also works


def test_the_graph_uses_the_chosen_weights(weights: Exported) -> None:
    graphs = [Graph(TrainedGenerator(weights.run, use_ema, "cpu")) for use_ema in (True, False)]
    inputs = tuple(graphs[0].used(graphs[0].example(3)).values())
    images = [graph.program.module()(*inputs) for graph in graphs]
    assert (images[0] - images[1]).abs().max() > 0.01
