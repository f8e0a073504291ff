"""Makes carla: drives through generated streets, in the layout of the Lyft challenge of 2018, which took its frames from CARLA.

`CameraRGB/NAME.png` is the view from the car, 800×600, and `CameraSeg/NAME.png` of the same name has the class in its red channel
and nothing in the others. Four frames come from each world, seven metres apart: `world07_2.png` is the third one of world 7.
train.txt, val.txt and test.txt list the names of whole worlds, because frames of one world are nearly alike.
"""

from functools import partial
from pathlib import Path

import numpy as np

from course_utils import data
from course_utils.classes import CARLA
from data_scripts.dataset import DataSet, Mirror
from data_scripts.drawing.render import Scene
from data_scripts.drawing.shading import picture
from data_scripts.drawing.street import Street
from data_scripts.work import save, spread

WORLDS = {"train": 40, "val": 10, "test": 10}
FRAMES = 4  # of each world
CLASS_OF = {  # the street's words; sky is background
    "lawn": "background", "building": "building", "fence": "fence", "furniture": "other", "awning": "other", "person": "pedestrian",
    "pole": "pole", "road line": "road line", "road": "road", "pavement": "pavement", "tree": "vegetation", "bush": "vegetation",
    "hedge": "vegetation", "car": "car", "camera car": "car", "wall": "wall",
    "traffic sign": "traffic sign", "traffic light": "traffic sign",
}  # fmt: skip


def make(folder: Path, seed: int, worlds: dict[str, int] = WORLDS, size=(800, 600), processes: int | None = None) -> None:
    """Fill an empty folder with FRAMES frames of each world and the lists.

    Args:
        seed: the same seed gives the same files. worlds: number of worlds of each split. size: width and height in pixels.
        processes: how many work at once; None: as many as there are cores, 8 at most.
    """
    splits = [split for split, number in worlds.items() for _ in range(number)]
    for kind in ("CameraRGB", "CameraSeg"):
        (folder / kind).mkdir()
    for split in worlds:
        names = [f"{name(world, k)}\n" for world, its in enumerate(splits) if its == split for k in range(FRAMES)]
        (folder / f"{split}.txt").write_text("".join(names))
    spread(partial(drive_through, folder, seed, size), range(len(splits)), processes)


def name(world: int, moment: int) -> str:
    """File name of one frame."""
    return f"world{world:02d}_{moment}.png"


def drive_through(folder: Path, seed: int, size: tuple[int, int], world: int) -> None:
    """Write all frames of one world, and their masks."""
    street = Street([seed, world])
    for moment in range(FRAMES):
        camera, parts = street.frame(moment, *size)
        scene = Scene(parts, camera)
        image = picture(scene, street.weather, np.random.default_rng([seed, world, moment]))
        red = np.zeros_like(image)
        red[..., 0] = mask(scene)
        save(folder / "CameraRGB" / name(world, moment), image)
        save(folder / "CameraSeg" / name(world, moment), red)


def mask(scene: Scene) -> np.ndarray:
    """The class of each pixel as CARLA numbers it, uint8 (height, width)."""
    ids = {c.name: c.id for c in CARLA.classes}
    return np.array([*(ids[CLASS_OF[part.name]] for part in scene.parts), ids["background"]], np.uint8)[scene.ids]


SET = DataSet(
    name="carla",
    what="a street from a car, 800×600, colour, 13 classes (lesson 07)",
    lesson=7,
    licence="CC0",
    source="CARLA simulator, Lyft perception challenge 2018",
    marks=("**/CameraRGB", "**/CameraSeg"),
    # Kaggle's copy holds five runs, dataA to dataE, some in a folder of the same name.
    layout=(
        (r"(?:.*/)?(data[A-Z]/)(Camera(?:RGB|Seg)/[^/.][^/]*\.png)", r"\1\2"),
        (r"(?:.*/)?(Camera(?:RGB|Seg)/[^/.][^/]*\.png)", r"\1"),
    ),
    reader=data.carla,
    group=data.drive,
    make=make,
    mirrors=(
        Mirror("https://github.com/ongchinkiat/LyftPerceptionChallenge/releases/download/v0.1/carla-capture-20180513A.zip"),
        Mirror("https://www.kaggle.com/api/v1/datasets/download/kumaresanmanickavelu/lyft-udacity-challenge"),
    ),
    most_mb=8000,
    most_files=20_000,
    sizes={"half": (400, 300)},
)
