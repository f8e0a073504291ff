"""Image and mask stay together, no label is invented, and positions are those of scipy."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from course_utils.augment import Affine, Elastic, Photometric, Sequence

EVERYTHING = {"rotation": 40, "shift": 0.7, "shear": 20, "zoom": 0.4, "flip": True, "flip_vertical": True}
STEPS = {
    "affine": Affine(**EVERYTHING),
    "elastic": Elastic(60, 6),
    "affine, elastic": Sequence(Affine(**EVERYTHING), Elastic(60, 6)),
    "elastic, affine": Sequence(Elastic(60, 6), Affine(**EVERYTHING)),
    "affine, affine": Sequence(Affine(rotation=20), Affine(shift=0.3)),
    "all": Sequence(Photometric(0.1, 0.2, 0.02), Affine(**EVERYTHING), Elastic(60, 6)),
}


def smooth(shape=(60, 84), channels=3, seed=0):
    noise = np.random.default_rng(seed).random((*shape, channels))
    noise = ndimage.gaussian_filter(noise, (4, 4, 0), mode="reflect")
    return np.uint8(np.round(255 * (noise - noise.min()) / np.ptp(noise)))


def blobs(shape=(60, 84), labels=(3, 7, 200, 255)):
    """A mask whose labels are far apart, so that an average of two of them would be noticed."""
    field = smooth(shape, 1, seed=5)[:, :, 0]
    return np.array(labels, np.uint8)[np.digitize(field, np.quantile(field, [0.25, 0.5, 0.75]))]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", STEPS)
def test_shapes_types_and_labels(name, channels):
    image, mask = smooth(channels=channels), blobs()
    before = image.copy(), mask.copy()
    for seed in range(30):
        new_image, new_mask = STEPS[name](image, mask, np.random.default_rng(seed))
        assert new_image.shape == image.shape
        assert new_mask.shape == mask.shape
        assert new_image.dtype == new_mask.dtype == np.uint8
        assert set(np.unique(new_mask)) <= set(np.unique(mask))
    assert np.array_equal(image, before[0])
    assert np.array_equal(mask, before[1])


@pytest.mark.parametrize("name", ["affine", "elastic", "affine, elastic", "elastic, affine", "affine, affine"])
def test_image_and_mask_stay_together(name):
    """A grid drawn in both: where the new image is clearly light or dark, the new mask says the same."""
    y, x = np.mgrid[:96, :120]
    mask = np.uint8((x // 12 + y // 12) % 2)
    image = np.repeat(255 * mask[:, :, None], 3, axis=2)
    for seed in range(30):
        new_image, new_mask = STEPS[name](image, mask, np.random.default_rng(seed))
        # The nearest of the four pixels that bilinear interpolation weighs has the largest weight, at least 1/4.
        clear = np.abs(new_image[:, :, 0] - 127.5) > 127.5 - 255 * 0.2
        assert clear.mean() > 0.7
        assert np.array_equal((new_image[:, :, 0] > 127)[clear], new_mask[clear] == 1)


@pytest.mark.parametrize("seed", range(8))
def test_matrix_against_scipy(seed):
    """scipy's affine_transform with the same matrix (in its order: rows, columns) and mirror, also beyond one side length."""
    image, mask, aug = smooth(channels=1), blobs(), Affine(rotation=40, shift=1.6, shear=20, zoom=0.4, flip=True)
    new_image, new_mask = aug(image, mask, np.random.default_rng(seed))
    matrix = aug.matrix(mask.shape, np.random.default_rng(seed))
    linear, offset = matrix[::-1, 1::-1], matrix[::-1, 2]
    expected = ndimage.affine_transform(image[:, :, 0].astype(float), linear, offset, order=1, mode="reflect")
    assert np.abs(new_image[:, :, 0] - expected).max() < 3  # OpenCV 4 knows positions to 1/32 of a pixel
    nearest = ndimage.affine_transform(mask, linear, offset, order=0, mode="reflect")
    assert (new_mask == nearest).mean() > 0.99


@pytest.mark.parametrize("displacement", [1, 30, 59, 60, 61, 100, 140, 300, -84, -200])
def test_mirror_beyond_a_side(displacement):
    """Far shifts walk through mirrored copies, edge pixel repeated: numpy calls this padding "symmetric"."""
    image, mask = smooth(), blobs()
    aug = Affine()
    aug.where = lambda shape, rng: np.array([[1.0, 0, displacement], [0, 1, -displacement]])
    padded = np.pad(image, ((300, 300), (300, 300), (0, 0)), mode="symmetric")
    new_image, new_mask = aug(image, mask, None)
    expected = padded[300 - displacement :, 300 + displacement :][:60, :84]
    assert np.array_equal(new_image, expected)
    at = _pixels_of(mask.shape) + np.float32([displacement, -displacement])
    assert np.array_equal(cv2.remap(image, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), expected)
    assert np.array_equal(new_mask, np.pad(mask, 300, mode="symmetric")[300 - displacement :, 300 + displacement :][:60, :84])


def _pixels_of(shape):
    return np.stack(np.meshgrid(np.arange(shape[1]), np.arange(shape[0])), -1).astype(np.float32)


def test_nothing_asked_nothing_changed():
    image, mask = smooth(), blobs()
    for step in (Affine(), Elastic(0, 5), Photometric(), Sequence(), Sequence(Affine(), Elastic(0, 5), Photometric())):
        new_image, new_mask = step(image, mask, np.random.default_rng(1))
        assert np.array_equal(new_image, image)
        assert np.array_equal(new_mask, mask)


@pytest.mark.parametrize("shape", [(60, 84), (61, 83)])
def test_flips_are_exact(shape):
    image, mask, seen = smooth(shape), blobs(shape), set()
    for seed in range(40):
        new_image, new_mask = Affine(flip=True, flip_vertical=True)(image, mask, np.random.default_rng(seed))
        matches = [
            (down, right)
            for down in (1, -1)
            for right in (1, -1)
            if np.array_equal(new_image, image[::down, ::right]) and np.array_equal(new_mask, mask[::down, ::right])
        ]
        assert len(matches) == 1
        seen.add(matches[0])
    assert len(seen) == 4


def test_each_range_is_kept():
    """Angle, shift, lean and zoom read back from the matrices lie in their ranges and fill them."""
    shape, rng = (50, 100), np.random.default_rng(0)
    centre = np.array([49.5, 24.5, 1])

    def drawn(**options):
        aug = Affine(**options)
        return np.array([aug.matrix(shape, rng) for _ in range(500)])

    turned = drawn(rotation=30)
    angles = np.degrees(np.arctan2(turned[:, 1, 0], turned[:, 0, 0]))
    assert np.allclose(turned @ centre, centre[:2])
    assert np.allclose(np.linalg.det(turned[:, :, :2]), 1)
    shifts = (drawn(shift=0.2) @ centre - centre[:2]) / [100, 50]
    leans = np.degrees(np.arctan(drawn(shear=15)[:, 0, 1]))
    zooms = drawn(zoom=0.25)[:, [0, 1], [0, 1]] - 1
    for values, limit in ((angles, 30), (shifts, 0.2), (leans, 15), (zooms, 0.25)):
        assert limit * 0.97 < np.abs(values).max() <= limit
        assert abs(values.mean()) < 0.1 * limit


def test_order_of_the_parts():
    """The matrix is shift · centre · rotation · shear · zoom · flip · centre⁻¹, written with 3×3 matrices."""
    shape, aug = (50, 100), Affine(**EVERYTHING)
    for seed in range(20):
        turn, lean, wide, high, right, down, side, upside = np.random.default_rng(seed).uniform(-1, 1, 8)
        t = np.radians(40 * turn)
        rotation = np.array([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]])
        shear = np.array([[1, np.tan(np.radians(20 * lean)), 0], [0, 1, 0], [0, 0, 1]])
        zoom = np.diag([1 + 0.4 * wide, 1 + 0.4 * high, 1])
        flip = np.diag([np.sign(side), np.sign(upside), 1])
        centre = np.array([[1, 0, 49.5], [0, 1, 24.5], [0, 0, 1]])
        shift = np.array([[1, 0, 70 * right], [0, 1, 35 * down], [0, 0, 1]])
        expected = shift @ centre @ rotation @ shear @ zoom @ flip @ np.linalg.inv(centre)
        assert np.allclose(aug.matrix(shape, np.random.default_rng(seed)), expected[:2])


@pytest.mark.parametrize("first_is_affine", [True, False])
def test_sequence_is_its_steps_one_after_the_other(first_is_affine):
    """Away from the border and up to the second interpolation; and the other order would give something else."""
    affine, elastic = Affine(rotation=20, shear=10), Elastic(100, 8)
    steps = (affine, elastic) if first_is_affine else (elastic, affine)
    y, x = np.mgrid[:120, :120]
    image = np.uint8(127.5 + 60 * np.sin(x / 6) + 60 * np.cos(y / 7 + x / 20))[:, :, None]
    mask = np.zeros((120, 120), np.uint8)
    together = Sequence(*steps)(image, mask, np.random.default_rng(3))[0]
    rng = np.random.default_rng(3)
    one_by_one = image
    for step in steps:
        one_by_one = step(one_by_one, mask, rng)[0]
    inside = np.s_[30:-30, 30:-30]
    assert np.abs(together[inside].astype(int) - one_by_one[inside]).mean() < 1.5
    swapped = Sequence(*steps[::-1])(image, mask, np.random.default_rng(3))[0]
    assert np.abs(together[inside].astype(int) - swapped[inside]).mean() > 5


def test_affines_compose_to_the_product():
    image, mask = smooth(), blobs()
    steps = Affine(rotation=20, flip=True), Affine(shift=0.2, zoom=0.3)
    rng = np.random.default_rng(4)
    first, second = (np.vstack([step.matrix(mask.shape, rng), [0, 0, 1]]) for step in steps)
    whole = Affine()
    whole.where = lambda shape, rng: (first @ second)[:2]
    expected = whole(image, mask, None)
    got = Sequence(*steps)(image, mask, np.random.default_rng(4))
    assert np.array_equal(got[0], expected[0])
    assert np.array_equal(got[1], expected[1])


@pytest.mark.parametrize(("alpha", "sigma"), [(34, 4), (300, 11.5), (20, 1.5), (900, 30)])
def test_elastic_is_simards(alpha, sigma):
    """Standard deviation and smoothness of the quick field are those of the slow one: full noise, Gaussian filter, times alpha."""
    shape, elastic = (256, 192), Elastic(alpha, sigma)
    fields = np.array([elastic.where(shape, np.random.default_rng(seed)) for seed in range(12)])
    assert fields.shape == (12, *shape, 2)
    rng = np.random.default_rng(9)
    slow = np.array([alpha * ndimage.gaussian_filter(rng.uniform(-1, 1, shape), sigma, mode="wrap") for _ in range(24)])
    assert fields.std() == pytest.approx(slow.std(), rel=0.15)
    assert fields.std() == pytest.approx(0.163 * alpha / sigma, rel=0.15)
    lag = round(sigma)  # correlation of neighbours `sigma` apart: exp(-1/4)
    assert (fields[:, lag:] * fields[:, :-lag]).mean() / fields.var() == pytest.approx(np.exp(-0.25 * (lag / sigma) ** 2), abs=0.08)
    assert (fields[:, :, lag:] * fields[:, :, :-lag]).mean() / fields.var() == pytest.approx(np.exp(-0.25 * (lag / sigma) ** 2), abs=0.08)
    edge, middle = fields[:, :8].std(), fields[:, 100:156].std()
    assert edge == pytest.approx(middle, rel=0.35)


def test_elastic_against_scipy():
    image, mask, elastic = smooth(), blobs(), Elastic(80, 6)
    moved = elastic.where(mask.shape, np.random.default_rng(2))
    new_image, new_mask = elastic(image, mask, np.random.default_rng(2))
    at = np.mgrid[:60, :84] + np.moveaxis(moved, 2, 0)[::-1]
    expected = ndimage.map_coordinates(image[:, :, 1].astype(float), at, order=1, mode="reflect")
    assert np.abs(new_image[:, :, 1] - expected).max() < 3
    assert (new_mask == ndimage.map_coordinates(mask, at, order=0, mode="reflect")).mean() > 0.98


@pytest.mark.parametrize("name", STEPS)
def test_the_seed_decides(name):
    image, mask = smooth(), blobs()
    first, again, other = (STEPS[name](image, mask, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_constant_border_is_ignored():
    image, mask = np.full((40, 40, 3), 200, np.uint8), np.ones((40, 40), np.uint8)
    for step in (Affine(shift=0.5, border="constant"), Sequence(Affine(shift=0.5, border="constant"), Elastic(1, 5))):
        new_image, new_mask = step(image, mask, np.random.default_rng(0))
        assert set(np.unique(new_mask)) == {1, 255}
        assert new_image[new_mask == 255].mean() < 20
        assert new_image[new_mask == 1].mean() > 190


def test_photometric():
    image, mask = smooth(), blobs()
    rng = np.random.default_rng(0)
    means = [Photometric(brightness=0.1)(image, mask, rng)[0].mean() - image.mean() for _ in range(200)]
    assert 20 < max(np.abs(means)) <= 26
    spreads = [Photometric(contrast=0.3)(image, mask, rng)[0].std() / image.std() for _ in range(200)]
    assert 0.69 < min(spreads) < 0.75
    assert 1.2 < max(spreads) < 1.31
    grey = np.full((100, 100, 3), 128, np.uint8)
    noisy, same = Photometric(noise=0.05)(grey, np.zeros((100, 100), np.uint8), rng)
    assert noisy.astype(float).std() == pytest.approx(255 * 0.05, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=0.5)
    assert not same.any()
    assert Photometric(0.5, 0.5, 0.1)(image, mask, rng)[1] is mask


def test_wrong_arguments():
    with pytest.raises(ValueError, match="zoom"):
        Affine(zoom=1)
    with pytest.raises(ValueError, match="reflect, constant"):
        Affine(border="wrap")
    with pytest.raises(ValueError, match="sigma"):
        Elastic(1, 0)
    for image, mask in (
        (np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9), np.uint8)),
        (np.zeros((8, 8, 3), np.float32), np.zeros((8, 8), np.uint8)),
        (np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8)),
    ):
        for step in (Affine(), Elastic(1, 1), Photometric(), Sequence(Affine())):
            with pytest.raises(ValueError, match="need image uint8"):
                step(image, mask, np.random.default_rng(0))
