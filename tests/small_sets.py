"""Draws small copies of the generated sets, a few frames of a quarter of the pixels: `python -m tests.small_sets FOLDER`.

The tiny copies of the lessons find them through COURSE_DATA, so a test run waits for no full set. What is there already stays.
"""

import sys
from pathlib import Path

from data_scripts import making, store
from data_scripts.progress import Line
from data_scripts.sets import SETS

SMALL = {
    "eliret": {},
    "membrane": {},
    "carla": {"worlds": {"train": 4, "val": 2, "test": 2}, "size": [400, 300]},
    "landcover": {"sides": {"country-1": 1024, "country-2": 1024, "country-3": 2048}},  # lesson 08 opens a window far inside the last
    "camvid": {"frames": {"train": 10, "val": 4, "test": 4}, "size": [240, 180]},
    "cityscapes": {"frames": {"train": 16, "val": 6, "test": 2}, "size": [512, 256]},
}


def make(folder: Path) -> None:
    """All of them, below `folder`."""
    store.home = lambda: folder
    for name, options in SMALL.items():
        line = Line()
        line.end(str(making.make(SETS[name], line, **options)))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
