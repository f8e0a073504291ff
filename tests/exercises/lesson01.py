"""Lesson 01: second right ways, and typical mistakes with the words they are told."""

import keras
import numpy as np

from course_utils.exercises import lesson01 as ex


def by_keras(layer, image, kernel=None):
    batch = image[None, ..., None].astype("float32")
    layer.build(batch.shape)
    if kernel is not None:
        layer.kernel.assign(kernel[..., None, None])
    return keras.ops.convert_to_numpy(layer(batch))[0, ..., 0]


def nails(image, factor, corner=0, size=None):
    size = size or factor
    result = np.zeros((image.shape[0] * size, image.shape[1] * size))
    result[corner::size, corner::size] = image
    return result


def numbered(corners, width=2, swap=False, step=2, upright=False):
    r, c = np.indices(corners.shape)
    down, right = (corners % 2, corners // 2) if swap else (corners // 2, corners % 2)
    y, x = step * r + down, step * c + right
    return x * 2 * corners.shape[0] + y if upright else y * width * corners.shape[1] + x


def keras_pair(stride=2, padding="valid", weights=True, from_image=False):
    def down_and_up(image, kernel):
        given = kernel if weights else None
        small = by_keras(keras.layers.Conv2D(1, len(kernel), strides=stride, padding=padding), image, given)
        up = keras.layers.Conv2DTranspose(1, len(kernel), strides=2)
        return small, by_keras(up, image if from_image else small, kernel)

    return down_and_up


def hat(factor, size=None, over=None):
    size = size or 2 * factor - factor % 2
    return 1 - np.abs(np.arange(size) - (size - 1) / 2) / (over or factor)


def stack(layers, dilated=True, strided=True, early=False, start=1):
    span, step = start, 1
    for kernel, stride, dilation in layers:
        step = step * stride if early else step
        span += (kernel - 1) * (dilation if dilated else 1) * (step if strided else 1)
        step = step if early else step * stride
    return span


def second_4_1(image, kernel):
    """By hand, as nested lists."""
    m, k = (len(image) - len(kernel)) // 2 + 1, len(kernel)
    small = [[float(np.sum(image[2 * r : 2 * r + k, 2 * c : 2 * c + k] * kernel)) for c in range(m)] for r in range(m)]
    large = np.zeros((2 * (m - 1) + k,) * 2)
    for r, c in np.ndindex(m, m):
        large[2 * r : 2 * r + k, 2 * c : 2 * c + k] += small[r][c] * kernel
    return [small, large.tolist()]


RIGHT = [
    (ex.q1_1, lambda image, factor: np.kron(image, np.eye(factor)[:1].T @ np.eye(factor)[:1]).astype("float32").tolist()),
    (ex.q2_1, lambda corners: keras.ops.convert_to_tensor(numbered(np.asarray(corners)))),
    (ex.q3_1, lambda n, k, s, padding: np.ceil((n - (k - 1) * (padding == "valid")) / s)),
    (ex.q4_1, second_4_1),
    (ex.q5_1, {4.0, 1.0, 2.0}),
    (ex.q6_1, lambda factor: list(np.convolve(np.ones(factor), np.ones(factor)) / factor if factor % 2 else hat(factor))),
    (ex.q7_1, lambda layers: 1 + sum((k - 1) * d * int(np.prod([s for _, s, _ in layers[:i]])) for i, (k, _, d) in enumerate(layers))),
]

WRONG = [
    (ex.q1_1, lambda image, factor: image.repeat(factor, 0).repeat(factor, 1), "nearest neighbour"),
    (ex.q1_1, lambda image, factor: nails(image, factor, corner=1), "upper left"),
    (ex.q1_1, lambda image, factor: nails(image, 2), "still is twice"),
    (ex.q1_1, lambda image, factor: nails(image.T, factor), "changed places"),
    (ex.q1_1, lambda image, factor: nails(image + 1, factor), "not those of the image"),
    (ex.q1_1, lambda image, factor: np.kron(image, np.eye(factor)), "another number"),
    (ex.q1_1, lambda image, factor: "nails", "array of numbers"),
    (ex.q1_1, lambda image, factor: None, "gives back nothing"),
    (ex.q2_1, lambda corners: numbered(corners, width=1), "before pooling"),
    (ex.q2_1, lambda corners: numbered(corners, swap=True), "other way round"),
    (ex.q2_1, lambda corners: numbered(corners, step=1), "does not begin"),
    (ex.q2_1, lambda corners: numbered(corners, upright=True), "down the columns"),
    (ex.q2_1, lambda corners: numbered(corners) + 1, "count from 1"),
    (ex.q2_1, lambda corners: numbered(corners).ravel(), "one number for each window"),
    (ex.q2_1, lambda corners: corners, "the numbers are others"),
    (ex.q3_1, lambda n, k, s, padding: (n - k) // s if padding == "valid" else -(-n // s), "very start"),
    (ex.q3_1, lambda n, k, s, padding: (n - k) // s + 1 if padding == "valid" else n // s, "incomplete last step"),
    (ex.q3_1, lambda n, k, s, padding: -(-(n - k) // s) + 1 if padding == "valid" else -(-n // s), "one too many"),
    (ex.q3_1, lambda n, k, s, padding: (n - k) / s + 1 if padding == "valid" else n / s, "whole number"),
    (ex.q3_1, lambda n, k, s, padding: -(-n // s), "other padding"),
    (ex.q3_1, lambda n, k, s, padding: n - k + 1 if padding == "valid" else -(-n // s), "left out the stride"),
    (ex.q3_1, lambda n, k, s, padding: (n, n), "one number is wanted"),
    (ex.q4_1, keras_pair(stride=1), "stride 1"),
    (ex.q4_1, keras_pair(padding="same"), "padding 'same'"),
    (ex.q4_1, keras_pair(weights=False), "Did the layer get"),
    (ex.q4_1, keras_pair(from_image=True), "made from the image"),
    (ex.q4_1, lambda image, kernel: keras_pair()(image, kernel)[1], "two arrays"),
    (ex.q4_1, lambda image, kernel: (keras_pair()(image, kernel)[0], keras_pair()(image, kernel)[1] + 1), "as it is"),
    (ex.q5_1, [4], "smooth"),
    (ex.q5_1, [1, 4], "least and the most"),
    (ex.q5_1, [1, 2], "one dimension"),
    (ex.q5_1, [4, 6, 9], "every output"),
    (ex.q5_1, [0, 1, 2, 4], "stays empty"),
    (ex.q5_1, [1, 2, 3, 4], "do not occur"),
    (ex.q5_1, "one, two", "array of numbers"),
    (ex.q5_1, None, "smooth"),
    (ex.q6_1, lambda factor: hat(2), "still give 4"),
    (ex.q6_1, lambda factor: hat(factor, 2 * factor), "needs 5"),
    (ex.q6_1, lambda factor: hat(factor) / hat(factor).sum(), "add up to 1"),
    (ex.q6_1, lambda factor: 1 - np.abs(np.arange(2 * factor - factor % 2) - factor // 2) / factor, "not symmetric"),
    (ex.q6_1, lambda factor: np.outer(hat(factor), hat(factor)), "one dimension"),
    (ex.q6_1, lambda factor: hat(factor, over=2 * (factor // 2)), "add up unevenly"),
    (ex.q6_1, lambda factor: np.full(2 * factor, 0.5) if factor % 2 == 0 else np.pad(np.ones(factor), factor // 2), "fall evenly"),
    (ex.q6_1, lambda factor: 2 * hat(factor), "row of"),
    (ex.q7_1, lambda layers: stack(layers, strided=False), "strides count"),
    (ex.q7_1, lambda layers: stack(layers, dilated=False), "dilation count"),
    (ex.q7_1, lambda layers: stack(layers, early=True), "too early"),
    (ex.q7_1, lambda layers: stack(layers, start=0), "one too few"),
    (ex.q7_1, lambda layers: int(np.prod([(k - 1) * d + 1 for k, _, d in layers])), "multiply"),
    (ex.q7_1, lambda layers: (stack(layers), len(layers)), "one number"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q2_1: {
        "`rows` has the shape of `position`": [
            "return row * 2 * [position → rows].shape[1] + column",
        ],
    },
    ex.q5_1: {
        "the order does not count": [
            "prediction = [[1, 2 → 2, 1], 4]",
            "prediction = [1, [2, 4 → 4, 2]]",
        ],
    },
}
