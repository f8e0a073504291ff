"""Processor time of one redraw of each demo, from a new value of a control to the finished picture; the slowest control at either end
or click, median of five. At most 150 ms are allowed, so that the picture follows while a control is dragged. Images are noise of the
lessons' sizes.
"""

import statistics
import time

import cv2
import numpy as np
from harness import Row

from course_utils import demos, show
from course_utils.classes import CARLA, MEMBRANE
from course_utils.demos import sliders

ALLOWED, ROUNDS = 150, 5  # milliseconds


def run():
    cv2.setNumThreads(1)
    show.figure = lambda fig, alt: None
    return [Row(name, f"{ms:.0f} ms", f"{ALLOWED} ms", ALLOWED / ms, 1) for name, ms in ((name, slowest(call)) for name, call in calls())]


def calls():
    rng = np.random.default_rng(0)

    def noise(*shape):
        return np.clip(3 * cv2.GaussianBlur(rng.random(shape, dtype=np.float32), (0, 0), 4) - 1, 0, 1)

    small = np.stack([noise(36, 36) for _ in range(8)])
    streets, classes = np.stack([noise(192, 256, 3) for _ in range(4)]), rng.integers(0, 13, (4, 192, 256), dtype=np.uint8)
    street, cells, matrix = noise(256, 512, 3), noise(512, 512), rng.integers(0, 1000, (13, 13))
    objects = cv2.resize(np.arange(8, dtype=np.float32).reshape(2, 4), (512, 256), interpolation=cv2.INTER_NEAREST).astype(np.int32)
    return [
        ("convolution", demos.convolution),
        ("receptive_field", demos.receptive_field),
        ("threshold", lambda: demos.threshold(small[..., None], np.uint8(small > 0.5), small)),
        ("augmentation", lambda: demos.augmentation(cells[..., None], np.uint8(cells > 0.5), MEMBRANE)),
        ("loss_landscape", demos.loss_landscape),
        ("circles", demos.circles),
        ("confusion", lambda: demos.confusion(matrix, CARLA, matrix.sum(axis=1) / matrix.sum())),
        ("predictions", lambda: demos.predictions(streets, classes, CARLA, {"one": classes, "other": classes[::-1]})),
        ("tiling", lambda: demos.tiling(np.uint8(255 * noise(512, 512, 3)), scale=4)),
        ("field_of_view", lambda: demos.field_of_view(street)),
        ("click", lambda: demos.click(street, {"heap": np.int32(objects > 0), "object": objects, "part": objects % 3})),
    ]


def slowest(call):
    """Milliseconds."""
    shown = []
    sliders.display = shown.append
    call()
    *column, picture = shown[0].children
    actions = [(control, "value", end) for control in (column[0].children if column else []) for end in ends(control)]
    actions += [(picture, "place", place) for place in ([0.3, 0.3], [0.7, 0.3], [0.3, 0.7])] if picture.place else []
    times = {}
    for _ in range(ROUNDS):
        for number, (widget, trait, value) in enumerate(actions):
            start = time.process_time()
            setattr(widget, trait, value)
            times.setdefault(number, []).append(1000 * (time.process_time() - start))
    return max(statistics.median(values) for values in times.values())


def ends(control):
    if hasattr(control, "options"):
        return control.options[0], control.options[-1]
    return (control.max, control.min) if hasattr(control, "max") else (True, False)
