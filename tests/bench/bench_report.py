"""Per-class report (Dice, IoU, precision, sensitivity, specificity, support) of 200 predictions of 256×256 pixels and 13 classes, class ids
on both sides. Ours streams them, 20 at a time, through one `ConfusionMatrix`. The other is the course notes' way: for each class a loop
over the images that makes masks of that class, appends them to what it has by `np.concatenate`, and counts at the end. Memory is the
growth of the process while the images come one batch after the other and none is kept: for 200 and for 800 images (ratio: the smaller
over the larger growth; 1 if both stay below 8 MB). The other's is the peak of numpy's arrays for 200. Seconds are the processor's.
"""

import statistics
import time
import tracemalloc

import numpy as np
import psutil
from harness import Row, interleave, times_faster

from course_utils.metrics import ConfusionMatrix, report

IMAGES, SIZE, CLASSES, BATCH = 200, 256, 13, 20
NAMES = [f"class {number}" for number in range(CLASSES)]


def batches(images):
    """Pairs of masks and predictions, uint8 (batch, height, width): blocks of classes, three pixels of four right."""
    rng = np.random.default_rng(0)
    for _ in range(images // BATCH):
        masks = np.kron(rng.integers(CLASSES, size=(BATCH, 16, 16)), np.ones((16, 16), int)).astype(np.uint8)
        noise = rng.integers(CLASSES, size=masks.shape).astype(np.uint8)
        yield masks, np.where(rng.random(masks.shape) < 0.75, masks, noise)


def ours(pairs):
    metric = ConfusionMatrix(CLASSES)
    for masks, predictions in pairs:
        metric.update_state(masks, predictions)
    return report(metric.matrix(), NAMES)


def notes(masks, predictions):
    rows = []
    for number, name in enumerate(NAMES):
        true, said = np.array([], bool), np.array([], bool)
        for mask, prediction in zip(masks, predictions, strict=True):
            true = np.concatenate([true, (mask == number).ravel()])
            said = np.concatenate([said, (prediction == number).ravel()])
        hit, invented, missed, rest = ((a & b).sum() for a, b in [(true, said), (~true, said), (true, ~said), (~true, ~said)])
        scores = {"Dice": 2 * hit / (2 * hit + invented + missed), "IoU": hit / (hit + invented + missed)}
        scores |= {"precision": hit / (hit + invented), "sensitivity": hit / (hit + missed), "specificity": rest / (rest + invented)}
        rows.append({"class": name} | scores | {"support": true.sum()})
    return rows


def growth(images):
    """MB by which the process grows at most while `ours` goes through so many images, looked at after each batch."""
    process, sizes = psutil.Process(), []

    def watched():
        for pair in batches(images):
            yield pair
            sizes.append(process.memory_info().rss)

    before = process.memory_info().rss
    ours(watched())
    return max(0.0, (max(sizes) - before) / 1e6)


def run():
    pairs = list(batches(IMAGES))
    masks, predictions = (np.concatenate(part) for part in zip(*pairs, strict=True))
    assert all(
        np.isclose(list(a.values())[1:], list(b.values())[1:]).all() for a, b in zip(ours(pairs), notes(masks, predictions), strict=False)
    )
    seconds = interleave(5, time.process_time, ours=lambda: ours(pairs), notes=lambda: notes(masks, predictions))
    growth(IMAGES)  # what TensorFlow takes once and keeps
    few, many = growth(IMAGES), growth(4 * IMAGES)
    tracemalloc.start()
    notes(masks, predictions)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    constant = 1.0 if max(few, many) < 8 else few / many
    return [
        Row(
            "the notes' way",
            f"{statistics.median(seconds['ours']):.2f} s",
            f"{statistics.median(seconds['notes']):.1f} s",
            times_faster(seconds["notes"], seconds["ours"]),
            20,
        ),
        Row("growth for 800 images against 200", f"{many:.1f} MB", f"{few:.1f} MB", constant, 0.8),
        Row("memory for 200 images", f"{few:.1f} MB", f"{peak:.0f} MB", peak / max(few, 1)),
    ]
