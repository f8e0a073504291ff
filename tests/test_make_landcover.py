"""The generated mosaics: layout and georeference of the real ones, masks that fit, the same country from the same seed."""

import cv2
import numpy as np
import pytest
import rasterio

from course_utils.classes import LANDCOVER
from data_scripts.drawing.country import mosaic
from data_scripts.sets import landcover


@pytest.fixture(scope="module")
def country():
    return mosaic(np.random.default_rng(5), 1536)


def test_layout_is_that_of_the_real_set(tmp_path):
    sides = {"a": 512, "b": 300}
    landcover.make(tmp_path, 1, sides)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.tif")} == {
        f"{k}/{n}.tif" for k in ("images", "masks") for n in "ab"
    }
    right = None
    for name, side in sides.items():
        with rasterio.open(tmp_path / f"images/{name}.tif") as image, rasterio.open(tmp_path / f"masks/{name}.tif") as mask:
            assert (image.count, mask.count, image.shape, mask.shape) == (3, 1, (side, side), (side, side))
            assert image.dtypes[0] == mask.dtypes[0] == "uint8"
            assert image.crs.to_epsg() == mask.crs.to_epsg() == 2180
            assert image.res == mask.res == (0.25, 0.25)
            assert image.block_shapes == [(256, 256)] * 3
            assert image.bounds == mask.bounds
            assert right is None or image.bounds.left == right  # side by side
            right = image.bounds.right
            assert np.ptp(image.read()) > 150
            assert set(np.unique(mask.read())) <= set(range(5))


def test_same_seed_same_country():
    (image, mask), (again, _) = (mosaic(np.random.default_rng(5), 400) for _ in range(2))
    other = mosaic(np.random.default_rng(6), 400)
    np.testing.assert_array_equal(image, again)
    assert (image != other[0]).mean() > 0.9
    assert (mask != other[1]).mean() > 0.05


def test_classes_have_their_shares(country):
    share = dict(zip(LANDCOVER.names, np.bincount(country[1].ravel(), minlength=5) / country[1].size, strict=True))
    assert len(share) == 5
    assert 0.4 < share["other"] < 0.85
    assert 0.003 < share["building"] < 0.08
    assert 0.1 < share["woodland"] < 0.4
    assert 0.02 < share["water"] < 0.2
    assert 0.01 < share["road"] < 0.08


def test_classes_look_like_themselves(country):
    image, mask = country
    mean = {name: image[mask == number].mean(axis=0) for number, name in enumerate(LANDCOVER.names)}
    assert mean["woodland"].sum() < 0.75 * mean["other"].sum()  # crowns and their shadows are dark
    assert mean["water"].sum() < 0.75 * mean["other"].sum()
    assert mean["woodland"][1] > mean["woodland"][[0, 2]].max()  # green
    inside = cv2.erode(np.uint8(mask == 3), np.ones((9, 9))) > 0
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rough = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 3))
    assert rough[inside].mean() < rough[mask == 2].mean() / 3


def test_the_mask_meets_the_image_to_the_pixel(country):
    """Across the border of a roof or a road the image changes more there than a few pixels beside it."""
    image, mask = country
    change = np.abs(np.diff(cv2.GaussianBlur(image, (3, 3), 0).astype(int), axis=1)).sum(axis=2)
    for number in (1, 4):
        border = np.diff((mask == number).astype(int), axis=1) != 0
        beside = np.roll(border, 5, axis=1)
        assert change[border].mean() > 1.5 * change[beside].mean()


def test_shadows_lie_away_from_the_sun(country):
    """North of a roof it is darker than south of it: the sun stands in the south, and north is up."""
    image, mask = country
    roof = np.uint8(mask == 1)
    north = (np.roll(roof, -9, axis=0) > 0) & (mask == 0)
    south = (np.roll(roof, 9, axis=0) > 0) & (mask == 0)
    assert image[north].mean() < 0.8 * image[south].mean()
