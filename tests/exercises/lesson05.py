"""Lesson 05: second right ways, and typical mistakes with the words they are told."""

import cv2
import numpy as np

from course_utils.exercises import lesson05 as ex


def rotation(degrees):
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def middle_out(slices, held):
    first = (slices - held) // 2
    return np.r_[0:first, first + held : slices], np.arange(first, first + held)


def by_opencv(degrees, height, width):
    return cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1)


def by_index(mask, matrix):
    y, x = np.indices(mask.shape)
    at = np.rint(np.tensordot(matrix, np.stack([x, y, np.ones_like(x)]), 1)).astype(int)
    padded = np.pad(mask, 60, mode="symmetric")
    return padded[at[1] + 60, at[0] + 60].astype(np.int64)


class Stream:
    """A right answer without `yield`."""

    def __init__(self, images, masks, augment, rng):
        self.images, self.masks, self.augment, self.rng = images, masks, augment, rng

    def __next__(self):
        number = int(self.rng.random() * len(self.images))
        return list(self.augment(self.images[number], self.masks[number], self.rng))


def recursive(side, poolings):
    return side - 8 if poolings == 0 else 2 * recursive_inner((side - 4) // 2, poolings - 1) - 4


def recursive_inner(side, poolings):
    return side - 4 if poolings == 0 else 2 * recursive_inner((side - 4) // 2, poolings - 1) - 4


def bonus_by_scan(row, position, w0=10.0, sigma=5.0):
    nearest = {}
    for place, cell in enumerate(row):
        if cell:
            nearest[cell] = min(nearest.get(cell, 999), abs(place - position))
    if row[position]:
        return np.float32(0)
    first, second = sorted(nearest.values())[:2]
    return np.float32(w0 / np.exp((first + second) ** 2 / (2 * sigma**2)))


def every_fourth(slices, held):
    kept = list(range(1, slices, 2))[:held]
    return [n for n in range(slices) if n not in kept], kept


def two_groups(slices, held):
    kept = [*range(held - 1), slices - 1]
    return [n for n in range(slices) if n not in kept], kept


def warp(mask, matrix, how=cv2.INTER_NEAREST, border=cv2.BORDER_REFLECT, inverse=cv2.WARP_INVERSE_MAP, swapped=False):
    return cv2.warpAffine(mask, matrix, mask.shape if swapped else mask.shape[::-1], flags=how | inverse, borderMode=border)


def stream_of(pair, numbers=lambda images, rng: (rng.integers(len(images)),) * 2, rounds=10**6):
    """A generator function that yields `pair(image, mask, augment, rng)` for the numbers drawn."""

    def stream(images, masks, augment, rng):
        for _ in range(rounds):
            first, second = numbers(images, rng)
            yield pair(images[first], masks[second], augment, rng)

    return stream


def honest(image, mask, augment, rng):
    return augment(image, mask, rng)


def twice(image, mask, augment, rng):
    return augment(image, mask, rng)[0], augment(image, mask, rng)[1]


def first_only(images, masks, augment, rng):
    return augment(images[0], masks[0], rng)


def downward(side, poolings):
    for _ in range(poolings):
        side = (side - 4) // 2
    return side - 4


def u_shape(side, poolings, down=4, bottom=4, up=4):
    for _ in range(poolings):
        side = (side - down) // 2
    side -= bottom
    for _ in range(poolings):
        side = 2 * side - up
    return side


def bonus(formula, count=lambda d1, d2: (d1, d2)):
    def answer(row, position, w0=10.0, sigma=5.0):
        places = np.arange(len(row))
        if row[position]:
            return 0.0
        d1, d2 = sorted(np.abs(places[row == cell] - position).min() for cell in np.unique(row[row > 0]))[:2]
        return formula(*count(d1, d2), w0, sigma)

    return answer


def second_pixel(row, position, w0=10.0, sigma=5.0):
    d = sorted(np.abs(np.flatnonzero(row) - position))[:2]
    return 0.0 if row[position] else w0 * np.exp(-(sum(d) ** 2) / (2 * sigma**2))


def on_cells_too(row, position, w0=10.0, sigma=5.0):
    return w0 * np.exp(-4 / (2 * sigma**2)) if row[position] else bonus_by_scan(row, position, w0, sigma)


RIGHT = [
    (ex.q1_1, middle_out),
    (ex.q1_1, lambda slices, held: (range(held, slices), range(held))),
    (ex.q2_1, by_opencv),
    (ex.q3_1, by_index),
    (ex.q4_1, Stream),
    (ex.q5_1, recursive),
    (ex.q6_1, bonus_by_scan),
    (ex.q7_1, " b."),
    (ex.q8_1, "b"),
]

WRONG = [
    (ex.q1_1, every_fourth, "lie next to a training slice"),
    (ex.q1_1, two_groups, "do not lie together"),
    (ex.q1_1, lambda slices, held: middle_out(slices, held)[::-1], "swapped"),
    (ex.q1_1, lambda slices, held: (list(range(slices)), list(range(held))), "in both"),
    (ex.q1_1, lambda slices, held: (list(range(1, slices - held)), list(range(slices - held, slices))), "each number"),
    (ex.q1_1, lambda slices, held: (list(range(slices - held - 1)), list(range(slices - held - 1, slices))), "are wanted"),
    (ex.q2_1, lambda degrees, h, w: rotation(degrees), "upper left"),
    (
        ex.q2_1,
        lambda degrees, h, w: shift(-(w - 1) / 2, -(h - 1) / 2) @ rotation(degrees) @ shift((w - 1) / 2, (h - 1) / 2),
        "wrong order",
    ),
    (ex.q2_1, lambda degrees, h, w: shift(w / 2, h / 2) @ rotation(degrees) @ shift(-w / 2, -h / 2), "half a pixel"),
    (
        ex.q2_1,
        lambda degrees, h, w: shift((h - 1) / 2, (w - 1) / 2) @ rotation(degrees) @ shift(-(h - 1) / 2, -(w - 1) / 2),
        "swapped",
    ),
    (ex.q2_1, lambda degrees, h, w: rotation(degrees) @ shift(-(w - 1) / 2, -(h - 1) / 2), "one shift"),
    (ex.q2_1, lambda degrees, h, w: by_opencv(-degrees, h, w), "other sense"),
    (ex.q2_1, lambda degrees, h, w: by_opencv(np.degrees(degrees), h, w), "degrees already"),
    (ex.q3_1, lambda mask, matrix: warp(mask, matrix, how=cv2.INTER_LINEAR), "not there"),
    (ex.q3_1, lambda mask, matrix: warp(mask, matrix, swapped=True), "swapped"),
    (ex.q3_1, lambda mask, matrix: warp(mask, matrix, inverse=0), "wrong way"),
    (ex.q3_1, lambda mask, matrix: warp(mask, matrix, border=cv2.BORDER_CONSTANT), "mirror image"),
    (ex.q3_1, lambda mask, matrix: mask, "nothing has moved"),
    (ex.q3_1, lambda mask, matrix: warp(mask, matrix, border=cv2.BORDER_REPLICATE), "mirror image"),
    (ex.q3_1, lambda mask, matrix: warp(mask, matrix[:, [1, 0, 2]]), "wrong place"),
    (ex.q4_1, first_only, "returns once"),
    (ex.q4_1, stream_of(honest, rounds=5), "ends after"),
    (ex.q4_1, stream_of(honest, lambda images, rng: rng.integers(len(images), size=2)), "do not belong together"),
    (ex.q4_1, stream_of(twice), "ONE call"),
    (ex.q4_1, stream_of(lambda image, mask, augment, rng: (image, mask)), "undistorted"),
    (ex.q4_1, stream_of(honest, lambda images, rng: (2, 2)), "always the same"),
    (ex.q4_1, stream_of(lambda image, mask, augment, rng: augment(image, mask, np.random.default_rng(0))), "and `rng`"),
    (ex.q4_1, stream_of(honest, lambda images, rng: (rng.integers(len(images) - 1),) * 2), "never come"),
    (ex.q5_1, lambda side, poolings: side, "`same`"),
    (ex.q5_1, downward, "bottom of the U"),
    (ex.q5_1, lambda side, poolings: u_shape(side, poolings, 2, 2, 2), "one convolution"),
    (ex.q5_1, lambda side, poolings: u_shape(side, poolings, bottom=0), "at the bottom"),
    (ex.q5_1, lambda side, poolings: u_shape(side, poolings, up=0), "on the way up"),
    (ex.q5_1, lambda side, poolings: side - 4 * (2 * poolings + 1), "four-fold"),
    (ex.q6_1, second_pixel, "second nearest CELL"),
    (ex.q6_1, on_cells_too, "on a cell"),
    (ex.q6_1, bonus(lambda d1, d2, w0, sigma: w0 * np.exp(-(d1 + d2) / (2 * sigma**2))), "squared"),
    (ex.q6_1, bonus(lambda d1, d2, w0, sigma: w0 * np.exp(-(d1**2 + d2**2) / (2 * sigma**2))), "add the distances"),
    (ex.q6_1, bonus(lambda d1, d2, w0, sigma: w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma))), "sigma"),
    (ex.q6_1, bonus(lambda d1, d2, w0, sigma: w0 * np.exp(-((d1 + d2) ** 2) / sigma**2)), "2 under"),
    (ex.q6_1, bonus(lambda d1, d2, w0, sigma: np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))), "w0"),
    (ex.q6_1, bonus(lambda d1, d2, w0, sigma: w0 * np.exp(-(d1**2) / (2 * sigma**2))), "d2 is missing"),
    (ex.q7_1, "A", "hardly ever"),
    (ex.q7_1, "C", "2400"),
    (ex.q7_1, 3, "one letter"),
    (ex.q7_1, "c", "2400"),
    (ex.q7_1, "the first", "one letter"),
    (ex.q7_1, None, "one letter"),
    (ex.q8_1, "A", "come from"),
    (ex.q8_1, "C", "in doubt"),
    (ex.q8_1, 0.5, "one letter"),
    (ex.q8_1, "a", "come from"),
    (ex.q8_1, "AC", "one letter"),
    (ex.q8_1, None, "one letter"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q1_1: {
        "a slice of a range holds the same numbers": [
            "numbers = [list(range(slices) → range(slices])",
        ],
    },
    ex.q4_1: {
        "as many masks as images": [
            "number = rng.integers(len([images → masks]))",
        ],
    },
    ex.q5_1: {
        "every pooling gets an even side": [
            "side = (side - 4) [// → /] 2",
        ],
        "every pooling gets an even side, so rounding down takes the one back": [
            "side = (side - [4 → 3]) // 2",
        ],
    },
}
