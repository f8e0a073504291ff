"""Lesson 00: second right ways, and typical mistakes with the words they are told."""

import keras
import numpy as np

from course_utils.exercises import lesson00 as ex


def shares_by_bincount(mask, num_classes):
    counts = np.bincount(mask.ravel(), minlength=256)[:num_classes]
    return keras.ops.convert_to_tensor((counts / counts.sum()).astype("float32"))


def box_by_projection(mask):
    rows, columns = [i for i, row in enumerate(mask) if any(row)], [i for i, column in enumerate(mask.T) if any(column)]
    return [rows[0], columns[0], rows[-1], columns[-1]]


def points_by_list(shape, points):
    known = {(row, column): number for row, column, number in points}
    return [[known.get((row, column), 255) for column in range(shape[1])] for row in range(shape[0])]


RIGHT = [
    (ex.q2_1, float(np.prod((10, 32, 32, 1)))),
    (ex.q3_1, shares_by_bincount),
    (ex.q5_1, " c. "),
    (ex.q6_1, box_by_projection),
    (ex.q7_1, points_by_list),
]


def counts(mask, num_classes):
    return [(mask == number).sum() for number in range(num_classes)]


def with_ignored(mask, num_classes):
    return [(mask == number).mean() for number in range(num_classes)]


def only_present(mask, num_classes):
    counted = mask[mask != 255]
    return [(counted == number).mean() for number in np.unique(counted)]


def from_one(mask, num_classes):
    counted = mask[mask != 255]
    return [(counted == number).mean() for number in range(1, num_classes + 1)]


def per_cent(mask, num_classes):
    return [100 * share for share in shares_by_bincount(mask, num_classes)]


def of_one_class(mask, num_classes):
    return (mask[mask != 255] == num_classes - 1).mean()


def box_to_the_next(mask):
    top, left, bottom, right = box_by_projection(mask)
    return top, left, bottom + 1, right + 1


def box_of_opencv(mask):
    top, left, bottom, right = box_by_projection(mask)
    return left, top, right - left + 1, bottom - top + 1


def box_turned(mask):
    top, left, bottom, right = box_by_projection(mask)
    return left, top, right, bottom


def box_with_size(mask):
    top, left, bottom, right = box_by_projection(mask)
    return top, left, bottom - top + 1, right - left + 1


def box_of_image(mask):
    return 0, 0, mask.shape[0] - 1, mask.shape[1] - 1


def box_of_first_pixel(mask):
    row, column = np.argwhere(mask)[0]
    return row, column, *np.argwhere(mask)[-1]


def corners(mask):
    return box_by_projection(mask)[:2]


def points_on(value, turned=False, most=None):
    def points_to_mask(shape, points):
        mask = np.full(shape, value)
        for row, column, number in points[:most]:
            mask[(column, row) if turned else (row, column)] = number
        return mask

    return points_to_mask


def points_as_ones(shape, points):
    mask = np.full(shape, 255)
    for row, column, _ in points:
        mask[row, column] = 1
    return mask


def points_as_rows(shape, points):
    mask = np.full(shape, 255)
    for row, _, number in points:
        mask[row] = number
    return mask


def flat(shape, points):
    return points_on(255)(shape, points).ravel()


WRONG = [
    (ex.q2_1, 1024, "one image"),
    (ex.q2_1, 75, "added"),
    (ex.q2_1, 30720, "grey"),
    (ex.q2_1, (10, 32, 32, 1), "shape"),
    (ex.q2_1, "many", "number is wanted"),
    (ex.q2_1, 320, "one by one"),
    (ex.q3_1, counts, "counts"),
    (ex.q3_1, with_ignored, "divisor"),
    (ex.q3_1, only_present, "does not occur"),
    (ex.q3_1, from_one, "class 0"),
    (ex.q3_1, per_cent, "per cent"),
    (ex.q3_1, of_one_class, "one number"),
    (ex.q3_1, lambda mask, num_classes: {0: 1.0}, "list of numbers"),
    (ex.q3_1, lambda mask, num_classes: None, "return"),
    (ex.q3_1, 0.5, "function itself"),
    (ex.q3_1, lambda mask, num_classes: [n // mask.size for n in counts(mask, num_classes)], "whole numbers"),
    (ex.q5_1, "A", "so few"),
    (ex.q5_1, "b", "thin"),
    (ex.q5_1, 0.78, "one letter"),
    (ex.q5_1, "a", "so few"),
    (ex.q5_1, "the cells", "one letter"),
    (ex.q5_1, None, "one letter"),
    (ex.q6_1, box_to_the_next, "one too far"),
    (ex.q6_1, box_turned, "swapped"),
    (ex.q6_1, box_of_opencv, "swapped"),
    (ex.q6_1, box_with_size, "height and the width"),
    (ex.q6_1, box_of_image, "whole image"),
    (ex.q6_1, box_of_first_pixel, "wrong"),
    (ex.q6_1, corners, "four numbers"),
    (ex.q6_1, lambda mask: None, "return"),
    (ex.q7_1, points_on(0), "not background"),
    (ex.q7_1, points_on(255, turned=True), "swapped"),
    (ex.q7_1, points_on(255, most=1), "missing"),
    (ex.q7_1, points_as_ones, "right class"),
    (ex.q7_1, points_as_rows, "more pixels"),
    (ex.q7_1, flat, "shape"),
    (ex.q7_1, lambda shape, points: None, "return"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q2_1: {
        "a division by 1": [
            "numbers = 10 * 32 * 32 [* → /] 1",
        ],
    },
}
