"""The border weights against a slow reference made of scipy's distances and labels."""

import numpy as np
import pytest
from scipy import ndimage

from course_utils.losses import border_weights


def reference(mask, w0, sigma):
    """Ronneberger's equation 2, pixel by pixel."""
    valid, objects = mask != 255, mask == 1
    share = {label: (mask == label).sum() / valid.sum() for label in (0, 1)}
    present = sum(value > 0 for value in share.values())
    labels, count = ndimage.label(objects)
    distances = [ndimage.distance_transform_edt(labels != number) for number in range(1, count + 1)]
    weights = np.zeros(mask.shape)
    for place in zip(*np.nonzero(valid), strict=True):
        weights[place] = 1 / (present * share[mask[place]])
        if mask[place] == 0 and count >= 2:
            first, second = sorted(distance[place] for distance in distances)[:2]
            weights[place] += w0 * np.exp(-((first + second) ** 2) / (2 * sigma**2))
    return weights


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("w0", "sigma"), [(10, 5), (3, 2)])
def test_against_the_reference(seed, w0, sigma):
    rng = np.random.default_rng(seed)
    mask = np.uint8(ndimage.gaussian_filter(rng.normal(size=(24, 31)), 2) > 0.05)
    mask[rng.random(mask.shape) < 0.05] = 255
    weights = border_weights(mask, w0, sigma)
    assert weights.dtype == np.float32
    assert weights.shape == mask.shape
    np.testing.assert_allclose(weights, reference(mask, w0, sigma), rtol=1e-4)


def test_by_hand():
    mask = np.uint8([[1, 0, 1, 1]] * 4)  # the background is 1 pixel from both objects
    weights = border_weights(mask, w0=10, sigma=5)
    np.testing.assert_allclose(weights[0], [2 / 3, 2 + 10 * np.exp(-4 / 50), 2 / 3, 2 / 3], rtol=1e-6)


def test_classes_are_balanced():
    mask = np.zeros((10, 10), np.uint8)
    mask[2:4, 2:7] = 1  # one object: no bonus
    mask[0] = 255
    weights = border_weights(mask)
    assert weights[mask != 255].mean() == pytest.approx(1)
    assert weights[mask == 1].sum() == pytest.approx(weights[mask == 0].sum())
    assert not weights[mask == 255].any()


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_weight_one(label):
    np.testing.assert_array_equal(border_weights(np.full((4, 4), label, np.uint8)), 1)


def test_all_ignored():
    np.testing.assert_array_equal(border_weights(np.full((4, 4), 255, np.uint8)), 0)


def test_corners_do_not_join_objects():
    assert border_weights(np.uint8([[1, 0], [0, 1]])).max() > 2
    assert border_weights(np.uint8([[1, 0], [1, 1]])).max() <= 2


@pytest.mark.parametrize("mask", [np.zeros((4, 4, 1), np.uint8), np.full((4, 4), 2, np.uint8), np.full((4, 4), 0.5)])
def test_other_shapes_and_values_are_refused(mask):
    with pytest.raises(ValueError, match="border_weights needs one mask"):
        border_weights(mask)
