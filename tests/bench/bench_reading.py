"""Reading 48 PNG pairs of 2048×1024 to 256×256, as in Cityscapes: `Pairs.batches` with two threads against one thread that reads with
`cv2.imread`, resizes (image: area, mask: nearest) and divides by 255. OpenCV itself is held to one thread on both sides. Memory is
that of the arrays that stay in memory for a second pass, and the peak while they come about; the other way keeps float64 images and
one-hot float32 masks of 34 classes.
"""

import statistics
import tempfile
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
from harness import Row, interleave, times_faster

from course_utils.classes import Class, ClassTable
from course_utils.data import Pairs

PAIRS, SIZE, CLASSES, BATCH = 48, (256, 256), 34, 4
TABLE = ClassTable("street", [Class(i, f"class {i}", (i, i, i), i) for i in range(CLASSES)])


def street(rng):
    """Sky, houses, a road and some boxes, with shading and texture that make a PNG of about 2 MB; and the mask."""
    mask = np.full((1024, 2048), 1, np.uint8)
    mask[600:] = 2
    for _ in range(60):
        x, y, wide, high = rng.integers(0, 2048), rng.integers(200, 800), rng.integers(20, 300), rng.integers(20, 300)
        mask[y : y + high, x : x + wide] = rng.integers(3, CLASSES)
    colours = rng.integers(30, 200, (CLASSES, 3)).astype(np.float32)
    light = cv2.resize(rng.normal(0, 12, (32, 64)).astype(np.float32), (2048, 1024), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(rng.normal(0, 6, (1024, 2048, 3)).astype(np.float32), (0, 0), 1.2)
    return np.uint8(np.clip(colours[mask] + light[:, :, None] + grain, 0, 255)), mask


def write(folder):
    rng, images, masks = np.random.default_rng(0), [], []
    for i in range(PAIRS):
        image, mask = street(rng)
        images.append(folder / f"{i}_leftImg8bit.png")
        masks.append(folder / f"{i}_labelIds.png")
        cv2.imwrite(str(images[-1]), image)
        cv2.imwrite(str(masks[-1]), mask)
    return Pairs(images, masks, TABLE, "street")


def loop(pairs):
    """The plain way, one batch after the other, without keeping anything."""
    for start in range(0, PAIRS, BATCH):
        images, masks = [], []
        for image, mask in zip(pairs.images[start : start + BATCH], pairs.masks[start : start + BATCH], strict=True):
            small = cv2.resize(cv2.imread(str(image)), SIZE[::-1], interpolation=cv2.INTER_AREA)
            images.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.float32) / 255)
            masks.append(cv2.resize(cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE), SIZE[::-1], interpolation=cv2.INTER_NEAREST))
        np.stack(images), np.stack(masks)


def everything(pairs):
    """float64 images and one-hot float32 masks, all at once."""
    images = np.empty((PAIRS, *SIZE, 3))
    masks = np.empty((PAIRS, *SIZE, CLASSES), np.float32)
    for i in range(PAIRS):
        images[i] = cv2.cvtColor(cv2.resize(cv2.imread(str(pairs.images[i])), SIZE[::-1]), cv2.COLOR_BGR2RGB) / 255.0
        mask = cv2.resize(cv2.imread(str(pairs.masks[i]), cv2.IMREAD_GRAYSCALE), SIZE[::-1], interpolation=cv2.INTER_NEAREST)
        masks[i] = np.eye(CLASSES, dtype=np.float32)[mask]
    return images, masks


def one_pass(batches):
    for _ in batches:
        pass


def memory(make):
    """MB that stay, and the peak, of what `make` returns. Arrays of numpy and of OpenCV both count."""
    tracemalloc.start()
    kept = make()
    stays, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return stays / 1e6, peak / 1e6


def run():
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        pairs = write(Path(folder))
        batches = None

        def first():
            nonlocal batches
            batches = pairs.batches(SIZE, batch=BATCH, workers=2)
            one_pass(batches)

        seconds = interleave(5, loop=lambda: loop(pairs), first=first, second=lambda: one_pass(batches))
        speed = {name: f"{PAIRS / statistics.median(values):.0f} pairs/s" for name, values in seconds.items()}

        def ours():
            batches = pairs.batches(SIZE, batch=BATCH, workers=2)
            one_pass(batches)
            return batches

        stays, peak = memory(ours)
        other_stays, other_peak = memory(lambda: everything(pairs))
    return [
        Row("first pass", speed["first"], speed["loop"], times_faster(seconds["loop"], seconds["first"]), 1.9),
        Row("second pass", speed["second"], speed["loop"], times_faster(seconds["loop"], seconds["second"]), 30),
        Row("memory that stays", f"{stays:.0f} MB", f"{other_stays:.0f} MB", other_stays / stays, 20),
        Row("peak memory of the first pass", f"{peak:.0f} MB", f"{other_peak:.0f} MB", other_peak / peak),
    ]
