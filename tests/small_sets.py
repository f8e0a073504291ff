"""Draws small copies of the generated sets, a few frames of a quarter of the pixels: `python -m tests.small_sets FOLDER`.

The tiny copies of the lessons find them through COURSE_DATA, so a test run waits for no full set. What is there already stays.
"""

import sys
from pathlib import Path

from data_scripts import store
from data_scripts.sets import SETS

SMALL = {
    "eliret": {},
    "membrane": {},
    "carla": {"worlds": {"train": 6, "val": 3, "test": 3}, "size": [400, 300]},
    "landcover": {"sides": {"country-1": 1536, "country-2": 768, "country-3": 768}},
    "camvid": {"frames": {"train": 16, "val": 6, "test": 6}, "size": [240, 180]},
    "cityscapes": {"frames": {"train": 16, "val": 6, "test": 2}, "size": [512, 256]},
}


def make(folder: Path) -> None:
    """All of them, below `folder`."""
    store.home = lambda: folder
    for name, options in SMALL.items():
        store.make(SETS[name], **options)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
