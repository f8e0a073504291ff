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


def greys_by_where(image, mask, names):
    return {name: keras.ops.convert_to_tensor(image[np.where(mask == number)]).numpy().mean() for number, name in names.items()}


RIGHT = [
    (ex.q2_1, float(np.prod((10, 32, 32, 1)))),
    (ex.q4_1, shares_by_bincount),
    (ex.q7_1, " c. "),
    (ex.q3_1, box_by_projection),
    (ex.q5_1, greys_by_where),
    (ex.q8_1, points_by_list),
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


def greys_of(measure, key="name"):
    def mean_greys(image, mask, names):
        return {name if key == "name" else number: measure(image, mask == number) for number, name in names.items()}

    return mean_greys


def first_name_only(image, mask, names):
    number, name = next(iter(names.items()))
    return {name: image[mask == number].mean()}


def by_counting(image, mask, names):
    return {name: image[mask == number].mean() for number, name in enumerate(names.values())}


def flat(shape, points):
    return points_on(255)(shape, points).ravel()


WRONG = [
    (ex.q2_1, 1024, "one image"),
    (ex.q2_1, 75, "added"),
    (ex.q2_1, 30720, "grey"),
    (ex.q2_1, (10, 32, 32, 1), "shape"),
    (ex.q2_1, "many", "number is wanted"),
    (ex.q2_1, 320, "one by one"),
    (ex.q4_1, counts, "counts"),
    (ex.q4_1, with_ignored, "divisor"),
    (ex.q4_1, only_present, "does not occur"),
    (ex.q4_1, from_one, "Is every id"),
    (ex.q4_1, lambda mask, num_classes: shares_by_bincount(mask, num_classes)[::-1], "class 0 first"),
    (ex.q4_1, per_cent, "per cent"),
    (ex.q4_1, of_one_class, "one number"),
    (ex.q4_1, lambda mask, num_classes: {0: 1.0}, "list of numbers"),
    (ex.q4_1, lambda mask, num_classes: None, "return"),
    (ex.q4_1, 0.5, "function itself"),
    (ex.q4_1, lambda mask, num_classes: [n // mask.size for n in counts(mask, num_classes)], "whole numbers"),
    (ex.q5_1, greys_of(lambda image, here: image[here].sum()), "sums"),
    (ex.q5_1, greys_of(lambda image, here: (image * here).mean()), "whole image; only"),
    (ex.q5_1, greys_of(lambda image, here: here.mean()), "share"),
    (ex.q5_1, greys_of(lambda image, here: image.mean()), "every class gets"),
    (ex.q5_1, greys_of(lambda image, here: image[here].mean(), key="number"), "the keys"),
    (ex.q5_1, greys_of(lambda image, here: np.median(image[~here])), "another one"),
    (ex.q5_1, first_name_only, "inside the loop"),
    (ex.q5_1, lambda image, mask, names: [image[mask == number].mean() for number in names], "a dictionary is wanted"),
    (ex.q7_1, "A", "so few"),
    (ex.q7_1, "b", "thin"),
    (ex.q7_1, 0.78, "one letter"),
    (ex.q7_1, "a", "so few"),
    (ex.q7_1, "the cells", "one letter"),
    (ex.q7_1, None, "one letter"),
    (ex.q3_1, box_to_the_next, "one too far"),
    (ex.q3_1, box_turned, "swapped"),
    (ex.q3_1, box_of_opencv, "OpenCV's order"),
    (ex.q3_1, lambda mask: sorted(box_by_projection(mask)), "order is"),
    (ex.q3_1, lambda mask: [box_by_projection(mask)[place] for place in (0, 2, 1, 3)], "order is"),
    (ex.q3_1, box_with_size, "height and the width"),
    (ex.q3_1, box_of_image, "whole image"),
    (ex.q3_1, box_of_first_pixel, "wrong"),
    (ex.q3_1, corners, "four numbers"),
    (ex.q3_1, lambda mask: None, "return"),
    (ex.q8_1, points_on(0), "not background"),
    (ex.q8_1, points_on(255, turned=True), "swapped"),
    (ex.q8_1, points_on(255, most=1), "missing"),
    (ex.q8_1, points_as_ones, "right class"),
    (ex.q8_1, points_as_rows, "more pixels"),
    (ex.q8_1, flat, "shape"),
    (ex.q8_1, lambda shape, points: None, "return"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q2_1: {
        "a division by 1": [
            "numbers = 10 * 32 * 32 [* → /] 1",
        ],
    },
}
