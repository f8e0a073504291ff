"""From the pairs that were read to the arrays that a network takes."""

import numpy as np


def hand_over(samples, name):
    """A list of uint8 images and masks as one float32 array in [0, 1] and one uint8 array (or None)."""
    if not samples:
        raise ValueError(f"{name}: there is no pair to read.")
    images, masks = zip(*samples, strict=True)
    sizes = sorted({image.shape[:2] for image in images})
    if len(sizes) > 1:
        listed = ", ".join(f"{height}×{width}" for height, width in sizes[:4])
        raise ValueError(f"{name}: images of {len(sizes)} sizes ({listed}) do not fit one array; give size=(height, width) or batch=1.")
    return np.divide(np.stack(images), 255, dtype=np.float32), None if masks[0] is None else np.stack(masks)
