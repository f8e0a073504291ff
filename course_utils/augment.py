"""Random distortions of an image and its mask together: both are taken from the same positions, so they can never part.

Every step is called as `step(image, mask, rng)` with image uint8 (height, width, channels), mask uint8 (height, width) and a
numpy Generator, and returns a new image and mask of the same shapes. The image is interpolated between pixels, the mask takes the
nearest one, so that no label comes up that was not there.
"""

import functools
import math

import cv2
import numpy as np

from course_utils.classes import IGNORE

BORDERS = {"reflect": cv2.BORDER_REFLECT, "constant": cv2.BORDER_CONSTANT}


class _Geometric:
    """A step that moves pixels: `where` tells at which input position (x, y) each output pixel looks."""

    border = "reflect"

    def __call__(self, image, mask, rng):
        return _look(image, mask, self.where(_shape(image, mask), rng), self.border)


class Affine(_Geometric):
    """Rotation, shear, zoom, shift and flips, composed into ONE matrix, so that each sample is interpolated once.

    Each number is a range: what is drawn lies evenly between minus and plus it.

    Args:
        rotation: degrees. shear: degrees by which upright lines lean. shift: fraction of the width and of the height, drawn apart.
        zoom: fraction around 1 by which distances shrink or grow, drawn apart for width and height; below 1.
        flip: swap left and right in half of the cases. flip_vertical: swap top and bottom in half of the cases.
        border: what lies outside. "reflect": the mirrored image, edge pixel repeated, as in a world of mirrors.
            "constant": black in the image, and 255 (ignore) in the mask, which adds this one label.
    """

    def __init__(self, rotation=0, shift=0, shear=0, zoom=0, flip=False, flip_vertical=False, border="reflect"):
        if not 0 <= zoom < 1:
            raise ValueError(f"zoom must be at least 0 and below 1, not {zoom}.")
        if border not in BORDERS:
            raise ValueError(f"border must be one of {', '.join(BORDERS)}, not {border!r}.")
        self.rotation, self.shift, self.shear, self.zoom = rotation, shift, shear, zoom
        self.flip, self.flip_vertical, self.border = flip, flip_vertical, border

    def matrix(self, shape, rng) -> np.ndarray:
        """A drawn matrix, float64 (2, 3): output pixel (x, y) looks at position matrix @ (x, y, 1) of the input.

        Seen from the centre, that is rotation @ shear @ zoom @ flip of (x, y), plus the shift.
        """
        # Always eight numbers, so that switching one distortion on leaves the others as they were.
        turn, lean, wide, high, right, down, side, upside = rng.uniform(-1, 1, 8).tolist()
        angle, slope = math.radians(turn * self.rotation), math.tan(math.radians(lean * self.shear))
        cos, sin = math.cos(angle), math.sin(angle)
        zoom_x = (1 + wide * self.zoom) * (-1 if self.flip and side < 0 else 1)
        zoom_y = (1 + high * self.zoom) * (-1 if self.flip_vertical and upside < 0 else 1)
        a, b = cos * zoom_x, (cos * slope - sin) * zoom_y  # [[cos, -sin], [sin, cos]] @ [[1, slope], [0, 1]] @ diag(zoom)
        c, d = sin * zoom_x, (sin * slope + cos) * zoom_y
        x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2  # the centre; pixels are points, the first one is at 0
        to_x, to_y = x + right * self.shift * shape[1], y + down * self.shift * shape[0]
        return np.array([[a, b, to_x - a * x - b * y], [c, d, to_y - c * x - d * y]])

    where = matrix


class Elastic(_Geometric):
    """Smooth random displacement, after Simard, Steinkraus and Platt (2003), doi:10.1109/ICDAR.2003.1227801.

    Args:
        alpha: strength. Each pixel's displacement is even noise in [-1, 1], smoothed with a Gaussian of standard deviation
            `sigma` pixels and times alpha: about 0.16 · alpha / sigma pixels (standard deviation) in each direction.
    """

    def __init__(self, alpha, sigma):
        if sigma <= 0:
            raise ValueError(f"sigma must be above 0, not {sigma}.")
        self.alpha, self.sigma = alpha, sigma

    def where(self, shape, rng) -> np.ndarray:
        """A drawn displacement (x, y) of each pixel, float32 (height, width, 2)."""
        # So smooth a field is known by every `step`-th point. Averaging fewer numbers leaves `step` times as much noise, and
        # a margin keeps the border like the rest.
        step = max(1, int(self.sigma / 2))
        sigma = self.sigma / step
        margin = math.ceil(3 * sigma)
        rows, columns = (math.ceil(side / step) + 1 + 2 * margin for side in shape)
        noise = rng.random((rows, columns, 2), dtype=np.float32) * 2 - 1
        smooth = cv2.GaussianBlur(noise, (2 * margin + 1, 2 * margin + 1), sigma)[margin:-margin, margin:-margin]
        large = cv2.resize(smooth, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        return large[: shape[0], : shape[1]] * np.float32(self.alpha / step)


class Photometric:
    """Changes of the image alone; the mask is passed on.

    Args:
        brightness: fraction of the full range that is added, drawn between minus and plus it.
        contrast: distances from middle grey grow or shrink by a fraction drawn between minus and plus it.
        noise: standard deviation, as a fraction of the full range, of normal noise added to each value.
    """

    def __init__(self, brightness=0, contrast=0, noise=0):
        self.brightness, self.contrast, self.noise = brightness, contrast, noise

    def __call__(self, image, mask, rng):
        _shape(image, mask)
        lighter, stronger = rng.uniform(-1, 1, 2)
        table = (np.arange(256) - 127.5) * (1 + stronger * self.contrast) + 127.5 + 255 * lighter * self.brightness
        if not self.noise:
            return np.clip(np.rint(table), 0, 255).astype(np.uint8)[image], mask
        values = table.astype(np.float32)[image]
        values += rng.standard_normal(image.shape, dtype=np.float32) * np.float32(255 * self.noise)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8), mask


class Sequence:
    """Several steps. `Affine` and `Elastic` come first, in the order given and composed into one; then `Photometric` in its order.

    `Sequence(Affine(...), Elastic(...))` turns the image and then bends it, yet interpolates it once. If the border of one step
    is "constant", it is for all.
    """

    def __init__(self, *steps):
        self.geometric = [step for step in steps if isinstance(step, _Geometric)]
        self.others = [step for step in steps if not isinstance(step, _Geometric)]
        self.border = "constant" if any(step.border == "constant" for step in self.geometric) else "reflect"

    def __call__(self, image, mask, rng):
        shape = _shape(image, mask)
        if self.geometric:
            image, mask = _look(image, mask, _compose([step.where(shape, rng) for step in self.geometric], shape), self.border)
        for step in self.others:
            image, mask = step(image, mask, rng)
        return image, mask


def _shape(image, mask):
    if image.ndim != 3 or image.shape[:2] != mask.shape or image.dtype != np.uint8 or mask.dtype != np.uint8:
        raise ValueError(
            f"need image uint8 (height, width, channels) and mask uint8 (height, width), not {image.dtype} {image.shape} and "
            f"{mask.dtype} {mask.shape}."
        )
    return mask.shape


def _compose(drawn, shape):
    """Several matrices and displacements, the first acting first, as one: a matrix if all are, else positions (height, width, 2)."""
    if all(d.shape == (2, 3) for d in drawn):
        matrix = np.eye(3)
        for d in drawn:
            matrix[:2] = matrix[:2] @ np.vstack([d, [0, 0, 1]])
        return matrix[:2]
    # An output pixel looks into the result of the last step, which looks into the one before: backwards to the input.
    at = _pixels(shape)
    for d in reversed(drawn):
        at = cv2.transform(at, d) if d.shape == (2, 3) else at + cv2.remap(d, at, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return at - _pixels(shape)


@functools.lru_cache(maxsize=4)
def _pixels(shape):
    """The position (x, y) of each pixel, float32 (height, width, 2); only to be read."""
    return np.stack(np.meshgrid(np.arange(shape[1], dtype=np.float32), np.arange(shape[0], dtype=np.float32)), axis=-1)


def _look(image, mask, where, border):
    """Image and mask as seen from the positions that a matrix (2, 3) or displacements (height, width, 2) give."""
    # OpenCV is quick for one and for four channels: with a fourth that is dropped, three take 60 % of the time, same values.
    wide = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA) if image.shape[2] == 3 else image
    outside = {"borderMode": BORDERS[border]}
    if where.shape == (2, 3):
        size = mask.shape[::-1]
        wide = cv2.warpAffine(wide, where, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, **outside)
        mask = cv2.warpAffine(mask, where, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, borderValue=IGNORE, **outside)
    else:
        at = _pixels(mask.shape) + where
        wide = cv2.remap(wide, at, None, cv2.INTER_LINEAR, **outside)
        mask = cv2.remap(mask, at, None, cv2.INTER_NEAREST, borderValue=IGNORE, **outside)
    if image.shape[2] == 3:
        return cv2.cvtColor(wide, cv2.COLOR_RGBA2RGB), mask
    return wide.reshape(image.shape), mask  # OpenCV drops the last axis of one channel
