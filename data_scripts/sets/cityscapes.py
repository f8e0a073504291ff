"""Makes cityscapes: drives through generated cities, in the layout of Cityscapes (Cordts et al. 2016, arXiv:1604.01685).

`leftImg8bit/SPLIT/CITY/CITY_000007_000019_leftImg8bit.png` is the view from the car. `gtFine/SPLIT/CITY/` holds four files of it, but
none for the test: `…_gtFine_polygons.json` outlines what is seen, and the others are drawn from it as the official tools draw them,
object by object, later ones over earlier ones: `…_labelIds.png` (ids 0 to 33), `…_instanceIds.png` (16 bits: the id, or 1000 × id + k
for the k-th polygon of a class whose things are counted) and `…_color.png`. As in the real set an outline is that of the whole thing
where something nearer stands before it, gaps between leaves, spokes and railings are not cut out, and two frames come from each street.
"""

import json
from functools import partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from course_utils import data
from course_utils.classes import CITYSCAPES
from data_scripts.dataset import DataSet, Package
from data_scripts.drawing.city import City, sensor
from data_scripts.drawing.render import Scene
from data_scripts.drawing.shading import picture
from data_scripts.work import save, spread

FRAMES = {"train": 160, "val": 40, "test": 12}
CITIES = {  # some of those of the real set
    "train": ("aachen", "bochum", "bremen", "cologne", "darmstadt", "dusseldorf", "erfurt", "hamburg"),
    "val": ("frankfurt", "lindau", "munster"),
    "test": ("berlin", "bonn"),
}
STRIDE = 5  # of DRIVE metres between the two frames of a street
IDS = {c.name: c.id for c in CITYSCAPES.classes}
COUNTED = ("person", "rider", "car", "truck", "bus", "caravan", "trailer", "train", "motorcycle", "bicycle")
LABEL_OF = {  # the street's words where the set has others
    "road line": "road", "pavement": "sidewalk", "lawn": "terrain", "awning": "building", "furniture": "static",
    "tree": "vegetation", "bush": "vegetation", "hedge": "vegetation", "hill": "vegetation",
}  # fmt: skip
# What lies behind all else, from back to front; outlined as far as it is seen. Everything else has an outline of its own.
BACKDROP = ("sky", "hill", "terrain", "road", "parking", "rail track", "sidewalk", "building", "bridge", "wall", "hedge", "fence")
SQUARE = np.ones((3, 3), np.uint8)


def make(folder: Path, seed: int, frames: dict[str, int] = FRAMES, size=(1024, 512), processes: int | None = None) -> None:
    """Fill an empty folder with `frames` images of each split and their four label files.

    Args:
        seed: the same seed gives the same files. frames: number of images of each split, any number. size: width and height in pixels.
        processes: how many work at once; None: as many as there are cores, 8 at most.
    """
    jobs, world = [], 0
    for split, number in frames.items():
        cities = CITIES[split]
        for city, its in zip(cities, np.array_split(np.arange(number), len(cities)), strict=True):
            (folder / "leftImg8bit" / split / city).mkdir(parents=True)
            if split != "test":
                (folder / "gtFine" / split / city).mkdir(parents=True)
            for first in range(0, len(its), 2):
                jobs.append((world, split, city, range(first, min(first + 2, len(its)))))
                world += 1
    spread(partial(drive_through, folder, seed, size), jobs, processes)


def drive_through(folder: Path, seed: int, size, job) -> None:
    """Write the frames of one street. `job`: number of the street, split, city, and the numbers of its frames there."""
    world, split, city, numbers = job
    for number, (image, objects) in zip(numbers, islice(views([seed, world], size), len(numbers)), strict=True):
        name = f"{city}/{city}_{number:06d}_000019"
        save(folder / "leftImg8bit" / split / f"{name}_leftImg8bit.png", image)
        if split != "test":
            labels, instances = draw(objects, size)
            start = folder / "gtFine" / split / f"{name}_gtFine"
            text = {"imgHeight": size[1], "imgWidth": size[0], "objects": objects}
            Path(f"{start}_polygons.json").write_text(json.dumps(text), "utf-8")
            colours = np.array([(*c.colour, 255) for c in CITYSCAPES.classes], np.uint8)
            for kind, array in (("labelIds", labels), ("instanceIds", instances), ("color", colours[labels])):
                save(Path(f"{start}_{kind}.png"), array)


def views(seed, size, bonnet=True):
    """Image and objects of one frame of a street after the other, with or without the camera car's bonnet and the border of the picture."""
    street = City(seed)
    for k in range(2):
        camera, parts = street.frame(STRIDE * k, *size)
        scene = Scene([part for part in parts if bonnet or part.name != "ego vehicle"], camera)
        image = picture(scene, street.weather, np.random.default_rng([*seed, k]), sensor)
        objects = outline(scene)
        border = max(1, size[0] // 400)  # pixels that the rectification of the two cameras' pictures leaves empty
        if bonnet and seed[-1] % 2 == 0:
            image[:, :border] = 0
            objects.append({"label": "rectification border", "polygon": _frame(0, 0, border, size[1])})
        if bonnet:
            objects.append({"label": "out of roi", "polygon": _frame(0, size[1] - border, *size)})
        yield image, objects


def _frame(x0, y0, x1, y1):
    return [[x0, y0], [x1 - 1, y0], [x1 - 1, y1 - 1], [x0, y1 - 1]]


def outline(scene: Scene) -> list[dict]:
    """What is seen, from back to front: [{"label": name, "polygon": [[x, y], …]}, …], whole pixels."""
    fine = scene.camera.width / 1024
    keys, thing_of = {}, []
    for name in BACKDROP:
        keys[name] = len(keys)
    for part in scene.parts:
        label = LABEL_OF.get(part.name, part.name)
        key = next((name for name in (part.name, label) if name in BACKDROP), (label, part.instance))
        thing_of.append(keys.setdefault(key, len(keys)))
    names, thing_of = [key if isinstance(key, str) else key[0] for key in keys], np.array([*thing_of, 0])
    seen = thing_of[scene.ids]
    count = np.bincount(seen.ravel(), minlength=len(keys))
    depth = np.bincount(seen.ravel(), scene.depth.clip(0, 500).ravel(), len(keys)) / np.maximum(count, 1)
    things = [thing for thing in range(len(BACKDROP), len(keys)) if count[thing] >= 6 * fine**2]
    things.sort(key=lambda thing: (names[thing] == "ego vehicle", -depth[thing]))
    rank = np.zeros(len(keys), np.int16)  # those too small for an outline count as sky, that is, as nothing
    rank[: len(BACKDROP)], rank[things] = np.arange(len(BACKDROP)), np.arange(len(things)) + len(BACKDROP)
    level = rank[seen]
    fence, wide = BACKDROP.index("fence"), np.ones((round(15 * fine),) * 2, np.uint8)  # its gaps are not cut out
    level[(cv2.morphologyEx((level == fence).astype(np.uint8), cv2.MORPH_CLOSE, wide) > 0) & (level < fence)] = fence
    corners, starts, owners = scene.pixels
    rings = {}
    for owner, start, end in zip(thing_of[owners].tolist(), starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        rings.setdefault(owner, []).append(np.rint(corners[start:end] * 16).astype(np.int32))
    objects, drawn = [], np.zeros_like(level)
    for thing in range(len(BACKDROP)):
        region = (level == thing).astype(np.uint8)
        region |= cv2.dilate(region, SQUARE) & (level > thing)  # so that no gaps are left
        objects += _polygons(names[thing], region, 12, fine, drawn, thing)
    for thing in range(len(BACKDROP)):  # once more what was lost in gaps of other pieces
        lost = ((level == thing) & (drawn != thing)).astype(np.uint8)
        objects += _polygons(names[thing], cv2.morphologyEx(lost, cv2.MORPH_OPEN, SQUARE), 40, fine, drawn, thing)
    for thing in things:
        label, region = names[thing], (level == rank[thing]).astype(np.uint8)
        if label != "vegetation":  # all of it, except where something stands before it that is drawn already
            whole = np.zeros_like(region)
            for ring in rings[thing]:
                cv2.fillPoly(whole, [ring], 1, shift=4)
            region |= whole & (level > rank[thing])
        if label in ("vegetation", "bicycle", "bicyclegroup"):  # gaps are not cut out
            region = cv2.morphologyEx(region, cv2.MORPH_CLOSE, np.ones((round(5 * fine),) * 2, np.uint8))
        crowd = "group" if label in ("person", "car") and count[thing] < 30 * fine**2 else ""  # too far away to be counted
        objects += _polygons(label + crowd, region, 6, fine, drawn, thing)
    return objects


def _polygons(name, region, least, fine, drawn, thing):
    """Objects for the pieces of a region that have at least `least` pixels (of a picture 1024 wide); `drawn` becomes `thing` there."""
    found = []
    for contour in cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        polygon = cv2.approxPolyDP(contour, 0.6 * fine, True)
        if len(polygon) > 2 and cv2.contourArea(contour) + len(contour) / 2 >= least * fine**2:
            cv2.fillPoly(drawn, [polygon], thing)
            found.append({"label": "vegetation" if name in ("hill", "hedge") else name, "polygon": polygon[:, 0].tolist()})
    return found


def draw(objects: list[dict], size) -> tuple[np.ndarray, np.ndarray]:
    """Label ids, uint8, and instance ids, uint16, both (height, width), as the official tools draw them; a "…group" has no number."""
    sheet, values, counts = Image.new("I", size), [0], {}
    for index, thing in enumerate(objects, start=1):
        ImageDraw.Draw(sheet).polygon([tuple(corner) for corner in thing["polygon"]], fill=index)
        label = thing["label"]
        value = IDS[label.removesuffix("group")]
        if label in COUNTED:
            counts[label] = counts.get(label, -1) + 1
            value = 1000 * value + counts[label]
        values.append(value)
    instances = np.array(values)[np.asarray(sheet)]
    return np.where(instances < 1000, instances, instances // 1000).astype(np.uint8), instances.astype(np.uint16)


SET = DataSet(
    name="cityscapes",
    what="cities from a car, 2048×1024 (generated: 1024×512), colour, 19 classes (lessons 10–12)",
    lesson=10,
    licence="not to be passed on, registration, cite Cordts et al. 2016",
    source="www.cityscapes-dataset.com",
    marks=("leftImg8bit", "gtFine"),
    layout=((r"((?:leftImg8bit|gtFine)/(?:train|val|test)/[^/]+/[^/]+\.(?:png|json))", r"\1"),),
    reader=data.cityscapes,
    group=lambda path: path.parent.name,  # the city
    make=make,
    login="https://www.cityscapes-dataset.com/login/",
    packages=(
        Package("https://www.cityscapes-dataset.com/file-handling/?packageID=1", "gtFine"),
        Package("https://www.cityscapes-dataset.com/file-handling/?packageID=3", "leftImg8bit"),
    ),
    most_mb=15_000,
    most_files=40_000,
    sizes={"full": (2048, 1024)},
)
