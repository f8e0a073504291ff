"""landcover: a countryside from the air, in the layout of LandCover.ai (Boguszewski et al. 2021).

`images/NAME.tif` (RGB) and `masks/NAME.tif` (one band: 0 other, 1 building, 2 woodland, 3 water, 4 road), GeoTIFFs that lie side by side
somewhere in Poland's grid, EPSG:2180.
"""

from pathlib import Path

import numpy as np

from course_utils import data
from data_scripts.dataset import DataSet, Mirror
from data_scripts.drawing.country import PIXEL, mosaic
from data_scripts.work import track

SIDES = {"country-1": 4096, "country-2": 2048, "country-3": 2048}  # name: pixels a side


def make(folder: Path, seed: int, sides: dict[str, int] = SIDES) -> None:
    """Fill an empty folder with the mosaics of `sides`: RGB as JPEG inside the GeoTIFF, as surveyors deliver it, masks without loss."""
    import rasterio  # late, because it is slow to import and only this function needs it
    from rasterio.transform import from_origin

    west = 500_000.0
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for number, (name, side) in enumerate(track(sides.items(), [side**2 for side in sides.values()])):
        image, mask = mosaic(np.random.default_rng([seed, number]), side)
        where = {"crs": "EPSG:2180", "transform": from_origin(west, 500_000.0, PIXEL, PIXEL)}
        where |= {"driver": "GTiff", "dtype": "uint8", "height": side, "width": side, "tiled": True, "blockxsize": 256, "blockysize": 256}
        packed = {"compress": "JPEG", "photometric": "YCBCR", "JPEG_QUALITY": 92}
        with rasterio.open(folder / f"images/{name}.tif", "w", count=3, **packed, **where) as file:
            file.write(image.transpose(2, 0, 1))
        with rasterio.open(folder / f"masks/{name}.tif", "w", count=1, compress="DEFLATE", **where) as file:
            file.write(mask, 1)
        west += side * PIXEL


SET = DataSet(
    name="landcover",
    what="country from the air, mosaics at 25 cm, 5 classes (lesson 08)",
    lesson=8,
    licence="CC BY-NC-SA 4.0, cite Boguszewski et al. 2021",
    source="landcover.ai",
    marks=("images", "masks"),
    layout=((r"((?:images|masks)/[^/]+\.tif)", r"\1"),),
    reader=data.mosaics,
    splits=("all",),
    make=make,
    mirrors=(
        Mirror("https://landcover.ai.linuxpolska.com/download/landcover.ai.v1.zip"),
        Mirror("https://landcover.ai/download/landcover.ai.v1.zip"),
    ),
    most_mb=12_000,
)
