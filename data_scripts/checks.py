"""Looks through a data set with the readers of the lessons and says all that is wrong with it, one sentence a problem."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise
from pathlib import Path

from course_utils.data import in_time
from course_utils.files import decode
from data_scripts.dataset import DataSet


def problems(folder: Path, dataset: DataSet, files: Iterable[str] = ()) -> list[str]:
    """All problems of the set in `folder`; an empty list if it is sound, so that every lesson can read it.

    files: those that its dataset.json names.
    """
    splits, found = dataset.read(folder)
    for pairs in splits.values():
        found += _mosaics(pairs) if _of_mosaics(pairs) else pairs.check()
    found = [_short(text, folder) for text in found]
    gone = [name for name in files if not (folder / name).is_file() and not any(name in text for text in found)]
    return list(dict.fromkeys([*found, *(f"{name}: the file is missing; put it back." for name in gone)]))


def leaks(folder: Path, dataset: DataSet) -> list[str]:
    """What lies in two splits, so that a network would be tested on what it was trained on: pictures, and groups of them."""
    splits, _ = dataset.read(folder)
    where = {}  # picture -> {split: its first image there}
    for split, image, digest in _pictures(splits):
        where.setdefault(digest, {}).setdefault(split, image)
    pairs = {}  # two splits -> [their images with the same picture, …]
    for places in where.values():
        for two in combinations(places, 2):
            pairs.setdefault(two, []).append([places[split] for split in two])
    found = []
    for (one, other), same in pairs.items():
        more = f", and {len(same) - 1} more are in both" if len(same) > 1 else ""
        names = " and ".join(map(str, same[0])) if same[0][0] != same[0][1] else f"{same[0][0]} twice, that"
        found.append(f"{names} are one picture{more}, in {one} and in {other}; take it out of one of them, or the test tells nothing.")
    for pairs in splits.values():
        if _of_mosaics(pairs):
            from course_utils.tiles import overlapping  # late, because it is slow to import and one set alone needs it

            found += [f"{one} and {other} show the same land; take one of them out." for one, other in overlapping(pairs.images)]
    found += _torn(splits, dataset.group) if dataset.group else []
    return [_short(text, folder) for text in found]


def _short(text, folder):
    """The sentence with names of files as they are inside the set."""
    return text.replace(f"{folder}{os.sep}", "")


def _pictures(splits):
    """(split, image, digest of its pixels) of all images that can be read and are not of one colour; a mosaic is a split of its own."""
    jobs = [(path.name if _of_mosaics(pairs) else split, path) for split, pairs in splits.items() for path in pairs.images]
    with ThreadPoolExecutor() as pool:
        digests = pool.map(_digest, [path for _, path in jobs])
        return [(split, path, digest) for (split, path), digest in zip(jobs, digests, strict=True) if digest]


def _digest(path):
    try:
        if path.suffix.lower() == ".png":
            array = decode(path)
        else:
            from course_utils.files import rasters  # late, because it is slow to import and one set alone needs it

            with rasters.opened(path) as file:
                array = file.read(out_shape=(file.count, min(file.height, 512), min(file.width, 512)))
    except Exception:  # said elsewhere
        return None
    return None if (array == array.flat[0]).all() else hashlib.blake2b(repr(array.shape).encode() + array.tobytes()).digest()


def _torn(splits, group):
    """Groups of images that lie in two splits. Where there are fewer than three, they may be cut, but not mixed."""
    of = {}
    for split, pairs in splits.items():
        for path in pairs.images:
            of.setdefault(group(path), {})[path] = split
    found = []
    for name, images in of.items():
        order = [images[path] for path in in_time(images)]
        some = list(dict.fromkeys(order))
        mixed = sum(a != b for a, b in pairwise(order)) >= len(some)
        if len(some) > 1 and (len(of) > 2 or mixed):
            both = " and in ".join(some)
            found.append(f'{next(iter(images))} and {len(images) - 1} more of "{name}" stand in {both}; keep what belongs together in one.')
    return found


def _of_mosaics(pairs):
    return pairs.images[0].suffix.lower() in (".tif", ".tiff")


def _mosaics(pairs):
    from course_utils import tiles  # late, because it is slow to import and one set alone needs it

    return [problem for image, mask in zip(pairs.images, pairs.masks, strict=True) for problem in tiles.problems(image, mask)]
