"""Small folders that are laid out exactly as the archives of the real sets unpack: names, places, lists, sizes' proportions, oddities.

`LAYOUTS[name](folder, size)` fills an empty folder; what it holds is noise with clear classes, enough for the readers, `check` and the
lessons at tiny size. `LEAKS[name](folder)` puts something of one split into another one.
"""

import io
import json
import shutil
from pathlib import Path

import cv2
import numpy as np

from course_utils.classes import CITYSCAPES
from data_scripts.sets.cityscapes import draw


def save(path: Path, array) -> None:
    """An array as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    array = array if array.ndim == 2 else array[..., ::-1]
    path.write_bytes(cv2.imencode(".png", array)[1].tobytes())


def photograph(rng, height, width, classes):
    """Image uint8 (height, width, 3) and mask uint8 (height, width) of blobs of the given class ids, each of a colour of its own."""
    coarse = rng.integers(0, len(classes), (4, 5)).astype(np.uint8)
    numbers = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    numbers[: height // 8, : len(classes) * (width // len(classes))] = np.repeat(
        np.arange(len(classes)), width // len(classes)
    )  # all of them
    colours = np.random.default_rng(0).integers(20, 235, (256, 3))
    mask = np.asarray(classes, np.uint8)[numbers]
    return np.clip(colours[mask] + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8), mask


# --- eliret: two archives of the notes --------------------------------------------------------------------------------------------


def eliret(folder: Path) -> None:
    """segm_eliret.zip: 200 pairs of 32×32, ellipses below 100 and rectangles from it on, in lists that alternate between the two."""
    rng = np.random.default_rng(1)
    for number in range(200):
        _shape(folder / f"{number:03d}", rng, (32, 32), number >= 100)
    for name, numbers in {"treino": range(50), "valida": range(50, 75), "teste": range(75, 100)}.items():
        lines = [f"{n:03d}x.png;{n:03d}y.png\r\n" for number in numbers for n in (number, number + 100)]
        (folder / f"{name}.csv").write_bytes("".join(lines).encode())


def eliret_larger(folder: Path) -> None:
    """Both archives, the second one unpacked beside the first: six larger pairs of two sizes in mixed order."""
    eliret(folder)
    rng = np.random.default_rng(2)
    for number, size in enumerate([(80, 88), (72, 88), (80, 88), (72, 88), (72, 88), (80, 88)], start=1):
        _shape(folder / f"maior{number}", rng, size, number % 2)


def eliret_in_its_folder(folder: Path) -> None:
    """As the archive's own folder was dragged into `data/eliret`."""
    (folder / "segm_eliret").mkdir(parents=True)
    eliret_larger(folder / "segm_eliret")


def _shape(start, rng, size, rectangle):
    mask, (height, width) = np.zeros(size, np.uint8), size
    centre, axes = (width // 2, height // 2), rng.integers(5, 12, 2).tolist()
    if rectangle:
        corners = cv2.boxPoints((centre, (2 * axes[0], 2 * axes[1]), float(rng.uniform(0, 90))))
        cv2.fillPoly(mask, [np.int32(corners)], 255)
    else:
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    image = rng.integers(60, 110) + mask / 255 * rng.integers(40, 80) + rng.normal(0, 8, size)
    save(Path(f"{start}x.png"), np.clip(image, 0, 255).astype(np.uint8))
    save(Path(f"{start}y.png"), mask)


# --- membrane ----------------------------------------------------------------------------------------------------------------------


def membrane(folder: Path, test="test/image", side=128) -> None:
    """As passed on: train/image, train/label and test/image, 30 slices each."""
    rng = np.random.default_rng(3)
    for split, kinds in (("train", ("image", "label")), ("test", ("image",))):
        for number in range(30):
            lines = np.full((side, side), 255, np.uint8)
            for _ in range(12):
                cv2.line(lines, rng.integers(0, side, 2).tolist(), rng.integers(0, side, 2).tolist(), 0, 2)
            image = np.clip(60 + lines / 255 * 90 + rng.normal(0, 12, lines.shape), 0, 255).astype(np.uint8)
            for kind, array in zip(kinds, (image, lines), strict=False):
                save(folder / (f"train/{kind}" if split == "train" else test) / f"{number}.png", array)


def membrane_github(folder: Path) -> None:
    """The copy on GitHub: test images in `test` itself beside predictions, distorted copies in train/aug."""
    membrane(folder, test="test")
    for number in range(3):
        shutil.copy(folder / f"train/label/{number}.png", folder / f"test/{number}_predict.png")
    (folder / "train/aug").mkdir()
    shutil.copy(folder / "train/image/0.png", folder / "train/aug/image_0_1234.png")


# --- CARLA, the Lyft challenge ------------------------------------------------------------------------------------------------------


def _street(folder, name, rng, inner="", size=(120, 160)):
    image, mask = photograph(rng, *size, range(13))
    image[-size[0] // 6 :], mask[-size[0] // 6 :] = (40, 40, 45), 10  # the own bonnet
    save(folder / "CameraRGB" / inner / name, image)
    save(folder / "CameraSeg" / inner / name, np.dstack([mask, 0 * mask, 0 * mask]))


def carla_release(folder: Path) -> None:
    """The release: one drive, plain numbers."""
    rng = np.random.default_rng(4)
    for number in range(40):
        _street(folder, f"{number}.png", rng)


def carla_kaggle(folder: Path) -> None:
    """Kaggle's copy: dataA to dataE, each in a folder of the same name; the last three with names of other drives."""
    rng, names = np.random.default_rng(5), {"A": "F6{d}-{n}.png", "B": "F7{d}-{n}.png", "C": "08_0{d}_{n:03d}.png", "D": "{n}.png"}
    for part, pattern in (names | {"E": "02_0{d}_{n:03d}.png"}).items():
        for number in range(12):
            _street(folder / f"data{part}/data{part}", pattern.format(d=number // 6, n=number), rng)


def carla_kaggle_one_drive_each(folder: Path) -> None:
    """Kaggle's copy where parts are moments of the same drives, the same names in each."""
    rng = np.random.default_rng(6)
    for part in "ABCDE":
        for number in range(8):
            _street(folder / f"data{part}", f"02_00_{number:03d}.png", rng)


def carla_notes(folder: Path) -> None:
    """The names of the notes: drive and frame, `F61-52.png`, whose order by length and name would interleave the drives."""
    rng = np.random.default_rng(7)
    for drive in (8, 9, 61, 62, 101):
        for frame in (1, 2, 9, 10, 52, 100):
            _street(folder, f"F{drive}-{frame}.png", rng)


def carla_split_folders(folder: Path) -> None:
    """The notes' own folders: CameraRGB/{train,val,test} and CameraSeg/{train,val,test}."""
    rng = np.random.default_rng(8)
    for split, drives in {"train": range(60, 65), "val": (65,), "test": (66, 67)}.items():
        for drive in drives:
            for frame in range(1, 7):
                _street(folder, f"F{drive}-{frame}.png", rng, split)


# --- CamVid --------------------------------------------------------------------------------------------------------------------------


def camvid(folder: Path) -> None:
    """SegNet's copy: lists with the paths of the authors' machine, names of several drives in each split."""
    rng = np.random.default_rng(9)
    starts = {
        "train": ("0001TP_0067{}0", "0006R0_f009{}0"),
        "val": ("0016E5_0796{}", "0001TP_0086{}0"),
        "test": ("0001TP_0081{}0", "Seq05VD_f0{}010"),
    }
    for split, number in (("train", 12), ("val", 6), ("test", 4)):
        lines = []
        for k in range(number):
            name = f"{starts[split][k % 2].format(k // 2)}.png"
            image, mask = photograph(rng, 90, 120, range(12))
            save(folder / split / name, image)
            save(folder / f"{split}annot" / name, mask)
            lines.append(f"/SegNet/CamVid/{split}/{name} /SegNet/CamVid/{split}annot/{name}\n")
        (folder / f"{split}.txt").write_text("".join(lines))


def camvid_without_test(folder: Path) -> None:
    """As often passed on: training and validation alone."""
    camvid(folder)
    for name in ("test", "testannot"):
        shutil.rmtree(folder / name)
    (folder / "test.txt").unlink()


# --- Cityscapes -------------------------------------------------------------------------------------------------------------------


def cityscapes(folder: Path, size=(512, 256)) -> None:
    """gtFine and leftImg8bit: `license plate` (id −1), groups, frames without people, blank labels of the test."""
    rng, (width, height) = np.random.default_rng(10), size
    cities = {"train": ("aachen", "bremen", "zurich"), "val": ("frankfurt", "lindau"), "test": ("berlin", "mainz")}
    for split, names in cities.items():
        for city in names:
            for number in range(6 if split == "train" else 4):
                name = f"{city}/{city}_{number:06d}_{19 + 7 * number:06d}"
                objects = _city(rng, width, height, people=number % 3)
                labels, instances = draw([thing for thing in objects if thing["label"] != "license plate"], size)
                colours = np.array([c.colour for c in CITYSCAPES.classes])
                image = np.clip(colours[labels] * 0.7 + 40 + rng.normal(0, 9, (height, width, 3)), 0, 255).astype(np.uint8)
                save(folder / "leftImg8bit" / split / f"{name}_leftImg8bit.png", image)
                start = folder / "gtFine" / split / f"{name}_gtFine"
                if split == "test":  # the real ones hold the bonnet and the border, and nothing else
                    objects = [{"label": "out of roi", "polygon": [[0, 0], [width, 0], [width, 2], [0, 2]]}]
                    labels = instances = np.where(np.arange(height)[:, None] < 2, 3, 0) * np.ones((1, width))
                painted = np.dstack([colours[labels.astype(int)], np.full((height, width, 1), 255)]).astype(np.uint8)
                start.parent.mkdir(parents=True, exist_ok=True)
                Path(f"{start}_polygons.json").write_text(json.dumps({"imgHeight": height, "imgWidth": width, "objects": objects}))
                save(Path(f"{start}_labelIds.png"), labels.astype(np.uint8))
                save(Path(f"{start}_instanceIds.png"), instances.astype(np.uint16))
                Path(f"{start}_color.png").write_bytes(cv2.imencode(".png", painted[..., [2, 1, 0, 3]])[1].tobytes())


def _city(rng, width, height, people):
    """Objects from back to front: all classes that are trained on; people, riders and their vehicles only where `people` is not 0."""

    def box(label, x, y, w, h):
        x, y, w, h = (round(v * s) for v, s in ((x, width), (y, height), (w, width), (h, height)))
        return {"label": label, "polygon": [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]}

    things = [
        box("sky", 0, 0, 1, 0.4),
        box("building", 0, 0.1, 0.5, 0.45),
        box("wall", 0.5, 0.35, 0.2, 0.15),
        box("fence", 0.7, 0.35, 0.3, 0.15),
    ]
    things += [box("vegetation", 0.55, 0.05, 0.25, 0.35), box("terrain", 0.8, 0.4, 0.2, 0.15), box("road", 0, 0.5, 1, 0.5)]
    things += [box("sidewalk", 0, 0.5, 0.25, 0.3), box("pole", 0.3, 0.05, 0.02, 0.6), box("traffic light", 0.3, 0.05, 0.05, 0.12)]
    things += [box("traffic sign", 0.85, 0.1, 0.08, 0.15), box("polegroup", 0.95, 0.1, 0.02, 0.4)]
    for label, x in (("car", 0.35), ("truck", 0.5), ("bus", 0.62), ("train", 0.74), ("cargroup", 0.88)):
        things.append(box(label, x + rng.uniform(0, 0.02), 0.5, 0.11, 0.2))
    things.append(box("license plate", 0.4, 0.62, 0.03, 0.03))
    if people:
        for label, x in (
            ("person", 0.1),
            ("persongroup", 0.18),
            ("rider", 0.45),
            ("motorcycle", 0.55),
            ("bicycle", 0.7),
            ("bicyclegroup", 0.8),
        ):
            things.append(box(label, x + rng.uniform(0, 0.02), 0.7, 0.07, 0.2))
    return [
        *things,
        box("ego vehicle", 0.2, 0.93, 0.6, 0.07),
        box("rectification border", 0, 0, 0.01, 1),
        box("out of roi", 0, 0.99, 1, 0.01),
    ]


# --- LandCover.ai -------------------------------------------------------------------------------------------------------------------

MOSAICS = {  # name: height, width and metres a pixel; three of the 33 at 25 cm and one of the 8 at 50 cm, an eighth as large as they are
    "M-33-20-D-c-4-2": (1125, 1188, 0.25), "M-33-48-A-c-4-4": (525, 588, 0.5), "N-33-60-D-c-4-2": (600, 550, 0.25),
    "N-34-106-A-b-3-4": (1150, 1100, 0.25),
}  # fmt: skip


def landcover(folder: Path, mosaics=None, nodata=None) -> None:
    """The archive: images and masks, GeoTIFFs in Poland's grid of several sizes and scales, line by line, and what else is in it.

    nodata: the value that images declare, with a border of it.
    """
    import rasterio
    from rasterio.transform import from_origin

    rng, west = np.random.default_rng(11), 350_000.0
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for name, (height, width, metres) in (mosaics or MOSAICS).items():
        image, mask = photograph(rng, height, width, range(5))
        where = {"driver": "GTiff", "dtype": "uint8", "height": height, "width": width, "crs": "EPSG:2180"}
        where["transform"] = from_origin(west, 470_000.0, metres, metres)
        if nodata is not None:
            image[:, -40:], mask[:, -40:] = nodata, 0
        with rasterio.open(folder / f"images/{name}.tif", "w", count=3, **where, nodata=nodata) as file:
            file.write(image.transpose(2, 0, 1))
        with rasterio.open(folder / f"masks/{name}.tif", "w", count=1, **where) as file:
            file.write(mask, 1)
        west += (width + 3) * metres
    (folder / "split.py").write_text("pass\n")
    (folder / "train.txt").write_text("".join(f"{name}_0\n" for name in mosaics or MOSAICS))


def landcover_nodata(folder: Path) -> None:
    """Images that declare a nodata value and have a border of it."""
    landcover(folder, nodata=0)


LAYOUTS = {
    "eliret": [eliret, eliret_larger, eliret_in_its_folder],
    "membrane": [membrane, membrane_github],
    "carla": [carla_release, carla_kaggle, carla_kaggle_one_drive_each, carla_notes, carla_split_folders],
    "camvid": [camvid, camvid_without_test],
    "cityscapes": [cityscapes],
    "landcover": [landcover, landcover_nodata],
}
ALL = [(name, layout) for name, layouts in LAYOUTS.items() for layout in layouts]


def beside(folder: Path) -> None:
    """What file managers leave behind, in every folder of a set."""
    for place in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        (place / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
        (place / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
        for path in [path for path in place.iterdir() if path.suffix in (".png", ".tif") and not path.name.startswith(".")][:1]:
            (place / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")


def resaved(source: Path, target: Path) -> None:
    """The same pixels in another file: PNG packed otherwise, TIFF copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix != ".png":
        shutil.copy(source, target)
        return
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(source) as image:
        image.save(buffer, "PNG", compress_level=1)
    target.write_bytes(buffer.getvalue())
