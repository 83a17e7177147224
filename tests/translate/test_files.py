"""Names of translations: those of their images, never twice, and never over an image."""

from pathlib import Path

import pytest
from PIL import Image

from gan.errors import UserError
from gan.translate.files import Job, find_jobs


def write(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2)).save(path)


def names(jobs: list[Job], out: Path) -> list[str]:
    return [str(job.out.relative_to(out)) for job in jobs]


def test_names_follow_the_images_and_their_subfolders(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    write(photos / "b.v2.png", photos / "cats" / "a.jpg", tmp_path / "a.bmp")
    jobs = find_jobs([photos, tmp_path / "a.bmp", tmp_path / "missing.png"], None, out)
    assert names(jobs, out) == ["b.v2.png", "cats/a.png", "a.png", "missing.png"]
    assert [job.source for job in jobs[1:3]] == [photos / "cats" / "a.jpg", tmp_path / "a.bmp"]


def test_images_of_one_name_are_numbered(tmp_path: Path) -> None:
    write(
        tmp_path / "a.bmp", tmp_path / "a.png", tmp_path / "A.jpg", tmp_path / "a-2.png", tmp_path / "other" / "a.png"
    )
    files = [tmp_path / name for name in ("a.png", "a.bmp", "a-2.png", "A.jpg", "other/a.png")]
    assert names(find_jobs(files, None, tmp_path / "out"), tmp_path / "out") == [
        "a.png",
        "a-2.png",
        "a-2-2.png",
        "A-3.png",
        "a-4.png",
    ]


def test_an_image_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "a.png", tmp_path / "b.jpg")
    with pytest.raises(UserError, match="would overwrite the image"):
        find_jobs([tmp_path], None, tmp_path)
    link = tmp_path / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(UserError, match="would overwrite the image"):
        find_jobs([tmp_path / "a.png"], None, link)
    assert names(find_jobs([tmp_path / "b.jpg"], None, tmp_path), tmp_path) == ["b.png"]


def test_earlier_translations_within_the_folder_of_images_are_left_out(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(tmp_path / "a.png", out / "a.png")
    assert [job.source for job in find_jobs([tmp_path], None, out)] == [tmp_path / "a.png"]
    (tmp_path / "a.png").unlink()
    with pytest.raises(UserError, match="hold no others"):
        find_jobs([tmp_path], None, out)


def test_masks_are_one_for_all_or_have_the_names_of_the_images(tmp_path: Path) -> None:
    photos, masks, out = tmp_path / "photos", tmp_path / "masks", tmp_path / "out"
    write(photos / "a.jpg", photos / "sub" / "b.jpg", masks / "a.png", masks / "b.bmp", tmp_path / "mask.png")
    one_for_all = find_jobs([photos], tmp_path / "mask.png", out)
    assert {job.mask for job in one_for_all} == {tmp_path / "mask.png"}
    assert [job.mask for job in find_jobs([photos], masks, out)] == [masks / "a.png", masks / "b.bmp"]
    (masks / "b.bmp").unlink()
    with pytest.raises(UserError, match="no mask sub/b for the image"):
        find_jobs([photos], masks, out)
