"""Cutting all of LandCover.ai as lesson 08 does at full size: 41 mosaics of the real sizes (33 of 9000×9500 pixels, 8 of 4200×4700) into
tiles of 256×256, then the three splits, and the search for the test tiles with the most classes. The mosaics are sparse files, all
black, so time and disk are not those of photographs. Memory: peak of a process of its own with Keras loaded; at most 2 GB is asked for.
A second run, with the tiles kept, is to take at most a tenth of the time.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from harness import Row

from course_utils import data, tiles
from course_utils.training import peak_mb

SIZES = [(9000, 9500, 0.25)] * 33 + [(4200, 4700, 0.5)] * 8
SIDE, MOST_MB, TESTED = 256, 2000, 256


def write(folder):
    """The mosaics and their masks; what a sparse file does not hold reads as 0."""
    west = 300_000.0
    for number, (height, width, metres) in enumerate(SIZES, start=1):
        where = {"driver": "GTiff", "dtype": "uint8", "height": height, "width": width, "crs": "EPSG:2180", "sparse_ok": True}
        where |= {
            "transform": rasterio.transform.from_origin(west, 500_000, metres, metres),
            "tiled": True,
            "blockxsize": 256,
            "blockysize": 256,
        }
        for kind, bands in (("images", 3), ("masks", 1)):
            (folder / kind).mkdir(exist_ok=True)
            rasterio.open(folder / kind / f"N-34-{number}-A-b-3-4.tif", "w", count=bands, **where).close()
        west += width * metres


def cut(folder):
    """Seconds of a first and a second run, number of tiles, and peak memory in MB of this process."""
    write(folder)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        counts = tiles.cut_all(data.mosaics(folder), folder / "tiles", SIDE)
        splits = {split: data.landcover(folder / "tiles", split) for split in ("train", "val", "test")}
        test = splits["test"][:TESTED]
        variety = [np.unique(test.read(number)[1]).size for number in range(len(test))]
        seconds.append(time.perf_counter() - start)
    assert len(counts) == len(SIZES)
    assert sum(counts.values()) == sum(map(len, splits.values())) == sum((h // SIDE) * (w // SIDE) for h, w, _ in SIZES)
    assert len(variety) == TESTED
    return *seconds, sum(counts.values()), peak_mb()


def run():
    with tempfile.TemporaryDirectory() as folder:
        code = f"import sys; sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}; from pathlib import Path; import bench_cutting"
        code += f"; print(*bench_cutting.cut(Path({folder!r})))"
        done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True)
    first, second, number, memory = map(float, done.stdout.splitlines()[-1].split())
    return [
        Row("peak memory", f"{memory:.0f} MB", f"{MOST_MB} MB", MOST_MB / memory, 1),
        Row("tiles kept", f"{second:.0f} s", f"{first:.0f} s for {number:.0f} tiles", first / second, 10),
    ]
