"""Lesson 12: second right ways, and typical mistakes with the words they are told."""

import cv2
import numpy as np

from course_utils.exercises import lesson12 as ex


def by_loop(wanted, label_sets):
    found = [(len(labels), name) for name, labels in label_sets.items() if not wanted - labels]
    return [name for _, name in sorted(found)]


def sets(test=lambda wanted, labels: wanted <= labels, key=len, reverse=False):
    def answer(wanted, label_sets):
        names = [name for name, labels in label_sets.items() if test(wanted, labels)]
        return sorted(names, key=(lambda name: key(label_sets[name])) if key else None, reverse=reverse)

    return answer


def scale_and_offset(image, mean, spread):
    return np.float32(image) * np.float32(1 / (255 * spread)) - np.float32(mean / spread)


def class_by_class(logits, height, width):
    resized = [cv2.resize(np.ascontiguousarray(logits[..., k]), (width, height)) for k in range(logits.shape[-1])]
    best = np.zeros((height, width), int)
    for k, values in enumerate(resized):
        best[values > np.take_along_axis(np.array(resized), best[None], 0)[0]] = k
    return best


def resized(after=lambda array: array.argmax(-1), before=lambda array: array, how=cv2.INTER_LINEAR, turned=False):
    return lambda logits, height, width: after(
        cv2.resize(before(logits), (height, width) if turned else (width, height), interpolation=how)
    )


def by_sums(ious):
    tp = sum_of = 0
    for row in ious.tolist():
        for iou in row:
            tp, sum_of = tp + (iou > 0.5), sum_of + iou * (iou > 0.5)
    fp, fn = ious.shape[1] - tp, ious.shape[0] - tp
    return [sum_of / tp, tp / (tp + 0.5 * fp + 0.5 * fn)]


def quality(sq=lambda hits, ious: hits.mean(), rq=lambda tp, true, found: 2 * tp / (true + found), limit=lambda ious: ious > 0.5):
    return lambda ious: (sq(ious[limit(ious)], ious), rq(limit(ious).sum(), *ious.shape))


def rectangles(right, total):
    """Area by recalls, from the last to the first."""
    area = best = 0.0
    hits = int(np.sum(right))
    for k in reversed(range(len(right))):
        best = max(best, hits / (k + 1))
        area, hits = area + best * bool(right[k]) / total, hits - int(right[k])
    return area


def precisions(right):
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return precision, np.maximum.accumulate(precision[::-1])[::-1]


def iou(a, b):
    sides = [max(0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1)]
    both = sides[0] * sides[1]
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def by_removal(boxes, scores, limit):
    left, kept = sorted(range(len(scores)), key=lambda i: -scores[i]), []
    while left:
        kept.append(left.pop(0))
        left = [i for i in left if iou(boxes[i], boxes[kept[-1]]) <= limit]
    return np.array(kept)


def chosen(order=lambda scores: np.argsort(scores)[::-1], against=None, finish=lambda kept: kept):
    def answer(boxes, scores, limit):
        kept = []
        for i in order(scores).tolist():
            others = kept if against is None else against(scores, i)
            if all(iou(boxes[i], boxes[j]) <= limit for j in others):
                kept.append(i)
        return finish(kept)

    return answer


def by_flood(classes, row, column):
    if not classes[row, column]:
        return np.zeros(classes.shape, bool)
    filled = np.zeros((classes.shape[0] + 2, classes.shape[1] + 2), np.uint8)
    cv2.floodFill(classes.copy(), filled, (column, row), 0, flags=4 | cv2.FLOODFILL_MASK_ONLY)
    return filled[1:-1, 1:-1] > 0


def region(same=lambda classes, r, c: (classes == classes[r, c]) & (classes > 0), connectivity=4, finish=lambda mask: mask, turned=False):
    def answer(classes, row, column):
        row, column = (column, row) if turned else (row, column)
        row, column = min(row, classes.shape[0] - 1), min(column, classes.shape[1] - 1)
        regions = cv2.connectedComponents(np.uint8(same(classes, row, column)), connectivity=connectivity)[1]
        return finish((regions == regions[row, column]) & (regions > 0))

    return answer


RIGHT = [
    (ex.q1_1, by_loop),
    (ex.q2_1, scale_and_offset),
    (ex.q3_1, class_by_class),
    (ex.q4_1, "b"),
    (ex.q5_1, by_sums),
    (ex.q6_1, rectangles),
    (ex.q7_1, by_removal),
    (ex.q8_1, by_flood),
]

WRONG = [
    (ex.q1_1, sets(lambda wanted, labels: wanted & labels), "not enough"),
    (ex.q1_1, sets(lambda wanted, labels: not wanted <= labels), "lack something"),
    (ex.q1_1, sets(lambda wanted, labels: labels <= wanted), "wrong way round"),
    (ex.q1_1, sets(reverse=True), "largest set comes first"),
    (ex.q1_1, sets(key=None), "their order"),
    (ex.q1_1, lambda wanted, label_sets: [s for s in label_sets.values() if wanted <= s], "their names"),
    (ex.q1_1, lambda wanted, label_sets: sets()(wanted, label_sets)[:1], "missing"),
    (ex.q1_1, lambda wanted, label_sets: 3, "list of names"),
    (ex.q2_1, lambda image, mean, spread: np.float32((image - mean) / spread), "run to 255"),
    (ex.q2_1, lambda image, mean, spread: np.float32(image / 255), "still missing"),
    (ex.q2_1, lambda image, mean, spread: np.float32(image / 255 - mean), "spread is missing"),
    (ex.q2_1, lambda image, mean, spread: np.float32(image / 255 / spread - mean), "before the division"),
    (ex.q2_1, lambda image, mean, spread: np.float32((image[..., ::-1] / 255 - mean) / spread), "red comes first"),
    (ex.q2_1, lambda image, mean, spread: (image / 255 - mean) / spread, "their type"),
    (ex.q2_1, lambda image, mean, spread: np.float32(image / 127.5 - 1), "−1 to 1"),
    (ex.q2_1, lambda image, mean, spread: ((image / 255 - mean) / spread).astype(int), "whole numbers"),
    (ex.q2_1, lambda image, mean, spread: np.float32((image / 255).mean(-1)), "shape changed"),
    (ex.q3_1, resized(lambda ids: ids, lambda z: z.argmax(-1).astype(np.uint8), cv2.INTER_NEAREST), "steps of the coarse grid"),
    (ex.q3_1, resized(lambda ids: ids, lambda z: z.argmax(-1).astype(np.uint8)), "class ids were enlarged"),
    (ex.q3_1, resized(how=cv2.INTER_NEAREST), "steps of the coarse grid"),
    (ex.q3_1, resized(turned=True), "swapped"),
    (ex.q3_1, resized(lambda z: z), "which class"),
    (ex.q3_1, lambda z, height, width: z.argmax(-1), "size of the logits"),
    (ex.q3_1, resized(lambda z: z.argmin(-1)), "smallest"),
    (ex.q4_1, "A", "mixes"),
    (ex.q4_1, "C", "seldom"),
    (ex.q4_1, "D", "differ"),
    (ex.q4_1, "2×2", "one letter"),
    (ex.q4_1, 2, "one letter"),
    (ex.q5_1, quality(limit=lambda ious: ious >= 0.5), "exactly 1/2"),
    (ex.q5_1, lambda ious: quality()(ious)[::-1], "swapped"),
    (ex.q5_1, quality(sq=lambda hits, ious: hits.sum()), "their sum"),
    (ex.q5_1, quality(sq=lambda hits, ious: ious.mean()), "not all pairs"),
    (ex.q5_1, quality(rq=lambda tp, true, found: tp / (true + found)), "both a row and a column"),
    (ex.q5_1, quality(rq=lambda tp, true, found: tp / (true + found - tp)), "half each"),
    (ex.q5_1, quality(rq=lambda tp, true, found: tp / true), "recall"),
    (ex.q5_1, quality(rq=lambda tp, true, found: tp / found), "precision"),
    (ex.q5_1, lambda ious: quality()(ious)[0], "pair of two numbers"),
    (ex.q6_1, lambda right, total: precisions(right)[0][right].sum() / total, "may rise again"),
    (ex.q6_1, lambda right, total: precisions(right)[1][right].mean(), "all true objects"),
    (ex.q6_1, lambda right, total: np.maximum.accumulate(precisions(right)[0])[right].sum() / total, "wrong way"),
    (ex.q6_1, lambda right, total: precisions(right)[1].sum() / total, "add nothing"),
    (ex.q6_1, lambda right, total: right.mean(), "precision of the whole list"),
    (ex.q6_1, lambda right, total: right.sum() / total, "recall at the end"),
    (ex.q6_1, lambda right, total: precisions(right)[1], "one number"),
    (ex.q7_1, lambda boxes, scores, limit: list(range(len(boxes))), "nothing was dropped"),
    (ex.q7_1, chosen(order=np.argsort), "least sure"),
    (ex.q7_1, chosen(order=lambda scores: np.arange(len(scores))), "as they stand"),
    (ex.q7_1, chosen(against=lambda scores, i: np.flatnonzero(scores > scores[i]).tolist()), "itself dropped"),
    (ex.q7_1, chosen(finish=lambda kept: kept[::-1]), "by falling score"),
    (ex.q7_1, chosen(finish=lambda kept: kept[:1]), "one box alone"),
    (ex.q7_1, lambda boxes, scores, limit: boxes, "list of indices"),
    (ex.q8_1, lambda classes, row, column: classes == classes[row, column], "all of the class"),
    (ex.q8_1, region(same=lambda classes, r, c: classes > 0), "other classes"),
    (ex.q8_1, region(connectivity=8), "corner"),
    (ex.q8_1, region(turned=True), "swapped"),
    (ex.q8_1, region(finish=np.uint8), "the type"),
    (ex.q8_1, region(same=lambda classes, r, c: classes == classes[r, c]), "background selects nothing"),
    (ex.q8_1, region(finish=np.argwhere), "mask has shape"),
]

EQUIVALENT = {
    ex.q3_1: {
        "bilinear is what OpenCV takes by itself": [
            "enlarged = cv2.resize(logits, (width, height)[, interpolation=cv2.INTER_LINEAR → ])",
        ],
    },
    ex.q7_1: {
        "an IoU is the same both ways round": [
            "if all((box_iou(boxes[[index], boxes[other → other], boxes[index]]) <= limit for other in kept)):",
        ],
    },
}
