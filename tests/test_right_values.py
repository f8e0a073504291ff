"""Losses, metrics, `measure`, `predict_mosaic` and `fit` on what makes no sense, or is unusual: one sentence, or the right value.

`CASES` holds what is tried: a sentence that must be said (text), or the value that an independent reference gives.
`python -m tests.test_right_values` counts the outcomes.
"""

import collections
import itertools
import re
import sys
import tempfile
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import rasterio
from scipy.special import softmax
from sklearn import metrics as reference

from course_utils import metrics, tiles, training
from course_utils.classes import CAMVID, ELIRET
from course_utils.data import Pairs
from course_utils.losses import Balanced, CrossEntropy, Dice, IoU, Tversky
from course_utils.metrics import ConfusionMatrix, MeanIoU, confusion_matrix

RNG = np.random.default_rng(5)
CASES = {}
SHAPE = (2, 4, 5)
LOSSES = {
    "cross-entropy": CrossEntropy,
    "weighted": lambda **kw: CrossEntropy([1, 2, 3], **kw),
    "focal": lambda **kw: CrossEntropy(gamma=0.5, **kw),
    "dice": Dice,
    "iou": IoU,
    "tversky": Tversky,
    "balanced": lambda **kw: Balanced([0.5, 0.3, 0.2], **kw),
}
MASKS = RNG.integers(0, 3, SHAPE).astype(np.uint8)
MASKS[0, 0, 0] = 255
LOGITS = RNG.normal(0, 2, (*SHAPE, 3)).astype(np.float32)
P = softmax(LOGITS, axis=-1)
ONES = np.ones(SHAPE, np.float32)


def case(name, call, wanted):
    assert name not in CASES, name
    CASES[name] = call, wanted


def put(array, value, dtype=None):
    array = array.astype(dtype or array.dtype)
    array.flat[7] = value
    return array


def by_hand(name, masks, p, weights=None):
    """Pixel by pixel in float64; weights by image."""
    at = [place for place in np.ndindex(masks.shape) if masks[place] != 255]
    weights = np.ones(masks.shape) if weights is None else np.broadcast_to(np.reshape(weights, (-1, 1, 1)), masks.shape)
    by_class, gamma = [1, 1, 1], 0
    if name == "weighted":
        by_class = [1, 2, 3]
    if name == "focal":
        gamma = 0.5
    if name == "balanced":
        rare = [(share + 1e-4) ** -0.5 for share in (0.5, 0.3, 0.2)]
        by_class = [one / (0.5 * rare[0] + 0.3 * rare[1] + 0.2 * rare[2]) for one in rare]
    pixels = 0.0
    for place in at:
        true = float(p[place][int(masks[place])])
        pixels -= weights[place] * by_class[int(masks[place])] * (1 - true) ** gamma * np.log(true)
    pixels /= max(1, len(at))
    if name in ("cross-entropy", "weighted", "focal"):
        return pixels
    alpha, beta = {"iou": (1, 1), "tversky": (0.3, 0.7)}.get(name, (0.5, 0.5))
    costs = []
    for label in range(3):
        inside, outside = [a for a in at if masks[a] == label], [a for a in at if masks[a] != label]
        if sum(weights[a] for a in inside) > 0:
            hit = sum(weights[a] * float(p[a][label]) for a in inside)
            missed = sum(weights[a] * (1 - float(p[a][label])) for a in inside)
            costs.append(1 - hit / (hit + alpha * sum(weights[a] * float(p[a][label]) for a in outside) + beta * missed))
    return (pixels if name == "balanced" else 0) + (np.mean(costs) if costs else 0.0)


# ---------------------------------------------------------------- losses, called by hand

IDS = "The masks hold class ids that are neither 255 .ignored. nor between 0 and 2, or no whole numbers"
FIT = "Masks of shape .* do not fit predictions of shape .*: class ids .* wanted"
WRONG = {  # (masks, predictions, weights, from_logits) and the sentence
    "masks / 255": ((MASKS / 255.0, P, None, False), IDS),
    "a half": ((put(MASKS, 0.5, float), P, None, False), IDS),
    "nan": ((put(MASKS, np.nan, "float32"), P, None, False), IDS),
    "inf": ((put(MASKS, np.inf, "float32"), P, None, False), IDS),
    "id 3": ((put(MASKS, 3), P, None, False), IDS),
    "id -1": ((put(MASKS, -1, "int8"), P, None, False), IDS),
    "id 256": ((put(MASKS, 256, "uint16"), P, None, False), IDS),
    "id 2**31 as float": ((put(MASKS, 2.0**31, "float64"), P, None, False), IDS),
    "one-hot masks": ((np.eye(3, dtype=np.uint8)[MASKS % 3], P, None, False), FIT),
    "one mask without a batch": ((MASKS[0], P, None, False), FIT),
    "predictions of another size": ((MASKS, P[:, :3], None, False), FIT),
    "masks of another size": ((MASKS[:, :, :4], P, None, False), FIT),
    "another batch": ((MASKS[:1], P, None, False), FIT),
    "swapped": ((P, MASKS, None, False), FIT),
    "no channels": ((MASKS, P[..., 0], None, False), FIT),
    "numbers alone": ((1, 0.5, None, False), FIT),
    "no images": ((MASKS[:0], P[:0], None, False), "There is no pixel to learn from: .*"),
    "no rows": ((MASKS[:, :0], P[:, :0], None, False), "There is no pixel to learn from: .*"),
    "probability 1.5": ((MASKS, put(P, 1.5), None, False), "The predictions are not probabilities .* say from_logits=True"),
    "probability -0.5": ((MASKS, put(P, -0.5), None, False), "The predictions are not probabilities .*"),
    "probability nan": ((MASKS, put(P, np.nan), None, False), "The predictions are not probabilities .*"),
    "probability inf": ((MASKS, put(P, np.inf), None, False), "The predictions are not probabilities .*"),
    "logits": ((MASKS, LOGITS, None, False), "The predictions are not probabilities .* say from_logits=True"),
    "sigmoid": ((MASKS, 1 / (1 + np.exp(-LOGITS)), None, False), ".* do not add up to 1, .*: take softmax, not sigmoid"),
    "uint8 picture": ((MASKS, np.uint8(255 * P), None, False), "The predictions are not probabilities .*"),
    "logit nan": ((MASKS, put(LOGITS, np.nan), None, True), "The predictions are not finite numbers"),
    "logit inf": ((MASKS, put(LOGITS, np.inf), None, True), "The predictions are not finite numbers"),
    "logit -inf": ((MASKS, put(LOGITS, -np.inf), None, True), "The predictions are not finite numbers"),
    "weight -1": ((MASKS, P, put(ONES, -1), False), "The sample_weight holds numbers below 0, .*"),
    "weight nan": ((MASKS, P, put(ONES, np.nan), False), "The sample_weight holds .* no number"),
    "weight inf": ((MASKS, P, put(ONES, np.inf), False), "The sample_weight holds .*"),
    "weights of another shape": ((MASKS, P, ONES[..., None], False), "sample_weight has shape .* is wanted"),
    "weights of another size": ((MASKS, P, ONES[:, :1], False), "sample_weight has shape .* is wanted"),
    "weights of another batch": ((MASKS, P, np.ones(1), False), "sample_weight has shape .* is wanted"),
}
for (what, (given, sentence)), loss in itertools.product(WRONG.items(), LOSSES):
    case(f"{loss}: {what}", lambda loss=loss, given=given: LOSSES[loss](from_logits=given[3])(*given[:3]), sentence)
case("cross-entropy: text", lambda: CrossEntropy()(np.full(SHAPE, "a"), P), "Class ids are whole numbers, not .*")

for loss in LOSSES:
    for dtype in ("uint8", "int16", "uint16", "int32", "int64", "uint32", "float32", "float64", "float16"):
        case(f"{loss}: {dtype}", lambda loss=loss, dtype=dtype: LOSSES[loss]()(MASKS.astype(dtype), P), by_hand(loss, MASKS, P))
    few = np.random.default_rng(1).random(2)
    RIGHT = {
        "lists": ((MASKS.tolist(), P.tolist()), by_hand(loss, MASKS, P)),
        "half precision": ((MASKS, P.astype(np.float16)), by_hand(loss, MASKS, P.astype(np.float16))),
        "double precision": ((MASKS, P.astype(float)), by_hand(loss, MASKS, P)),
        "True and False": ((MASKS == 1, P), by_hand(loss, np.uint8(MASKS == 1), P)),
        "one class alone": ((np.ones(SHAPE, int), P), by_hand(loss, np.ones(SHAPE, int), P)),
        "all ignored": ((np.full(SHAPE, 255), P), 0.0),
        "one image ignored": (
            (np.stack([MASKS[0], np.full(SHAPE[1:], 255)]), P),
            by_hand(loss, np.stack([MASKS[0], 0 * MASKS[1] + 255]), P),
        ),
        "weights by image": ((MASKS, P, few), by_hand(loss, MASKS, P, few)),
        "tiny weights": ((MASKS, P, 1e-12 * np.ones(2)), by_hand(loss, MASKS, P, 1e-12 * np.ones(2))),
        "no weight": ((MASKS, P, np.zeros(SHAPE)), 0.0),
        "one pixel": ((MASKS[:1, 1:2, :1], P[:1, 1:2, :1]), by_hand(loss, MASKS[:1, 1:2, :1], P[:1, 1:2, :1])),
    }
    for what, (given, right) in RIGHT.items():
        case(f"{loss}: {what}", lambda loss=loss, given=given: LOSSES[loss]()(*given), right)

# ---------------------------------------------------------------- settings

A_CLASS = "class_weights: that of class . must be a finite number of at least 0, not .*"
for what, weights, sentence in [
    ("text", "125", "class_weights must be one number a class, .*"),
    ("texts", ["1", "2", "5"], A_CLASS),
    ("negative", [1, -1, 1], A_CLASS),
    ("nan", [1, np.nan, 1], A_CLASS),
    ("inf", [1, np.inf, 1], A_CLASS),
    ("divided by zero", np.float64(1) / np.array([1.0, 2, np.inf]) * [1, 1, np.nan], A_CLASS),
    ("True", [True, 1, 1], A_CLASS),
    ("nested", [[1, 2, 3]], A_CLASS),
    ("matrix", np.ones((3, 3)), A_CLASS),
    ("None among them", [1, None, 2], A_CLASS),
    ("a number", 3.0, "class_weights must be one number a class, .*"),
    ("a set", {1.0, 2.0, 3.0}, "class_weights must be one number a class, .*"),
    ("nothing", [], "class_weights must not all be 0"),
    ("zeros", [0, 0, 0], "class_weights must not all be 0"),
    ("a gap", {0: 1.0, 2: 5.0}, "class_weights must name each class from 0 on once, not 0, 2"),
    ("names", {"road": 1.0, "car": 2.0}, "class_weights must name each class .*"),
    ("two for three", [1, 2], "There are 2 class weights for 3 classes"),
    ("four for three", {0: 1, 1: 1, 2: 1, 3: 1}, "There are 4 class weights for 3 classes"),
]:
    case(f"class weights: {what}", lambda weights=weights: CrossEntropy(weights)(MASKS, P), sentence)
for what, weights in [
    ("dictionary", {2: 3.0, 0: 1.0, 1: 2.0}),
    ("array", np.float32([1, 2, 3])),
    ("tuple", (1, 2, 3)),
    ("int8", np.int8([1, 2, 3])),
]:
    case(f"class weights: {what}", lambda weights=weights: CrossEntropy(weights)(MASKS, P), by_hand("weighted", MASKS, P))
for what, make, sentence in [
    ("gamma -1", lambda: CrossEntropy(gamma=-1), "gamma must be .*"),
    ("gamma nan", lambda: CrossEntropy(gamma=np.nan), "gamma must be .*"),
    ("gamma text", lambda: CrossEntropy(gamma="2"), "gamma must be .*"),
    ("weights as gamma", lambda: CrossEntropy(None, [1, 2, 3]), "gamma must be .*"),
    ("from_logits 2", lambda: CrossEntropy(None, 0, 2), "from_logits is True or False, not 2"),
    ("power as from_logits", lambda: Balanced([0.5, 0.5], 0.75), "from_logits is True or False, not 0.75"),
    ("Tversky gamma 0", lambda: Tversky(gamma=0), "gamma must be a finite number above 0, not 0"),
    ("alpha -1", lambda: Tversky(alpha=-1), "alpha must be .*"),
    ("beta inf", lambda: Tversky(beta=np.inf), "beta must be .*"),
    ("alpha and beta 0", lambda: Tversky(0, 0), "alpha and beta must not both be 0: .*"),
    ("counts as shares", lambda: Balanced([700, 200, 100]), "shares must add up to 1, not 1000: .*"),
    ("shares nan", lambda: Balanced([np.nan, 0.5, 0.5]), "shares: that of class 0 must be .*"),
    ("shares negative", lambda: Balanced([1.5, -0.5]), "shares: that of class 1 must be .*"),
    ("shares of other classes", lambda: Balanced([0.5, 0.5])(MASKS, P), "There are 2 class weights for 3 classes"),
    ("power -1", lambda: Balanced([0.5, 0.5], power=-1), "power must be .*"),
]:
    case(f"settings: {what}", make, sentence)

# ---------------------------------------------------------------- metrics

SAID = RNG.integers(0, 3, SHAPE).astype(np.uint8)
KNOWN = MASKS != 255
MATRIX = reference.confusion_matrix(MASKS[KNOWN], SAID[KNOWN], labels=range(3))


def streamed(kind, masks, predictions, classes=3, weight=None, **options):
    metric = kind(classes, **options)
    metric.update_state(masks, predictions, weight)
    return metric.matrix() if kind is ConfusionMatrix else float(metric.result())


def told(masks, predictions, classes=3, **options):
    """MeanIoU is nan, and the matrix says why."""
    assert np.isnan(streamed(MeanIoU, masks, predictions, classes, **options))
    return streamed(ConfusionMatrix, masks, predictions, classes, **options)


OUTSIDE = r"Masks or predictions hold class ids outside 0 to \d .*"
SIGMOID = np.float32(0.1 + 0.8 * SAID[..., None] / 2)
for dtype in ("uint8", "int16", "int32", "int64", "uint32", "float16", "float32", "float64"):
    case(f"ConfusionMatrix: masks {dtype}", lambda dtype=dtype: streamed(ConfusionMatrix, MASKS.astype(dtype), SAID), MATRIX)
for dtype in ("uint8", "int8", "int32", "int64"):
    case(f"ConfusionMatrix: ids {dtype}", lambda dtype=dtype: streamed(ConfusionMatrix, MASKS, SAID.astype(dtype)), MATRIX)
for what, given, sentence in [
    ("masks / 255", (MASKS / 255.0, SAID), OUTSIDE),
    ("a half", (put(MASKS, 0.5, float), SAID), OUTSIDE),
    ("nan", (put(MASKS, np.nan, float), SAID), OUTSIDE),
    ("inf", (put(MASKS, np.inf, float), SAID), OUTSIDE),
    ("id 3", (put(MASKS, 3), SAID), OUTSIDE),
    ("said 3", (MASKS, put(SAID, 3)), OUTSIDE),
    ("said -1", (MASKS, put(SAID, -1, int)), OUTSIDE),
    ("id 2**32", (put(MASKS, 2.0**32, "float64"), SAID), OUTSIDE),
    ("said nan", (MASKS, put(P, np.nan)), OUTSIDE),
    ("logits in one channel", (np.uint8(SAID > 0), np.float32(SAID[..., None]) * 4 - 2, 2), ".* .are they logits. threshold=0.*"),
]:
    case(f"MeanIoU: {what}", lambda given=given: told(*given), sentence)
for what, given, sentence in [
    ("one-hot masks", (np.eye(3)[SAID], SAID), "Masks of shape .* do not fit"),
    ("four channels", (MASKS, np.zeros((*SHAPE, 4), np.float32)), "Predictions have 4 channels, but there are 3 classes"),
    ("swapped", (P, MASKS), "Masks of shape .* do not fit"),
    ("another size", (MASKS, P[:, :3]), "Masks of shape .* do not fit"),
    ("one class", (MASKS, SAID, 1), "num_classes must be a whole number of 2 or more, not 1: .*"),
    ("2.5 classes", (MASKS, SAID, 2.5), "num_classes must be a whole number of 2 or more, .*"),
    ("text", (np.full(SHAPE, "a"), SAID), "Class ids are whole numbers, not .*"),
    ("a weight", (MASKS, SAID, 3, np.ones(2)), "mean_iou counts whole pixels: .*"),
]:
    case(f"MeanIoU: {what}", lambda given=given: streamed(MeanIoU, *given), sentence)
case(
    "ConfusionMatrix: probabilities of half precision",
    lambda: streamed(ConfusionMatrix, MASKS, P.astype(np.float16)),
    reference.confusion_matrix(MASKS[KNOWN], P.argmax(-1)[KNOWN], labels=range(3)),
)
case("ConfusionMatrix: all ignored", lambda: streamed(ConfusionMatrix, np.full(SHAPE, 255), SAID), np.zeros((3, 3)))
case("ConfusionMatrix: no images", lambda: streamed(ConfusionMatrix, MASKS[:0], SAID[:0]), np.zeros((3, 3)))
case("ConfusionMatrix: another ignored", lambda: streamed(ConfusionMatrix, SAID, SAID, ignore=-1), np.diag(np.bincount(SAID.ravel())))
case("ConfusionMatrix: fractions where -1 is ignored", lambda: streamed(ConfusionMatrix, SAID / 2, SAID, ignore=-1), OUTSIDE)
case("ConfusionMatrix: ids beyond where 300 is ignored", lambda: streamed(ConfusionMatrix, put(SAID, 400, int), SAID, ignore=300), OUTSIDE)
case("MeanIoU: one channel", lambda: streamed(MeanIoU, np.uint8(SAID == 2), SIGMOID, 2), 1.0)

for what, given, sentence in [
    ("text", (np.full(SHAPE, "a"), SAID), "Masks hold no numbers .*"),
    ("probabilities", (MASKS, P), "Masks of shape .* differ: give class ids, not probabilities"),
    ("fractions", (MASKS / 255.0, SAID), "Masks hold values between the classes, .*"),
    ("nan", (put(MASKS, np.nan, float), SAID), "Masks hold values between .*"),
    ("inf", (put(MASKS, np.inf, float), SAID), "Masks run from .*"),
    ("said 255", (MASKS, put(SAID, 255)), "Predictions run from .*"),
    ("nothing", (MASKS[:0], SAID[:0]), "There is no pixel to count: .*"),
]:
    case(f"confusion_matrix: {what}", lambda given=given: confusion_matrix(*given, 3), sentence)
for dtype in ("uint8", "int64", "float32", "uint64"):
    case(f"confusion_matrix: {dtype}", lambda dtype=dtype: confusion_matrix(MASKS.astype(dtype), SAID.astype(dtype), 3), MATRIX)
case(
    "confusion_matrix: True and False",
    lambda: confusion_matrix(SAID > 0, SAID > 1, 2),
    reference.confusion_matrix((SAID > 0).ravel(), (SAID > 1).ravel()),
)

SCORES = {"pixel_accuracy", "iou", "mean_iou", "frequency_weighted_iou", "dice", "precision", "sensitivity", "specificity"}
for name in sorted(SCORES | {"area_difference", "relative_area_difference"}):
    for what, matrix in [
        ("a mask", MASKS),
        ("not square", np.ones((2, 3))),
        ("negative", [[1, -1], [0, 1]]),
        ("nan", [[np.nan, 1], [1, 1]]),
        ("one row", [1, 2, 3]),
    ]:
        case(f"metrics.{name}: {what}", lambda name=name, matrix=matrix: getattr(metrics, name)(matrix), "A confusion matrix is wanted, .*")
    if name in SCORES:
        case(
            f"metrics.{name}: shares instead of counts",
            lambda name=name: getattr(metrics, name)(MATRIX / MATRIX.sum()),
            getattr(metrics, name)(MATRIX),
        )
    case(f"metrics.{name}: uint64", lambda name=name: getattr(metrics, name)(MATRIX.astype(np.uint64)), getattr(metrics, name)(MATRIX))
ONE, TWO = np.zeros((2, 6, 6), np.uint8)
ONE[1:3, 1:3], TWO[1:3, 2:5] = 1, 1
for name in ("hausdorff", "mean_surface_distance"):
    for what, given, sentence in [
        ("probabilities", (ONE, 0.7 * TWO), "Predictions hold values between .*"),
        ("nan", (put(ONE, np.nan, float), TWO), "Masks hold values between .*"),
        ("label 255", (ONE, TWO, 255), "255 stands for pixels that count nowhere: .*"),
        ("spacing 0", (ONE, TWO, 1, (0, 1)), "spacing is .*"),
        ("spacing nan", (ONE, TWO, 1, (1, np.nan)), "spacing is .*"),
        ("one spacing", (ONE, TWO, 1, 2.0), "spacing is .*"),
        ("a batch", (ONE[None], TWO[None]), "Two masks of shape .height, width. are wanted, .*"),
    ]:
        case(f"metrics.{name}: {what}", lambda name=name, given=given: getattr(metrics, name)(*given), sentence)
case("metrics.hausdorff: floats", lambda: metrics.hausdorff(ONE.astype(float), TWO.astype(float)), 2.0)

# ---------------------------------------------------------------- measure and predict_mosaic

FOLDER = Path(tempfile.mkdtemp())
PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
TRUTH = np.uint8(PICTURE[..., 0] > 127)
cv2.imwrite(str(FOLDER / "image.png"), PICTURE[..., ::-1])
cv2.imwrite(str(FOLDER / "mask.png"), 255 * TRUTH)
cv2.imwrite(str(FOLDER / "ids.png"), TRUTH)
PAIRS = Pairs([FOLDER / "image.png"], [FOLDER / "mask.png"], ELIRET)
PERFECT = np.diag(np.bincount(TRUTH.ravel()))
with rasterio.open(FOLDER / "mosaic.tif", "w", driver="GTiff", dtype="uint8", count=3, height=32, width=32) as file:
    file.write(np.moveaxis(PICTURE, -1, 0))


def red(images):
    """1 where the picture is red, else 0: (batch, height, width, 1)."""
    return np.float32(np.asarray(images)[..., :1] * 255 > 127.5)


class Answers:
    """Stands in for a network."""

    def __init__(self, answer):
        self.predict_on_batch = answer


def measured(answer, pairs=PAIRS, **options):
    return training.measure(Answers(answer), pairs, (32, 32), **options)


def mosaic(answer, source="mosaic.tif", target="map.tif", tile=16, overlap=8, **options):
    tiles.predict_mosaic(answer, FOLDER / source, FOLDER / target, tile, overlap, **options)
    with rasterio.open(FOLDER / target) as file:
        said = file.read(1)
    assert not list(FOLDER.glob(".*part"))
    return confusion_matrix(TRUTH, said, 2)


GIVE = "The model must give floats .batch, height, width, classes., not .*"
ANSWERS = {
    "sigmoid": (red, {}, PERFECT),
    "less sure": (lambda images: 0.4 + 0.2 * red(images), {}, PERFECT),
    "another threshold": (lambda images: 0.1 + 0.2 * red(images), {"threshold": 0.2}, PERFECT),
    "one logit": (lambda images: 4 * red(images) - 2, {"threshold": 0}, PERFECT),
    "two logits": (lambda images: np.concatenate([0 * red(images), 8 * red(images) - 4], -1), {}, PERFECT),
    "softmax": (lambda images: np.concatenate([1 - red(images), red(images)], -1), {}, PERFECT),
    "half precision": (lambda images: red(images).astype(np.float16), {}, PERFECT),
    "one logit, no threshold": (lambda images: 4 * red(images) - 2, {}, "The model's one channel runs from -2 to 2: .*threshold=0"),
    "nan": (lambda images: red(images) * np.nan, {}, "The model gives what is no finite number: .*"),
    "inf": (lambda images: red(images) * np.inf, {}, "The model gives what is no finite number: .*"),
    "class ids": (lambda images: red(images).astype(np.int64), {}, GIVE),
    "True and False": (lambda images: red(images) > 0.5, {}, GIVE),
    "no channels": (lambda images: red(images)[..., 0], {}, GIVE),
    "two answers": (lambda images: {"a": red(images)}, {}, GIVE),
    "nothing": (lambda images: red(images)[..., :0], {}, GIVE),
}
for what, (answer, options, wanted) in ANSWERS.items():
    case(f"measure: {what}", lambda answer=answer, options=options: measured(answer, **options), wanted)
    case(f"predict_mosaic: {what}", lambda answer=answer, options=options: mosaic(answer, **options), wanted)
case(
    "measure: three classes",
    lambda: measured(lambda images: np.repeat(red(images), 3, -1)),
    "The model tells 3 classes apart, but eliret has 2",
)
case(
    "measure: one channel for eleven",
    lambda: measured(red, Pairs(PAIRS.images, [FOLDER / "ids.png"], CAMVID)),
    "The model tells 2 classes apart, but camvid has 11",
)
case("measure: no pairs", lambda: measured(red, PAIRS[[]]), "There is nothing to measure: .*")
case("measure: no masks", lambda: measured(red, Pairs(PAIRS.images, None, ELIRET)), "There is nothing to measure: .*")
case(
    "measure: swapped",
    lambda: training.measure(PAIRS, Answers(red), (32, 32)),
    "measure takes a model, then pairs of images and masks, not Pairs and .*",
)
case("predict_mosaic: smaller", lambda: mosaic(lambda images: red(images)[:, :8]), "The model must give .* pixels .*")
case("predict_mosaic: 300 classes", lambda: mosaic(lambda images: np.repeat(red(images), 300, -1)), ".*at most 255 classes, .*")
for what, options, sentence in [
    ("tile 0", {"tile": 0}, "tile must be a whole number of at least 1, not 0"),
    ("tile 16.5", {"tile": 16.5}, "tile must be .*"),
    ("overlap -1", {"overlap": -1}, "overlap must be .*"),
    ("overlap 0.5", {"overlap": 0.5}, "overlap must be .*"),
    ("overlap 16", {"overlap": 16}, "The overlap must be .*"),
    ("batch 0", {"batch": 0}, "batch must be .*"),
    ("batch -2", {"batch": -2}, "batch must be .*"),
    ("the mosaic as target", {"target": "mosaic.tif"}, ".* is the mosaic itself: give the result a file of its own"),
    ("a folder as target", {"target": "."}, ".* is a folder: give the result a file of its own"),
]:
    case(f"predict_mosaic: {what}", lambda options=options: mosaic(red, **options), sentence)
case("predict_mosaic: one tile a call", lambda: mosaic(red, batch=1), PERFECT)
case("predict_mosaic: ragged calls", lambda: mosaic(red, batch=2), PERFECT)

# ---------------------------------------------------------------- fit

IMAGES = np.random.default_rng(0).random((5, 4, 4, 1)).astype(np.float32)
LABELS = np.uint8(IMAGES[..., 0] > 0.5)


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, number):  # 2, 2 and 1 images
        return IMAGES[2 * number : 2 * number + 2], LABELS[2 * number : 2 * number + 2]


def trained(train, validation=None, compiled=True, loss=None, scores=(), **options):
    """The losses of the epochs with a learning rate of 0, so that each is the mean over all pixels."""
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 1, activation="sigmoid", kernel_initializer="ones")])
    if compiled:
        model.compile(keras.optimizers.SGD(0.0), loss or CrossEntropy(), metrics=[*scores], run_eagerly=True)
    return training.fit(model, train, validation, **{"epochs": 1, "batch": 2} | options).history["loss"][-1]


def mean_of_images():
    p = 1 / (1 + np.exp(-IMAGES[..., 0].astype(float)))
    costs = -np.where(LABELS == 1, np.log(p), np.log(1 - p)).mean((1, 2))
    return costs.mean()


BOTH = (IMAGES, LABELS)
PAIR = ".* must be .images, masks. or .images, masks, weights., equally many and not none, not .*"
TUPLE = ".* is a .*: give a tuple of arrays .*"
for what, given, options, wanted in [
    ("arrays, the last batch smaller", (BOTH,), {}, mean_of_images()),
    ("a PyDataset, the last batch smaller", (Sequence(),), {}, mean_of_images()),
    ("masks as floats", ((IMAGES, LABELS.astype(np.float32)),), {}, mean_of_images()),
    ("masks as True and False", ((IMAGES, LABELS == 1),), {}, mean_of_images()),
    ("weights of 1", ((*BOTH, np.ones(5)),), {}, mean_of_images()),
    ("weights of 2", ((*BOTH, np.full(5, 2.0)),), {}, 2 * mean_of_images()),
    ("half of Keras' loss", (BOTH,), {"loss": "binary_crossentropy", "batch": 1}, mean_of_images()),
    ("a generator", ((pair for pair in [BOTH]),), {}, TUPLE),
    ("a list", ([IMAGES, LABELS],), {}, TUPLE),
    ("images alone", (IMAGES,), {}, TUPLE),
    ("a dictionary", ({"x": IMAGES},), {}, TUPLE),
    ("nothing", (None,), {}, TUPLE),
    ("a validation generator", (BOTH, iter([BOTH])), {}, TUPLE),
    ("a tuple of one", ((IMAGES,),), {}, PAIR),
    ("a tuple of four", ((IMAGES, LABELS, LABELS, LABELS),), {}, PAIR),
    ("masks too few", ((IMAGES, LABELS[:3]),), {}, PAIR),
    ("validation too few", (BOTH, (IMAGES, LABELS[:3])), {}, PAIR),
    ("no images", ((IMAGES[:0], LABELS[:0]),), {}, PAIR),
    ("no epochs", (BOTH,), {"epochs": 0}, "epochs=0, but training takes .*"),
    ("2.5 epochs", (BOTH,), {"epochs": 2.5}, "epochs=2.5, but .*"),
    ("epochs as text", (BOTH,), {"epochs": "3"}, "epochs='3', but .*"),
    ("batch 0", (BOTH,), {"batch": 0}, "batch=0, but .*"),
    ("patience 0", (BOTH,), {"patience": 0}, "patience=0, but .*"),
    ("patience -1", (BOTH,), {"patience": -1}, "patience=-1, but .*"),
    ("not compiled", (BOTH,), {"compiled": False}, "The model is not compiled: .*"),
    ("mode up", (BOTH,), {"mode": "up"}, 'mode is "min" or "max", not .*'),
    ("nan in the images", ((put(IMAGES, np.nan), LABELS),), {}, "The predictions are not probabilities .*"),
    ("masks / 255", ((IMAGES, LABELS / 255),), {}, "The masks hold class ids .*"),
]:
    case(f"fit: {what}", lambda given=given, options=options: trained(*given, **options), wanted)

DIRECTIONS = {
    "min": "loss val_loss val_mae val_mse val_kl_divergence val_root_mean_squared_error val_binary_crossentropy val_decoder_loss poisson",
    "max": "val_accuracy accuracy val_sparse_categorical_accuracy val_mean_iou mean_iou_1 val_auc val_precision val_recall_2 val_f1_score",
    "ask": "val_dice val_error val_best my_mse val_closeness val_loss_of_sight val_mistakes val_true_positives entropy val_distance",
}
for direction, name in ((direction, name) for direction, names in DIRECTIONS.items() for name in names.split()):
    wanted = {"min": 1, "max": -1, "ask": 'Is the best monitor=\'.*\' the least or the largest. Say mode="min" or mode="max"'}[direction]
    case(f"monitor: {name}", lambda name=name: training._direction(name, None), wanted)
case("monitor: told min", lambda: training._direction("val_dice", "min"), 1)
case("monitor: told max", lambda: training._direction("val_loss", "max"), -1)


# ---------------------------------------------------------------- the outcomes


def outcome(name):
    """sentence, right value, trace, or what came instead."""
    call, wanted = CASES[name]
    try:
        found = call()
    except ValueError as error:
        said = str(error)
        if isinstance(wanted, str) and re.fullmatch(rf"{wanted}\.?", said) and "\n" not in said and len(said) < 400:
            return "sentence"
        return f"trace: {said}"
    except Exception as error:
        return f"trace: {type(error).__name__}: {error}"
    if isinstance(wanted, str):
        return f"a value without a word: {found}"
    found = np.asarray(keras.ops.convert_to_numpy(found), float)
    return (
        "right value"
        if np.allclose(found, wanted, rtol=2e-3 if "half" in name else 1e-4, atol=1e-7, equal_nan=True)
        else f"{found}, not {wanted}"
    )


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_or_the_right_value(name):
    assert outcome(name) in ("sentence", "right value")


if __name__ == "__main__":
    counts = collections.Counter(outcome(name).split(":")[0] for name in CASES)
    sys.stdout.write(f"tried {len(CASES)} · " + " · ".join(f"{what} {number}" for what, number in counts.most_common()) + "\n")
