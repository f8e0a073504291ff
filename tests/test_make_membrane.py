"""The generated membrane set: layout of the real one, masks that fit, neighbours alike, the same stack from the same seed."""

from itertools import islice

import cv2
import numpy as np
import pytest

from data_scripts.drawing import tissue
from data_scripts.sets import membrane


def some(seed, slices=3, size=160):
    """A small stack: images and masks, uint8 (slices, size, size)."""
    images, masks = zip(*tissue.stack(np.random.default_rng(seed), slices, size), strict=True)
    return np.stack(images), np.stack(masks)


def alike(a, b):
    """Correlation of two pictures."""
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


@pytest.fixture(scope="module")
def block():
    return some(seed=3, slices=16, size=256)


def test_layout_is_that_of_the_real_set(tmp_path, monkeypatch):
    monkeypatch.setattr(membrane, "stack", lambda rng, slices, size: islice(small_slices(rng), 30))
    membrane.make(tmp_path, seed=1)
    folders = ("train/image", "train/label", "test/image")
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.png")} == {f"{f}/{n}.png" for f in folders for n in range(30)}
    image, mask, test = (cv2.imread(str(tmp_path / f / "4.png"), cv2.IMREAD_UNCHANGED) for f in folders)
    assert image.dtype == mask.dtype == test.dtype == np.uint8
    assert image.shape == mask.shape == test.shape == (24, 24)  # two axes: 8-bit grey, no colour
    assert set(np.unique(mask)) <= {0, 255}
    assert abs(alike(image, test)) < 0.5  # another region, not the same one again


def small_slices(rng):
    """Cheap stand-ins for slices, to test what `make` does with them."""
    while True:
        image = rng.integers(0, 256, (24, 24), np.uint8)
        yield image, np.where(image > 99, 255, 0).astype(np.uint8)


def test_a_slice_of_the_real_size():
    image, mask = next(
        tissue.stack(np.random.default_rng(np.random.SeedSequence(membrane.SET.seed).spawn(2)[0]), membrane.SLICES, membrane.SIZE)
    )
    assert image.shape == mask.shape == (512, 512)
    assert image.dtype == mask.dtype == np.uint8
    assert set(np.unique(mask)) == {0, 255}
    assert 0.75 < (mask == 255).mean() < 0.81
    # about where the real slices lie: 130 ± 7, 44 ± 3, 88 ± 5 and 141 ± 7
    assert 109 < image.mean() < 151
    assert 35 < image.std() < 53
    assert 66 < image[mask == 0].mean() < 108
    assert 121 < image[mask == 255].mean() < 162


def test_share_inside(block):
    share = (block[1] == 255).mean(axis=(1, 2))
    assert share.min() > 0.72  # a quarter of a slice varies more than a whole one
    assert share.max() < 0.87


def test_many_cells_of_very_different_size(block):
    for mask in block[1][::5]:
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        area = stats[1:, cv2.CC_STAT_AREA]
        assert count > 20
        assert area.max() > 8 * np.median(area)


def test_dark_things_that_are_no_membrane(block):
    """Mitochondria and vesicles keep a threshold from being the answer."""
    images, masks = block
    smooth = np.stack([cv2.GaussianBlur(image, (0, 0), 1.5) for image in images])
    best = max(((smooth > t) == (masks > 0)).mean() for t in range(40, 200, 5))
    assert (masks > 0).mean() < best < 0.92


def test_neighbours_are_alike_and_distant_slices_are_not(block):
    images, masks = (stack.astype(np.float32) for stack in block)
    for pictures, least in ((images, 0.3), (masks, 0.35)):
        near = np.mean([alike(pictures[i], pictures[i + 1]) for i in range(15)])
        middle = np.mean([alike(pictures[i], pictures[i + 3]) for i in range(13)])
        far = np.mean([alike(pictures[i], pictures[i + 12]) for i in range(4)])
        assert near > least
        assert near > 1.5 * middle > 1.5 * far
        assert far < 0.2


def test_same_seed_same_stack_other_seed_other_stack():
    first, again, other = some(seed=5), some(seed=5), some(seed=6)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert alike(first[1], other[1]) < 0.2


def test_chance_that_changes_slowly():
    curve = tissue.wander(np.random.default_rng(0), 40, 2000, every=8)
    assert curve.shape == (40, 2000)
    assert curve.dtype == np.float32
    assert 0.9 < curve.std() < 1.2
    assert np.abs(np.diff(curve, axis=0)).mean() < 0.25
    assert abs(alike(curve[0], curve[30])) < 0.1
