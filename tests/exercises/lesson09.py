"""Lesson 09: second right ways, and typical mistakes with the words they are told."""

import math

import cv2
import numpy as np

from course_utils.exercises import lesson09 as ex


def counted(positions=lambda n, s, k: math.ceil(n / s), both=True, work=lambda k, i, f: k * k * i * f):
    def answer(height, width, kernel, inputs, filters, stride):
        across = positions(width, stride, kernel) if both else width
        return positions(height, stride, kernel) * across * work(kernel, inputs, filters)

    return answer


def at_once(s32, s16, s8, enlarge):
    return enlarge(s32, 32) + enlarge(s16, 16) + enlarge(s8, 8)


def averaged(s32, s16, s8, enlarge):
    return enlarge((s8 + enlarge((s16 + enlarge(s32, 2)) / 2, 2)) / 2, 8)


def joined(s32, s16, s8, enlarge):
    return np.concatenate([enlarge(s32, 32), enlarge(s16, 16), enlarge(s8, 8)], axis=-1)


def band(mask, n, side=None, shape=cv2.MORPH_RECT, **border):
    side = side or 2 * n + 1
    square = cv2.getStructuringElement(shape, (side, side))
    return cv2.dilate(mask, square, **border) != cv2.erode(mask, square, **border)


def trimap(inside=lambda mask, near: np.where(near, mask, 255).astype(np.uint8), **options):
    def answer(mask, n):
        side = options["side"](n) if "side" in options else None
        return inside(mask, band(mask, n, **options | {"side": side}))

    return answer


def by_diamond(mask, n):
    steps = np.abs(np.arange(-n, n + 1))
    diamond = np.uint8(steps[:, None] + steps <= n)
    near = cv2.dilate(mask, diamond) != cv2.erode(mask, diamond)
    return np.where(near, mask, 255).astype(np.uint8)


def by_shifts(mask, n):
    """Without OpenCV: the mask, padded with its own edge, against all its shifts."""
    framed = np.pad(mask, n, mode="edge")
    height, width = mask.shape
    near = np.zeros(mask.shape, bool)
    for r, c in np.ndindex(2 * n + 1, 2 * n + 1):
        near |= framed[r : r + height, c : c + width] != mask
    return np.where(near, mask, 255).astype(np.uint8)


def one_side(mask, n):
    return np.where(cv2.dilate(mask, np.ones((2 * n + 1, 2 * n + 1), np.uint8)) != mask, mask, 255).astype(np.uint8)


def framed(mask, n):
    return trimap()(np.pad(mask, n, constant_values=9), n)[n:-n, n:-n]


def packed(weights, shape=(-1, 4), dtype=np.uint8):
    def answer(positions):
        fours = positions.reshape(shape)
        return ((fours if shape[1] == 4 else fours.T) @ np.array(weights)).astype(dtype)

    return answer


def by_bits(positions):
    a, b, c, d = (positions[k::4] for k in range(4))
    return a | b << 2 | c << 4 | d << 6


def kept(double="after", lost=lambda product, wanted: product >= wanted, grow=lambda rate, stride: rate * stride):
    def answer(strides, output_stride):
        new, rates, product, rate = [], [], 1, 1
        for stride in strides:
            out = lost(product, output_stride)
            after = grow(rate, stride) if out or double == "everywhere" else rate
            rates.append(after if double == "before" else rate)
            new.append(1 if out else stride)
            product, rate = product * new[-1], after
        return new, rates

    return answer


def by_products(strides, output_stride):
    """Rates from how far the strided encoder and the new one have shrunk before each convolution."""
    before = np.cumprod([1, *strides])[:-1]
    return np.where(before < output_stride, strides, 1), np.maximum(before // output_stride, 1)


def pyramid(how=np.mean, stretch=None, first=True, axis=-1, order=1):
    def answer(features, bins):
        channels = [features] if first else []
        for b in bins[::order]:
            tall, wide = features.shape[0] // b, features.shape[1] // b
            means = how(features.reshape(b, tall, b, wide), axis=(1, 3))
            channels.append(stretch(means, (tall, wide)) if stretch else np.kron(means, np.ones((tall, wide))))
        return np.stack(channels, axis=axis)

    return answer


def windows(features, bins):
    height, width = features.shape
    means = [features.reshape(height // b, b, width // b, b).mean(axis=(1, 3)).repeat(b, 0).repeat(b, 1) for b in bins]
    return np.stack([features, *means], axis=-1)


RIGHT = [
    (ex.q1_1, counted()),
    (ex.q1_1, lambda h, w, k, i, f, s: float(len(range(0, h, s)) * len(range(0, w, s)) * k * k * i * f)),
    (ex.q2_1, lambda s32, s16, s8, enlarge: enlarge(enlarge(enlarge(s32, 2) + s16, 2) + s8, 8)),
    (ex.q3_1, by_shifts),
    (ex.q3_1, trimap()),
    (ex.q4_1, by_bits),
    (ex.q4_1, packed([1, 4, 16, 64])),
    (ex.q5_1, by_products),
    (ex.q5_1, kept()),
    (ex.q6_1, pyramid()),
    (ex.q7_1, " c."),
]

WRONG = [
    (ex.q1_1, counted(lambda n, s, k: n), "fewer positions"),
    (ex.q1_1, counted(lambda n, s, k: n // s), "rounds up"),
    (ex.q1_1, counted(lambda n, s, k: (n - k) // s + 1), "without padding"),
    (ex.q1_1, lambda h, w, k, i, f, s: h * w * k * k * i * f / s, "both sides"),
    (ex.q1_1, counted(work=lambda k, i, f: 2 * k * k * i * f), "ONE multiply-add"),
    (ex.q1_1, counted(work=lambda k, i, f: k * i * f), "two sides"),
    (ex.q1_1, counted(work=lambda k, i, f: k * k * f), "all input channels"),
    (ex.q1_1, counted(work=lambda k, i, f: k * k * i), "every filter"),
    (ex.q1_1, counted(work=lambda k, i, f: (k * k * i + 1) * f), "bias"),
    (ex.q1_1, lambda h, w, k, i, f, s: k * k * i * f, "number of weights"),
    (ex.q2_1, lambda s32, s16, s8, enlarge: enlarge(s32, 32), "FCN-32s"),
    (ex.q2_1, lambda s32, s16, s8, enlarge: enlarge(enlarge(s32, 2) + s16, 16), "FCN-16s"),
    (ex.q2_1, lambda s32, s16, s8, enlarge: enlarge(enlarge(s16, 2) + s8, 8), "s32 says nothing"),
    (ex.q2_1, lambda s32, s16, s8, enlarge: enlarge(enlarge(s32, 4) + s8, 8), "s16 says nothing"),
    (ex.q2_1, lambda s32, s16, s8, enlarge: enlarge(enlarge(s32, 2) + s16, 2) + s8, "full size"),
    (ex.q2_1, at_once, "step by step"),
    (ex.q2_1, averaged, "not averaged"),
    (ex.q2_1, joined, "class by class"),
    (ex.q2_1, lambda s32, s16, s8, enlarge: s32 + s16 + s8, "stops with"),
    (ex.q3_1, lambda mask, n: band(mask, n), "True and False"),
    (ex.q3_1, trimap(lambda mask, near: np.where(near, 255, mask).astype(np.uint8)), "other way round"),
    (ex.q3_1, trimap(lambda mask, near: np.where(near, mask, 0).astype(np.uint8)), "0 is a class"),
    (ex.q3_1, trimap(lambda mask, near: np.where(near, mask, 255).astype(int)), "uint8"),
    (ex.q3_1, trimap(side=lambda n: 3), "grow with n"),
    (ex.q3_1, trimap(side=lambda n: 2 * n), "not centred"),
    (ex.q3_1, trimap(side=lambda n: 4 * n + 1), "twice as wide"),
    (ex.q3_1, by_diamond, "diamond"),
    (ex.q3_1, one_side, "one side"),
    (ex.q3_1, framed, "border of the image"),
    (ex.q3_1, trimap(lambda mask, near: np.where(near, 1, 255).astype(np.uint8)), "not those of the mask"),
    (ex.q4_1, lambda positions: positions, "nothing is packed"),
    (ex.q4_1, packed([64, 16, 4, 1]), "other way round"),
    (ex.q4_1, packed([1, 2, 4, 8]), "two bits"),
    (ex.q4_1, packed([1, 4, 16, 64], (4, -1)), "NEIGHBOURS"),
    (ex.q4_1, packed([1, 4, 16, 64], dtype=int), "make them uint8"),
    (ex.q4_1, packed([1, 1, 1, 1]), "plain sum"),
    (ex.q4_1, packed([1000, 100, 10, 1], dtype=int), "decimal"),
    (ex.q5_1, lambda strides, output_stride: (strides, [1] * len(strides)), "still there"),
    (ex.q5_1, lambda strides, output_stride: kept()(strides, output_stride)[::-1], "swapped"),
    (ex.q5_1, lambda strides, output_stride: (kept()(strides, output_stride)[0], [1] * len(strides)), "see less"),
    (ex.q5_1, kept("before"), "LOSES"),
    (ex.q5_1, kept("everywhere"), "only lost ones"),
    (ex.q5_1, kept(grow=lambda rate, stride: rate + stride - 1), "doubles"),
    (ex.q5_1, kept(lost=lambda product, wanted: product > wanted), "still shrinks"),
    (ex.q5_1, lambda strides, output_stride: kept()(strides, output_stride)[0], "two lists"),
    (ex.q6_1, pyramid(first=False), "channel 0"),
    (ex.q6_1, pyramid(axis=0), "last axis"),
    (ex.q6_1, pyramid(how=np.max), "largest"),
    (ex.q6_1, pyramid(how=np.sum), "sums"),
    (ex.q6_1, windows, "number of parts"),
    (ex.q6_1, pyramid(stretch=np.tile), "own part"),
    (ex.q6_1, pyramid(order=-1), "another order"),
    (ex.q7_1, "A", "nothing but the bridges"),
    (ex.q7_1, "B", "count the layers"),
    (ex.q7_1, 0.06, "one letter"),
    (ex.q7_1, "b", "count the layers"),
    (ex.q7_1, "BC", "one letter"),
    (ex.q7_1, None, "one letter"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q3_1: {
        "numpy 2 keeps uint8 here": [
            "return np.where(near, mask, 255)[.astype(np.uint8) → ]",
        ],
    },
    ex.q4_1: {
        "numpy takes any negative length for the one to find out": [
            "return (positions.reshape(-[1 → 2], 4) * [1, 4, 16, 64]).sum(axis=1).astype(np.…",
        ],
    },
}
