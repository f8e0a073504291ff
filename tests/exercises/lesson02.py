"""Lesson 02: second right ways, and typical mistakes with the words they are told."""

import csv

import numpy as np

from course_utils.exercises import lesson02 as ex

RIGHT = [
    (ex.q1_1, lambda text: list(csv.reader(text.splitlines(), delimiter=";"))),
    (ex.q1_1, lambda text: (line.split(";") for line in text.split())),
    (ex.q1_1, lambda text: csv.reader(text.splitlines(), delimiter=";")),
    (ex.q1_1, lambda text: map(iter, [line.split(";") for line in text.split()])),
    (ex.q1_1, lambda text: np.array([line.split(";") for line in text.split()])),
    (ex.q2_1, lambda p: np.array([p, p * (1 - p) ** 2 + (1 - p) * p**2])),
    (ex.q3_1, lambda size, channels, filters: sum(size**2 * channels + 1 for _ in range(filters))),
    (ex.q5_1, " White"),
    (ex.q5_2, lambda output: (np.minimum(np.maximum(output, 0), 1) * 255 + 0.5).astype("uint8")),
    (ex.q7_1, ["More", "Less"]),
]

WRONG = [
    (ex.q1_1, lambda text: [tuple(line.split(";")) for line in text.split("\n")], "empty"),
    (ex.q1_1, lambda text: text.split(), "whole lines"),
    (ex.q1_1, lambda text: [tuple(line.split(";"))[::-1] for line in text.split()], "changed places"),
    (ex.q1_1, lambda text: dict(line.split(";") for line in text.split()), "list of pairs"),
    (ex.q1_1, lambda text: [tuple(line.split(";")) for line in text.split()][1:], "lines"),
    (ex.q1_1, lambda text: [tuple(line.split(",")) for line in text.split()], "names of that line"),
    (ex.q1_1, lambda text: sorted((tuple(line.split(";")) for line in text.split()), key=lambda pair: -int(pair[0][:3])), "wrong order"),
    (ex.q1_1, lambda text: [tuple(line.split(";")) for line in reversed(text.split())], "wrong order"),
    (ex.q1_1, lambda text: (line for line in text.split()), "whole lines"),
    (ex.q1_1, lambda text: tuple(text.split()[0].split(";")), "whole lines"),
    (ex.q1_1, lambda text: len(text.split()), "list of pairs"),
    (ex.q2_1, lambda p: (0, p), "grey"),
    (ex.q2_1, lambda p: (0.5, 0.25), "equally frequent"),
    (ex.q2_1, lambda p: (p, p), "answering 0 everywhere"),
    (ex.q2_1, lambda p: (p, (p * (1 - p)) ** 0.5), "root"),
    (ex.q2_1, lambda p: p, "two numbers"),
    (ex.q2_1, lambda p: (1 - p, p * (1 - p)), "not the best"),
    (ex.q2_1, lambda p: (p, p**2), "its MSE is not"),
    (ex.q3_1, lambda size, channels, filters: size * size * channels * filters, "biases are missing"),
    (ex.q3_1, lambda size, channels, filters: size * size * channels * filters + 1, "one for the whole layer"),
    (ex.q3_1, lambda size, channels, filters: size * size * filters + filters, "all input channels"),
    (ex.q3_1, lambda size, channels, filters: size * channels * filters + filters, "two sides"),
    (ex.q3_1, lambda size, channels, filters: size * size * channels * filters + channels, "each input channel"),
    (ex.q3_1, lambda size, channels, filters: size * size * channels + filters, "one kernel a filter"),
    (ex.q3_1, lambda size, channels, filters: (size, size, channels, filters), "one number is wanted"),
    (ex.q5_1, "black", "no negative values"),
    (ex.q5_1, "grey", "wrap round"),
    (ex.q5_1, 253, "one of the words"),
    (ex.q5_1, "GRAY", "wrap round"),
    (ex.q5_1, None, "one of the words"),
    (ex.q5_2, lambda output: (255 * output).astype(np.int64).astype(np.uint8), "wrap round"),
    (ex.q5_2, lambda output: (255 * np.clip(output, 0, 1)).astype(np.uint8), "cut off"),
    (ex.q5_2, lambda output: 255 * np.clip(output, 0, 1), "uint8"),
    (ex.q5_2, lambda output: np.clip(output, 0, 1).astype(np.uint8), "brightest"),
    (ex.q5_2, lambda output: np.uint8(255 * (output > 0.5)), "black-and-white"),
    (ex.q5_2, lambda output: np.uint8(256 * np.clip(output, 0, 1)), "wrap round"),
    (ex.q5_2, lambda output: np.uint8(np.clip(255 * output, 0, 1)), "brightest"),
    (ex.q7_1, ("less", "more"), "easier to tell apart"),
    (ex.q7_1, ("equal", "equal"), "corners"),
    (ex.q7_1, ("less", "less"), "ellipses are not"),
    (ex.q7_1, ("equal", "less"), "ellipses are not"),
    (ex.q7_1, ("more", "equal"), "rectangles are not"),
    (ex.q7_1, "more", "two words"),
    (ex.q7_1, ("more", "more"), "rectangles are not"),
    (ex.q7_1, ("larger", "smaller"), "use the words"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q5_2: {
        "the larger of 0 and the output, whichever is called the bound": [
            "return np.rint(255 * np.clip([output, 0 → 0, output], 1)).astype(np.uint8)",
        ],
    },
}
