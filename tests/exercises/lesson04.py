"""Lesson 04: second right ways, and typical mistakes with the words they are told."""

import math

import cv2
import keras
import numpy as np

from course_utils.exercises import lesson04 as ex


def pad(image, multiple, mode="constant", extra=0):
    height, width = image.shape[:2]
    return np.pad(image, ((0, -height % multiple + extra), (0, -width % multiple + extra), (0, 0)), mode=mode)


def centred(predict, image, multiple):
    height, width = image.shape[:2]
    rows, columns = -height % multiple, -width % multiple
    padded = np.pad(image, ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0)))
    return predict(padded)[rows // 2 : rows // 2 + height, columns // 2 : columns // 2 + width]


def resized(predict, image, multiple):
    height, width = image.shape[:2]
    sides = [math.ceil(side / multiple) * multiple for side in (width, height)]
    return cv2.resize(predict(cv2.resize(image, sides).reshape(sides[1], sides[0], -1)), (width, height))


def halves(side, levels):
    for _ in range(levels):
        side = math.ceil(side / 2)
    for _ in range(levels):
        side = 2 * side
    return np.float32(side)


def once(image, mask, rng):
    if rng.integers(2):
        return [cv2.flip(image, 1).reshape(image.shape), np.fliplr(mask)]
    return image, mask


def choose(rng):
    return rng.random() < 0.5


def network(side=None, channels=1, pool=True, bridge=True, padding="same", last="sigmoid", up=2, filters=1, coarse=True):
    inputs = keras.Input((side, side, channels))
    fine = keras.layers.Conv2D(4, 3, padding=padding)(inputs)
    x = keras.layers.MaxPooling2D()(fine) if pool else fine
    x = keras.layers.Conv2D(4, 3, padding="same")(x)
    x = keras.layers.UpSampling2D(up)(x) if pool else x
    x = keras.layers.Concatenate()([fine, x]) if bridge and coarse else x if coarse else fine
    return keras.Model(inputs, keras.layers.Conv2D(filters, 1, activation=last)(x))


def by_addition():
    """Strided down, transposed up, an addition as the bridge, the sigmoid as a layer of its own."""
    inputs = keras.Input(shape=(None, None, 1))
    fine = keras.layers.ReLU()(keras.layers.Conv2D(4, 5, padding="same")(inputs))
    coarse = keras.layers.Conv2D(6, 3, strides=2, padding="same", activation="relu")(fine)
    up = keras.layers.Conv2DTranspose(4, 2, strides=2)(coarse)
    return keras.Model(inputs, keras.layers.Activation("sigmoid")(keras.layers.Conv2D(1, 1)(fine + up)))


def two_levels():
    inputs = keras.Input((None, None, 1))
    small = keras.layers.AveragePooling2D(2)(keras.layers.AveragePooling2D(2)(inputs))
    up = keras.layers.UpSampling2D(4)(small)
    return keras.Model(inputs, keras.layers.Conv2D(1, 1, activation="sigmoid")(keras.layers.Concatenate()([inputs, up])))


def nothing_between():
    inputs = keras.Input((None, None, 1))
    fine = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    up = keras.layers.UpSampling2D()(keras.layers.MaxPooling2D()(fine))
    return keras.Model(inputs, keras.layers.Conv2D(1, 1, activation="sigmoid")(keras.layers.Concatenate()([fine, up])))


def chain():
    return keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")])


GOOD = {"cells, microscope": "both", "street, from a car": "left-right", "fields, from the air": "both", "handwritten letters": "none"}
RIGHT = [
    (ex.q1_1, {"C", "H"}),
    (ex.q1_1, "h, c"),
    (ex.q2_1, halves),
    (ex.q3_1, centred),
    (ex.q3_1, lambda predict, image, multiple: predict(pad(image, multiple))[: len(image), : image.shape[1]].tolist()),
    (ex.q4_1, "c"),
    (ex.q5_1, once),
    (ex.q6_1, {name: f" {flip.title()} " for name, flip in GOOD.items()}),
    (ex.q6_2, by_addition),
    (ex.q6_2, network()),
    (ex.q7_1, lambda h, w, k, s: len(range(0, h - k + 1, s)) * np.arange(0, w - k + 1, s).size),
]
WRONG = [
    (ex.q1_1, "CG", "1×1 convolution"),
    (ex.q1_1, "EC", "global average"),
    (ex.q1_1, "C", "one more is missing"),
    (ex.q1_1, "", "more weights if the image is larger"),
    (ex.q1_1, "CX", "from A to H"),
    (ex.q1_1, 3, "letters in quotes"),
    (ex.q2_1, lambda side, levels: side, "does not come back as it was"),
    (ex.q2_1, lambda side, levels: side // 2**levels * 2**levels, "rounding down"),
    (ex.q2_1, lambda side, levels: math.ceil(side / 2**levels), "half-way"),
    (ex.q2_1, lambda side, levels: math.ceil(side / 8) * 8, "multiple of 8"),
    (ex.q2_1, lambda side, levels: side + levels, "level by level"),
    (ex.q2_1, lambda side, levels: "large", "one number is wanted"),
    (ex.q3_1, lambda predict, image, multiple: predict(image), "wants multiples"),
    (ex.q3_1, lambda predict, image, multiple: predict(pad(image, multiple)), "Crop what you padded"),
    (ex.q3_1, lambda predict, image, multiple: predict(pad(image, multiple))[-len(image) :, -image.shape[1] :], "not where they were"),
    (ex.q3_1, resized, "do not resize"),
    (
        ex.q3_1,
        lambda predict, image, multiple: predict(pad(image, multiple, extra=multiple))[: len(image), : image.shape[1]],
        "less would do",
    ),
    (ex.q3_1, lambda predict, image, multiple: predict(pad(image, multiple)[None])[0], "4 axes"),
    (ex.q3_1, lambda predict, image, multiple: image[..., 0], "never called predict"),
    (ex.q4_1, "A", "all 100 training images"),
    (ex.q4_1, "B", "too hopeful"),
    (ex.q4_1, 0.5, "one letter"),
    (ex.q4_1, "b", "too hopeful"),
    (ex.q4_1, "none of them", "one letter"),
    (ex.q4_1, None, "one letter"),
    (ex.q5_1, lambda image, mask, rng: (image[:, ::-1], mask) if choose(rng) else (image, mask), "parted"),
    (ex.q5_1, lambda image, mask, rng: (image[:, ::-1] if choose(rng) else image, mask[:, ::-1] if choose(rng) else mask), "parted"),
    (ex.q5_1, lambda image, mask, rng: (image[::-1], mask[::-1]) if choose(rng) else (image, mask), "top to bottom"),
    (ex.q5_1, lambda image, mask, rng: (image[:, ::-1], mask[:, ::-1]), "everything was mirrored"),
    (ex.q5_1, lambda image, mask, rng: (image, mask), "nothing was ever"),
    (ex.q5_1, lambda image, mask, rng: once(image, mask, np.random.default_rng()), "Draw from `rng`"),
    (ex.q5_1, lambda image, mask, rng: image, "two arrays"),
    (ex.q6_1, GOOD | {"street, from a car": "both"}, "upside down"),
    (ex.q6_1, GOOD | {"handwritten letters": "left-right"}, "handwriting"),
    (ex.q6_1, GOOD | {"cells, microscope": "left-right"}, "which side is up"),
    (ex.q6_1, GOOD | {"street, from a car": "none"}, "half of your data"),
    (ex.q6_1, GOOD | {"street, from a car": "vertical"}, 'answer "none"'),
    (ex.q6_1, "both", "a dictionary"),
    (ex.q6_2, lambda: network(side=32), "should stay open"),
    (ex.q6_2, lambda: network(channels=3), "one channel; your input"),
    (ex.q6_2, lambda: network(filters=2), "should have one channel"),
    (ex.q6_2, lambda: network(bridge=False), "no bridge"),
    (ex.q6_2, lambda: network(pool=False), "where is the pooling"),
    (ex.q6_2, lambda: network(coarse=False), "where is the pooling"),
    (ex.q6_2, lambda: network(last=None), "leaves [0, 1]"),
    (ex.q6_2, lambda: network(bridge=False, up=1), "came out"),
    (ex.q6_2, two_levels, "one halving is wanted"),
    (ex.q6_2, nothing_between, "nothing is learned"),
    (ex.q6_2, chain, "has no bridge"),
    (ex.q6_2, lambda: keras.Input((None, None, 1)), "a model is wanted"),
    (ex.q7_1, lambda h, w, k, s: ((h - k) // s) * ((w - k) // s), "one more in each direction"),
    (ex.q7_1, lambda h, w, k, s: (h // s) * (w // s), "beyond the border"),
    (ex.q7_1, lambda h, w, k, s: (h // k) * (w // k), "side by side"),
    (ex.q7_1, lambda h, w, k, s: ((h - k) / s + 1) * ((w - k) / s + 1), "is whole"),
    (ex.q7_1, lambda h, w, k, s: h * w, "on paper"),
    (ex.q7_1, lambda h, w, k, s: (h - k) // s + 1 + (w - k) // s + 1, "multiply"),
    (ex.q7_1, lambda h, w, k, s: ((h - k) // s + 1, (w - k) // s + 1), "one number"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q6_2: {
        "filters and kernel sizes are up to the student": [
            "fine = keras.layers.Conv2D([8 → 9], 3, padding='same', activation='relu')(inputs)",
            "fine = keras.layers.Conv2D([8 → 7], 3, padding='same', activation='relu')(inputs)",
            "fine = keras.layers.Conv2D(8, [3 → 4], padding='same', activation='relu')(inputs)",
            "fine = keras.layers.Conv2D(8, [3 → 2], padding='same', activation='relu')(inputs)",
            "fine = keras.layers.Conv2D([8, 3 → 3, 8], padding='same', activation='relu')(inputs)",
            "coarse = keras.layers.Conv2D([16 → 17], 3, padding='same', activation='relu')(coarse)",
            "coarse = keras.layers.Conv2D([16 → 15], 3, padding='same', activation='relu')(coarse)",
            "coarse = keras.layers.Conv2D(16, [3 → 4], padding='same', activation='relu')(coarse)",
            "coarse = keras.layers.Conv2D(16, [3 → 2], padding='same', activation='relu')(coarse)",
            "coarse = keras.layers.Conv2D([16, 3 → 3, 16], padding='same', activation='relu')(coarse)",
            "outputs = keras.layers.Conv2D(1, [3 → 4], padding='same', activation='sigmoid')(joined)",
            "outputs = keras.layers.Conv2D(1, [3 → 2], padding='same', activation='sigmoid')(joined)",
        ],
        "a network without a ReLU learns less, but it is a U-Net for any size": [
            "fine = keras.layers.Conv2D(8, 3, padding='same'[, activation='relu' → ])(inputs)",
            "…e = keras.layers.Conv2D(16, 3, padding='same'[, activation='relu' → ])(coarse)",
        ],
        "bridge and way down may begin at the image itself": [
            "fine = [keras.layers.Conv2D(8, 3, padding='same', activation='relu')(inputs) → inputs]",
            "coarse = keras.layers.MaxPooling2D()([fine → inputs])",
        ],
        "the order of channels does not count": [
            "joined = keras.layers.Concatenate()([[fine, up → up, fine]])",
        ],
    },
    ex.q3_1: {
        "padding with zeros is right as well": [
            "….pad(image, ((0, rows), (0, columns), (0, 0))[, mode='reflect' → ])",
        ],
    },
    ex.q5_1: {
        "a random number is never exactly 0.5": [
            "if rng.random() [< → <=] 0.5:",
        ],
        "half of the cases, too": [
            "if rng.random() [< → >] 0.5:",
        ],
    },
}
