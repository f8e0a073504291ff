"""Lesson 03: second right ways, and typical mistakes with the words they are told."""

import keras
import numpy as np
from keras import layers

from course_utils.exercises import lesson03 as ex


def dense(hidden=(20, 10), activations=("relu", "relu", "softmax"), outside=None, extra=None, shape=(1,)):
    """The network of exercise 1.1, or one with a slip; `outside`: activations are calls of their own."""

    def answer():
        x = inputs = keras.Input(shape)
        for units, activation in zip((*hidden, 3), activations, strict=True):
            x = layers.Dense(units, activation=None if outside else activation)(x)
            x = outside(activation)(x) if outside else x
        return keras.Model(inputs, extra(x) if extra else x)

    return answer


def dense_sequential():
    return keras.Sequential([keras.Input((1,)), *dense()().layers[1:]])


def inside_out():
    """The chain as a layer of a functional model: the same model in another spelling."""
    inputs = keras.Input((1,))
    return keras.Model(inputs, dense_sequential()(inputs))


def bridged(join=lambda hidden, inputs: layers.Concatenate()([hidden, inputs]), first="sigmoid", last=None):
    def answer():
        inputs = keras.Input((2,))
        hidden = layers.Dense(8, activation=first)(inputs)
        return keras.Model(inputs, layers.Dense(2, activation=last)(join(hidden, inputs)))

    return answer


def chain():
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ]
    )


def functional(size=3, relu=lambda x: layers.ReLU()(x), padding="same", connected=True, last=None, filters=6, between=None):
    def answer():
        inputs = keras.Input((16, 16, 1))
        x = layers.Conv2D(filters, size, strides=2, padding=padding)(inputs)
        x = relu(x) if relu else x
        x = between(x) if between else x
        return keras.Model(inputs, layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation=last)(x) if connected else x)

    return answer


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
    (ex.q1_1, dense(outside=layers.Activation)),
    (ex.q1_1, dense(outside=lambda name: getattr(keras.activations, name))),
    (ex.q1_1, dense(outside=lambda name: getattr(keras.ops, name))),
    (ex.q1_1, inside_out),
    (ex.q1_1, dense()()),
    (ex.q1_2, bridged(lambda hidden, inputs: layers.Concatenate()([inputs, hidden]))),
    (ex.q1_2, bridged(lambda hidden, inputs: keras.ops.concatenate([hidden, inputs], axis=-1))),
    (ex.q1_2, bridged(lambda hidden, inputs: layers.concatenate([hidden, inputs]))),
    (ex.q3_1, shapes_by_loop),
    (ex.q4_1, by_masked_array),
    (ex.q6_1, lambda gradient, rate: rate if gradient < 0 else -rate),
    (ex.q7_1, dropout_by_choice),
    (ex.q8_1, normalise_with_keras),
    (ex.q8_2, " c."),
    (ex.q9_1, lambda step, steps, start: start * np.cos(np.pi * step / steps / 2) ** 2),
]

WRONG = [
    (ex.q1_1, dense_sequential, "still a `Sequential`"),
    (ex.q1_1, dense(activations=("relu", "relu", None)), "softmax is missing"),
    (ex.q1_1, dense(activations=(None, "relu", "softmax")), "a ReLU is missing"),
    (ex.q1_1, dense(activations=("relu", None, "softmax")), "a ReLU is missing"),
    (ex.q1_1, dense(activations=("relu", "relu", "sigmoid")), "each output alone"),
    (ex.q1_1, dense(activations=("tanh", "tanh", "softmax")), "look at the activations"),
    (ex.q1_1, dense(hidden=(10, 20)), "parameters instead"),
    (ex.q1_1, dense(shape=(2,)), "should have the shape"),
    (ex.q1_1, dense(extra=lambda x: layers.Dropout(0.5)(x)), "while training"),
    (ex.q1_1, lambda: None, "return"),
    (ex.q1_2, bridged(lambda hidden, inputs: hidden), "bridge is missing"),
    (ex.q1_2, bridged(first=None), "sigmoid of the first layer is missing"),
    (ex.q1_2, bridged(first="relu"), "a sigmoid is wanted"),
    (ex.q1_2, bridged(last="sigmoid"), "no activation here"),
    (ex.q1_2, bridged(lambda hidden, inputs: layers.Concatenate()([hidden, hidden])), "parameters instead"),
    (ex.q1_2, bridged(lambda hidden, inputs: layers.Concatenate()([hidden, hidden[:, :2]])), "what exactly"),
    (ex.q1_2, keras.Sequential([keras.Input((2,)), layers.Dense(8, "sigmoid"), layers.Dense(2)]), "still a `Sequential`"),
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
    (ex.q6_1, lambda gradient, rate: rate, "length of the step"),
    (ex.q6_1, lambda gradient, rate: -rate * gradient, "plain gradient descent"),
    (ex.q6_1, lambda gradient, rate: -rate * gradient / gradient**2, "by its root"),
    (ex.q6_1, lambda gradient, rate: -rate, "sign"),
    (ex.q6_1, lambda gradient, rate: rate * np.sign(gradient), "against"),
    (ex.q6_1, lambda gradient, rate: -np.sign(gradient), "learning rate is missing"),
    (ex.q6_1, lambda gradient, rate: None, "return"),
    (ex.q7_1, dropout(scale=lambda rate: 1), "Scale them up"),
    (ex.q7_1, dropout(keep=lambda rate: rate), "share that should be kept"),
    (ex.q7_1, dropout(scale=lambda rate: 1 / rate), "not by the share that is dropped"),
    (ex.q7_1, dropout(shape=lambda values: values.shape[1:]), "rows or columns"),
    (ex.q7_1, lambda values, rate, rng: values, "no value"),
    (ex.q7_1, lambda values, rate, rng: values * rng.random(values.shape), "no value"),
    (ex.q7_1, dropout(scale=lambda rate: 1 - rate), "make up for"),
    (ex.q7_1, lambda values, rate, rng: dropout()(values, rate, np.random.default_rng()), "from `rng`"),
    (ex.q7_1, lambda values, rate, rng: dropout()(values, rate, np.random), "from `rng`"),
    (ex.q7_1, lambda values, rate, rng: dropout()(values, rate, np.random.default_rng(0)), "another `rng`"),
    (ex.q8_1, normalise(None), "one mean for everything"),
    (ex.q8_1, normalise(0), "each pixel"),
    (ex.q8_1, normalise((1, 2)), "instance normalisation"),
    (ex.q8_1, normalise((1, 2, 3)), "layer normalisation"),
    (ex.q8_1, normalise((0, 1, 2), power=1), "root of the variance"),
    (ex.q8_1, normalise((0, 1, 2), power=0), "spread is not 1"),
    (ex.q8_2, "A", "all runs in one range"),
    (ex.q8_2, "B", "at the small rate, too"),
    (ex.q8_2, "both", "one letter"),
    (ex.q8_2, None, "one letter"),
    (ex.q8_2, "[0, 1]", "one letter"),
    (ex.q9_1, lambda step, steps, start: start * (1 - step / steps), "straight line"),
    (ex.q9_1, lambda step, steps, start: start * np.cos(np.pi * step / steps / 2), "quarter"),
    (ex.q9_1, lambda step, steps, start: start * np.cos(np.pi * step / steps), "at the end"),
    (ex.q9_1, lambda step, steps, start: start * (1 + np.cos(np.pi * step / steps)), "at step 0"),
    (ex.q9_1, lambda step, steps, start: start * (1 + np.cos(180 * step / steps)) / 2, "radians"),
    (ex.q9_1, lambda step, steps, start: start * (1 - np.cos(np.pi * step / steps)) / 2, "at step 0"),
    (ex.q9_1, lambda step, steps, start: start * (1 - (step / steps) ** 2), "the way between"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q3_1: {
        "the sides are powers of two times a whole number: 16.0 is 16": [
            "side = side [// → /] 2",
        ],
    },
    ex.q4_1: {
        "the lists are equally long": [
            "… [mse for second, mse in zip(seconds_a, mse_a[, strict=True → ]) if second <= end]",
            "… second, mse in zip(seconds_a, mse_a, strict=[True → False]) if second <= end]",
            "… [mse for second, mse in zip(seconds_b, mse_b[, strict=True → ]) if second <= end]",
            "… second, mse in zip(seconds_b, mse_b, strict=[True → False]) if second <= end]",
        ],
    },
    ex.q7_1: {
        "a random number is never exactly `rate`": [
            "kept = rng.random(values.shape) [>= → >] rate",
        ],
    },
}
