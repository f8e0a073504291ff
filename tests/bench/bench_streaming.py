"""Reading 300 PNG pairs of 2048×1024 to 512×256 with nothing kept in memory, as a set that is too large has to be read in each pass:
`Pairs.batches` with two threads against two threads that only decode image and mask (`cv2.imdecode`; no check, no resizing, no arrays
of batches). OpenCV itself is held to one thread on both sides. Memory is that of the process after the 50th and after the last pair.
"""

import gc
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import psutil
from bench_reading import TABLE, street
from harness import Row, interleave, times_faster

from course_utils.data import Pairs, batches

PAIRS, KINDS, SIZE, BATCH, EARLY = 300, 20, (256, 512), 4, 50


def write(folder):
    """300 pairs of 20 kinds; copies, because drawing takes longer than reading."""
    rng, images, masks = np.random.default_rng(0), [], []
    for i in range(PAIRS):
        images.append(folder / f"{i}_leftImg8bit.png")
        masks.append(folder / f"{i}_labelIds.png")
        pair = street(rng) if i < KINDS else (None, None)
        for paths, array in zip((images, masks), pair, strict=True):
            paths[-1].write_bytes(paths[i - KINDS].read_bytes() if array is None else cv2.imencode(".png", array)[1].tobytes())
    return Pairs(images, masks, TABLE, "street")


def decode(pairs):
    """Both files of each pair, decoded by two threads and dropped."""

    def one(index):
        for path in (pairs.images[index], pairs.masks[index]):
            cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(PAIRS)))


def one_pass(pairs):
    for _ in pairs.batches(SIZE, batch=BATCH, workers=2):
        pass


def resident(pairs):
    """MB of the process after EARLY pairs and after all of them."""
    megabytes = []
    for number, _ in enumerate(pairs.batches(SIZE, batch=BATCH, workers=2), start=1):
        if number in (-(-EARLY // BATCH), PAIRS // BATCH):
            gc.collect()
            megabytes.append(psutil.Process().memory_info().rss / 1e6)
    return megabytes


def run():
    cv2.setNumThreads(1)
    batches.CACHE_SHARE = 0.0  # nothing may stay
    with tempfile.TemporaryDirectory() as folder:
        pairs = write(Path(folder))
        decode(pairs)  # the files are then in the system's memory for both sides
        early, late = resident(pairs)
        seconds = interleave(3, decode=lambda: decode(pairs), stream=lambda: one_pass(pairs))
    speed = {name: f"{PAIRS / statistics.median(values):.1f} pairs/s" for name, values in seconds.items()}
    return [
        Row("streaming against bare decoding", speed["stream"], speed["decode"], times_faster(seconds["decode"], seconds["stream"]), 0.9),
        Row("memory after 50 pairs against after 300", f"{late:.0f} MB", f"{early:.0f} MB", early / late, 0.95),
    ]
