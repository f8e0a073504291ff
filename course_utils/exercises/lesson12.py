"""Questions of lesson 12."""

import numpy as np

from .engine import NotYet, call, expect, letter, one_number, question


@question(
    "When does a label set answer everything that is wanted? Python's sets know subsets.",
    "`wanted <= labels` is true if every wanted label is among the labels. Then sort the names by the size of their set.",
    "names with wanted <= label_sets[name], sorted by len(label_sets[name])",
    praise="The smallest set that knows your words was trained on little else.",
)
def q1_1(answer, rng):
    for _ in range(5):
        # Three hold the wanted ones; as they stand, the middle one comes first, so that no order is right or reversed by chance.
        words = rng.permutation([f"class {i}" for i in range(40)]).tolist()
        wanted, rest = set(words[:3]), words[3:]
        small, middle, large = sorted(rng.choice(np.arange(4, 20), 3, replace=False).tolist())
        sizes = (middle, small, large) if rng.random() < 0.5 else (middle, large, small)
        a, b, c = (wanted | set(rng.choice(rest, size, replace=False).tolist()) for size in sizes)
        sets = {"set a": a, "set d": set(words[1:9]), "set b": b, "set e": set(rest[:30]), "set c": c, "set f": set(words[:2])}
        sets["set g"] = set(wanted)
        found = call(answer, set(wanted), {name: set(labels) for name, labels in sets.items()})
        try:
            found = list(found)
        except TypeError:
            raise NotYet("a list of names is wanted.") from None
        expect(not any(isinstance(one, set) for one in found), "these are the sets themselves; their names are wanted.")
        expect(all(isinstance(one, str) and one in sets for one in found), "a list of names of label sets is wanted.")
        right = sorted((name for name in sets if wanted <= sets[name]), key=lambda name: len(sets[name]))
        if found == right:
            continue
        expect(
            set(found) != {name for name in sets if wanted & sets[name]},
            "one common label is not enough: all that is wanted must be there.",
        )
        expect(set(found) != set(sets) - set(right), "these are the sets that lack something.")
        expect("set f" not in found, "a set inside the wanted labels is the wrong way round: the wanted ones must be inside the set.")
        expect(not set(found) - set(right), "some of these sets lack a wanted label.")
        expect(set(found) == set(right), "a set that holds all wanted labels is missing.")
        expect(found != right[::-1], "the largest set comes first; the smallest was asked for.")
        expect(False, "the names are right, their order is not: by the size of the set, the smallest first.")


@question(
    "Three steps, in this order: to the range 0 to 1, take off the mean, divide by the spread.",
    "mean and spread have three numbers, one a channel; numpy applies them along the last axis.",
    "(image / 255 − mean) / spread, as float32",
    praise="As scale and offset: 1 / (255 · spread), and −mean / spread.",
)
def q2_1(answer, rng):
    for _ in range(3):
        image = rng.integers(0, 256, (4, 6, 3)).astype(np.uint8)
        mean, spread = rng.uniform(0.3, 0.6, 3), rng.uniform(0.15, 0.35, 3)
        found = np.asarray(call(answer, image, mean, spread))
        expect(found.shape == image.shape, f"the shape changed from {image.shape} to {found.shape}.")
        x, right = image.astype(float), (image / 255 - mean) / spread
        if np.allclose(found, right, atol=1e-4):
            expect(found.dtype == np.float32, f"the values are right, their type is not: {found.dtype}, wanted is float32.")
            continue
        mistakes = [
            ((x - mean) / spread, "the pixels still run to 255: mean and spread are those of pixels from 0 to 1."),
            (x / 255, "the range is right; mean and spread are still missing."),
            (x / 255 - mean, "the spread is missing."),
            ((x / 255) / spread, "the mean is missing."),
            (x / 255 / spread - mean, "the mean comes off before the division by the spread."),
            ((x / 255 + mean) / spread, "the mean is taken off, not added."),
            ((x / 255 - mean) * spread, "divide by the spread; you multiply."),
            ((x / 255 - spread) / mean, "mean and spread are swapped."),
            (((x[..., ::-1] / 255) - mean) / spread, "the channels are turned round: red comes first here."),
            (x / 127.5 - 1, "that is another network's range, −1 to 1. Here mean and spread are given."),
            ((x / 255 - x.mean((0, 1)) / 255) / (x.std((0, 1)) / 255), "take the mean and spread that are given, not those of this image."),
        ]  # fmt: skip
        for value, message in mistakes:
            expect(not np.allclose(found, value, atol=1e-4), message)
        expect(found.dtype.kind == "f", "whole numbers are left: the result has fractions. Did you convert to float before the end?")
        expect(False, "some values are wrong. Try one pixel by hand.")


def _enlarged(values, height, width):
    """Bilinear with pixel centres at halves, by loops: (rows, columns, classes) to (height, width, classes)."""
    rows, columns = values.shape[:2]
    out = np.zeros((height, width, values.shape[2]))
    for r, c in np.ndindex(height, width):
        y, x = np.clip((r + 0.5) * rows / height - 0.5, 0, rows - 1), np.clip((c + 0.5) * columns / width - 0.5, 0, columns - 1)
        (top, left), (down, right) = (int(y), int(x)), (min(int(y) + 1, rows - 1), min(int(x) + 1, columns - 1))
        dy, dx = y - top, x - left
        upper, lower = ((1 - dx) * values[line, left] + dx * values[line, right] for line in (top, down))
        out[r, c] = (1 - dy) * upper + dy * lower
    return out


@question(
    "Two steps. Which one first?",
    "cv2.resize enlarges all channels of a float32 array at once; its size is (width, height).",
    "cv2.resize(logits, (width, height), interpolation=cv2.INTER_LINEAR), then argmax over the last axis",
    praise="So a border may lie anywhere between two positions of the grid.",
)
def q3_1(answer, rng):
    for rows, columns, height, width in ((3, 5, 12, 20), (4, 3, 16, 24)):
        logits = rng.normal(0, 2, (rows, columns, 3)).astype(np.float32)
        found = np.asarray(call(answer, logits, height, width))
        expect(found.shape != (height, width, 3), "these are the logits of the classes: which class is the largest?")
        expect(found.shape != (rows, columns), "the map still has the size of the logits.")
        expect(found.shape != (width, height), "height and width are swapped: cv2.resize wants (width, height).")
        expect(found.shape == (height, width), f"the shape is {found.shape} and should be {(height, width)}.")
        right = _enlarged(logits, height, width)
        sure = np.diff(np.sort(right, axis=-1)[..., -2:])[..., 0] > 1e-3  # elsewhere rounding may decide
        if np.array_equal(found[sure], right.argmax(-1)[sure]):
            continue
        small = logits.argmax(-1)
        blocks = small.repeat(height // rows, axis=0).repeat(width // columns, axis=1)
        expect(
            not np.array_equal(found, blocks),
            "the borders are steps of the coarse grid: enlarge the logits bilinearly, then take the largest.",
        )
        between = _enlarged(small[..., None].astype(float), height, width)[..., 0]
        expect(np.max(abs(found - between)) >= 1, "class ids were enlarged: between 0 and 2 that invents a 1. Enlarge the logits.")
        expect(not np.array_equal(found[sure], right.argmin(-1)[sure]), "that is the smallest logit.")
        expect(set(np.unique(found)) <= {0, 1, 2}, "class ids are wanted: 0, 1 or 2 here.")
        expect(False, "some classes are wrong. Enlarge bilinearly (cv2.INTER_LINEAR), then argmax over the last axis.")


@question(
    "Which part of the image holds the answer to a patch, and which holds several answers at once?",
    "The mean over the whole image mixes four spots. The mean over a small part seldom holds the right spot at all.",
    "The part should hold the spot of the patch, and no other: how large is that?",
)
def q4_1(answer, rng):
    choice = letter(answer, "ABCD")
    expect(choice != "A", "the mean of the whole image mixes the spots of four quarters: it tells how many are bright, not which.")
    expect(choice != "C", "a part of a sixth seldom holds the spot and the patch together.")
    expect(choice != "D", "they differ: count the spots that fall into one part.")


@question(
    "Which pairs match? Those above 1/2. Their number is TP.",
    "The rows are all true objects, the columns all found ones: TP + FN rows, TP + FP columns.",
    "hits = ious[ious > 0.5]; SQ is their mean, RQ is TP / ((rows + columns) / 2)",
    praise="Rows and columns together are 2·TP + FP + FN: so RQ is an F1.",
)
def q5_1(answer, rng):
    for _ in range(5):
        true, found, tp = int(rng.integers(4, 7)), int(rng.integers(7, 10)), int(rng.integers(2, 4))
        ious = rng.uniform(0, 0.3, (true, found)) * (rng.random((true, found)) < 0.4)
        spots = list(zip(rng.permutation(true)[: tp + 1].tolist(), rng.permutation(found)[: tp + 1].tolist(), strict=True))
        for r, c in spots[:tp]:
            ious[r, c] = rng.uniform(0.55, 0.95)
        ious[spots[tp]] = 0.5  # exactly half is no match
        try:
            sq, rq = (float(value) for value in call(answer, ious))
        except (TypeError, ValueError):
            raise NotYet("a pair of two numbers is wanted: (SQ, RQ).") from None
        hits = ious[ious > 0.5]
        right = hits.mean(), 2 * tp / (true + found)
        if np.allclose((sq, rq), right):
            continue
        half = ious[ious >= 0.5]
        expect(not np.allclose((sq, rq), (half.mean(), 2 * len(half) / (true + found))), "an IoU of exactly 1/2 is no match: above 1/2.")
        expect(not np.allclose((sq, rq), right[::-1]), "the two are swapped: (SQ, RQ).")
        expect(not np.isclose(sq, hits.sum()), "SQ is a mean over the matches; that is their sum.")
        expect(not np.isclose(sq, ious.mean()), "only matches count for SQ, not all pairs.")
        expect(not np.isclose(sq, right[0] * right[1]), "that is PQ, the product; SQ and RQ are asked for apart.")
        expect(np.isclose(sq, right[0]), "SQ is wrong: the mean of the IoUs above 1/2.")
        expect(not np.isclose(rq, tp / (true + found)), "in RQ each match is both a row and a column: TP, not TP/2, stands above.")
        expect(not np.isclose(rq, tp / (true + found - tp)), "FP and FN count half each in RQ.")
        expect(not np.isclose(rq, tp / true), "that is the recall: what was found too much is missing.")
        expect(not np.isclose(rq, tp / found), "that is the precision: what was missed is missing.")
        expect(False, "RQ is wrong: TP / (TP + FP/2 + FN/2), FP and FN being columns and rows without a match.")


@question(
    "Walk down the list: after k objects, how many of them are right?",
    "precision = right ones so far / objects so far. Then the best of this place and all later ones: a running maximum from the end.",
    "sum of best_later[k] over the right ones, divided by total",
    praise="So a wrong object at the end of the list costs nothing, one at its top a lot.",
)
def q6_1(answer, rng):
    for length in (7, 9, 12):
        right = rng.random(length) < 0.55
        right[:6] = False, True, True, False, False, True  # the precision rises and falls
        total = length + int(rng.integers(1, 4))
        found = one_number(call(answer, right, total))
        precision = np.cumsum(right) / np.arange(1, length + 1)
        best = np.maximum.accumulate(precision[::-1])[::-1]
        if np.isclose(found, best[right].sum() / total):
            continue
        forward = np.maximum.accumulate(precision)
        mistakes = [
            (precision[right].sum() / total, "the best precision here or later is wanted: after a fall it may rise again."),
            (best[right].mean(), "divide by all true objects, also those never found."),
            (precision[right].mean(), "divide by all true objects, also those never found, and take the best precision here or later."),
            (forward[right].sum() / total, "the running maximum goes the wrong way: best here or *later* in the list."),
            (best.sum() / total, "wrong objects add nothing to the recall: add up at the right ones only."),
            (best.mean(), "that is a mean over the list; each right object adds 1/total of recall."),
            (right.mean(), "that is the precision of the whole list."),
            (right.sum() / total, "that is the recall at the end of the list."),
        ]  # fmt: skip
        for value, message in mistakes:
            expect(not np.isclose(found, value), message)
        expect(0 <= found <= 1, "an area under a curve from 0 to 1 lies between 0 and 1.")
        expect(False, "try [right, wrong, right] with total 2: 1 and then 2/3, divided by 2.")


def _iou(a, b):
    height, width = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    return height * width / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - height * width)


def _kept(boxes, scores, limit, against=None):
    kept = []
    for index in sorted(range(len(scores)), key=lambda i: -scores[i]):
        others = kept if against is None else [i for i in range(len(scores)) if scores[i] > scores[index]]
        if all(_iou(boxes[index], boxes[other]) <= limit for other in others):
            kept.append(index)
    return kept


@question(
    "Begin with the surest box. Whom does the next one have to ask?",
    "Go through the boxes by falling score, with a list of those kept so far; compare with these alone.",
    "for index by falling score: if all IoUs with kept boxes are <= limit, append it",
    praise="A box that was itself dropped drops nobody.",
)
def q7_1(answer, rng):
    for step, limit in ((4, 0.4), (5, 0.4), (4, 0.5)):  # neighbours of the last row overlap by 1/2, which is not above the limit
        # A row of boxes, each overlapping its neighbours: the second drops out and so must not drop the third. And loners.
        shift = rng.integers(0, 40, 2)
        chain = [(0, k * step, 12, k * step + 12) for k in range(5)]
        boxes = np.array([*chain, (30, 0, 40, 10), (30, 20, 38, 33), (31, 21, 39, 34)]) + np.tile(shift, 2)
        scores = np.array([0.95, 0.9, 0.85, 0.8, 0.75, 0.3, 0.5, 0.6])
        order = rng.permutation(len(boxes))
        boxes, scores = boxes[order], scores[order]
        found = call(answer, boxes, scores, limit)
        try:
            found = [int(index) for index in found]
        except (TypeError, ValueError):
            raise NotYet("a list of indices is wanted.") from None
        right = _kept(boxes, scores, limit)
        if found == right:
            continue
        expect(len(found) == len(set(found)), "an index stands there twice.")
        expect(set(found) <= set(range(len(boxes))), "indices into `boxes` are wanted, not boxes or scores.")
        expect(set(found) != set(range(len(boxes))), "nothing was dropped.")
        expect(found != _kept(boxes, -scores, limit), "the least sure box comes first in your order.")
        expect(
            set(found) != set(_kept(boxes, scores, limit, "all")),
            "a box was dropped because of one that is itself dropped: compare with those kept.",
        )
        in_order = _kept(boxes, -np.arange(len(boxes)), limit)
        expect(found != in_order, "the boxes are taken as they stand in the array: begin with the surest.")
        expect(len(found) > 1, "one box alone is left: boxes elsewhere in the image are other objects.")
        expect(set(found) != set(right), "these are the right boxes; give them by falling score.")
        expect(False, "some pairs above the limit are still there, or a box was dropped without need. Try three boxes on paper.")


@question(
    "Which pixels have the class of the clicked one? And which of these hang together with it?",
    "cv2.connectedComponents numbers the regions of a uint8 mask; connectivity=4 is side by side.",
    "same = classes == classes[row, column]; the region of (row, column) in it; empty on background",
)
def q8_1(answer, rng):
    for _ in range(4):
        classes = np.zeros((13, 13), np.uint8)
        one, other = rng.permutation([1, 2]).tolist()
        classes[1:4, 1:4], classes[4:7, 4:6] = one, one  # two that touch at a corner only
        classes[1:4, 4:7], classes[1:3, 9:12] = other, one
        classes[5:7, 1:3], classes[9:12, 1:3] = one, other  # what is hit if row and column are swapped
        flip = rng.random() < 0.5
        classes = np.ascontiguousarray(classes[::-1, ::-1] if flip else classes)
        at = [(12 - r, 12 - c) if flip else (r, c) for r, c in ((2, 2), (2, 5), (5, 4), (1, 10))]
        for row, column in [at[k] for k in rng.permutation(4)]:
            found = np.asarray(call(answer, classes, row, column))
            expect(found.shape == classes.shape, f"the mask has shape {found.shape} and should have {classes.shape}.")
            right, corners = (_spread(classes, row, column, diagonal) for diagonal in (False, True))
            expect(
                not np.array_equal(found, classes == classes[row, column]) or np.array_equal(found, right),
                "that is all of the class; the clicked piece is wanted.",
            )
            expect(
                not np.array_equal(found, _spread(classes > 0, row, column, False)) or np.array_equal(found, right),
                "other classes that touch do not belong to it.",
            )
            expect(
                not np.array_equal(found, corners) or np.array_equal(found, right),
                "pixels that touch at a corner do not hang together: connectivity=4.",
            )
            if classes[column, row] and not np.array_equal(found, right):
                expect(not np.array_equal(found, _spread(classes, column, row, False)), "row and column are swapped: classes[row, column].")
            expect(
                np.array_equal(found > 0, right), "some pixels are wrong: those of the clicked class that can be reached from the click."
            )
            expect(found.dtype == bool, f"the pixels are right, the type is not: {found.dtype}, wanted is bool.")
        for row, column in rng.permutation(np.argwhere(classes == 0))[:3].tolist():
            expect(not np.asarray(call(answer, classes, row, column)).any(), "a click on background selects nothing.")


def _spread(classes, row, column, diagonal):
    """From the click to neighbours of the same value, by a list of pixels to visit."""
    mask, visit = np.zeros(classes.shape, bool), [(row, column)]
    while visit:
        r, c = visit.pop()
        if 0 <= r < classes.shape[0] and 0 <= c < classes.shape[1] and not mask[r, c] and classes[r, c] == classes[row, column]:
            mask[r, c] = True
            visit += [(r + a, c + b) for a in (-1, 0, 1) for b in (-1, 0, 1) if diagonal or 0 in (a, b)]
    return mask
