"""Looks through a data set and says all that is wrong with it, one sentence a problem: the file's name and the remedy."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image

from data_scripts.dataset import DataSet

PNG = b"\x89PNG\r\n\x1a\n"


def problems(folder: Path, dataset: DataSet, files: Iterable[str] = (), command: str = "") -> list[str]:
    """All problems of the set in `folder`, in the order of its files; an empty list if it is sound.

    Args:
        files: those that its dataset.json names. command: what makes or gets the set again, where the course put it there.
    """
    pairs, found = dataset.pairs(folder)
    again = f' or run "{command}"' if command else ""
    back, replace = f": put it back{again}.", f": replace it{again.replace(' or run', ' or delete it and run')}."
    for pair in pairs:
        if pair.image.endswith(".tif"):
            found += _mosaic(folder, pair, replace, back, dataset)
            continue
        by_list = f", though {pair.listed_in} names it" if pair.listed_in else ""
        image, wrong = _look(folder, pair.image, by_list + back, replace, kind="grey" if dataset.grey else "colour")
        found += wrong
        if pair.mask is None:
            continue
        of_image = by_list or f", the mask of {pair.image}"
        mask, wrong = _look(folder, pair.mask, of_image + back, replace, kind="red" if dataset.red else "grey")
        found += wrong
        if mask is None:
            continue
        if image is not None and image.shape[:2] != mask.shape[:2]:
            sizes = [f"{array.shape[1]}×{array.shape[0]}" for array in (mask, image)]
            found.append(f"{pair.mask} is {sizes[0]} but its image {pair.image} is {sizes[1]}: replace the one that is wrong.")
        if not dataset.threshold:
            found += _labels(pair.mask, mask, dataset)
    named = {name for pair in pairs for name in pair[:2]}
    gone = [name for name in files if name not in named and not (folder / name).is_file()]
    # A list that is missing has been reported by the reader of the lists.
    found += [f"{name} is missing{back}" for name in gone if not any(line.startswith(name) for line in found)]
    return list(dict.fromkeys(found))


def _look(folder, name, back, replace, kind):
    """The picture (height, width) or (height, width, 3), or None where it cannot be used, and a list of at most one problem."""
    path = folder / name
    if not path.is_file():
        return None, [f"{name} is missing{back}"]
    data = path.read_bytes()
    if not data:
        return None, [f"{name} is empty (0 bytes){replace}"]
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.verify()  # the check sums; a picture can be decoded only after it is opened once more
        with Image.open(io.BytesIO(data)) as image:
            mode, array = image.mode, np.asarray(image)
    except Exception:  # a decoder raises nearly anything at a damaged file
        what = "is cut off or damaged" if data.startswith(PNG[:4]) else "is not an image"
        return None, [f"{name} {what}{replace}"]
    if problem := _format(data, mode, array, kind):
        return None, [f"{name} {problem}"]
    return array, []


def _mosaic(folder, pair, replace, back, dataset):
    """Problems of a GeoTIFF and its mask, one at most of each; read block by block, because a mosaic may not fit into memory."""
    sizes, found = {}, []
    for name, bands in ((pair.image, 3), (pair.mask, 1)):
        if not (folder / name).is_file():
            found.append(f"{name} is missing{back}")
            continue
        try:
            with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(folder / name) as source:
                if source.count != bands or source.dtypes[0] != "uint8":
                    found.append(f"{name} has {source.count} bands of {source.dtypes[0]}: save it with {bands} of 8 bits.")
                    continue
                sizes[name] = f"{source.width}×{source.height}"
                values = {value for _, window in source.block_windows(1) for value in np.unique(source.read(window=window))}
        except rasterio.RasterioIOError:
            found.append(f"{name} is cut off or damaged{replace}")
            continue
        if name == pair.mask:
            found += _labels(name, np.array([sorted(values)]), dataset)
    if len(set(sizes.values())) > 1:
        found.append(f"{pair.mask} is {sizes[pair.mask]} but its image {pair.image} is {sizes[pair.image]}: replace the one that is wrong.")
    return found


def _format(data, mode, array, kind):
    """What is wrong with the way the picture is stored; None if nothing is."""
    if mode.startswith(("I", "F")) or (data.startswith(PNG) and data[24] > 8):  # byte 24 of a PNG is its bit depth
        return "has 16 bits or more a channel: save it with 8 bits."
    if mode in ("P", "PA"):
        return "has a palette, so its numbers stand for colours: save it as plain 8-bit grey or colour."
    if mode in ("RGBA", "LA"):
        return "has a transparency channel: save it without one."
    # Grey that was saved as three equal channels loses nothing when it is read as grey.
    if kind == "grey" and array.ndim == 3 and (array != array[..., :1]).any():
        return "is a colour picture: save it as 8-bit grey."
    if kind == "red" and (array.ndim == 2 or array[..., 1:].any()):
        return "does not hold the class in its red channel alone: save it as RGB with green and blue 0."
    if kind == "colour" and array.ndim == 2:
        return "is grey: replace it by the colour picture."
    return None


def _labels(name, mask, dataset):
    try:
        dataset.table.to_train(mask if mask.ndim == 2 else mask[..., 0])
    except ValueError as error:
        return [f"{name} has labels out of range, {error}: correct the mask or replace it."]
    return []
