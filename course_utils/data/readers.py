"""One reader a data set: from a folder in the set's own layout, real or generated, to the `Pairs` of one split."""

from pathlib import Path

from course_utils.classes import CAMVID, CARLA, CITYSCAPES, ELIRET, LANDCOVER, MEMBRANE
from course_utils.files import DataProblem

from .pairs import Pairs


def eliret(folder, split: str) -> Pairs:
    """eliret: 32×32 grey ellipses and rectangles, split "train", "val" or "test"; "larger": six images of two larger sizes."""
    folder = Path(folder)
    if split == "larger":
        names = [(f"maior{i}x.png", f"maior{i}y.png") for i in range(1, 7)]
    else:
        path = folder / _choose({"train": "treino.csv", "val": "valida.csv", "test": "teste.csv", "larger": None}, split)
        if not path.is_file():
            raise DataProblem(f"{path}: this list is missing; make the set with `python -m data_scripts make eliret`.")
        names = [line.split(";") for line in path.read_text(encoding="utf-8-sig").split()]
        if not names or any(len(pair) != 2 for pair in names):
            raise DataProblem(f"{path}: lines must read `image;mask`, one pair each; correct the list or get the set again.")
    images, masks = zip(*names, strict=True)
    return Pairs([folder / n for n in images], [folder / n for n in masks], ELIRET, f"eliret {split}", grey=True, threshold=128)


def membrane(folder, split: str) -> Pairs:
    """Cell membranes in the layout of ISBI 2012: 512×512 grey slices in their order, split "train" or "test" (may lack masks)."""
    images, labels = (Path(folder) / _choose({"train": "train", "test": "test"}, split) / kind for kind in ("image", "label"))
    names = _in_order(images, labels)
    if not names:
        raise DataProblem(f"{images}: no PNG images here; make the set with `python -m data_scripts make membrane`.")
    masks = [labels / name for name in names] if labels.is_dir() else None
    return Pairs([images / name for name in names], masks, MEMBRANE, f"membrane {split}", grey=True, threshold=128)


def carla(folder, split: str) -> Pairs:
    """Street scenes in the layout of the Lyft challenge, 800×600, 13 classes; split "train", "val", "test", or "all" of them.

    Reads the generated set, which lists its splits; a folder with CameraRGB and CameraSeg, as the challenge gave it out; and several
    such folders side by side, as in Kaggle's copy. Without lists the frames stay in the order of their names and are cut into 80, 10
    and 10 %: neighbours in a drive are nearly alike and must not be torn apart at random.
    """
    folder = Path(folder)
    lists = [folder / f"{name}.txt" for name in ("train", "val", "test")]
    wanted = _choose({"train": (0, 8), "val": (8, 9), "test": (9, 10), "all": (0, 10)}, split)
    if any(path.is_file() for path in lists):
        chosen = lists if split == "all" else [folder / f"{split}.txt"]
        if missing := [path for path in chosen if not path.is_file()]:
            raise DataProblem(f"{missing[0]}: this list is missing; make the set with `python -m data_scripts make carla`.")
        images = [folder / "CameraRGB" / name for path in chosen for name in path.read_text(encoding="utf-8-sig").split()]
    else:
        places = [path for path in sorted(folder.rglob("CameraRGB")) if path.is_dir()]
        images = [place / name for place in places for name in _in_order(place, place.with_name("CameraSeg"))]
        if split != "all" and 0 < len(images) < 10:
            raise DataProblem(f'{folder}: {len(images)} frames are too few to split; ask for split "all".')
        images = images[len(images) * wanted[0] // 10 : len(images) * wanted[1] // 10]
    if not images:
        raise DataProblem(f"{folder}: no frames here; make the set with `python -m data_scripts make carla`.")
    masks = [path.parent.with_name("CameraSeg") / path.name for path in images]
    return Pairs(images, masks, CARLA, f"carla {split}", red=True)


def landcover(folder, split: str) -> Pairs:
    """Tiles of land cover mosaics, as `tiles.cut` names them, split "train", "val" or "test" by mosaic and never by tile.

    In the order of their names the last mosaics, 15 % of them but at least one, are for the test and those before them for validation.
    """
    _choose({"train": None, "val": None, "test": None}, split)
    images, masks = (Path(folder) / kind for kind in ("images", "masks"))
    of = {}  # mosaic -> names of its tiles
    for name in sorted({path.name for path in [*images.glob("*_*_*.png"), *masks.glob("*_*_*.png")]}):
        of.setdefault(name.rsplit("_", 2)[0], []).append(name)
    if len(of) < 3:
        raise DataProblem(f"{images}: tiles of {len(of)} mosaics, but 3 or more are needed; cut some by `python -m data_scripts tile`.")
    names, few = sorted(of), max(1, round(0.15 * len(of)))
    chosen = {"train": names[: -2 * few], "val": names[-2 * few : -few], "test": names[-few:]}[split]
    tiles = [tile for name in chosen for tile in of[name]]
    masks = [masks / tile for tile in tiles] if masks.is_dir() else None
    return Pairs([images / tile for tile in tiles], masks, LANDCOVER, f"landcover {split}")


def camvid(folder, split: str) -> Pairs:
    """CamVid as SegNet's authors split it, 480×360, 11 classes; split "train" (367 pairs), "val" (101) or "test" (233).

    The lists name each pair by the path that it had on the authors' machine; its last two parts are those under `folder`.
    Brostow, Fauqueur and Cipolla (2009), doi:10.1016/j.patrec.2008.04.005.
    """
    folder = Path(folder)
    path = folder / _choose({"train": "train.txt", "val": "val.txt", "test": "test.txt"}, split)
    if not path.is_file():
        raise DataProblem(f"{path}: this list is missing; get the set with `python -m data_scripts get camvid`.")
    pairs = [
        [Path(*Path(name).parts[-2:]) for name in line.split()]
        for line in path.read_text(encoding="utf-8-sig").splitlines()
        if line.strip()
    ]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise DataProblem(f"{path}: lines must read `image mask`, one pair each; get the list again.")
    images, masks = zip(*pairs, strict=True)
    return Pairs([folder / name for name in images], [folder / name for name in masks], CAMVID, f"camvid {split}")


def cityscapes(folder, split: str) -> Pairs:
    """Cityscapes in its own layout, 2048×1024, 34 ids of which 19 are trained on; split "train", "val", or "test" (no masks).

    Cordts et al. (2016), arXiv:1604.01685. Masks are the `labelIds` files of the fine annotation.
    """
    folder, split = Path(folder), _choose({name: name for name in ("train", "val", "test")}, split)
    images = sorted((folder / "leftImg8bit" / split).glob("*/*_leftImg8bit.png"))
    if not images:
        raise DataProblem(f"{folder / 'leftImg8bit' / split}: no images here; make the set with `python -m data_scripts make cityscapes`.")
    labels = folder / "gtFine" / split
    masks = [labels / path.parent.name / path.name.replace("_leftImg8bit", "_gtFine_labelIds") for path in images]
    return Pairs(images, None if split == "test" else masks, CITYSCAPES, f"cityscapes {split}")


def _in_order(*folders):
    """Names of the PNG files in any of the folders, so that a missing image is noticed as well as a missing mask; 2.png before 10.png."""
    return sorted({path.name for folder in folders for path in folder.glob("*.png")}, key=lambda name: (len(name), name))


def _choose(options, split):
    if split not in options:
        raise ValueError(f"split must be one of {', '.join(options)}, not {split!r}.")
    return options[split]
