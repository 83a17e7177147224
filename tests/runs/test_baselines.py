"""Names of a score's baselines, as reports show them."""

from gan.runs.baselines import named_baselines


def test_real_images_are_named_after_the_split_that_is_not_compared_with() -> None:
    results = {
        "score_name": "fid",
        "baselines": {"held_out": 3.0, "held_out_images": 9, "noise": 400.0, "noise_images": 9},
        "trivial_baselines": {"copy": {"fid": 90.0, "l1": 0.5}},
        "protocol": {"real_split": "train"},
    }
    assert named_baselines(results, "fid") == {"held-out real images": 3.0, "copy": 90.0, "noise": 400.0}
    assert named_baselines(results, "l1") == {"copy": 0.5}
    assert named_baselines(results, "psnr") == {}
    results["protocol"] = {"real_split": "test"}
    assert list(named_baselines(results, "fid")) == ["training images", "copy", "noise"]
