"""Makes carla: drives through generated streets, in the layout of the Lyft challenge of 2018, which took its frames from CARLA.

`CameraRGB/NAME.png` is the view from the car, 800×600, and `CameraSeg/NAME.png` of the same name has the class in its red channel
and nothing in the others. Four frames come from each world, seven metres apart: `world07_2.png` is the third one of world 7.
train.txt, val.txt and test.txt list the names of whole worlds, because frames of one world are nearly alike.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from course_utils.classes import CARLA
from data_scripts.render import Scene
from data_scripts.shading import picture
from data_scripts.street import Street

VERSION = 1
SEED = 1
WORLDS = {"train": 40, "val": 10, "test": 10}
FRAMES = 4  # of each world
CLASS_OF = {  # the street's words; sky is background
    "lawn": "background", "building": "building", "fence": "fence", "furniture": "other", "awning": "other", "person": "pedestrian",
    "pole": "pole", "road line": "road line", "road": "road", "pavement": "pavement", "tree": "vegetation", "bush": "vegetation",
    "hedge": "vegetation", "car": "car", "camera car": "car", "wall": "wall",
    "traffic sign": "traffic sign", "traffic light": "traffic sign",
}  # fmt: skip


def make(folder: Path, seed: int = SEED, worlds: dict[str, int] = WORLDS, size=(800, 600), processes: int | None = None) -> None:
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
    drive = partial(drive_through, folder, seed, size)
    print(f"carla: drawing {len(splits) * FRAMES} frames, about a minute on two cores, once", flush=True)
    # Fresh processes, because a fork of a notebook that has begun to train would hang.
    with ProcessPoolExecutor(processes or min(8, os.cpu_count()), get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        list(tqdm(pool.map(drive, range(len(splits))), "carla", len(splits), leave=False, unit="world", disable=None))


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
        for kind, array in (("CameraRGB", image), ("CameraSeg", red)):  # Python writes: on Windows OpenCV cannot open every path
            (folder / kind / name(world, moment)).write_bytes(cv2.imencode(".png", array[..., ::-1])[1].tobytes())


def mask(scene: Scene) -> np.ndarray:
    """The class of each pixel as CARLA numbers it, uint8 (height, width)."""
    ids = {c.name: c.id for c in CARLA.classes}
    return np.array([*(ids[CLASS_OF[part.name]] for part in scene.parts), ids["background"]], np.uint8)[scene.ids]
