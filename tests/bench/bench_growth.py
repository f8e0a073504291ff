"""How a training step of `course_utils.models.unet` (0.75 M parameters, grey images) grows with the side of its images (batches of 4) and
with the batch (images of 64×64): the exponent k of side**k or batch**k, fitted by least squares to the logarithms. A network of
convolutions alone should come to 2 for the side and 1 for the batch. Seconds are the median step; memory is the peak of a process of
its own, less that of a process that only begins with Keras. `ours` is the largest size, `other` the smallest, the ratio is k.
"""

import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
from harness import Row

from course_utils.models import unet
from course_utils.training import peak_mb

SIDES, BATCHES, STEPS = (64, 96, 128, 192, 256), (1, 2, 4, 8, 16), 5
SIDE, BATCH = 64, 4  # of the other series


def measure(side, batch):
    """Seconds of a step and peak memory of this process in MB, before and after."""
    keras.utils.set_random_seed(1)
    model = unet((side, side, 1))
    model.compile("adam", "binary_crossentropy")
    images = np.random.default_rng(1).random((batch, side, side, 1), np.float32)
    masks = np.uint8(images > 0.5)
    before, seconds = peak_mb(), []
    for _ in range(STEPS + 1):
        start = time.perf_counter()
        model.train_on_batch(images, masks)
        seconds.append(time.perf_counter() - start)
    return np.median(seconds[1:]), before, peak_mb()  # the first one traces the graph


def exponent(sizes, values):
    return np.polyfit(np.log(sizes), np.log(values), 1)[0]


def run():
    taken = {}
    for side, batch in dict.fromkeys([*((side, BATCH) for side in SIDES), *((SIDE, batch) for batch in BATCHES)]):
        command = [sys.executable, __file__, str(side), str(batch)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
        seconds, before, peak = map(float, done.stdout.split()[-3:])
        taken[side, batch] = seconds, peak - before
    rows = []
    for name, sizes, keys in (
        ("side", SIDES, [(side, BATCH) for side in SIDES]),
        ("batch", BATCHES, [(SIDE, batch) for batch in BATCHES]),
    ):
        for column, what, unit in ((0, "seconds", "s"), (1, "memory", "MB")):
            values = [taken[key][column] for key in keys]
            k = exponent(sizes, values)
            texts = [f"{value:.3g} {unit} ({name} {size})" for value, size in zip(values, sizes, strict=True)]
            rows.append(Row(f"{what} grow as {name}^{k:.2f}" if column == 0 else f"{what} grows as {name}^{k:.2f}", texts[-1], texts[0], k))
    return rows


if __name__ == "__main__":
    print(*measure(*map(int, sys.argv[1:])))
