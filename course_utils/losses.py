"""Losses and loss weights. Masks hold integer class ids, 255 = ignored."""

import cv2
import numpy as np


def border_weights(mask, w0: float = 10.0, sigma: float = 5.0) -> np.ndarray:
    """Weight of each pixel in the loss of a U-Net that must keep touching objects apart (Ronneberger et al., 2015, equation 2).

    w(x) = w_c(x) + w0 · exp(−(d1(x) + d2(x))² / (2 σ²)) on the background, w_c(x) on the objects, where d1 and d2 are the distances
    to the nearest and to the second nearest object, and w_c balances the two classes so that each has the same total and the mean is 1.

    Args:
        mask: (height, width), 0 = background (the borders), 1 = object, 255 = ignored.
        w0: height of the bonus between two objects.
        sigma: width of the bonus in pixels.

    Returns:
        float32 (height, width); 0 where ignored. With fewer than two objects there is no bonus. Pixels of an object touch by their sides.

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
