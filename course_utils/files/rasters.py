"""TIFF and GeoTIFF files: whole ones to the samples that they hold, mosaics opened to be read by windows."""

import logging
import warnings

import numpy as np
import rasterio
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning

from .disk import DataProblem, first_bytes
from .pictures import TURNS, Raw, damaged, guarded

LOSSY = ("jpeg", "webp", "lerc", "jxl")
OFF = 0.1  # pixels by which an image and its mask may lie apart on the map
logging.getLogger("rasterio").addHandler(logging.NullHandler())  # what GDAL thinks of a file is said in a sentence
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)


def read(path) -> Raw:
    """The one picture in a TIFF file."""
    try:
        with rasterio.Env(GDAL_CACHEMAX=64), opened(path) as source, _guarded(path, source):
            return _unpack(path, source)
    except DataProblem:
        raise
    except Exception:  # GDAL has many errors for a damaged file
        raise damaged(path) from None


def _unpack(path, source):
    opaque = ColorInterp.alpha not in source.colorinterp
    bands = source.count - (not opaque)
    structure = source.tags(ns="IMAGE_STRUCTURE") | source.tags(1, ns="IMAGE_STRUCTURE")
    if bands not in (1, 3) or "SOURCE_COLOR_SPACE" in structure:
        raise DataProblem(f"{path}: its {bands} bands are no red, green and blue; save those three, or the one that is meant, as PNG.")
    samples, palette = np.moveaxis(source.read(), 0, -1), None
    if not opaque and samples[:, :, bands].min() < np.iinfo(samples.dtype).max:
        raise DataProblem(f"{path}: parts of the picture are transparent; save it as RGB or grey without transparency (alpha).")
    samples = samples[:, :, 0] if bands == 1 else samples[:, :, :3]
    if ColorInterp.palette in source.colorinterp:
        palette = np.array([colour[:3] for _, colour in sorted(source.colormap(1).items())], np.uint8)
    turn = TURNS.get(_orientation(path), lambda a: a)
    there = seen(source, 0, 0, *source.shape) if opaque else None
    valid = None if there is None or there.all() else turn(there)
    bits = int(structure.get("NBITS", 8))
    step = 255 // (2**bits - 1) if bits in (1, 2, 4) else 1
    return Raw(np.ascontiguousarray(turn(samples)), step, palette, _is_lossy(source), place(source), valid)


def opened(path) -> rasterio.DatasetReader:
    """The one picture in the file, to be read by windows; DataProblem if there is none, or several."""
    first_bytes(path)
    try:
        source = rasterio.open(path)
        pages = len(source.subdatasets)
    except Exception:  # see above
        words = "the file is cut off, damaged, or of a kind that GDAL cannot read"
        raise DataProblem(f"{path}: {words}; get it again, or save it as GeoTIFF or PNG.") from None
    if pages:
        source.close()
        raise DataProblem(f"{path}: the file holds {pages} pages; save the one that is meant in a file of its own.")
    return source


def open_mosaic(path, bands: int) -> rasterio.DatasetReader:
    """A mosaic of 3 bands, red, green and blue, or a mask of 1, with 8 bits a band and upright, to be read by windows; else DataProblem."""
    source, problem = opened(path), ""
    if source.count != bands or source.dtypes[0] != "uint8":
        number = f"{bands} band{'s' * (bands > 1)} of 8 bits (uint8)"
        problem = f"{number} are wanted, not {source.count} of {source.dtypes[0]}; convert the file"
    elif bands == 1 and _is_lossy(source):
        problem = f"{source.compression.name.upper()} has changed the classes along their borders; get the mask packed without loss"
    elif _orientation(path) in TURNS:
        problem = "its tag Orientation says that it lies on a side or is a mirror image; save it upright"
    if problem:
        source.close()
        raise DataProblem(f"{path}: {problem}.")
    return source


def seen(source, row: int, column: int, height: int, width: int) -> np.ndarray | None:
    """Where a window holds data, bool (height, width); None where nothing in the file says that some of its pixels hold none."""
    if all(MaskFlags.all_valid in flags for flags in source.mask_flag_enums):
        return None
    return source.dataset_mask(window=((row, row + height), (column, column + width))) > 0


def place(source):
    """Coordinate system and affine transform of a GeoTIFF; None if it has no place on the map."""
    transform = source.transform
    return None if transform.is_identity or not np.linalg.cond(np.reshape(transform, (3, 3))) < 1e300 else (source.crs, transform)


def apart(one, other, height, width) -> str:
    """How two places differ, by what `place` says of them and for pictures of this size; "" if they agree or one of them has none."""
    if not one or not other:
        return ""
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    one_map, other_map = (np.reshape(transform, (3, 3)) for _, transform in (one, other))
    with np.errstate(all="ignore"):  # the numbers of a damaged file may be anything
        off = np.abs(np.linalg.solve(one_map, other_map @ corners) - corners).max()
    if off <= OFF:  # one coordinate system may be described in several ways
        return ""
    far = f"{off:,.1f} pixels apart on the map" if off < 1e6 else "far apart on the map"
    return f"lie {far}" if one[0] == other[0] else "lie in two coordinate systems"


def _guarded(path, source):
    return guarded(path, source.width, source.height, max(1, source.count * np.dtype(source.dtypes[0]).itemsize / 4))


def _is_lossy(source):
    return bool(source.compression) and source.compression.name.startswith(LOSSY)


def _orientation(path):
    """EXIF's number; GDAL does not know it."""
    try:
        with open(path, "rb") as file:
            start = file.read(16)
            tags = ImageFileDirectory_v2(start if b"+" in start[:4] else start[:8])
            file.seek(tags.next)
            tags.load(file)
            return tags.get(0x0112, 1)
    except Exception:  # what nobody can read, nobody turns by; it may be no TIFF at all
        return 1
