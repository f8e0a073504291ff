"""membrane: a stack of slices through brain tissue, in the layout of the ISBI 2012 challenge as it is mostly passed on.

`train/image/0.png` … `29.png`, `train/label/…` (255 inside a cell, 0 membrane) and `test/image/…`, 512×512, 8-bit grey.
"""

from pathlib import Path

import numpy as np

from course_utils import data
from data_scripts.dataset import DataSet, Mirror
from data_scripts.drawing.tissue import stack
from data_scripts.work import save, track

SIZE, SLICES = 512, 30


def make(folder: Path, seed: int) -> None:
    """Fills an empty folder with 30 training pairs and 30 test images.

    Args:
        folder: an existing, empty folder.
        seed: the same seed gives the same files; train and test are two regions of the same tissue.
    """
    regions = dict(zip(("train", "test"), np.random.SeedSequence(seed).spawn(2), strict=True))
    for split, region in track(regions.items(), [1, 1]):
        kinds = ("image", "label") if split == "train" else ("image",)
        for kind in kinds:
            (folder / split / kind).mkdir(parents=True)
        for number, pair in enumerate(track(stack(np.random.default_rng(region), SLICES, SIZE), [1] * SLICES)):
            for kind, picture in zip(kinds, pair, strict=False):
                save(folder / split / kind / f"{number}.png", picture)


SET = DataSet(
    name="membrane",
    what="cell membranes under the electron microscope, 512×512, grey, 2 classes (lesson 05)",
    lesson=5,
    licence="research use, cite Arganda-Carreras et al. 2015",
    source="ISBI 2012 challenge",
    marks=("train/image", "train/label"),
    # The copy on GitHub keeps the test images one folder higher, among somebody's predictions.
    layout=((r"(train/(?:image|label)/[^/]+\.png)", r"\1"), (r"test/(?:image/)?(\d+\.png)", r"test/image/\1")),
    reader=data.membrane,
    splits=("train", "test"),
    make=make,
    mirrors=(
        Mirror("http://www.lps.usp.br/hae/apostila/membrane.zip"),
        Mirror("https://codeload.github.com/zhixuhao/unet/zip/refs/heads/master"),
    ),
)
