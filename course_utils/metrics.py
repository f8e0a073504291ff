"""Metrics from one confusion matrix, gathered batch by batch on any Keras backend. Pixels with mask 255 never count."""

import keras
import numpy as np
from keras import ops

from .classes import IGNORE

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
        self.num_classes, self.ignore, self.threshold = num_classes, ignore, threshold
        self.low = self.add_variable((num_classes, num_classes), "zeros", dtype="int32", name="low")
        self.high = self.add_variable((num_classes, num_classes), "zeros", dtype="int32", name="high")
        self.strange = self.add_variable((), "zeros", dtype="int32", name="strange")

    def update_state(self, masks, predictions, sample_weight=None):
        """Add a batch.

        Args:
            masks: integer class ids, (batch, height, width) or (batch, height, width, 1).
            predictions: (batch, height, width, channels) probabilities or logits, or class ids like `masks`.
            sample_weight: not used; Keras passes it. Ignored pixels are those with mask 255.

        Raises:
            ValueError: the number of channels does not fit `num_classes`.
        """
        masks = ops.reshape(ops.cast(masks, "int32"), (-1,))
        predicted = ops.reshape(self._classes(ops.convert_to_tensor(predictions)), (-1,))
        ignored, strange = self.num_classes**2, self.num_classes**2 + 1  # two bins more than the matrix has
        known = (masks >= 0) & (masks < self.num_classes) & (predicted >= 0) & (predicted < self.num_classes)
        bins = ops.where(masks == self.ignore, ignored, ops.where(known, masks * self.num_classes + predicted, strange))
        counts = ops.segment_sum(ops.ones_like(bins), bins, num_segments=strange + 1)
        low = self.low + ops.reshape(counts[:ignored], (self.num_classes, self.num_classes))
        self.high.assign(self.high + low // _CARRY)
        self.low.assign(low % _CARRY)
        self.strange.assign(ops.maximum(self.strange, counts[strange]))

    def _classes(self, predictions):
        dtype = keras.backend.standardize_dtype(predictions.dtype)
        if "int" in dtype or dtype == "bool":
            return ops.cast(predictions, "int32")
        channels = predictions.shape[-1]
        if channels != self.num_classes and (channels, self.num_classes) != (1, 2):
            raise ValueError(f"Predictions have {channels} channels, but there are {self.num_classes} classes.")
        if channels == 1:
            return ops.cast(predictions > self.threshold, "int32")
        return ops.cast(ops.argmax(predictions, axis=-1), "int32")

    def matrix(self) -> np.ndarray:
        """Pixel counts so far, int64 (num_classes, num_classes). ValueError if there were class ids without a row or column."""
        low, high, strange = (ops.convert_to_numpy(v).astype(np.int64) for v in (self.low, self.high, self.strange))
        if strange:
            raise ValueError(f"Masks or predictions hold class ids outside 0 to {self.num_classes - 1} (in one batch {strange} pixels).")
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
        if not np.issubdtype(values.dtype, np.integer) and (between := values[values != np.rint(values)]).size:
            raise ValueError(f"{what} hold values between the classes, such as {between[0]}: class ids are wanted.")
        if values.size and not (values.min() >= 0 and values.max() < num_classes):
            raise ValueError(f"{what} run from {values.min()} to {values.max()}, but classes from 0 to {num_classes - 1}.")
    bins = masks[counted].astype(np.int64) * num_classes + predictions[counted].astype(np.int64)
    return np.bincount(bins, minlength=num_classes**2).reshape(num_classes, num_classes)


def pixel_accuracy(matrix) -> float:
    """Share of the pixels whose class is right; nan without any pixel."""
    return float(np.trace(matrix) / np.sum(matrix)) if np.any(matrix) else np.nan


def iou(matrix) -> np.ndarray:
    """Intersection over union by class (Jaccard index), float64 (num_classes,); nan for a class in neither mask nor prediction."""
    both = np.diag(matrix).astype(float)
    union = np.sum(matrix, axis=0) + np.sum(matrix, axis=1) - both
    return np.divide(both, union, out=np.full_like(both, np.nan), where=union > 0)


def mean_iou(matrix) -> float:
    """Mean of `iou` over the classes that occur; nan if none does."""
    return float(np.nanmean(iou(matrix))) if np.any(matrix) else np.nan


def dice(matrix) -> np.ndarray:
    """Dice coefficient by class (F1 score of its pixels) = 2·IoU / (1 + IoU), float64 (num_classes,); nan for an absent class."""
    by_class = iou(matrix)
    return 2 * by_class / (1 + by_class)
