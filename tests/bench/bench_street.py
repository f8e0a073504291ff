"""Frames a second of the street generator at 800×600, with masks, written as PNG: `data_scripts.sets.carla` in two processes against one.
The processes are fresh ones, and starting them counts. 400 frames in 3 minutes on two cores would be 2.2 frames/s; the row of that
bound says how many times faster two processes are than that.
"""

import statistics
import tempfile
from pathlib import Path

from harness import Row, interleave, times_faster

from data_scripts.sets import carla

WORLDS = {"train": 6}
ASKED = 400 / 180  # frames a second


def run():
    seconds = interleave(3, two=lambda: make(2), one=lambda: make(1))
    frames = WORLDS["train"] * carla.FRAMES
    two, one = (frames / statistics.median(seconds[name]) for name in ("two", "one"))
    return [
        Row("400 frames in 3 minutes", f"{two:.1f} frames/s", f"{ASKED:.1f} frames/s", two / ASKED, 1),
        Row("two processes against one", f"{two:.1f} frames/s", f"{one:.1f} frames/s", times_faster(seconds["one"], seconds["two"])),
    ]


def make(processes):
    with tempfile.TemporaryDirectory() as folder:
        carla.make(Path(folder), 1, worlds=WORLDS, processes=processes)
