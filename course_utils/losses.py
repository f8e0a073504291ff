"""Losses for masks of integer class ids, 255 = ignored, on any Keras backend; and the weights that keep touching objects apart.

The classes go into `compile(loss=…)` and are saved with the model. Called by hand, `loss(masks, predictions, sample_weight=None)` gives
one number for the whole batch:

    masks          class ids, (batch, height, width) or (batch, height, width, 1); whole numbers of any type
    predictions    (batch, height, width, classes), probabilities that add up to 1, as softmax gives them; with `from_logits=True` what
                   comes before the softmax, which is more exact where a probability is nearly 0. One channel alone is the probability
                   (or logit) of class 1 against class 0
    sample_weight  (batch,) or (batch, height, width), 0 or more: multiplies what a pixel counts. The place for `border_weights`

Ignored pixels count nowhere; a batch of nothing else has loss 0. Shapes that do not fit and empty batches are a ValueError. So are values
that make no sense: class ids that are none; predictions that are not numbers or, without `from_logits`, no probabilities. A compiled
training step cannot look at values: there they make the loss nan, upon which `training.fit` stops.
"""

import inspect
from dataclasses import dataclass
from numbers import Real
from typing import Any

import cv2
import keras
import numpy as np
from keras import ops

from .classes import IGNORE
from .metrics import class_ids


@dataclass(frozen=True)
class _Pixels:
    """What the losses see of a batch: tensors over its pixels, or over its classes."""

    ids: Any  # (pixels,), int32; 0 where the pixel is ignored
    labels: Any  # (pixels, classes), one-hot; all 0 where the pixel is ignored
    weights: Any  # (pixels,), 0 where the pixel is ignored
    counted: Any  # how many are not ignored
    log_true: Any  # (pixels,), log-probability of the true class
    totals: Any  # (classes,), Σ weight · probability
    one_channel: bool


class _Loss(keras.losses.Loss):
    """What the losses share: it checks the arguments and counts the pixels; `value`, and settings as attributes, are left to them."""

    def __init__(self, from_logits, name):
        super().__init__(name=name)
        if not isinstance(from_logits, (bool, np.bool_)):
            raise ValueError(f"from_logits is True or False, not {from_logits!r}.")
        self.from_logits = bool(from_logits)

    def value(self, pixels: _Pixels):
        """The loss, a scalar."""
        raise NotImplementedError

    def __call__(self, masks, predictions, sample_weight=None):
        masks, predictions = class_ids(masks), ops.cast(predictions, "float32")
        if 0 < len(masks.shape) == len(predictions.shape) and masks.shape[-1] == 1:
            masks = ops.squeeze(masks, -1)
        shape, channels = tuple(masks.shape), predictions.shape[-1] if len(predictions.shape) else 0
        if len(shape) + 1 != len(predictions.shape) or _differ(shape, predictions.shape[:-1]) or not shape or not channels:
            raise ValueError(
                f"Masks of shape {shape} do not fit predictions of shape {tuple(predictions.shape)}: class ids (batch, height, width), "
                "not one-hot, and predictions (batch, height, width, classes) are wanted."
            )
        if 0 in shape:
            raise ValueError(f"There is no pixel to learn from: the masks have shape {shape}.")
        counted = ops.cast(masks != IGNORE, "float32")
        given = ops.ones((1,), "float32") if sample_weight is None else ops.cast(sample_weight, "float32")
        if sample_weight is not None:
            if len(given.shape) not in (1, len(shape)) or _differ(given.shape, shape[: len(given.shape)]):
                raise ValueError(f"sample_weight has shape {tuple(given.shape)}; (batch,) or the masks' {shape} is wanted.")
            given = ops.reshape(given, (-1, *[1] * (len(shape) - 1))) if len(given.shape) == 1 else given
        masks, counted, weights = (ops.reshape(values, (-1,)) for values in (masks, counted, counted * given))
        predictions = ops.reshape(predictions, (-1, channels))
        wrong = self._wrong(masks, predictions, given)
        classes = max(2, channels)
        if channels == 1:  # two classes after all: the other probability is 1 - p, the other logit 0
            other = ops.zeros_like(predictions) if self.from_logits else 1 - predictions
            predictions = ops.concatenate([other, predictions], axis=-1)
        usable = (masks >= 0) & (masks < classes)
        ids, labels = ops.where(usable, masks, 0), ops.one_hot(ops.where(usable, masks, -1), classes, dtype="float32")
        measure = _by_softmax if self.from_logits else _by_probabilities
        log_true, totals = measure(predictions, labels, weights)
        value = self.value(_Pixels(ids, labels, weights, ops.sum(counted), log_true, totals, channels == 1))
        return ops.where(wrong, float("nan"), value)

    def _wrong(self, masks, predictions, weights):
        """Whether some value makes no sense: a boolean tensor inside a compiled step, else False or a ValueError."""
        classes = max(2, predictions.shape[-1])
        strange = (masks != IGNORE) & ((masks < 0) | (masks >= classes))
        if self.from_logits:
            odd, what = ~ops.isfinite(ops.sum(predictions)), "finite numbers"  # a sum is not finite unless all are
        else:
            odd = ~ops.all((predictions > -1e-3) & (predictions < 1 + 1e-3))
            what = "probabilities between 0 and 1: if they are logits, say from_logits=True"
        apart = ops.convert_to_tensor(False)
        if not self.from_logits and predictions.shape[-1] > 1:  # 2 %: half precision rounds
            apart = ops.any(ops.abs(ops.sum(predictions, axis=-1) - 1) > 0.02)
        checks = {
            f"The masks hold class ids that are neither {IGNORE} (ignored) nor between 0 and {classes - 1}, or no whole numbers.": ops.any(
                strange
            ),
            f"The predictions are not {what}.": odd,
            "The predictions of a pixel do not add up to 1, as probabilities of classes do: take softmax, not sigmoid.": apart,
            "The sample_weight holds numbers below 0, or what is no number.": ~ops.all((weights >= 0) & (weights < float("inf"))),
        }
        try:
            found = [sentence for sentence, bad in checks.items() if bool(ops.convert_to_numpy(bad))]
        except (NotImplementedError, TypeError):  # TensorFlow and JAX while they compile
            return ops.any(ops.stack([*checks.values()]))
        if found:
            raise ValueError(found[0])
        return False

    def get_config(self):
        return {name: getattr(self, name) for name in inspect.signature(type(self).__init__).parameters if name != "self"}


def _differ(shape, other):
    """Whether two shapes differ in a size that both know, or in length."""
    return len(shape) != len(other) or any(a != b and None not in (a, b) for a, b in zip(shape, other, strict=True))


def _by_probabilities(p, labels, weights):
    """Log-probabilities of the true classes (pixels,) and Σ weight · probability (classes,), from probabilities (pixels, classes)."""
    true = ops.sum(labels * p, axis=-1) + 1 - ops.sum(labels, axis=-1)  # of an ignored pixel 1, which costs nothing
    return ops.log(ops.clip(true, keras.config.epsilon(), 1)), ops.matmul(weights[None], p)[0]


def _by_softmax(logits, labels, weights):
    """The same from logits, with its gradient written out: one product with the probabilities in the place of a chain of them."""

    @ops.custom_gradient
    def both(logits):
        logits = logits - ops.stop_gradient(ops.max(logits, axis=-1, keepdims=True))
        powers = ops.exp(logits)
        sums = ops.sum(powers, axis=-1, keepdims=True)
        p = powers / sums
        valid = ops.sum(labels, axis=-1)
        log_true = ops.sum(ops.where(labels > 0, logits, 0.0), axis=-1) - valid * ops.log(sums)[:, 0]

        def gradient(*above):
            by_true, by_total = above if len(above) == 2 else above[0]  # JAX hands over one tuple
            by_true = by_true * valid
            pull = weights * ops.matmul(p, by_total[:, None])[:, 0] + by_true
            factors = ops.matmul(ops.stack([weights, -pull], axis=1), ops.stack([by_total, ops.ones_like(by_total)]))
            return p * factors + labels * by_true[:, None]

        return (log_true, ops.matmul(weights[None], p)[0]), gradient

    return both(logits)


def _number(what, value, least=0.0, above=False):
    """The value as a float; ValueError if it is not a finite number from `least` on (`above`: greater than it)."""
    number = isinstance(value, Real) and not isinstance(value, bool) and np.isfinite(value)
    if not number or value < least or (above and value == least):
        raise ValueError(f"{what} must be a finite number {'above' if above else 'of at least'} {least:g}, not {value!r}.")
    return float(value)


def _by_class(what, values):
    """One number a class, 0 or more and not all 0, as a list; from a dictionary by class id, which must name them all."""
    if isinstance(values, dict):
        ids = [*range(len(values))]
        if sorted(values, key=str) != sorted(ids, key=str):
            raise ValueError(f"{what} must name each class from 0 on once, not {', '.join(map(str, values))}.")
        values = [values[number] for number in ids]
    values = np.asarray(values) if hasattr(values, "__array__") else values
    if not isinstance(values, (list, tuple, np.ndarray)) or not np.shape(values):
        raise ValueError(f"{what} must be one number a class, in the order of the class ids, not {values!r}.")
    numbers = [_number(f"{what}: that of class {number}", value) for number, value in enumerate(values)]
    if not any(numbers):
        raise ValueError(f"{what} must not all be 0.")
    return numbers


@keras.saving.register_keras_serializable("course_utils")
class CrossEntropy(_Loss):
    """Pixel cross-entropy: plain, weighted by class, focal (Lin et al., 2017), or both. Mean over the pixels of the batch that count.

    A pixel whose true class has probability p costs −w · (1 − p)**gamma · log p. The sum is divided by the number of pixels, not by the
    sum of the weights, so that an image adds the same in every batch; a class absent from the batch adds nothing.

    Args:
        class_weights: w, one number a class, 0 or more, or a dictionary from class ids to them; None: 1 for each.
        gamma: 0 for cross-entropy; the larger, the less a pixel counts that is right already (the paper takes 2).
        from_logits: as told at the top of this file.
    """

    def __init__(self, class_weights=None, gamma: float = 0.0, from_logits: bool = False, name: str = "cross_entropy"):
        super().__init__(from_logits, name)
        self.class_weights = None if class_weights is None else _by_class("class_weights", class_weights)
        self.gamma = _number("gamma", gamma)

    def value(self, pixels):
        if self.class_weights is not None and len(self.class_weights) != pixels.labels.shape[-1]:
            raise ValueError(f"There are {len(self.class_weights)} class weights for {pixels.labels.shape[-1]} classes.")
        costs = -pixels.weights * pixels.log_true
        if self.gamma:
            rest = -ops.expm1(pixels.log_true)  # 1 - p
            some = rest > 0  # a power below 1 has no slope at 0, where the cost has slope 0
            costs = costs * ops.where(some, ops.where(some, rest, 1.0) ** self.gamma, 0.0)
        if self.class_weights is not None:
            costs = costs * ops.take(ops.convert_to_tensor(self.class_weights, "float32"), pixels.ids)
        return ops.sum(costs) / ops.maximum(pixels.counted, 1.0)


@keras.saving.register_keras_serializable("course_utils")
class Tversky(_Loss):
    """1 − Tversky index (Salehi et al., 2017), or with gamma > 1 the focal Tversky loss (Abraham and Khan, 2019).

    For each class, from all pixels of the BATCH that count (not image by image): TP = Σ p over its pixels, FN = Σ (1 − p) over them,
    FP = Σ p over all others; index = TP / (TP + alpha·FP + beta·FN). The loss is the mean of (1 − index)**(1 / gamma) over the classes
    that the masks of the batch hold; a class absent from them is left out (its false positives still lower the other classes' TP).
    With one output channel it is that of class 1 alone, so that a batch without class 1 has loss 0 and teaches nothing. No smoothing.

    Args:
        alpha: weight of the false positives, 0 or more.
        beta: weight of the false negatives. Above alpha, it is worse to miss a pixel than to invent one.
        gamma: above 1, classes that are nearly right get more of the gradient, relative to those that are far off (the paper takes 4/3).
        from_logits: as told at the top of this file.
    """

    def __init__(self, alpha: float = 0.3, beta: float = 0.7, gamma: float = 1.0, from_logits: bool = False, name: str = "tversky"):
        super().__init__(from_logits, name)
        self.alpha, self.beta = _number("alpha", alpha), _number("beta", beta)
        self.gamma = _number("gamma", gamma, above=True)
        if not alpha + beta:
            raise ValueError("alpha and beta must not both be 0: then nothing is wrong, whatever is predicted.")

    def value(self, pixels):
        counts = ops.stack([pixels.weights, pixels.weights * ops.exp(pixels.log_true)])
        size, hit = ops.unstack(ops.matmul(counts, pixels.labels), 2)
        whole = hit + self.alpha * (pixels.totals - hit) + self.beta * (size - hit)
        index = hit / ops.where(whole > 0, whole, 1.0)
        cost = ops.maximum(1 - index, keras.config.epsilon()) ** (1 / self.gamma)  # the root has no slope at 0
        present = ops.cast(size > 0, "float32")[1 if pixels.one_channel else 0 :]
        return ops.sum(present * cost[1 if pixels.one_channel else 0 :]) / ops.maximum(ops.sum(present), 1.0)


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
        shares: share of each class among the pixels, as `Pairs.shares` gives them (they add up to 1), or a dictionary from class ids to
            them. Over these pixels the mean weight is 1.
        from_logits: as told at the top of this file.
        power: a class weighs as much as this power of how rare it is; 0 makes all alike, 1 gives each the same total.
    """

    def __init__(self, shares, from_logits: bool = False, power: float = 0.5, name: str = "balanced"):
        super().__init__(from_logits, name)
        self.shares, self.power = _by_class("shares", shares), _number("power", power)
        if abs(sum(self.shares) - 1) > 0.01:
            raise ValueError(f"shares must add up to 1, not {sum(self.shares):g}: divide the pixels of each class by those of all.")
        weights = (np.array(self.shares) + 1e-4) ** -self.power
        self.pixels, self.classes = CrossEntropy(weights / (weights * self.shares).sum()), Dice()

    def value(self, pixels):
        return self.pixels.value(pixels) + self.classes.value(pixels)


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
