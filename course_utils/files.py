"""One image or mask file to an array, with one sentence for whatever is wrong with the file."""

from pathlib import Path

import cv2
import numpy as np


class DataProblem(ValueError):
    """A file that cannot be used as it is. The message is one sentence with the file's name and the remedy."""


def decode(path) -> np.ndarray:
    """Pixels of an image file, uint8 (height, width) or, in OpenCV's order blue-green-red, (height, width, 3)."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataProblem(f"{path}: the file is missing; put it back, or get the set again with data_scripts.") from None
    except OSError as error:
        raise DataProblem(f"{path}: the file cannot be read ({error.strerror}); check what it is and who may read it.") from None
    if not data:
        raise DataProblem(f"{path}: the file is empty; copy or download it again.")
    # Some versions of OpenCV fill up what a cut off PNG or JPEG lacks instead of refusing it.
    ends = {b"\x89PNG": b"IEND", b"\xff\xd8": b"\xff\xd9"}
    complete = all(data.rfind(end) > 0 for start, end in ends.items() if data.startswith(start))
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if complete else None
    if picture is None:
        raise DataProblem(f"{path}: the file is cut off, damaged or no image; copy or download it again.")
    if picture.dtype != np.uint8:
        raise DataProblem(f"{path}: values have {8 * picture.itemsize} bits; save it with 8 bits a channel.")
    if data.startswith(b"\x89PNG") and data[25] == 3:  # the colour type in the header
        raise DataProblem(f"{path}: a palette image, whose values are places in a list of colours; save it as RGB or grey.")
    if picture.ndim == 3 and picture.shape[2] == 4:
        raise DataProblem(f"{path}: the image has an alpha channel (transparency); save it as RGB or grey without one.")
    return picture


def decode_mask(path, threshold=None, red=False) -> np.ndarray:
    """The values in a mask file, uint8 (height, width). With `threshold`, those from it on become 255 and the others 0.

    red: the file is a colour picture whose red channel holds the values; the other two must be 0.
    """
    picture = decode(path)
    if red:
        if picture.ndim == 2 or picture[:, :, :2].any():
            raise DataProblem(f"{path}: the class belongs into the red channel; save it as RGB with green and blue 0.")
        picture = picture[:, :, 2].copy()
    elif picture.ndim == 3:
        if (picture != picture[:, :, :1]).any():
            raise DataProblem(f"{path}: the mask is a colour picture; save one grey channel that holds the class of each pixel.")
        picture = picture[:, :, 0].copy()  # not a view, which would keep all three channels in memory
    if threshold is not None:
        if 0 < picture.max() < threshold:  # most likely 0 and 1, which would all turn into background
            raise DataProblem(f"{path}: no label is above {picture.max()}; save the two classes as 0 and 255.")
        picture = np.where(picture >= threshold, np.uint8(255), np.uint8(0))
    return picture


def to_colours(picture, grey=False) -> np.ndarray:
    """What `decode` gave as red-green-blue (height, width, 3) or grey (height, width, 1)."""
    if grey:
        return (picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))[:, :, None]
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB)


def to_train(values, path, table) -> np.ndarray:
    """What `decode_mask` gave as train ids of `table`, a `ClassTable`."""
    try:
        return table.to_train(values)
    except ValueError as error:
        raise DataProblem(f"{path}: {error}; correct the mask or its class table.") from None
