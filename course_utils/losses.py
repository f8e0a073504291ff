"""Losses for masks of integer class ids, 255 = ignored, on any Keras backend; and the weights that keep touching objects apart.

The classes go into `compile(loss=…)` and are saved with the model. Called by hand, `loss(masks, predictions, sample_weight=None)` gives
one number for the whole batch:

    masks          class ids, (batch, height, width) or (batch, height, width, 1)
    predictions    (batch, height, width, classes), probabilities; with `from_logits=True` what comes before the softmax, which is more
                   exact where a probability is nearly 0. One channel alone is the probability (or logit) of class 1 against class 0
    sample_weight  (batch,) or (batch, height, width): multiplies what a pixel counts. The place for `border_weights`

Ignored pixels count nowhere; a batch of nothing else has loss 0. Shapes that do not fit and empty batches are a ValueError. So are values
that make no sense: class ids that are none; predictions that are not numbers or, without `from_logits`, not between 0 and 1. A compiled
training step cannot look at values: there they make the loss nan, upon which `training.fit` stops.
"""

import inspect

import cv2
import keras
import numpy as np
from keras import ops

from .classes import IGNORE


class _Loss(keras.losses.Loss):
    """What the losses share: it checks the arguments and counts the pixels; `value`, and settings as attributes, are left to them."""

    def __init__(self, from_logits, name):
        super().__init__(name=name)
        self.from_logits = from_logits

    def value(self, labels, log_p, weights, binary):
        """The loss, a scalar. One-hot labels and log-probabilities (pixels, classes), weights (pixels,), 0 where ignored; one channel?"""
        raise NotImplementedError

    def __call__(self, masks, predictions, sample_weight=None):
        masks, predictions = ops.cast(masks, "int32"), ops.cast(predictions, "float32")
        if len(masks.shape) == len(predictions.shape) and masks.shape[-1] == 1:
            masks = ops.squeeze(masks, -1)
        shape, channels = tuple(masks.shape), predictions.shape[-1]
        pairs = zip(shape, predictions.shape, strict=False)
        if len(shape) + 1 != len(predictions.shape) or any(a != b and None not in (a, b) for a, b in pairs):
            raise ValueError(
                f"Masks of shape {shape} do not fit predictions of shape {tuple(predictions.shape)}: class ids (batch, height, width), "
                "not one-hot, and predictions (batch, height, width, classes) are wanted."
            )
        if 0 in shape:
            raise ValueError(f"There is no pixel to learn from: the masks have shape {shape}.")
        weights = ops.cast(masks != IGNORE, "float32")
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, "float32")
            if len(sample_weight.shape) not in (1, len(shape)):
                raise ValueError(f"sample_weight has shape {tuple(sample_weight.shape)}; (batch,) or the masks' {shape} is wanted.")
            if len(sample_weight.shape) == 1:
                sample_weight = ops.reshape(sample_weight, (-1, *[1] * (len(shape) - 1)))
            weights = weights * sample_weight
        masks, weights, predictions = ops.reshape(masks, (-1,)), ops.reshape(weights, (-1,)), ops.reshape(predictions, (-1, channels))
        wrong = self._wrong(masks, predictions)
        if channels == 1:  # two classes after all: the other probability is 1 - p, the other logit 0
            other = ops.zeros_like(predictions) if self.from_logits else 1 - predictions
            predictions = ops.concatenate([other, predictions], axis=-1)
        log_p = ops.log_softmax(predictions) if self.from_logits else ops.log(ops.clip(predictions, keras.config.epsilon(), 1))
        labels = ops.one_hot(ops.where(masks == IGNORE, -1, masks), max(2, channels), dtype="float32")
        value = self.value(labels, log_p, weights, binary=channels == 1)
        return ops.where(wrong, float("nan"), value)

    def _wrong(self, masks, predictions):
        """Whether some value makes no sense: a boolean tensor inside a compiled step, else False or a ValueError."""
        classes = max(2, predictions.shape[-1])
        strange = ops.any((masks != IGNORE) & ((masks < 0) | (masks >= classes)))
        sensible = ops.isfinite(predictions) if self.from_logits else (predictions > -1e-3) & (predictions < 1 + 1e-3)
        nonsense = ~ops.all(sensible)
        try:
            strange_now, nonsense_now = bool(ops.convert_to_numpy(strange)), bool(ops.convert_to_numpy(nonsense))
        except (NotImplementedError, TypeError):  # TensorFlow and JAX while they compile
            return strange | nonsense
        if strange_now:
            raise ValueError(f"The masks hold class ids that are neither {IGNORE} (ignored) nor between 0 and {classes - 1}.")
        if nonsense_now:
            what = "finite numbers" if self.from_logits else "probabilities between 0 and 1: if they are logits, say from_logits=True"
            raise ValueError(f"The predictions are not {what}.")
        return False

    def get_config(self):
        return {name: getattr(self, name) for name in inspect.signature(type(self).__init__).parameters if name != "self"}


@keras.saving.register_keras_serializable("course_utils")
class CrossEntropy(_Loss):
    """Pixel cross-entropy: plain, weighted by class, focal (Lin et al., 2017), or both. Mean over the pixels of the batch that count.

    A pixel whose true class has probability p costs −w · (1 − p)**gamma · log p. The sum is divided by the number of pixels, not by the
    sum of the weights, so that an image adds the same in every batch; a class absent from the batch adds nothing.

    Args:
        class_weights: w, one number a class; None: 1 for each.
        gamma: 0 for cross-entropy; the larger, the less a pixel counts that is right already (the paper takes 2).
        from_logits: as told at the top of this file.
    """

    def __init__(self, class_weights=None, gamma: float = 0.0, from_logits: bool = False, name: str = "cross_entropy"):
        super().__init__(from_logits, name)
        self.class_weights, self.gamma = None if class_weights is None else [float(w) for w in class_weights], gamma

    def value(self, labels, log_p, weights, binary):
        if self.class_weights is not None and len(self.class_weights) != labels.shape[-1]:
            raise ValueError(f"There are {len(self.class_weights)} class weights for {labels.shape[-1]} classes.")
        log_p = ops.sum(labels * log_p, axis=-1)
        costs = -log_p
        if self.gamma:
            costs = costs * (1 - ops.exp(log_p)) ** self.gamma
        if self.class_weights is not None:
            costs = costs * ops.matmul(labels, ops.convert_to_tensor(self.class_weights, "float32"))
        counted = ops.sum(labels)
        return ops.sum(weights * costs) / ops.maximum(counted, 1.0)


@keras.saving.register_keras_serializable("course_utils")
class Tversky(_Loss):
    """1 − Tversky index (Salehi et al., 2017), or with gamma > 1 the focal Tversky loss (Abraham and Khan, 2019).

    For each class, from all pixels of the BATCH that count (not image by image): TP = Σ p over its pixels, FN = Σ (1 − p) over them,
    FP = Σ p over all others; index = TP / (TP + alpha·FP + beta·FN). The loss is the mean of (1 − index)**(1 / gamma) over the classes
    that the masks of the batch hold; a class absent from them is left out (its false positives still lower the other classes' TP).
    With one output channel it is that of class 1 alone, so that a batch without class 1 has loss 0 and teaches nothing. No smoothing.

    Args:
        alpha: weight of the false positives.
        beta: weight of the false negatives. Above alpha, it is worse to miss a pixel than to invent one.
        gamma: above 1, classes that are nearly right get more of the gradient, relative to those that are far off (the paper takes 4/3).
        from_logits: as told at the top of this file.
    """

    def __init__(self, alpha: float = 0.3, beta: float = 0.7, gamma: float = 1.0, from_logits: bool = False, name: str = "tversky"):
        super().__init__(from_logits, name)
        self.alpha, self.beta, self.gamma = alpha, beta, gamma

    def value(self, labels, log_p, weights, binary):
        p, weights = ops.exp(log_p), weights[:, None]
        size = ops.sum(weights * labels, axis=0)
        hit = ops.sum(weights * labels * p, axis=0)
        invented = ops.sum(weights * (1 - labels) * p, axis=0)
        index = hit / ops.maximum(hit + self.alpha * invented + self.beta * (size - hit), keras.config.epsilon())
        cost = ops.maximum(1 - index, keras.config.epsilon()) ** (1 / self.gamma)  # the root has no slope at 0
        present = ops.cast(size > 0, "float32")[1 if binary else 0 :]
        return ops.sum(present * cost[1 if binary else 0 :]) / ops.maximum(ops.sum(present), 1.0)


@keras.saving.register_keras_serializable("course_utils")
class Dice(Tversky):
    """1 − Dice coefficient, 2·Σpg / (Σp + Σg) for each class, g = 1 on its pixels: `Tversky` with alpha = beta = 1/2.

    As in Keras the terms of the denominator are not squared; Milletari et al. (2016), who introduced it, square them.
    """

    def __init__(self, from_logits: bool = False, name: str = "dice"):
        super().__init__(0.5, 0.5, from_logits=from_logits, name=name)


@keras.saving.register_keras_serializable("course_utils")
class IoU(Tversky):
    """1 − intersection over union (Jaccard index), Σpg / (Σp + Σg − Σpg) for each class: `Tversky` with alpha = beta = 1."""

    def __init__(self, from_logits: bool = False, name: str = "iou"):
        super().__init__(1.0, 1.0, from_logits=from_logits, name=name)


@keras.saving.register_keras_serializable("course_utils")
class Balanced(_Loss):
    """Cross-entropy in which rare classes weigh more, plus Dice: pixels and classes each have their say.

    Args:
        shares: share of each class among the pixels, as `Pairs.shares` gives them. Over these pixels the mean weight is 1.
        from_logits: as told at the top of this file.
        power: a class weighs as much as this power of how rare it is; 0 makes all alike, 1 gives each the same total.
    """

    def __init__(self, shares, from_logits: bool = False, power: float = 0.5, name: str = "balanced"):
        super().__init__(from_logits, name)
        self.shares, self.power = [float(share) for share in shares], power
        weights = (np.array(self.shares) + 1e-4) ** -power
        self.pixels, self.classes = CrossEntropy(weights / (weights * self.shares).sum()), Dice()

    def value(self, labels, log_p, weights, binary):
        return self.pixels.value(labels, log_p, weights, binary) + self.classes.value(labels, log_p, weights, binary)


def border_weights(mask, w0: float = 10.0, sigma: float = 5.0) -> np.ndarray:
    """Weight of each pixel in the loss of a U-Net that must keep touching objects apart (Ronneberger et al., 2015, equation 2).

    w(x) = w_c(x) + w0 · exp(−(d1(x) + d2(x))² / (2 σ²)) on the background, w_c(x) on the objects, where d1 and d2 are the distances
    to the nearest and to the second nearest object, and w_c balances the two classes so that each has the same total and the mean is 1.

    Args:
        mask: (height, width), 0 = background (the borders), 1 = object, 255 = ignored.
        w0: height of the bonus between two objects.
        sigma: width of the bonus in pixels.

    Returns:
        float32 (height, width), a loss' `sample_weight`; 0 where ignored. With fewer than two objects there is no bonus. Pixels of an
        object touch by their sides.

    Raises:
        ValueError: another shape, other values.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or not np.isin(mask, (0, 1, 255)).all():
        raise ValueError(
            "border_weights needs one mask of shape (height, width) with values 0, 1 and 255, "
            f"not shape {mask.shape} with values {np.unique(mask)[:5]}."
        )
    valid = mask != 255
    weights = np.zeros(mask.shape, np.float32)
    for label in (0, 1):
        pixels = mask == label
        if pixels.any():
            weights[pixels] = valid.sum() / ((1 + (mask == 1 - label).any()) * pixels.sum())
    count, objects = cv2.connectedComponents(np.uint8(mask == 1), connectivity=4)
    if count > 2:
        nearest = np.full((2, *mask.shape), np.inf, np.float32)
        for number in range(1, count):
            distance = cv2.distanceTransform(np.uint8(objects != number), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            nearest = np.sort(np.stack([*nearest, distance]), axis=0)[:2]
        bonus = w0 * np.exp(-(nearest.sum(axis=0) ** 2) / (2 * sigma**2))
        weights += np.where(mask == 0, bonus, 0)
    return weights
