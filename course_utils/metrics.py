"""Metrics from one confusion matrix, gathered batch by batch on any Keras backend, and distances between outlines.

A matrix holds pixel counts by true class (rows) and predicted class (columns). Sum the matrices of all images first: a score of the whole
set is not the mean of the scores of its images. Pixels with mask 255 never count.
"""

from itertools import zip_longest
from numbers import Integral, Real

import keras
import numpy as np
from keras import ops
from scipy import ndimage, spatial

from .classes import IGNORE

NO_CLASS = -(2**31)  # what stands for a value that is no class id
_CARRY = 2**30  # counts are kept as low + _CARRY · high in 32-bit integers, which every backend has


@keras.saving.register_keras_serializable("course_utils")
class ConfusionMatrix(keras.metrics.Metric):
    """Counts pixels by true class (rows) and predicted class (columns); exact up to 2**61 pixels, memory independent of their number.

    Args:
        num_classes: 2 or more. A network with one output channel (sigmoid) has two classes.
        ignore: mask value that does not count.
        threshold: for one output channel, class 1 is predicted above it (0 if the network gives logits).
    """

    def __init__(self, num_classes: int, ignore: int = IGNORE, threshold: float = 0.5, name: str = "confusion_matrix"):
        super().__init__(name=name)
        if not isinstance(num_classes, Integral) or num_classes < 2:
            raise ValueError(f"num_classes must be a whole number of 2 or more, not {num_classes!r}: one output channel has two classes.")
        self.num_classes, self.ignore, self.threshold = int(num_classes), ignore, threshold
        self.low = self.add_variable((num_classes, num_classes), "zeros", dtype="int32", name="low")
        self.high = self.add_variable((num_classes, num_classes), "zeros", dtype="int32", name="high")
        self.strange = self.add_variable((), "zeros", dtype="int32", name="strange")

    def update_state(self, masks, predictions, sample_weight=None):
        """Add a batch.

        Args:
            masks: class ids, (batch, height, width) or (batch, height, width, 1).
            predictions: (batch, height, width, channels) probabilities or logits, or class ids like `masks`, as integers.
            sample_weight: refused, as pixels are counted whole. Ignored pixels are those with mask 255.

        Raises:
            ValueError: shapes that differ, a number of channels that does not fit `num_classes`, or a weight.
        """
        if sample_weight is not None:
            raise ValueError(f"{self.name} counts whole pixels: give it as metrics=, not weighted_metrics=; mask 255 leaves a pixel out.")
        predictions = ops.convert_to_tensor(predictions)
        masks, predicted = class_ids(masks), self._classes(predictions)
        if any(a != b and None not in (a, b) for a, b in zip_longest(masks.shape, predicted.shape, fillvalue=1)):
            raise ValueError(f"Masks of shape {tuple(masks.shape)} and predictions of shape {tuple(predictions.shape)} do not fit.")
        masks, predicted = ops.reshape(masks, (-1,)), ops.reshape(predicted, (-1,))
        counted = masks != self.ignore
        known = counted & (masks >= 0) & (masks < self.num_classes) & (predicted >= 0) & (predicted < self.num_classes)
        bins = ops.where(known, masks * self.num_classes + predicted, self.num_classes**2)  # the last one is for what does not count
        counts = ops.segment_sum(ops.ones_like(bins), bins, num_segments=self.num_classes**2 + 1)[:-1]
        low = self.low + ops.reshape(counts, (self.num_classes, self.num_classes))
        self.high.assign(self.high + low // _CARRY)
        self.low.assign(low % _CARRY)
        self.strange.assign(ops.maximum(self.strange, ops.sum(ops.cast(counted, "int32")) - ops.sum(counts)))

    def _classes(self, predictions):
        dtype = keras.backend.standardize_dtype(predictions.dtype)
        if "int" in dtype or dtype == "bool":
            return class_ids(predictions)
        channels = predictions.shape[-1] if len(predictions.shape) else 0
        if channels != self.num_classes and (channels, self.num_classes) != (1, 2):
            raise ValueError(f"Predictions have {channels} channels, but there are {self.num_classes} classes.")
        ids = predictions[..., 0] > self.threshold if channels == 1 else ops.argmax(predictions, axis=-1)
        sense = ~ops.any(ops.isnan(predictions), axis=-1)
        if channels == 1 and 0 < self.threshold < 1:  # it means a probability
            sense = sense & (predictions[..., 0] > -1e-3) & (predictions[..., 0] < 1 + 1e-3)
        return ops.where(sense, ops.cast(ids, "int32"), NO_CLASS)

    def matrix(self) -> np.ndarray:
        """Pixel counts so far, int64 (num_classes, num_classes). ValueError if there were class ids without a row or column, or nan."""
        low, high, strange = (ops.convert_to_numpy(v).astype(np.int64) for v in (self.low, self.high, self.strange))
        if strange:
            raise ValueError(
                f"Masks or predictions hold class ids outside 0 to {self.num_classes - 1} (in one batch {strange} pixels) or no whole "
                f"numbers, or the network gave what is no number, or with one channel no probability (are they logits? threshold=0)."
            )
        return low + _CARRY * high

    def result(self):
        """Pixel counts so far as float32, for use inside a training step; nan where `matrix` would raise."""
        counts = ops.cast(self.low, "float32") + float(_CARRY) * ops.cast(self.high, "float32")
        return ops.where(self.strange > 0, float("nan"), counts)

    def get_config(self):
        return {"num_classes": self.num_classes, "ignore": self.ignore, "threshold": self.threshold, "name": self.name}


@keras.saving.register_keras_serializable("course_utils")
class MeanIoU(ConfusionMatrix):
    """Mean over the classes of intersection over union, from the pixels of the whole epoch, for `compile(metrics=[MeanIoU(2)])`.

    Classes absent from masks and predictions are left out. Arguments as for `ConfusionMatrix`.
    """

    def __init__(self, num_classes: int, ignore: int = IGNORE, threshold: float = 0.5, name: str = "mean_iou"):
        super().__init__(num_classes, ignore, threshold, name)

    def result(self):
        """Mean IoU so far, a float32 scalar in [0, 1]; 0 before the first pixel, nan after a class id that is none."""
        counts = super().result()
        both = ops.diagonal(counts)
        union = ops.sum(counts, axis=0) + ops.sum(counts, axis=1) - both
        present = ops.sum(ops.cast(union > 0, "float32"))
        return ops.sum(both / ops.maximum(union, 1.0)) / ops.maximum(present, 1.0)


def class_ids(values):
    """Whole numbers of any type as int32, on any backend, also while it compiles; `NO_CLASS` for fractions, nan and what is too large.

    ValueError for text.
    """
    values = ops.convert_to_tensor(values)
    dtype = keras.backend.standardize_dtype(values.dtype)
    if not ("int" in dtype or "float" in dtype or dtype == "bool"):
        raise ValueError(f"Class ids are whole numbers, not {dtype}.")
    ids = ops.cast(values, "int32")
    if dtype in ("bool", "uint8", "int8", "int16", "uint16", "int32"):  # nothing is lost
        return ids
    return ops.where(ops.cast(ids, dtype) == values, ids, NO_CLASS)


def confusion_matrix(masks, predictions, num_classes: int, ignore: int = IGNORE) -> np.ndarray:
    """Pixel counts by true (rows) and predicted class (columns), int64 (num_classes, num_classes).

    Args:
        masks: integer class ids of any shape; `ignore` does not count.
        predictions: integer class ids of the same shape.

    Raises:
        ValueError: shapes that differ, no pixel at all, values that are no class.
    """
    masks, predictions = np.asarray(masks), np.asarray(predictions)
    if masks.shape != predictions.shape:
        raise ValueError(
            f"Masks of shape {masks.shape} and predictions of shape {predictions.shape} differ: give class ids, not probabilities."
        )
    if masks.size == 0:
        raise ValueError("There is no pixel to count: masks and predictions are empty.")
    counted = masks != ignore
    for what, values in [("Masks", masks[counted]), ("Predictions", predictions[counted])]:
        _whole(what, values)
        if values.size and not (values.min() >= 0 and values.max() < num_classes):
            raise ValueError(f"{what} run from {values.min()} to {values.max()}, but classes from 0 to {num_classes - 1}.")
    bins = masks[counted].astype(np.int64) * num_classes + predictions[counted].astype(np.int64)
    return np.bincount(bins, minlength=num_classes**2).reshape(num_classes, num_classes)


def pixel_accuracy(matrix) -> float:
    """Share of the pixels whose class is right; nan without any pixel."""
    hit, _, true = _counts(matrix)
    return float(hit.sum() / true.sum()) if true.any() else np.nan


def iou(matrix) -> np.ndarray:
    """Intersection over union by class (Jaccard index), float64 (num_classes,); nan for a class in neither mask nor prediction."""
    hit, said, true = _counts(matrix)
    return _ratio(hit, said + true - hit)


def mean_iou(matrix, absent: float = np.nan) -> float:
    """Mean of `iou` over the classes.

    Args:
        matrix: pixel counts, (num_classes, num_classes).
        absent: what a class counts that is in neither mask nor prediction: nan leaves it out (as Cityscapes and Keras do), 0 or 1.
            A class that is predicted but nowhere in the masks is not absent: its IoU is 0.
    """
    return _mean(np.where(np.isnan(iou(matrix)), absent, iou(matrix)))


def frequency_weighted_iou(matrix) -> float:
    """Sum over the classes of `iou` times the class's share of the true pixels; nan without any pixel."""
    _, _, true = _counts(matrix)
    return float(np.sum(true * np.nan_to_num(iou(matrix))) / true.sum()) if true.any() else np.nan


def dice(matrix) -> np.ndarray:
    """Dice coefficient by class (F1 score of its pixels) = 2·IoU / (1 + IoU), float64 (num_classes,); nan for an absent class."""
    hit, said, true = _counts(matrix)
    return _ratio(2 * hit, said + true)


def precision(matrix) -> np.ndarray:
    """Share of the pixels given to a class that belong to it, float64 (num_classes,); nan for a class never predicted."""
    hit, said, _ = _counts(matrix)
    return _ratio(hit, said)


def sensitivity(matrix) -> np.ndarray:
    """Share of a class's pixels that are found (recall), float64 (num_classes,); nan for a class that no mask holds."""
    hit, _, true = _counts(matrix)
    return _ratio(hit, true)


def specificity(matrix) -> np.ndarray:
    """Share of the pixels of other classes that are not given to this one, float64 (num_classes,); nan where there are no others."""
    hit, said, true = _counts(matrix)
    others = true.sum() - true
    return _ratio(others - (said - hit), others)


SCORES = {"Dice": dice, "IoU": iou, "precision": precision, "sensitivity": sensitivity, "specificity": specificity}


def report(matrix, names) -> list[dict]:
    """One row a class with the five `SCORES` and its support (true pixels), then their mean; for `show.table`.

    The last row, "mean", is over the classes for which the score exists (not nan), and says over how many classes its IoU is.

    Args:
        matrix: pixel counts, (num_classes, num_classes).
        names: of the classes, in the order of their ids; a `ClassTable`'s `names`.

    Raises:
        ValueError: the numbers of names and classes differ.
    """
    if np.shape(matrix) != (len(names), len(names)):
        raise ValueError(f"There are {len(names)} names for a matrix of shape {np.shape(matrix)}.")
    scores, support = {name: score(matrix) for name, score in SCORES.items()}, np.sum(matrix, axis=1)
    rows = [
        {"class": name} | {score: float(values[i]) for score, values in scores.items()} | {"support": int(support[i])}
        for i, name in enumerate(names)
    ]
    last = {"class": f"mean of {np.isfinite(scores['IoU']).sum()}"} | {score: _mean(values) for score, values in scores.items()}
    return [*rows, last | {"support": int(support.sum())}]


def area_difference(matrix) -> np.ndarray:
    """Predicted less true area by class, in pixels, int64 (num_classes,). For one image: over several, too much and too little cancel."""
    _, said, true = _counts(matrix)
    return (said - true).astype(np.int64 if np.issubdtype(np.asarray(matrix).dtype, np.integer) else float)


def relative_area_difference(matrix) -> np.ndarray:
    """`area_difference` divided by the true area, float64 (num_classes,); nan for a class that the mask does not hold."""
    _, said, true = _counts(matrix)
    return _ratio(said - true, true)


def hausdorff(mask, prediction, label: int = 1, spacing=(1.0, 1.0)) -> float:
    """Largest distance from a pixel of one outline to the other outline, in the unit of `spacing`: one stray pixel decides it.

    Args:
        mask: class ids, integers (height, width); pixels that are 255 are no part of either object.
        prediction: class ids of the same shape.
        label: class whose outlines are compared.
        spacing: height and width of a pixel, such as (0.5, 0.5) in mm.

    Returns:
        The distance; inf if one of the two holds no pixel of the class, nan if neither does.

    Raises:
        ValueError: shapes that differ, more than two dimensions, what is no class id, label 255, another spacing.
    """
    return float(np.max(np.concatenate(_outline_distances(mask, prediction, label, spacing))))


def mean_surface_distance(mask, prediction, label: int = 1, spacing=(1.0, 1.0)) -> float:
    """Mean distance from the pixels of both outlines to the other outline; arguments, result and errors as for `hausdorff`."""
    return float(np.mean(np.concatenate(_outline_distances(mask, prediction, label, spacing))))


def _outline_distances(mask, prediction, label, spacing):
    """Distances from each pixel of one outline to the other: two arrays. An object's outline: its pixels with a side outside of it."""
    mask, prediction = np.asarray(mask), np.asarray(prediction)
    if mask.ndim != 2 or mask.shape != prediction.shape:
        raise ValueError(f"Two masks of shape (height, width) are wanted, not {mask.shape} and {prediction.shape}.")
    _whole("Masks", mask), _whole("Predictions", prediction)
    if label == IGNORE:
        raise ValueError(f"{IGNORE} stands for pixels that count nowhere: they have no outline.")
    if np.shape(spacing) != (2,) or not all(isinstance(side, Real) and 0 < side < np.inf for side in spacing):
        raise ValueError(f"spacing is the height and width of a pixel, two numbers above 0, not {spacing!r}.")
    objects = mask == label, (prediction == label) & (mask != IGNORE)
    first, second = (np.argwhere(thing & ~ndimage.binary_erosion(thing)) * np.asarray(spacing, float) for thing in objects)
    if not (len(first) and len(second)):
        return np.full(1, np.inf if len(first) or len(second) else np.nan), np.empty(0)
    return spatial.KDTree(second).query(first)[0], spatial.KDTree(first).query(second)[0]


def _whole(what, values):
    """ValueError if class ids are none: text, nan, fractions."""
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{what} hold no numbers ({values.dtype}): class ids are wanted.")
    if values.dtype.kind == "f" and (between := values[values != np.rint(values)]).size:
        raise ValueError(f"{what} hold values between the classes, such as {between[0]}: class ids are wanted.")


def _counts(matrix):
    """By class, float64: pixels that are right, pixels predicted, pixels that are true."""
    matrix = np.asarray(matrix, float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not (np.isfinite(matrix) & (matrix >= 0)).all():
        raise ValueError(
            f"A confusion matrix is wanted, (classes, classes) counts of pixels, 0 or more, as `confusion_matrix` gives, not this of shape "
            f"{matrix.shape}."
        )
    return np.diag(matrix), np.sum(matrix, axis=0), np.sum(matrix, axis=1)


def _ratio(part, whole):
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)


def _mean(values):
    """Mean of those that are not nan; nan, without a warning, if all are."""
    values = values[~np.isnan(values)]
    return float(np.mean(values)) if len(values) else np.nan
