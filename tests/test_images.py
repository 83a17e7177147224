"""Pictures of images that belong together."""

import torch
from torch.testing import assert_close

from gan.images import from_uint8, gallery, side_by_side, to_uint8


def test_images_of_a_group_are_side_by_side_below_their_titles() -> None:
    """Four groups of two images of 40 x 50 pixels, one group per row: the root of 4 / 2, rounded, is 1."""
    random = torch.Generator().manual_seed(0)
    source = from_uint8(torch.randint(256, (4, 1, 40, 50), generator=random, dtype=torch.uint8))
    output = from_uint8(torch.randint(256, (4, 3, 40, 50), generator=random, dtype=torch.uint8))
    picture = side_by_side({"source": source, "output": output})
    top = picture.shape[1] - 4 * 42 - 2
    assert picture.shape == (3, top + 4 * 42 + 2, 2 * 52 + 2)
    assert top > 8, "there is room for titles"
    assert (picture[:, :top] < 128).any()
    third = picture[:, top + 2 + 2 * 42 :][:, :40]
    assert_close(third[:, :, 2:52], to_uint8(source[2]).expand(3, -1, -1))
    assert_close(third[:, :, 54:104], to_uint8(output[2]))


def test_titles_that_do_not_fit_are_left_out() -> None:
    images = torch.zeros(9, 1, 8, 8)
    assert side_by_side({"source": images, "output": images}).shape == (3, 2 + 5 * 10, 2 * (2 * 10 + 8) - 8 + 2)


def test_no_title_of_a_gallery_is_cut() -> None:
    """Black images have white columns beside them where a title is wider."""
    for size in (8, 16, 64):
        images = torch.zeros(2, 1, 1, size, size, dtype=torch.uint8).expand(-1, -1, 3, -1, -1)
        picture = gallery({"sample": images, "nearest by features: captions": images})
        title = (picture[:, :30] < 250).any(0)
        assert title.any()
        assert not title[:, [0, -1]].any()
        gaps = (~title.any(0)).float().unfold(0, 20, 1).all(1)
        assert gaps[1:-1].any(), "titles are apart"
        assert picture.shape[2] >= 2 * 2 * size
