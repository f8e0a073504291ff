"""One image or mask file to an array: the right values, or one sentence for whatever is wrong with the file."""

import cv2
import numpy as np

from . import pictures
from .disk import DataProblem, first_bytes, read_bytes, read_list

__all__ = ["DataProblem", "aligned", "classes_of", "decode", "decode_mask", "load", "picture_of", "read_list", "to_colours", "to_train"]
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two: larger than 4 GB


def load(path) -> pictures.Raw:
    """What an image or mask file holds, unchanged but upright; DataProblem if that is not one sound picture."""
    if first_bytes(path).startswith(TIFF):
        from . import rasters  # here, because rasterio takes its time to come and only such files need it

        return rasters.read(path)
    return pictures.read(path, read_bytes(path))


def decode(path) -> np.ndarray:
    """Pixels of an image file, uint8 (height, width) or, red-green-blue, (height, width, 3); upright, colours of a palette put in."""
    return np.require(picture_of(load(path), path), requirements="W")  # what Pillow gives may be for reading only


def picture_of(raw, path) -> np.ndarray:
    """What `load` gave as `decode` gives it."""
    if raw.samples.dtype != np.uint8:
        kind = f"{8 * raw.samples.itemsize} bits" if raw.samples.dtype.kind == "u" else f"the type {raw.samples.dtype}"
        raise DataProblem(f"{path}: values have {kind}; save it with 8 bits a channel, from 0 to 255.")
    return raw.samples * np.uint8(raw.step) if raw.palette is None else raw.palette[raw.samples]


def decode_mask(path, threshold=None, red=False) -> np.ndarray:
    """The values in a mask file, integers (height, width). With `threshold`, those from it on become 255 and the others 0, uint8.

    red: the file is a colour picture whose red channel holds the values; the other two must be 0.
    """
    return _values(load(path), path, threshold, red)[0]


def _values(raw, path, threshold, red):
    """The arrays that the file may stand for, what was stored first and what a picture of it shows last; with a threshold only one."""
    if raw.lossy:
        raise DataProblem(f"{path}: JPEG has changed the classes along their borders; get the mask as PNG from where it was drawn.")
    samples = raw.samples if raw.palette is None or not red else raw.palette[raw.samples]
    if red:
        if samples.ndim == 2 or samples[:, :, 1:].any():
            raise DataProblem(f"{path}: the class belongs into the red channel; save it as RGB with green and blue 0.")
        samples = samples[:, :, 0]
    elif samples.ndim == 3:
        if (samples != samples[:, :, :1]).any():
            raise DataProblem(f"{path}: the mask is a colour picture; save one grey channel that holds the class of each pixel.")
        samples = samples[:, :, 0]
    if samples.dtype.kind not in "ui":
        if samples.dtype.kind != "f" or (samples != np.clip(np.round(samples), -(2**31), 2**31)).any():  # nan is never equal
            raise DataProblem(f"{path}: its values are no whole numbers; save the class of each pixel as 8-bit grey.")
        samples = samples.astype(np.int64)
    values = [samples.copy()]  # not a view, which would keep all three channels in memory
    if not red and raw.palette is not None and (raw.palette == raw.palette[:, :1]).all():
        values.append(raw.palette[samples][:, :, 0])
    elif raw.step > 1:
        values.append(samples * np.uint8(raw.step))
    elif samples.dtype == np.uint16 and not (samples % 257).any():  # as 8 bits become 16
        values.append((samples // 257).astype(np.uint8))
    if threshold is None:
        return values
    shown = values[-1]
    if shown.min() < 0 or shown.max() > 255 or 0 < shown.max() < threshold:  # 0 and 1 most likely, which would all turn into background
        raise DataProblem(f"{path}: values run from {shown.min()} to {shown.max()}; save the two classes as 0 and 255.")
    return [np.where(shown >= threshold, np.uint8(255), np.uint8(0))]


def classes_of(raw, path, table, threshold=None, red=False) -> np.ndarray:
    """What `load` gave of a mask as train ids of `table`, uint8 (height, width), 255 where a GeoTIFF has no data.

    What was stored counts; what a picture of it shows only where that alone makes classes. DataProblem where both would, and differ.
    """
    values = _values(raw, path, threshold, red)
    known = np.array(sorted(c.id for c in table.classes))
    if raw.valid is not None:
        without = np.unique(values[0][~raw.valid])
        if threshold is None and np.isin(without, known).any():
            words = f"the value {without[0]} means a class, but the file declares it as nodata"
            raise DataProblem(f"{path}: {words}; take that away (`rio edit-info --unset-nodata FILE`).")
        values = [np.where(raw.valid, array, known[0]) for array in values]
    if raw.palette is not None and threshold is None and not red:
        _compare_colours(raw, path, table)
    fits = [array for array in values if np.isin(np.unique(array), known).all()] if len(values) > 1 else values
    found = [to_train(array, path, table) for array in fits or values[:1]]
    if any((other != found[0]).any() for other in found[1:]):
        raise DataProblem(f"{path}: its values and the greys that they stand for are both classes; save it as 8-bit grey.")
    if raw.valid is not None:
        found[0][~raw.valid] = 255
    return found[0]


def to_train(values, path, table) -> np.ndarray:
    """Values of the mask file `path` as train ids of `table`."""
    try:
        return table.to_train(values)
    except ValueError as error:
        raise DataProblem(f"{path}: {error}; correct the mask or its class table.") from None


def _compare_colours(raw, path, table):
    """DataProblem for a palette that gives the samples the colours of other classes."""
    colour = {c.id: c.colour for c in table.classes}
    used = {int(index): tuple(raw.palette[index].tolist()) for index in np.unique(raw.samples)}
    if all(its in colour.values() for its in used.values()) and any(colour.get(index) != its for index, its in used.items()):
        raise DataProblem(f"{path}: the palette gives its values the colours of other classes; save the class of each pixel as 8-bit grey.")


def aligned(image, mask, image_path, mask_path) -> None:
    """DataProblem unless an image and its mask, as `load` gave them, have one size and, where both are GeoTIFFs, one place."""
    (height, width), (mask_height, mask_width) = image.samples.shape[:2], mask.samples.shape[:2]
    if (height, width) != (mask_height, mask_width):
        sizes = f"the image is {height}×{width} but its mask {mask_path.name} is {mask_height}×{mask_width}"
        raise DataProblem(f"{image_path}: {sizes}; give both the same height and width.")
    if image.place and mask.place:
        from . import rasters

        if words := rasters.apart(image.place, mask.place, height, width):
            raise DataProblem(f"{image_path}: the image and its mask {mask_path.name} {words}; warp one onto the other.")


def to_colours(picture, grey=False) -> np.ndarray:
    """What `decode` gave as red-green-blue (height, width, 3) or grey (height, width, 1)."""
    if grey:
        return (picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))[:, :, None]
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB) if picture.ndim == 2 else picture
