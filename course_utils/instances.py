"""Single objects: touching ones parted by watershed, and scores that count objects instead of pixels.

The objects of an image are one integer array, as in Cityscapes' `instanceIds`: class · 1000 + number. What lies below 1000 is no object.
"""

import heapq

import cv2
import numpy as np

FIRST = 1000  # the smallest value that stands for an object


def components(classes, things, least: int = 1) -> np.ndarray:
    """Each connected region of a class is an object: pixels that touch by their sides.

    Args:
        classes: class ids, (height, width). things: ids of the classes that are counted, none of them 0.
        least: smaller regions, in pixels, are left out.

    Returns:
        class · 1000 + number, 0 elsewhere, int32 (height, width).

    Raises:
        ValueError: more than 1000 objects of a class, which this way of counting cannot tell apart.
    """
    classes = np.asarray(classes)
    instances = np.zeros(classes.shape, np.int32)
    for thing in things:
        _, regions, boxes, _ = cv2.connectedComponentsWithStats(np.uint8(classes == thing), connectivity=4)
        kept = [number for number in range(1, len(boxes)) if boxes[number, cv2.CC_STAT_AREA] >= least]
        if len(kept) > FIRST:
            raise ValueError(f"class {thing} falls into {len(kept)} regions, but only {FIRST} can be counted: leave out specks by least=.")
        values = np.zeros(len(boxes), np.int32)
        values[kept] = FIRST * thing + np.arange(len(kept))
        instances += values[regions]
    return instances


def watershed(classes, border, things, level: float = 0.5, least: int = 1) -> np.ndarray:
    """Objects that touch are parted where a border was predicted: the flooding of Meyer (1994), doi:10.1016/0165-1684(94)90060-4.

    Seeds are the `components` of what is no border. They grow into the rest of the things, low border first, until they meet.

    Args:
        classes: class ids, (height, width). border: how sure a pixel is a border between objects, (height, width), any range.
        things: ids of the classes that are counted. level: from it on a pixel is no part of a seed. least: smaller seeds are left out.

    Returns:
        As `components`. An object has the class of its seed, and what no seed reaches belongs to none.
    """
    classes, border = np.asarray(classes), np.asarray(border)
    instances = components(np.where(border < level, classes, 0), things, least)
    free = np.isin(classes, things) & (instances == 0)
    height, width = classes.shape
    shore = [(border[r, c], order, r, c) for order, (r, c) in enumerate(np.argwhere(instances).tolist())]
    heapq.heapify(shore)
    order = len(shore)  # of two pixels of one height the earlier one comes first
    while shore:
        _, _, row, column = heapq.heappop(shore)
        for r, c in ((row - 1, column), (row, column - 1), (row, column + 1), (row + 1, column)):
            if 0 <= r < height and 0 <= c < width and free[r, c]:
                free[r, c], instances[r, c] = False, instances[row, column]
                heapq.heappush(shore, (border[r, c], order, r, c))
                order += 1
    return instances


def panoptic_quality(truths, found) -> dict[int, dict]:
    """PQ of Kirillov et al. (2019), arXiv:1801.00868, for each class of things, over all images together.

    A found object matches a true one of its class if their IoU is above 1/2, which at most one can be. PQ is the sum of these IoUs over
    TP + FP/2 + FN/2: SQ, the mean IoU of the matches, times RQ, the F1 score of finding objects at all. No pixel is void here.

    Args:
        truths, found: objects of each image, as `components` gives them, in the same order.

    Returns:
        class → {"PQ", "SQ", "RQ", "TP", "FP", "FN"}, for the classes that occur; SQ is 0 without any match.

    Raises:
        ValueError: lists of different length, or images of different size.
    """
    scores = {}
    for truth, said in zip(truths, found, strict=True):
        matched = {pair: iou for pair, iou in _ious(truth, said).items() if iou > 0.5}
        for name, values in (("FN", _objects(truth)), ("FP", _objects(said))):
            for value in values:
                counts = scores.setdefault(value // FIRST, {"PQ": 0.0, "SQ": 0.0, "RQ": 0.0, "TP": 0, "FP": 0, "FN": 0})
                counts[name] += 1
        for (value, _), iou in matched.items():
            counts = scores[value // FIRST]
            counts["SQ"] += iou
            counts["TP"], counts["FP"], counts["FN"] = counts["TP"] + 1, counts["FP"] - 1, counts["FN"] - 1
    for counts in scores.values():
        counts["RQ"] = counts["TP"] / (counts["TP"] + counts["FP"] / 2 + counts["FN"] / 2)
        counts["SQ"] /= max(1, counts["TP"])
        counts["PQ"] = counts["SQ"] * counts["RQ"]
    return dict(sorted(scores.items()))


def average_precision(truths, found, confidences, limit: float = 0.5) -> dict[int, float]:
    """Area under the curve of precision over recall, for each class of the truth, over all images together.

    Found objects are taken from the most to the least sure one; right is one whose IoU with a true object of its class is above `limit`.
    The precision at a recall is the best one at that recall or beyond (Everingham et al., 2010, doi:10.1007/s11263-009-0275-4).

    Args:
        truths, found: objects of each image, as `components` gives them, in the same order.
        confidences: for each image how sure each found object is, {value: number}.
        limit: 1/2 or more, so that at most one object can match.

    Raises:
        ValueError: a lower limit, lists of different length, or images of different size.
    """
    if limit < 0.5:
        raise ValueError(f"limit={limit}, but below 0.5 several objects could match one: take 0.5 or more.")
    total, ranked = {}, {}
    for truth, said, sure in zip(truths, found, confidences, strict=True):
        right = {b for (_, b), iou in _ious(truth, said).items() if iou > limit}
        for value in _objects(truth):
            total[value // FIRST] = total.get(value // FIRST, 0) + 1
        for value in _objects(said):
            ranked.setdefault(value // FIRST, []).append((-sure[value], value in right))
    scores = {}
    for thing in sorted(total):
        right = np.array([hit for _, hit in sorted(ranked.get(thing, []), key=lambda one: one[0])], bool)
        precision = np.cumsum(right) / np.arange(1, len(right) + 1)
        best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
        scores[thing] = float(best_beyond[right].sum() / total[thing])
    return scores


def _objects(instances):
    values = np.unique(instances)
    return values[values >= FIRST].tolist()


def _ious(truth, said):
    """(true, found) → IoU, for the objects of one class that share a pixel."""
    truth, said = np.asarray(truth, np.int64), np.asarray(said, np.int64)
    if truth.shape != said.shape:
        raise ValueError(f"The true objects have shape {truth.shape}, the found ones {said.shape}: bring them to one size.")
    areas = [dict(zip(*(part.tolist() for part in np.unique(array, return_counts=True)), strict=True)) for array in (truth, said)]
    codes, common = np.unique((truth << 32) + said, return_counts=True)  # one sorting of numbers is quicker than one of pairs
    return {
        (a, b): both / (areas[0][a] + areas[1][b] - both)
        for a, b, both in zip((codes >> 32).tolist(), (codes & (2**32 - 1)).tolist(), common.tolist(), strict=True)
        if a >= FIRST and a // FIRST == b // FIRST
    }
