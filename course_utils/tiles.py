"""Images larger than memory: cut into tiles, and predicted tile by tile, with overlap and smooth blending.

Mosaics are GeoTIFFs (or whatever else rasterio opens), read and written by windows, never as a whole.
"""

import contextlib
import itertools
import json
import os
import shutil
from numbers import Integral
from pathlib import Path

import cv2
import numpy as np
import rasterio

from course_utils.classes import IGNORE, LANDCOVER, class_scores
from course_utils.files import DataProblem, rasters, to_train

STRIP = 2048  # columns that are predicted in one go from top to bottom, so that memory does not depend on the mosaic's width
BYTES_A_PIXEL, PIXELS_A_SECOND = 2, 1e7  # of tiles cut from aerial photographs, on one core
CACHE_MB = 64  # GDAL, rasterio's engine, would keep 5 % of the memory in blocks that it has read


def cut(image, mask, folder, side: int = 256) -> int:
    """Cut a mosaic and its mask into tiles, PNG files `images/NAME_ROW_COLUMN.png` and `masks/…` in `folder`; returns how many.

    Args:
        image: path of the mosaic, three bands of 8 bits: red, green, blue.
        mask: path of the mask, one band of 8 bits, as large as the mosaic; None for a mosaic without labels.
        side: height and width of a tile; what is left at the right and lower border is dropped, and so is a tile of which more than a
            hundredth has no data by what the mosaic's file says (`nodata`, as around a mosaic that lies aslant on the map).

    Raises:
        DataProblem: a file that cannot be used, image and mask that do not fit, or a mosaic smaller than one tile.
    """
    name, folder = Path(image).stem, Path(folder)
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
        sources = {"images": rasters.open_mosaic(image, 3)} | ({"masks": rasters.open_mosaic(mask, 1)} if mask else {})
        if mask and (problem := _apart(*sources.values())):
            raise DataProblem(problem)
        height, width = sources["images"].shape
        rows, columns = (range(0, length - side + 1, side) for length in (height, width))
        if not (rows and columns):
            raise DataProblem(f"{image}: the mosaic, {height}×{width}, is smaller than a tile of {side}×{side}; choose a smaller side.")
        for kind in sources:
            (folder / kind).mkdir(parents=True, exist_ok=True)
        number = 0
        for row in rows:  # a row of tiles at once: files stored line by line would otherwise be unpacked again for each tile
            seen = rasters.seen(sources["images"], row, 0, side, width)
            kept = [column for column in columns if seen is None or seen[:, column : column + side].mean() > 0.99]
            number += len(kept)
            for kind, source in sources.items():
                band = _read(source, row, 0, side, width) if kept else None
                for column in kept:
                    tile = band[:, column : column + side, ::-1]  # OpenCV's order is blue, green, red
                    path = folder / kind / f"{name}_{row:05d}_{column:05d}.png"
                    path.write_bytes(cv2.imencode(".png", tile)[1].tobytes())
    return number


def cut_all(pairs, folder, side: int = 256) -> dict[str, int]:
    """`cut` all mosaics of `pairs`, from `data.mosaics`, into one folder, each once: what an earlier run has cut is kept.

    Mosaics that changed since are cut anew, and tiles of those that are gone are deleted, so that the folder holds the tiles of these
    mosaics alone. Says beforehand what takes more than half a minute, and how much of the disk.

    Returns:
        {mosaic: number of its tiles}, in the order of `pairs`.
    """
    folder = Path(folder)
    index, known = folder / "tiles.json", {}  # {mosaic: [side, sizes and times of its files, number of tiles]}
    with contextlib.suppress(OSError, ValueError, TypeError):
        known = {name: list(entry) for name, entry in dict(json.loads(index.read_text("utf-8"))).items()}
    wanted, pixels = {}, {}
    for image, mask in zip(pairs.images, pairs.masks, strict=True):
        with rasters.open_mosaic(image, 3) as source:
            pixels[image.stem] = source.height * source.width
        wanted[image.stem] = [side, *([file.stat().st_size, file.stat().st_mtime_ns] for file in (image, mask) if file.is_file())]
    kept = {name: known[name] for name in wanted if name in known and known[name][:-1] == wanted[name]}
    left_over = [path for kind in ("images", "masks") for path in folder.glob(f"{kind}/*.png") if path.stem.rsplit("_", 2)[0] not in kept]
    for path in left_over:
        path.unlink()
    to_do = sum(number for name, number in pixels.items() if name not in kept)
    needed, free = to_do * BYTES_A_PIXEL, shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.is_dir())).free
    if needed > free:
        raise DataProblem(f"{folder}: the tiles take about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free; free some space first.")
    if to_do > 30 * PIXELS_A_SECOND:
        minutes = max(1, round(to_do / PIXELS_A_SECOND / 60))
        print(f"cutting {len(wanted) - len(kept)} mosaics, once: about {minutes} min, {needed / 1e9:.1f} GB in {folder.name}", flush=True)
    for image, mask in zip(pairs.images, pairs.masks, strict=True):
        if image.stem not in kept:
            kept[image.stem] = [*wanted[image.stem], cut(image, mask, folder, side)]
            index.with_suffix(".new").write_text(json.dumps(kept), "utf-8")
            os.replace(index.with_suffix(".new"), index)
    return {name: kept[name][-1] for name in wanted}


def problems(image, mask) -> list[str]:
    """All that is wrong with a mosaic and its mask of land cover, one sentence each; read block by block, because they may be large."""
    found, sources = [], []
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB), contextlib.ExitStack() as opened:
        for path, bands in ((image, 3), (mask, 1)):
            try:
                source = opened.enter_context(rasters.open_mosaic(path, bands))
                sources.append(source)
                values = np.zeros(256, bool)
                for row in range(0, source.height, 256):
                    values[np.unique(_read(source, row, 0, min(256, source.height - row), source.width))] = True
                if bands == 1:
                    to_train(np.flatnonzero(values).astype(np.uint8), path, LANDCOVER)
            except DataProblem as problem:
                found.append(str(problem))
        apart = _apart(*sources) if len(sources) == 2 else ""
    return found + [apart] * bool(apart)


def overlapping(images) -> list[tuple]:
    """Pairs of mosaics that share more than a tenth of the smaller one's land, by their places on the map."""
    places = []
    for path in images:
        with contextlib.suppress(DataProblem), rasters.opened(path) as source:
            if source.crs:
                places.append((path, source.crs, source.bounds))
    found = []
    for (one, crs, a), (other, its, b) in itertools.combinations(places, 2):
        width, height = min(a.right, b.right) - max(a.left, b.left), min(a.top, b.top) - max(a.bottom, b.bottom)
        smaller = min((place.right - place.left) * (place.top - place.bottom) for place in (a, b))
        if crs == its and width > 0 and height > 0 and width * height > smaller / 10:
            found.append((one, other))
    return found


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along one side of `length` pixels: `tile - overlap` apart, the last one moved back to end with the side.

    ValueError unless 0 <= overlap < tile.
    """
    if not 0 <= overlap < tile:
        raise ValueError(f"The overlap must be at least 0 and below the tile's side {tile}, not {overlap}.")
    last = max(0, length - tile)
    return [*range(0, last, tile - overlap), last]


def weights(tile: int, overlap: int) -> np.ndarray:
    """How much each pixel of a tile counts, float32 (tile, tile): 1 in the middle, falling as a squared sine over the overlap.

    Where two tiles overlap by `overlap`, at most half a tile, their weights add up to 1. Never 0: a mosaic's corner lies in one tile only.
    """
    ramp = min(overlap, tile // 2)
    line = np.ones(tile)
    line[:ramp] = np.sin(np.pi / 2 * (np.arange(ramp) + 0.5) / max(ramp, 1)) ** 2
    line = np.minimum(line, line[::-1])
    return np.outer(line, line).astype(np.float32)


def predict_mosaic(model, source, target, tile: int = 256, overlap: int = 128, batch: int = 8, threshold: float = 0.5) -> None:
    """Predict a mosaic of any size in bounded memory, and write the class of each pixel as a GeoTIFF in the same place on the map.

    Each row of tiles adds its probabilities, weighted by `weights`, to a buffer; rows that no later tile touches are written at once.

    Args:
        model: a Keras model, or any function, from images float32 (batch, tile, tile, 3) in [0, 1] to (batch, tile, tile, classes), or
            to one channel for two classes.
        source: path of the mosaic, three bands of 8 bits.
        target: path of the result, one band of class ids, 255 where the mosaic's file says that it has no data; appears when complete, and
            nothing is left if the run is interrupted.
        tile: side of a tile in pixels.
        overlap: pixels shared by neighbouring tiles; 0 joins them edge to edge, half a tile costs four times as many predictions.
        batch: tiles a call.
        threshold: for one channel, class 1 is where it is above: 0.5 for probabilities, 0 for logits.

    Raises:
        DataProblem: a source that cannot be used, or no room for the result.
        ValueError: an impossible tile, overlap or batch, the source as target, or a model that answers in another shape or with what is
            not finite.
    """
    target = Path(target)
    for what, number, least in (("tile", tile, 1), ("overlap", overlap, 0), ("batch", batch, 1)):
        if not isinstance(number, Integral) or number < least:
            raise ValueError(f"{what} must be a whole number of at least {least}, not {number!r}.")
    if target.is_dir() or target.resolve() == Path(source).resolve():
        raise ValueError(f"{target} is {'a folder' if target.is_dir() else 'the mosaic itself'}: give the result a file of its own.")
    part = target.with_name(f".{target.name}.part")
    network = getattr(model, "predict_on_batch", model)

    def predict(images):
        scores = class_scores(network(images), threshold)
        if scores.shape[:3] != images.shape[:3] or scores.shape[3] > IGNORE:
            raise ValueError(f"The model must give {images.shape[:3]} pixels with at most {IGNORE} classes, not {scores.shape}.")
        return scores

    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_MB), rasters.open_mosaic(source, 3) as mosaic, _create(part, mosaic) as result:
            rows, columns = starts(mosaic.height, tile, overlap), starts(mosaic.width, tile, overlap)
            for left in range(0, mosaic.width, STRIP):
                right = min(left + STRIP, mosaic.width)
                touching = [column for column in columns if left - tile < column < right]
                for row, classes in _bands(predict, mosaic, rows, touching, tile, weights(tile, overlap), batch):
                    classes = classes[:, left - touching[0] : right - touching[0]]
                    seen = rasters.seen(mosaic, row, left, *classes.shape)
                    if seen is not None:
                        classes[~seen] = IGNORE
                    result.write(classes, 1, window=((row, row + len(classes)), (left, right)))
        os.replace(part, target)
    except OSError as error:  # rasterio's own errors in reading and writing are OSErrors too
        free = shutil.disk_usage(target.parent).free / 1e6 if target.parent.is_dir() else 0
        remedy = f"is the disk full ({free:.0f} MB are free), or may nobody write there?"
        raise DataProblem(f"{target}: the result cannot be written; {remedy}") from error
    finally:
        part.unlink(missing_ok=True)


def _bands(predict, mosaic, rows, columns, tile, weight, batch):
    """Yields (first row, classes uint8 (rows, width)) from top to bottom; the width runs from the first of `columns` on."""
    height, width = min(tile, mosaic.height), columns[-1] - columns[0] + tile
    total = None
    for row, following in zip(rows, [*rows[1:], mosaic.height], strict=True):
        strip = _read(mosaic, row, columns[0], height, min(width, mosaic.width - columns[0]))
        missing = tile - strip.shape[0], width - strip.shape[1]  # a mosaic smaller than a tile continues as in a mirror
        strip = np.pad(strip, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
        for first in range(0, len(columns), batch):
            places = [column - columns[0] for column in columns[first : first + batch]]
            images = np.stack([strip[:, place : place + tile] for place in places])
            scores = predict(np.divide(images, 255, dtype=np.float32))
            if total is None:
                total = np.zeros((tile, width, scores.shape[3]), np.float32)
            for place, score in zip(places, scores, strict=True):
                total[:, place : place + tile] += weight[:, :, None] * score
        done = following - row
        yield row, total[:done].argmax(axis=2).astype(np.uint8)
        total[:-done] = total[done:]  # what later tiles add to moves up
        total[len(total) - done :] = 0


def _apart(image, mask):
    """What keeps an open mosaic and its mask from lying on top of each other, a sentence; empty if nothing does."""
    if image.shape != mask.shape:
        return f"{mask.name}: the mask is {mask.height}×{mask.width} but its image {image.height}×{image.width}; give both one size."
    words = rasters.apart(rasters.place(image), rasters.place(mask), *image.shape)
    return f"{mask.name}: the mask and its image {words}; warp one onto the other." if words else ""


def _read(source, row, column, height, width):
    """A window, uint8 (height, width, bands)."""
    try:
        return np.moveaxis(source.read(window=((row, row + height), (column, column + width))), 0, -1)
    except Exception:  # GDAL has many errors for a damaged file
        raise DataProblem(f"{source.name}: the file is cut off or damaged near row {row}; get it again.") from None


def _create(path, like):
    place = {"crs": like.crs, "transform": like.transform, "height": like.height, "width": like.width}
    blocks = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "DEFLATE", "BIGTIFF": "IF_SAFER"}
    return rasterio.open(path, "w", driver="GTiff", dtype="uint8", count=1, nodata=IGNORE, **blocks, **place)
