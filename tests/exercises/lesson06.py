"""Lesson 06: second right ways, and typical mistakes with the words they are told."""

import numpy as np
from scipy.spatial.distance import directed_hausdorff
from sklearn.metrics import jaccard_score

from course_utils import metrics
from course_utils.exercises import lesson06 as ex

TASKS = ["softmax", "sigmoid", "sigmoid", "softmax"]


def tasks(number, word):
    return [word if i == number else right for i, right in enumerate(TASKS)]


def focal_by_one_hot(p, label, gamma):
    one_hot = np.arange(len(p)) == label
    return np.float64(-np.sum(one_hot * (1 - p) ** gamma * np.log(p)))


def unless_void(formula):
    return lambda p, label, gamma: 0 if label == 255 else formula(p, label, gamma)


def tversky_by_weights(p, mask, alpha, beta):
    counted, true = mask != 255, mask == 1
    hit = (p * true).sum()
    return hit / (hit + alpha * (p * counted * ~true).sum() + beta * (true * (1 - p)).sum())


def tversky(a=None, b=None, other=lambda mask: mask == 0, soft=lambda p: p, wrap=lambda index: index):
    def answer(p, mask, alpha, beta):
        p = soft(p)
        hit, missed, invented = p[mask == 1].sum(), (1 - p)[mask == 1].sum(), p[other(mask)].sum()
        return wrap(hit / (hit + (alpha if a is None else a) * invented + (beta if b is None else b) * missed))

    return answer


def by_scipy(a, b, spacing):
    a, b = a * np.array(spacing), b * np.array(spacing)
    return max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])


def of_table(reduce, scale=lambda spacing: spacing, power=2):
    def answer(a, b, spacing):
        return reduce((np.abs((a[:, None] - b[None]) * np.array(scale(spacing))) ** power).sum(axis=-1) ** (1 / power))

    return answer


def both_ways(d):
    return max(d.min(axis=1).max(), d.min(axis=0).max())


def by_scikit_learn(batches, num_classes):
    true, said = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*batches, strict=True))
    return jaccard_score(true[true != 255], said[true != 255], average="macro")


def mean_of_batches(batches, num_classes):
    return np.mean([metrics.mean_iou(metrics.confusion_matrix(*batch, num_classes)) for batch in batches])


def of_total(reduce, void=255):
    def answer(batches, num_classes):
        return reduce(sum(metrics.confusion_matrix(np.where(m == 255, void, m), said, num_classes) for m, said in batches))

    return answer


RIGHT = [
    (ex.q1_1, ("Softmax", "sigmoid ", "SIGMOID", "softmax")),
    (ex.q2_1, focal_by_one_hot),
    (ex.q3_1, tversky_by_weights),
    (ex.q4_1, 45),
    (ex.q5_1, by_scipy),
    (ex.q6_1, by_scikit_learn),
    (ex.q7_1, " b."),
]

WRONG = [
    (ex.q1_1, tasks(0, "sigmoid"), "sum to 1"),
    (ex.q1_1, tasks(1, "softmax"), "one channel"),
    (ex.q1_1, tasks(2, "softmax"), "optic disc"),
    (ex.q1_1, tasks(3, "sigmoid"), "paper AND ink"),
    (ex.q1_1, tasks(3, "relu"), "one of the two words"),
    (ex.q1_1, "softmax", "four answers"),
    (ex.q2_1, unless_void(lambda p, label, gamma: (1 - p[label]) ** gamma * np.log(p[label])), "sign"),
    (ex.q2_1, unless_void(lambda p, label, gamma: -np.log(p[label])), "plain cross-entropy"),
    (ex.q2_1, unless_void(lambda p, label, gamma: -(p[label] ** gamma) * np.log(p[label])), "should be small"),
    (ex.q2_1, unless_void(lambda p, label, gamma: -gamma * (1 - p[label]) * np.log(p[label])), "exponent"),
    (ex.q2_1, unless_void(lambda p, label, gamma: -((1 - p[label]) ** gamma) * np.log10(p[label])), "natural"),
    (ex.q2_1, unless_void(lambda p, label, gamma: -((1 - p) ** gamma * np.log(p)).sum()), "not all of them"),
    (ex.q2_1, unless_void(lambda p, label, gamma: -((1 - p) ** gamma) * np.log(p)), "one number"),
    (ex.q2_1, lambda p, label, gamma: focal_by_one_hot(p, label, gamma) if label != 255 else 1.0, "costs nothing"),
    (ex.q2_1, lambda p, label, gamma: -((1 - p[label]) ** gamma) * np.log(p[label]), "IndexError"),
    (ex.q3_1, tversky(wrap=lambda index: 1 - index), "that is the loss"),
    (ex.q3_1, lambda p, mask, alpha, beta: tversky()(p, mask, beta, alpha), "changed over"),
    (ex.q3_1, tversky(other=lambda mask: mask != 1), "255 is not 0"),
    (ex.q3_1, tversky(0.5, 0.5), "Dice"),
    (ex.q3_1, tversky(1, 1), "IoU"),
    (ex.q3_1, tversky(soft=lambda p: np.float64(p > 0.5)), "stay soft"),
    (ex.q4_1, 0.9, "background alone"),
    (ex.q4_1, 0.0, "object alone"),
    (ex.q4_1, 0.5, "sensitivity"),
    (ex.q4_1, 0.81, "weighs the classes"),
    (ex.q4_1, 0.3, "overlap over union"),
    (ex.q4_1, "half", "one number"),
    (ex.q5_1, of_table(lambda d: d.min(axis=1).min()), "smallest"),
    (ex.q5_1, of_table(lambda d: min(d.min(axis=1).max(), d.min(axis=0).max())), "one way"),
    (ex.q5_1, of_table(np.max), "farthest"),
    (ex.q5_1, of_table(lambda d: (d.min(axis=1).mean() + d.min(axis=0).mean()) / 2), "mean distance"),
    (ex.q5_1, of_table(both_ways, lambda spacing: (1, 1)), "no effect"),
    (ex.q5_1, of_table(both_ways, lambda spacing: spacing[::-1]), "changed over"),
    (ex.q5_1, of_table(both_ways, power=1), "straight lines"),
    (ex.q6_1, mean_of_batches, "mean of the batches"),
    (ex.q6_1, of_total(lambda matrix: metrics.mean_iou(matrix, absent=0)), "counts 0"),
    (ex.q6_1, of_total(lambda matrix: metrics.mean_iou(matrix, absent=1)), "counts 1"),
    (ex.q6_1, of_total(metrics.mean_iou, void=0), "void"),
    (ex.q6_1, of_total(lambda matrix: metrics.iou(matrix).mean()), "no IoU"),
    (ex.q6_1, of_total(lambda matrix: metrics.iou(matrix)[matrix.sum(axis=1) > 0].mean()), "in no mask"),
    (ex.q6_1, of_total(metrics.pixel_accuracy), "accuracy"),
    (ex.q6_1, of_total(metrics.iou), "one number"),
    (ex.q7_1, "A", "no new knowledge"),
    (ex.q7_1, "C", "below 1"),
    (ex.q7_1, 1, "one letter"),
    (ex.q7_1, "a", "no new knowledge"),
    (ex.q7_1, "more", "one letter"),
    (ex.q7_1, None, "one letter"),
]

# Changes of the solution that leave it right
EQUIVALENT = {
    ex.q5_1: {
        "differences are squared": [
            "steps = ([a[:, None] - b[ → b[None] - a[:, ]None]) * np.array(spacing)",
        ],
        "numpy multiplies by a tuple as by an array": [
            "steps = (a[:, None] - b[None]) * [np.array(spacing) → spacing]",
        ],
        "numpy adds the axis by itself": [
            "steps = (a[:, None] - b[[None] → ]) * np.array(spacing)",
        ],
    },
}
