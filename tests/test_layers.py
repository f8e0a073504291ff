"""Layers against a slow loop over windows, Keras' own pooling, and a trip to disk and back."""

import cv2
import keras
import numpy as np
import pytest
from keras import layers, ops

from course_utils.layers import MaxPoolingWithPositions, MaxUnpooling, MeanOfParts, MirrorPadding, MultipleOf, ResizeLike


def slow_pooling(image):
    """Maxima and positions, window by window."""
    batch, height, width, channels = image.shape
    values = np.zeros((batch, height // 2, width // 2, channels), image.dtype)
    positions = np.zeros(values.shape, np.uint8)
    for b, r, c, k in np.ndindex(values.shape):
        window = image[b, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2, k].ravel().tolist()
        positions[b, r, c, k] = window.index(max(window))
        values[b, r, c, k] = max(window)
    return values, positions


def slow_unpooling(values, positions):
    batch, rows, columns, channels = values.shape
    image = np.zeros((batch, 2 * rows, 2 * columns, channels), values.dtype)
    for b, r, c, k in np.ndindex(values.shape):
        down, right = divmod(int(positions[b, r, c, k]), 2)
        image[b, 2 * r + down, 2 * c + right, k] = values[b, r, c, k]
    return image


def numpy(*tensors):
    return [ops.convert_to_numpy(tensor) for tensor in tensors]


def hourglass(shape):
    inputs = keras.Input(shape)
    pooled, positions = MaxPoolingWithPositions()(inputs)
    return keras.Model(inputs, MaxUnpooling()(layers.Conv2D(shape[-1], 3, padding="same")(pooled), positions))


@pytest.mark.parametrize("shape", [(1, 2, 2, 1), (2, 4, 6, 3), (3, 8, 2, 2)])
@pytest.mark.parametrize("integers", [False, True], ids=["floats", "ties"])
def test_pooling_and_unpooling_against_loops(shape, integers):
    rng = np.random.default_rng(1)
    image = (rng.integers(-1, 2, shape) if integers else rng.normal(size=shape)).astype("float32")
    pooled, positions = numpy(*MaxPoolingWithPositions()(image))
    expected, where = slow_pooling(image)
    assert np.array_equal(pooled, expected)
    assert positions.dtype == np.uint8
    assert np.array_equal(positions, where)
    assert np.array_equal(pooled, *numpy(layers.MaxPooling2D()(image)))
    (large,) = numpy(MaxUnpooling()(2 * pooled, positions))
    assert np.array_equal(large, slow_unpooling(2 * expected, where))
    again, same = numpy(*MaxPoolingWithPositions()(np.abs(large) + (large != 0)))  # the marks are still where they were
    assert np.array_equal(same[again > 0], positions[again > 0])


def test_the_example_of_the_lecture():
    image = np.array([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]], "float32")[None, ..., None]
    pooled, positions = MaxPoolingWithPositions()(image)
    assert numpy(pooled)[0][0, ..., 0].tolist() == [[5, 6], [7, 8]]
    small = np.array([[1, 2], [3, 4]], "float32")[None, ..., None]
    (large,) = numpy(MaxUnpooling()(small, positions))
    assert large[0, ..., 0].tolist() == [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]


def test_half_precision_stays_half():
    pooled, positions = MaxPoolingWithPositions(dtype="float16")(np.ones((1, 4, 4, 1), "float16"))
    large = MaxUnpooling(dtype="float16")(pooled, positions)
    assert keras.backend.standardize_dtype(large.dtype) == "float16"
    symbolic, _ = MaxPoolingWithPositions(dtype="mixed_float16")(keras.Input((4, 4, 1)))
    assert symbolic.dtype == "float16"


@pytest.mark.parametrize("shape", [(5, 4, 1), (4, 7, 1)])
def test_odd_sizes_are_refused_in_words(shape):
    with pytest.raises(ValueError, match=r"must be even, but one of them is [57]"):
        MaxPoolingWithPositions()(np.zeros((1, *shape), "float32"))


def test_positions_of_another_pooling_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        MaxUnpooling()(np.zeros((1, 2, 2, 1), "float32"), np.zeros((1, 4, 4, 1), "uint8"))


def test_any_size_in_a_graph():
    model = hourglass((None, None, 3))
    assert model.output_shape == (None, None, None, 3)
    for height, width in [(4, 6), (10, 2)]:
        assert model.predict(np.ones((2, height, width, 3), "float32"), verbose=0).shape == (2, height, width, 3)


def test_known_size_is_known():
    assert hourglass((8, 4, 2)).output_shape == (None, 8, 4, 2)


def test_saved_and_loaded(tmp_path):
    model = hourglass((8, 8, 2))
    image = np.random.default_rng(2).random((2, 8, 8, 2), dtype="float32")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.allclose(model.predict(image, verbose=0), loaded.predict(image, verbose=0))


@pytest.mark.trains
def test_it_learns_to_copy_maxima(seed):
    """Gradients pass through both layers: the convolution in the middle finds the identity."""
    image = np.random.default_rng(3).random((16, 8, 8, 1), dtype="float32")
    target = slow_unpooling(*slow_pooling(image))
    keras.utils.set_random_seed(seed)
    model = hourglass((8, 8, 1))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    losses = model.fit(image, target, epochs=60, batch_size=16, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]


def slow_means(image, parts):
    batch, height, width, channels = image.shape
    means = np.zeros((batch, parts, parts, channels))
    for row, column in np.ndindex(parts, parts):
        rows = slice(row * height // parts, -(-(row + 1) * height // parts))
        columns = slice(column * width // parts, -(-(column + 1) * width // parts))
        means[:, row, column] = image[:, rows, columns].mean((1, 2))
    return means


@pytest.mark.parametrize(("parts", "size"), [(1, (24, 32)), (2, (5, 7)), (3, (6, 9)), (6, (8, 12)), (6, (4, 3))])
def test_means_of_parts_against_a_loop(parts, size):
    image = np.random.default_rng(1).normal(size=(2, *size, 3)).astype("float32")
    (means,) = numpy(MeanOfParts(parts)(image))
    np.testing.assert_allclose(means, slow_means(image, parts), atol=1e-6)
    free = keras.Input((None, None, 3))
    np.testing.assert_allclose(keras.Model(free, MeanOfParts(parts)(free)).predict(image, verbose=0), means, atol=1e-6)


def test_resizing_like_another_is_that_of_opencv():
    small, like = np.random.default_rng(1).random((1, 3, 4, 2), np.float32), np.zeros((1, 12, 10, 5), np.float32)
    (large,) = numpy(ResizeLike()(small, like))
    np.testing.assert_allclose(large[0], cv2.resize(small[0], (10, 12), interpolation=cv2.INTER_LINEAR), atol=1e-5)


def test_mirrored_margin():
    image = np.random.default_rng(1).random((2, 5, 6, 3), np.float32)
    (wide,) = numpy(MirrorPadding(4)(image))
    assert np.array_equal(wide, np.pad(image, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect"))
    with pytest.raises(ValueError, match="margin of 5 pixels cannot be mirrored from an image of 5×6"):
        MirrorPadding(5)(image)


@pytest.mark.parametrize("layer", [MultipleOf(4), MeanOfParts(3), MirrorPadding(2)], ids=lambda layer: type(layer).__name__)
def test_layers_come_back_from_their_configuration(layer):
    image = np.random.default_rng(1).random((1, 8, 4, 2), np.float32)
    again = type(layer).from_config(layer.get_config())
    assert np.array_equal(*numpy(layer(image), again(image)))


def test_sizes_that_no_stride_divides_are_refused():
    with pytest.raises(ValueError, match="multiples of 4, but the images are 8×6: pad or resize"):
        MultipleOf(4)(np.zeros((1, 8, 6, 1)))
    with pytest.raises(ValueError, match="but the images are None×6"):
        MultipleOf(4)(keras.Input((None, 6, 1)))
