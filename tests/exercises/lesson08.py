"""Lesson 08: second right ways, and typical mistakes with the words they are told."""

import cv2
import numpy as np

from course_utils import tiles
from course_utils.exercises import lesson08 as ex


def by_affine(x, y, west, north, metres):
    return np.floor([(north - y) / metres, (x - west) / metres]).astype(int)


def majority(mask, factor):
    rows, columns = mask.shape[0] // factor, mask.shape[1] // factor
    blocks = mask.reshape(rows, factor, columns, factor).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    return np.array([[np.bincount(block).argmax() for block in line] for line in blocks])


def resize(how, swapped=False):
    def answer(mask, factor):
        size = mask.shape[1] // factor, mask.shape[0] // factor
        return cv2.resize(mask, size[::-1] if swapped else size, interpolation=how)

    return answer


def split_by(mosaic):
    """A split with another idea of which part of the name is the mosaic."""

    def answer(files, held_out):
        test = [file for file in files if mosaic(file, held_out)]
        return [file for file in files if file not in test], test

    return answer


def honest(file, held_out):
    return "_".join(file.split("_")[:-2]) in held_out


def sticks_out(length, tile, overlap):
    return [*range(0, length - overlap, tile - overlap)]


def loop(length, tile, overlap):
    found = [0]
    while found[-1] + tile < length:
        found.append(min(found[-1] + tile - overlap, length - tile))
    return np.array(found)


RIGHT = [
    (ex.q1_1, by_affine),
    (ex.q1_1, lambda x, y, west, north, metres: (float((north - y) // metres), float((x - west) // metres))),
    (ex.q2_1, majority),
    (ex.q2_1, resize(cv2.INTER_NEAREST_EXACT)),
    (ex.q2_1, lambda mask, factor: mask[::factor, ::factor]),
    (ex.q3_1, split_by(honest)),
    (ex.q5_1, " a"),
    (ex.q6_1, loop),
    (ex.q6_1, tiles.starts),
    (ex.q8_1, "c."),
]

WRONG = [
    (ex.q1_1, lambda x, y, west, north, metres: by_affine(x, y, west, north, metres)[::-1], "swapped"),
    (ex.q1_1, lambda x, y, west, north, metres: (int((y - north) / metres), int((x - west) / metres)), "negative"),
    (ex.q1_1, lambda x, y, west, north, metres: ((north - y) / metres, (x - west) / metres), "whole numbers"),
    (ex.q1_1, lambda x, y, west, north, metres: (int(north - y), int(x - west)), "metres"),
    (ex.q1_1, lambda x, y, west, north, metres: (round((north - y) / metres), round((x - west) / metres)), "one pixel off"),
    (ex.q1_1, lambda x, y, west, north, metres: int((x - west) / metres), "two numbers"),
    (ex.q2_1, resize(cv2.INTER_AREA), "not there"),
    (ex.q2_1, lambda mask, factor: resize(cv2.INTER_AREA)(mask.astype(float), factor), "not there"),
    (ex.q2_1, resize(cv2.INTER_NEAREST, swapped=True), "swapped"),
    (ex.q2_1, lambda mask, factor: mask, "kept its size"),
    (ex.q2_1, lambda mask, factor: mask[: mask.shape[0] // factor, : mask.shape[1] // factor], "upper left corner"),
    (ex.q2_1, lambda mask, factor: mask[::2, ::factor], "is wanted"),
    (ex.q3_1, split_by(lambda file, held_out: file.split("_")[0] in held_out), "count from the end"),
    (ex.q3_1, split_by(lambda file, held_out: any(file.startswith(name) for name in held_out)), "too much"),
    (ex.q3_1, lambda files, held_out: split_by(honest)(files, held_out)[::-1], "swapped"),
    (ex.q3_1, lambda files, held_out: (files[: len(files) * 7 // 10], files[len(files) * 7 // 10 :]), "both sides"),
    (ex.q3_1, lambda files, held_out: (files, split_by(honest)(files, held_out)[1]), "in both lists"),
    (ex.q3_1, lambda files, held_out: split_by(honest)(files[:-1], held_out), "in neither"),
    (ex.q5_1, "B", "strangers"),
    (ex.q5_1, "C", "table of section 3"),
    (ex.q5_1, 0.5, "one letter"),
    (ex.q5_1, "b", "strangers"),
    (ex.q5_1, "AB", "one letter"),
    (ex.q5_1, None, "one letter"),
    (ex.q6_1, lambda length, tile, overlap: [*range(0, length, tile - overlap)], "sticks out"),
    (ex.q6_1, sticks_out, "sticks out"),
    (ex.q6_1, lambda length, tile, overlap: [*range(0, length - tile + 1, tile - overlap)], "no tile"),
    (ex.q6_1, lambda length, tile, overlap: [*range(0, length - tile + 1, tile - overlap), length - tile], "twice"),
    (ex.q6_1, lambda length, tile, overlap: [*range(0, length - tile, tile), length - tile], "do not overlap"),
    (ex.q6_1, lambda length, tile, overlap: [*range(0, length - tile, max(1, overlap or tile)), length - tile], "not the overlap"),
    (ex.q8_1, "A", "as a whole"),
    (ex.q8_1, "B", "STRIP"),
    (ex.q8_1, 2, "one letter"),
    (ex.q8_1, "a", "as a whole"),
    (ex.q8_1, "the strip", "one letter"),
    (ex.q8_1, None, "one letter"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q1_1: {
        "int() cuts the decimals off, and no point lies outside the map": [
            "row, column = (int((north - y) [// → /] metres), int((x - west) // metres))",
            "… (int((north - y) // metres), int((x - west) [// → /] metres))",
        ],
    },
    ex.q2_1: {
        "another pixel of each block": [
            "return mask[[factor // 2 → ]::factor, factor // 2::factor]",
            "return mask[factor // 2::factor, [factor // 2 → ]::factor]",
            "return mask[[factor // 2 → 2 // factor]::factor, factor // 2::factor]",
            "return mask[factor [// → %] 2::factor, factor // 2::factor]",
            "return mask[factor // [2 → 3]::factor, factor // 2::factor]",
            "return mask[factor // 2::factor, [factor // 2 → 2 // factor]::factor]",
            "return mask[factor // 2::factor, factor [// → %] 2::factor]",
            "return mask[factor // 2::factor, factor // [2 → 3]::factor]",
        ],
    },
}
