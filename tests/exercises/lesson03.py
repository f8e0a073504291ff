"""Lesson 03: second right ways, and typical mistakes with the words they are told."""

import keras
import numpy as np
from keras import layers

from course_utils.exercises import lesson03 as ex


def chain():
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ]
    )


def functional(size=3, relu=True, padding="same", connected=True):
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(6, size, strides=2, padding=padding)(inputs)
    x = layers.ReLU()(x) if relu else x
    return keras.Model(inputs, layers.Conv2DTranspose(1, 3, strides=2, padding="same")(x) if connected else x)


def shapes_by_loop(side, widths):
    shapes = []
    for width in widths:
        shapes.append([side, side, width])
        side //= 2
    return shapes


def equal_time(stop=None, pick=min, turned=False):
    def answer(seconds_a, mse_a, seconds_b, mse_b):
        end = stop(seconds_a[-1], seconds_b[-1]) if stop else np.inf
        both = [pick(m for s, m in zip(seconds, mse, strict=True) if s <= end) for seconds, mse in [(seconds_a, mse_a), (seconds_b, mse_b)]]
        return both[::-1] if turned else both

    return answer


def equal_epochs(seconds_a, mse_a, seconds_b, mse_b):
    count = min(len(mse_a), len(mse_b))
    return min(mse_a[:count]), min(mse_b[:count])


def by_masked_array(seconds_a, mse_a, seconds_b, mse_b):
    end = min(seconds_a[-1], seconds_b[-1])
    return np.array([np.min(np.array(mse)[np.array(seconds) <= end]) for seconds, mse in [(seconds_a, mse_a), (seconds_b, mse_b)]])


def last(values):
    return list(values)[-1]


def dropout(scale=lambda rate: 1 / (1 - rate), keep=lambda rate: 1 - rate, shape=lambda values: values.shape):
    def answer(values, rate, rng):
        return values * (rng.random(shape(values)) < keep(rate)) * scale(rate)

    return answer


def dropout_by_choice(values, rate, rng):
    return np.float32(values) * rng.choice([0, 1 / (1 - rate)], p=[rate, 1 - rate], size=values.shape).astype("float32")


def normalise(axes, power=0.5, centre=True):
    def answer(values, epsilon=1e-3):
        mean, variance = values.mean(axis=axes, keepdims=True), values.var(axis=axes, keepdims=True)
        return (values - mean * centre) / (variance + epsilon) ** power

    return answer


def normalise_with_keras(values, epsilon=1e-3):
    mean, variance = keras.ops.moments(keras.ops.convert_to_tensor(values, "float32"), axes=(0, 1, 2), keepdims=True)
    return keras.ops.convert_to_numpy(
        (values - keras.ops.convert_to_numpy(mean)) / keras.ops.convert_to_numpy(keras.ops.sqrt(variance + epsilon))
    )


RIGHT = [
    (ex.q1_1, functional),
    (ex.q2_1, lambda fine, coarse, filters: filters * (1 + sum(9 for _ in range(fine + coarse)))),
    (ex.q3_1, shapes_by_loop),
    (ex.q4_1, by_masked_array),
    (ex.q5_1, lambda gradient, rate: rate if gradient < 0 else -rate),
    (ex.q6_1, dropout_by_choice),
    (ex.q7_1, normalise_with_keras),
    (ex.q7_2, "[-1,1]"),
    (ex.q8_1, lambda step, steps, start: start * np.cos(np.pi * step / steps / 2) ** 2),
]

WRONG = [
    (ex.q1_1, chain, "still a `Sequential`"),
    (ex.q1_1, lambda: functional(size=5), "parameters instead"),
    (ex.q1_1, lambda: functional(relu=False), "ReLU"),
    (ex.q1_1, lambda: functional(padding="valid"), "strides and padding"),
    (ex.q1_1, lambda: functional(connected=False), "last layer"),
    (ex.q1_1, lambda: (keras.Input((16, 16, 1)), functional().output), "a model is wanted"),
    (ex.q1_1, lambda: None, "return"),
    (ex.q2_1, lambda fine, coarse, filters: 9 * (fine + coarse) * filters, "biases"),
    (ex.q2_1, lambda fine, coarse, filters: 9 * max(fine, coarse) * filters + filters, "side by side"),
    (ex.q2_1, lambda fine, coarse, filters: (fine + coarse) * filters + filters, "nine places"),
    (ex.q2_1, lambda fine, coarse, filters: 9 * (fine + coarse) + filters, "weights of its own"),
    (ex.q2_1, lambda fine, coarse, filters: 9 * min(fine, coarse) * filters + filters, "both maps"),
    (ex.q2_1, lambda fine, coarse, filters: 3 * (fine + coarse) * filters + filters, "nine places"),
    (ex.q3_1, lambda side, widths: [(side, side, width) for width in widths], "never changes"),
    (
        ex.q3_1,
        lambda side, widths: [(side // 2 ** (n + 1), side // 2 ** (n + 1), w) for n, w in enumerate(widths)],
        "nothing has been pooled",
    ),
    (ex.q3_1, lambda side, widths: shapes_by_loop(side, widths)[:-1], "bottleneck"),
    (ex.q3_1, lambda side, widths: shapes_by_loop(side, widths)[::-1], "way up"),
    (ex.q3_1, lambda side, widths: [s[:2] for s in shapes_by_loop(side, widths)], "three numbers"),
    (ex.q3_1, lambda side, widths: [s[::-1] for s in shapes_by_loop(side, widths)], "channels come last"),
    (ex.q4_1, equal_time(), "profits"),
    (ex.q4_1, equal_epochs, "equal numbers of epochs"),
    (ex.q4_1, equal_time(min, last), "smallest so far"),
    (ex.q4_1, equal_time(min, turned=True), "wrong order"),
    (ex.q4_1, equal_time(min, next), "at least one"),
    (ex.q4_1, lambda *runs: equal_time(min)(*runs)[0], "two numbers"),
    (ex.q4_1, equal_time(min, lambda values: np.mean(list(values))), "at least one"),
    (ex.q5_1, lambda gradient, rate: -rate * gradient, "plain gradient descent"),
    (ex.q5_1, lambda gradient, rate: -rate * gradient / gradient**2, "by its root"),
    (ex.q5_1, lambda gradient, rate: -rate, "sign"),
    (ex.q5_1, lambda gradient, rate: rate * np.sign(gradient), "against"),
    (ex.q5_1, lambda gradient, rate: -np.sign(gradient), "learning rate is missing"),
    (ex.q5_1, lambda gradient, rate: None, "return"),
    (ex.q6_1, dropout(scale=lambda rate: 1), "Scale them up"),
    (ex.q6_1, dropout(keep=lambda rate: rate), "share that should be kept"),
    (ex.q6_1, dropout(scale=lambda rate: 1 / rate), "not by the share that is dropped"),
    (ex.q6_1, dropout(shape=lambda values: values.shape[1:]), "rows or columns"),
    (ex.q6_1, lambda values, rate, rng: values, "no value"),
    (ex.q6_1, lambda values, rate, rng: values * rng.random(values.shape), "no value"),
    (ex.q6_1, dropout(scale=lambda rate: 1 - rate), "make up for"),
    (ex.q7_1, normalise(None), "one mean for everything"),
    (ex.q7_1, normalise(0), "each pixel"),
    (ex.q7_1, normalise((1, 2)), "instance normalisation"),
    (ex.q7_1, normalise((1, 2, 3)), "layer normalisation"),
    (ex.q7_1, normalise((0, 1, 2), power=1), "root of the variance"),
    (ex.q7_1, normalise((0, 1, 2), power=0), "spread is not 1"),
    (ex.q7_2, "[0, 1]", "dark pixels are 0"),
    (ex.q7_2, "[-1, 1], normalised", "half of it stays open"),
    (ex.q7_2, -1, "name of one of the three"),
    (ex.q7_2, "normalised", "name of one of the three"),
    (ex.q7_2, None, "name of one of the three"),
    (ex.q8_1, lambda step, steps, start: start * (1 - step / steps), "straight line"),
    (ex.q8_1, lambda step, steps, start: start * np.cos(np.pi * step / steps / 2), "quarter"),
    (ex.q8_1, lambda step, steps, start: start * np.cos(np.pi * step / steps), "at the end"),
    (ex.q8_1, lambda step, steps, start: start * (1 + np.cos(np.pi * step / steps)), "at step 0"),
    (ex.q8_1, lambda step, steps, start: start * (1 + np.cos(180 * step / steps)) / 2, "radians"),
    (ex.q8_1, lambda step, steps, start: start * (1 - np.cos(np.pi * step / steps)) / 2, "at step 0"),
    (ex.q8_1, lambda step, steps, start: start * (1 - (step / steps) ** 2), "the way between"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q3_1: {
        "the sides are powers of two times a whole number: 16.0 is 16": [
            "return [(side [// → /] 2 ** level, side // 2 ** level, width) for l…",
            "return [(side // 2 ** level, side [// → /] 2 ** level, width) for level, width in enume…",
        ],
    },
    ex.q4_1: {
        "the lists are equally long": [
            "return tuple((min((m for s, m in zip(seconds, mse[, strict=True → ]) if s <= end)) for seconds, mse in [(seconds…",
            "…(min((m for s, m in zip(seconds, mse, strict=[True → False]) if s <= end)) for seconds, mse in [(seconds…",
        ],
    },
    ex.q6_1: {
        "a random number is never exactly `rate`": [
            "kept = rng.random(values.shape) [>= → >] rate",
        ],
    },
}
