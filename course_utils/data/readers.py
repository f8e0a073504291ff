"""One reader a data set: from a folder in the set's own layout, real or generated, to the `Pairs` of one split.

`data_scripts check` runs these same readers, so what it calls sound can be read.
"""

import re
from pathlib import Path

from course_utils.classes import CAMVID, CARLA, CITYSCAPES, ELIRET, LANDCOVER, MEMBRANE
from course_utils.files import DataProblem, read_list

from .pairs import Pairs

SPLITS = ("train", "val", "test")


class Absent(DataProblem):
    """Nothing of a split is there at all."""


def eliret(folder, split: str) -> Pairs:
    """eliret: 32×32 grey ellipses and rectangles, split "train", "val" or "test"; "larger": images of several larger sizes.

    The notes give the larger images out in an archive of their own; `ensure` of data_scripts draws them where that is not there.
    """
    folder, _ = Path(folder), _choose((*SPLITS, "larger"), split)
    if split == "larger":
        stems = natural({path.name[:-5] for path in folder.glob("maior*[xy].png")})
        names = [(f"{stem}x.png", f"{stem}y.png") for stem in stems]
        if not names:
            raise Absent(f'{folder}: no larger images, maior1x.png and so on, here; `ensure("eliret")` of data_scripts adds them.')
    else:
        path = folder / {"train": "treino.csv", "val": "valida.csv", "test": "teste.csv"}[split]
        names = _pairs(path, "000x.png;000y.png", separator=";")
    images, masks = zip(*names, strict=True)
    return Pairs([folder / n for n in images], [folder / n for n in masks], ELIRET, f"eliret {split}", grey=True, threshold=128)


def membrane(folder, split: str) -> Pairs:
    """Cell membranes in the layout of ISBI 2012: 512×512 grey slices in their order, split "train" or "test" (may lack masks).

    The test images may lie in `test/image` or, as in the copy on GitHub, in `test` itself, beside somebody's predictions.
    """
    images, labels = (Path(folder) / _choose(("train", "test"), split) / kind for kind in ("image", "label"))
    if split == "test" and not images.is_dir():
        images = images.parent
    names = natural({name for name in _pictures(images, labels) if images.name == "image" or Path(name).stem.isdigit()})
    if not names:
        raise DataProblem(f"{images}: no PNG images here; put them back, or make the set with `python -m data_scripts make membrane`.")
    if not labels.is_dir() and (split == "train" or labels.exists()):
        raise DataProblem(f"{labels}: no folder with masks here; put it back, or make the set with `python -m data_scripts make membrane`.")
    masks = [labels / name for name in names] if labels.is_dir() else None
    return Pairs([images / name for name in names], masks, MEMBRANE, f"membrane {split}", grey=True, threshold=128)


def carla(folder, split: str) -> Pairs:
    """Street scenes in the layout of the Lyft challenge, 800×600, 13 classes; split "train", "val", "test", or "all" of them.

    Images lie in CameraRGB, masks of the same names in CameraSeg; there may be several such pairs of folders, as in Kaggle's copy. Which
    frame belongs to which split is said by train.txt, val.txt and test.txt, as in the generated set; or by folders of these names, as in
    `CameraRGB/train`. Where nothing says it, whole drives are held out, see `_by_drive`.
    """
    folder, wanted = Path(folder), SPLITS if _choose((*SPLITS, "all"), split) == "all" else (split,)
    if any((folder / f"{name}.txt").exists() for name in SPLITS):
        of = {name: [Path("CameraRGB", cell) for (cell,) in _cells(folder / f"{name}.txt", "world00_0.png", 1, parts=1)] for name in wanted}
    else:
        frames = _frames(folder)
        of = {name: [frame for frame in frames if name in frame.parts[:-1]] for name in SPLITS}
        of = of if sum(map(bool, of.values())) > 1 else _by_drive(frames)
        if not frames:
            raise DataProblem(f"{folder}: no frames here; put them back, or make the set with `python -m data_scripts make carla`.")
    images = [image for name in wanted for image in of[name]]
    if not images:
        number = sum(map(len, of.values()))
        raise DataProblem(f'{folder}: {number} frames are too few to split; ask for split "all", or put more frames there.')
    masks = [Path(*("CameraSeg" if part == "CameraRGB" else part for part in image.parts)) for image in images]
    return Pairs([folder / image for image in images], [folder / mask for mask in masks], CARLA, f"carla {split}", red=True)


def drive(path) -> str:
    """The drive, or world, that a frame of `carla` comes from: what stands before the last number of its name, else its folder.

    `world07_2.png` is from world07, `F61-52.png` from F61, `02_00_019.png` from 02_00, and `dataA/CameraRGB/7.png` from dataA.
    """
    path = Path(path)
    places = [part for part in path.parent.parts if part not in ("CameraRGB", *SPLITS)]
    return re.sub(r"[-_. ]*\d+$", "", path.stem) or "".join(places[-1:])


def _frames(folder):
    """All frames of `carla`, paths inside the set, in natural order; also those of which only the mask is there."""
    found = set()
    for kind in ("CameraRGB", "CameraSeg"):
        for place in (place for place in folder.rglob(kind) if place.is_dir()):
            for inside in (place, *(place / split for split in SPLITS)):
                there = inside.relative_to(folder)
                found |= {Path(*("CameraRGB" if part == kind else part for part in there.parts), name) for name in _pictures(inside)}
    return natural(found)


def _by_drive(frames):
    """{split: frames} with no drive in two splits: the last drives, 10 % of the frames or more, for the test, those before for validation.

    The largest drive is always trained on. Fewer than three drives are cut into 80, 10 and 10 % in the order of their frames.
    """
    drives = {}
    for frame in in_time(frames):
        drives.setdefault(drive(frame), []).append(frame)
    if len(drives) < 3:
        frames = [frame for name in natural(drives) for frame in drives[name]]
        tenths = [len(frames) * tenth // 10 if len(frames) > 9 else len(frames) for tenth in (8, 9)]
        return {"train": frames[: tenths[0]], "val": frames[tenths[0] : tenths[1]], "test": frames[tenths[1] :]}
    left = sorted(natural(drives), key=lambda name: drives[name] is not max(drives.values(), key=len))  # the largest one comes first
    of = {}
    for split, least in (("test", 2), ("val", 1)):
        of[split] = []
        while len(left) > least and len(of[split]) < len(frames) / 10:
            of[split] = drives[left.pop()] + of[split]
    return {"train": [frame for name in natural(left) for frame in drives[name]], **of}


def landcover(folder, split: str) -> Pairs:
    """Tiles of land cover mosaics, as `tiles.cut` names them, split "train", "val" or "test" by mosaic and never by tile.

    In the order of their names the last mosaics, 15 % of them but at least one, are for the test and those before them for validation.
    """
    _choose(SPLITS, split)
    images, masks = (Path(folder) / kind for kind in ("images", "masks"))
    of = {}  # mosaic -> names of its tiles
    for name in natural(name for name in _pictures(images, masks) if name.count("_") > 1):
        of.setdefault(name.rsplit("_", 2)[0], []).append(name)
    if len(of) < 3:
        raise DataProblem(f"{images}: tiles of {len(of)} mosaics, but 3 or more are needed; cut some by `python -m data_scripts tile`.")
    names, few = natural(of), max(1, round(0.15 * len(of)))  # in the order of `mosaics`
    chosen = {"train": names[: -2 * few], "val": names[-2 * few : -few], "test": names[-few:]}[split]
    tiles = [tile for name in chosen for tile in of[name]]
    masks = [masks / tile for tile in tiles] if masks.is_dir() else None
    return Pairs([images / tile for tile in tiles], masks, LANDCOVER, f"landcover {split}")


def mosaics(folder, split: str = "all") -> Pairs:
    """The mosaics of land cover themselves, GeoTIFFs in images and masks, in the order of their names; not to be read as a whole."""
    _choose(("all",), split)
    images, masks = (Path(folder) / kind for kind in ("images", "masks"))
    names = natural(_pictures(images, masks, endings=(".tif", ".tiff")))
    if not names:
        raise DataProblem(f"{images}: no GeoTIFF here; put the mosaics back, or make the set with `python -m data_scripts make landcover`.")
    return Pairs([images / name for name in names], [masks / name for name in names], LANDCOVER, "landcover")


def camvid(folder, split: str) -> Pairs:
    """CamVid as SegNet's authors split it, 480×360, 11 classes; split "train" (367 pairs), "val" (101) or "test" (233).

    The lists name each pair by the path that it had on the authors' machine; its last two parts are those under `folder`.
    Brostow, Fauqueur and Cipolla (2009), doi:10.1016/j.patrec.2008.04.005.
    """
    folder = Path(folder)
    path = folder / f"{_choose(SPLITS, split)}.txt"
    if split == "test" and not path.exists() and not (folder / split).exists():
        raise Absent(f"{path}: this list is missing; get the set with `python -m data_scripts get camvid`.")
    images, masks = zip(*_pairs(path, f"{split}/x.png {split}annot/x.png", parts=2), strict=True)
    return Pairs([folder / name for name in images], [folder / name for name in masks], CAMVID, f"camvid {split}")


def cityscapes(folder, split: str) -> Pairs:
    """Cityscapes in its own layout, 2048×1024, 34 ids of which 19 are trained on; split "train", "val", or "test" (no masks).

    Cordts et al. (2016), arXiv:1604.01685. Masks are the `labelIds` files of the fine annotation; those of the test are blank.
    """
    images, labels = (Path(folder) / kind / _choose(SPLITS, split) for kind in ("leftImg8bit", "gtFine"))
    image, mask = "_leftImg8bit.png", "_gtFine_labelIds.png"
    names = {path.relative_to(images).as_posix().removesuffix(image) for path in images.glob(f"*/[!.]*{image}")}
    if split != "test":
        names |= {path.relative_to(labels).as_posix().removesuffix(mask) for path in labels.glob(f"*/[!.]*{mask}")}
    if not names:
        raise DataProblem(f"{images}: no images here; put them back, or make the set with `python -m data_scripts make cityscapes`.")
    masks = None if split == "test" else [labels / f"{name}{mask}" for name in sorted(names)]
    return Pairs([images / f"{name}{image}" for name in sorted(names)], masks, CITYSCAPES, f"cityscapes {split}")


def natural(names, by=str) -> list:
    """Names or paths in the order in which a person counts: 2.png before 10.png, F61-7.png before F61-52.png before F62-1.png.

    by: gives the text that counts.
    """
    return sorted(names, key=lambda name: [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", by(name))])


def in_time(frames) -> list:
    """Frames of one drive in their order: by name, and only then by folder, because Kaggle's folders hold moments of the same drives."""
    return natural(frames, lambda frame: f"{frame.name}/{frame.parent}")


def _pictures(*folders, endings=(".png",)):
    """Names of the pictures in any of the folders, so that a missing image is noticed as well as a missing mask; no hidden files."""
    found = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {path.name for path in found if path.suffix.lower() in endings and not path.name.startswith(".")}


def _pairs(path, example, separator=None, parts=None):
    """[(image, mask), …], places inside the set, as the list of one split names them."""
    return _cells(path, example, 2, separator, parts)


def _cells(path, example, number, separator=None, parts=None):
    """The `number` places inside the set that each line of a list names. `parts`: only the last parts of a path count.

    DataProblem if the list cannot be read, names nothing, or has lines of another kind.
    """
    rows = []
    for line in read_list(path):
        cells = [cell.strip() for cell in line.split(separator) if cell.strip()]
        cells = ["/".join(cell.split("/")[-parts:]) for cell in cells] if parts else cells
        if len(cells) != number or any(cell.startswith("/") or ":" in cell or ".." in cell.split("/") for cell in cells):
            what = "one pair" if number == 2 else "one name"
            raise DataProblem(f'{path}: "{line[:60]}" is not {what} inside the set; write lines like `{example}`.')
        rows.append(cells)
    if not rows:
        raise DataProblem(f"{path}: the list names nothing; write lines like `{example}`.")
    return rows


def _choose(options, split):
    if split not in options:
        raise ValueError(f"split must be one of {', '.join(options)}, not {split!r}.")
    return split
