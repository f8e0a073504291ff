"""Lesson 10: second right ways, and typical mistakes with the words they are told."""

from itertools import permutations
from pathlib import Path

import numpy as np

from course_utils.exercises import lesson10 as ex


def by_text(image):
    *above, _, split, city, name = image.parts
    return Path(*above, "gtFine", split, city, f"{name[: -len('_leftImg8bit.png')]}_gtFine_labelIds.png")


def renamed(ending="_gtFine_labelIds", folder="gtFine"):
    """The label path with another ending or folder."""
    return lambda image: image.parents[3] / folder / Path(*image.parts[-3:-1]) / image.name.replace("_leftImg8bit", ending)


def set_of_things(instances, label):
    return np.float64(len({value for value in instances.ravel().tolist() if value // 1000 == label}))


def pixel_by_pixel(ids, train_ids):
    return np.array([[train_ids[value] for value in line] for line in ids.tolist()], "uint8")


def one_after_the_other(ids, train_ids):
    ids = ids.copy()
    for old, new in enumerate(train_ids):
        ids[ids == old] = new
    return ids


def by_sums(matrix, label, counting):
    hit, missed, wrong = int(matrix[label, label]), 0, 0
    for other in range(len(matrix)):
        if other != label:
            missed += int(matrix[label, other])
            wrong += int(matrix[other, label]) * (other in counting)
    return hit / (hit + missed + wrong)


def cut(matrix, label, counting):
    matrix = matrix[np.ix_(counting, counting)]
    return by_sums(matrix, counting.index(label), range(len(matrix)))


def by_loops(scores):
    return [(a, b) for a, b in permutations(scores, 2) if all(x > y for x in scores[a] for y in scores[b])]


def by(better):
    return lambda scores: {(a, b) for a, b in permutations(scores, 2) if better(np.array(scores[a]), np.array(scores[b]))}


RIGHT = [
    (ex.q1_1, by_text),
    (ex.q1_2, set_of_things),
    (ex.q2_1, pixel_by_pixel),
    (ex.q3_1, by_sums),
    (ex.q4_1, "b."),
    (ex.q7_1, by_loops),
]

WRONG = [
    (ex.q1_1, lambda image: image, "still that of the image"),
    (ex.q1_1, renamed("_gtFine_color"), "another of the four"),
    (ex.q1_1, renamed("_labelIds"), "another ending"),
    (ex.q1_1, renamed(folder="leftImg8bit"), "still lies in leftImg8bit"),
    (ex.q1_1, renamed("_leftImg8bit_gtFine_labelIds"), "keeps its ending"),
    (ex.q1_1, lambda image: image.parents[3] / "gtFine" / renamed()(image).name, "split and city"),
    (ex.q1_1, lambda image: str(renamed()(image)), "a Path is wanted"),
    (ex.q1_1, lambda image: Path("sets") / renamed()(image).relative_to(image.parents[3]), "own folder"),
    (ex.q1_2, lambda instances, label: (instances // 1000 == label).sum(), "counts pixels"),
    (ex.q1_2, lambda instances, label: len(np.unique(instances[(instances == label) | (instances // 1000 == label)])), "bare id"),
    (ex.q1_2, lambda instances, label: (np.unique(instances) >= 1000).sum(), "other classes"),
    (ex.q1_2, lambda instances, label: len(np.unique(instances)), "all classes"),
    (ex.q1_2, lambda instances, label: np.unique(instances[instances // 1000 == label]), "one number"),
    (ex.q1_2, lambda instances, label: instances[instances // 1000 == label].max() % 1000 + 1, "gaps"),
    (ex.q1_2, lambda instances, label: 0, "different values"),
    (ex.q2_1, one_after_the_other, "translated twice"),
    (ex.q2_1, lambda ids, train_ids: ids, "still the ids"),
    (ex.q2_1, lambda ids, train_ids: np.array(train_ids)[ids], "their type"),
    (ex.q2_1, lambda ids, train_ids: np.array(train_ids, "uint8")[ids.ravel()], "shape"),
    (ex.q2_1, lambda ids, train_ids: np.where(np.array(train_ids)[ids] == 255, 0, np.array(train_ids)[ids]), "255 got lost"),
    (ex.q2_1, lambda ids, train_ids: np.array(train_ids, "uint8")[ids][::-1], "some values"),
    (ex.q3_1, lambda m, k, counting: m[k, k] / (m[k].sum() + m[:, k].sum() - m[k, k]), "nobody's mistake"),
    (ex.q3_1, cut, "ignored id"),
    (ex.q3_1, lambda m, k, counting: by_sums(m.T, k, counting), "swapped"),
    (ex.q3_1, lambda m, k, counting: m[k, k] / (m[k].sum() + m[counting, k].sum()), "twice"),
    (ex.q3_1, lambda m, k, counting: m[k, k] / m[k].sum(), "sensitivity"),
    (ex.q3_1, lambda m, k, counting: m[k, k] / m[counting, k].sum(), "precision"),
    (ex.q3_1, lambda m, k, counting: 2 * m[k, k] / (m[k].sum() + m[counting, k].sum()), "Dice"),
    (ex.q3_1, lambda m, k, counting: m[k, k], "between 0 and 1"),
    (ex.q4_1, "A", "large classes"),
    (ex.q4_1, "C", "clear difference"),
    (ex.q4_1, "accuracy", "one letter"),
    (ex.q4_1, 2, "one letter"),
    (ex.q4_1, "AB", "one letter"),
    (ex.q7_1, by(lambda a, b: a.mean() > b.mean()), "means differ"),
    (ex.q7_1, by(lambda a, b: a.max() < b.min()), "wrong way round"),
    (ex.q7_1, by(lambda a, b: a.min() >= b.max()), "equal"),
    (ex.q7_1, by(lambda a, b: a.max() > b.max()), "means differ"),
    (ex.q7_1, lambda scores: set(permutations(scores, 2)), "overlap"),
    (ex.q7_1, lambda scores: set(), "missing"),
    (ex.q7_1, lambda scores: 3, "set of pairs"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q1_2: {
        "no instance has so small a value: the second condition wants thousands of the label": [
            "return int(((values [>= → >] 1000) & (values // 1000 == label)).sum())",
            "return int(((values >= [1000 → 1001]) & (values // 1000 == label)).sum())",
            "return int(((values >= [1000 → 999]) & (values // 1000 == label)).sum())",
        ],
    },
}
