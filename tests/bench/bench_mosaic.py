"""Prediction of a whole mosaic with `tiles.predict_mosaic`. Seconds: 2048×2048, SegNet of width 4, tiles of 256, 50 % overlap and blending
(225 tiles) against tiles joined edge to edge (64); at most 4.4 times as long is asked for, a ratio of 0.23. Memory: peak of a process of
its own with Keras and a 1×1 convolution as the network, 50 % overlap, for 9000×9500 (at most 1.5 GB is asked for) and for four times
as many pixels (at most a tenth more is asked for, a ratio of 0.91).
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import rasterio
from harness import Row, interleave, times_faster

from course_utils.models import segnet
from course_utils.tiles import predict_mosaic
from course_utils.training import peak_mb

ROUNDS, SMALL, LARGE = 3, (9000, 9500), (18000, 19000)


def write(path, height, width):
    """A mosaic of soft colours, written band by band, in the way orthophotos come: JPEG in blocks."""
    options = {"driver": "GTiff", "dtype": "uint8", "count": 3, "height": height, "width": width, "crs": "EPSG:2180"}
    packed = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "JPEG", "photometric": "YCBCR"}
    wave = np.sin(np.arange(256) / 40) + np.sin(np.arange(256) / 30)[:, None] + np.arange(3)[:, None, None]
    band = np.tile(np.uint8(127 + 40 * wave), (1, 1, width // 256 + 1))[:, :, :width]
    place = rasterio.transform.from_origin(500_000, 500_000, 0.25, 0.25)
    with rasterio.Env(GDAL_CACHEMAX=64), rasterio.open(path, "w", transform=place, **options, **packed) as file:
        for row in range(0, height, 256):
            file.write(band[:, : height - row], window=((row, min(row + 256, height)), (0, width)))


def peak(height, width):
    """Peak memory in MB of this process, which predicts a mosaic of this size."""
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(5, 1)])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "mosaic.tif", Path(folder) / "classes.tif"
        write(source, height, width)
        predict_mosaic(model, source, target)
        with rasterio.open(target) as result:
            assert result.shape == (height, width)
    return peak_mb()


def run():
    keras.utils.set_random_seed(1)
    model = segnet((256, 256, 3), width=4)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "mosaic.tif", Path(folder) / "classes.tif"
        write(source, 2048, 2048)
        predict_mosaic(model, source, target, overlap=0)  # warm
        seconds = interleave(
            ROUNDS,
            blended=lambda: predict_mosaic(model, source, target, overlap=128),
            joined=lambda: predict_mosaic(model, source, target, overlap=0),
        )
    used = {}
    for size in (SMALL, LARGE):
        command = [sys.executable, __file__, *map(str, size)]
        used[size] = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
    median = {name: f"{statistics.median(values):.1f} s" for name, values in seconds.items()}
    small, large = (f"{used[size]:.0f} MB" for size in (SMALL, LARGE))
    return [
        Row("50 % overlap / edge to edge", median["blended"], median["joined"], times_faster(seconds["joined"], seconds["blended"]), 0.227),
        Row("peak memory, 9000×9500 / 1.5 GB", small, "1500 MB", 1500 / used[SMALL], 1),
        Row("peak memory, 18000×19000 / 9000×9500", large, small, used[SMALL] / used[LARGE], 0.91),
    ]


if __name__ == "__main__":
    print(peak(*map(int, sys.argv[1:])))
