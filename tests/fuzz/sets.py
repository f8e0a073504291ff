"""Small sets in their layouts, and what happens to them; so that `check` and the readers can be compared on any of them.

HARMLESS changes must leave every pixel as it was. After any other change `check` must say what the readers say, and nothing else.
"""

import os
import shutil

import numpy as np

from course_utils import tiles
from course_utils.classes import LANDCOVER
from course_utils.data import Absent, DataProblem, Pairs
from data_scripts import checks
from data_scripts.sets import SETS
from tests.fuzz.damages import DAMAGES
from tests.fuzz.images import KINDS, geotiff, packed

LISTS = (".csv", ".txt")
UNKNOWN = "a tile's mask has values of no class"
SHAPE = (9, 12)


def _eliret(folder, picture, mask):
    for split, number in (("treino", 0), ("valida", 3), ("teste", 6)):
        names = [f"{n:03d}" for n in range(number, number + 3)]
        for name in names:
            (folder / f"{name}x.png").write_bytes(packed(picture()[:, :, 0]))
            (folder / f"{name}y.png").write_bytes(packed(mask([0, 255])))
        (folder / f"{split}.csv").write_text("".join(f"{name}x.png;{name}y.png\n" for name in names))


def _membrane(folder, picture, mask):
    for place, draw_one in (("train/image", lambda: picture()[:, :, 0]), ("train/label", lambda: mask([0, 255]))):
        for where in [place] if place == "train/label" else [place, "test/image"]:
            (folder / where).mkdir(parents=True)
            for number in (0, 9, 10):
                (folder / where / f"{number}.png").write_bytes(packed(draw_one()))


def _carla(folder, picture, mask):
    for place in ("CameraRGB", "CameraSeg"):
        (folder / place).mkdir()
    for number, split in enumerate(("train", "val", "test")):
        names = [f"world{number:02d}_{k}.png" for k in range(3)]
        for name in names:
            (folder / "CameraRGB" / name).write_bytes(packed(picture()))
            (folder / "CameraSeg" / name).write_bytes(packed(np.dstack([mask(range(13)), np.zeros((*SHAPE, 2), np.uint8)])))
        (folder / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def _camvid(folder, picture, mask):
    for split in ("train", "val", "test"):
        for place, make in ((split, picture), (f"{split}annot", lambda: mask(range(12)))):
            (folder / place).mkdir()
            for number in range(3):
                (folder / place / f"{split}{number}.png").write_bytes(packed(make()))
        lines = [f"/SegNet/CamVid/{split}/{split}{n}.png /SegNet/CamVid/{split}annot/{split}{n}.png\n" for n in range(3)]
        (folder / f"{split}.txt").write_text("".join(lines))


def _cityscapes(folder, picture, mask):
    for split, city in (("train", "ulm"), ("val", "lindau"), ("test", "bonn")):
        for kind in ("leftImg8bit", "gtFine"):
            (folder / kind / split / city).mkdir(parents=True)
        for number in range(3):
            name = f"{split}/{city}/{city}_{number:06d}_000019"
            (folder / "leftImg8bit" / f"{name}_leftImg8bit.png").write_bytes(packed(picture()))
            (folder / "gtFine" / f"{name}_gtFine_labelIds.png").write_bytes(packed(mask(range(34))))


def _landcover(folder, picture, mask):
    for place, make in (("images", picture), ("masks", lambda: mask(range(5)))):
        (folder / place).mkdir()
        for name in ("M-33-1", "N-33-2", "N-34-3"):
            (folder / place / f"{name}.tif").write_bytes(geotiff(make(), None))


MAKERS = {"eliret": _eliret, "membrane": _membrane, "carla": _carla, "camvid": _camvid, "cityscapes": _cityscapes, "landcover": _landcover}


def make(name, folder, rng):
    """A sound set; no two of its images are alike."""
    folder.mkdir(parents=True)
    MAKERS[name](folder, lambda: rng.integers(0, 256, (*SHAPE, 3), np.uint8), lambda values: rng.choice(np.array(values, np.uint8), SHAPE))


# --- changes: each takes a generator, the folder, and a file of it ------------------------------------------------------------------------


def _text(change):
    return lambda rng, folder, path: path.write_bytes(change(path.read_text("utf-8", "replace")))


HARMLESS_LISTS = {
    "line ends of Windows": _text(lambda text: text.replace("\n", "\r\n").encode()),
    "UTF-8 with a mark": _text(lambda text: text.encode("utf-8-sig")),
    "UTF-16 with a mark": _text(lambda text: text.encode("utf-16")),
    "empty lines": _text(lambda text: f"\n\n{text}\n \n\t\n".encode()),
    "no end of line": _text(lambda text: text.rstrip().encode()),
    "spaces around names": _text(lambda text: text.replace(";", " ; ").replace("\n", "  \n ").encode()),
    "folders as in Windows": _text(lambda text: text.replace("/", "\\").encode()),
    "what macOS keeps beside files": _text(
        lambda text: (text + text.splitlines()[0].replace("/", "/._").replace(";", ";._") + "\n").encode()
    ),
}
BROKEN_LISTS = {
    "UTF-16 without a mark": _text(lambda text: text.encode("utf-16-le")),
    "another encoding": _text(lambda text: text.replace(".png", "é.png").encode("cp1252")),
    "NUL": _text(lambda text: text.replace("\n", "\0\n").encode()),
    "places of another computer": _text(
        lambda text: "".join(f"C:\\data\\{line};C:\\data\\{line}\n" for line in text.splitlines()).encode()
    ),
    "nothing": lambda rng, folder, path: path.write_bytes(b""),
    "spaces alone": lambda rng, folder, path: path.write_bytes(b" \n\n"),
    "half of the columns": _text(lambda text: "".join(f"{line[: len(line) // 2]}\n" for line in text.splitlines()).encode()),
    "names of nothing": _text(lambda text: text.replace("png", "gif").encode()),
    "way out": _text(lambda text: text.replace("0", "../../0").encode()),
    "noise": lambda rng, folder, path: path.write_bytes(rng.bytes(200)),
    "a folder": lambda rng, folder, path: (path.unlink(), path.mkdir()),
    "missing": lambda rng, folder, path: path.unlink(),
    "a pipe": lambda rng, folder, path: (path.unlink(), os.mkfifo(path)),
}


def _of_a_kind(rng, folder, path):
    """The file becomes one of `images`."""
    scratch = folder.with_name("scratch")
    while True:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        list(KINDS.values())[rng.integers(len(KINDS))](rng, scratch)
        found = [file for file in sorted(scratch.iterdir()) if file.is_file() and file.stat().st_size < 20_000]
        if found:
            break
    shutil.copy(found[rng.integers(len(found))], path)
    shutil.rmtree(scratch)


def _damaged(rng, folder, path):
    data = path.read_bytes() or b" "
    path.write_bytes(DAMAGES[rng.integers(len(DAMAGES))](rng, data))


def _beside(rng, folder, path):
    for name in (f"._{path.name}", ".DS_Store", "Thumbs.db", "desktop.ini"):
        path.with_name(name).write_bytes(rng.bytes(9))


HARMLESS = {"what file managers leave": _beside}
BROKEN = {
    "of another kind": _of_a_kind,
    "damaged": _damaged,
    "missing": lambda rng, folder, path: path.unlink(),
    "empty": lambda rng, folder, path: path.write_bytes(b""),
    "a folder": lambda rng, folder, path: (path.unlink(), path.mkdir()),
    "a pipe": lambda rng, folder, path: (path.unlink(), os.mkfifo(path)),
    "in place of another": lambda rng, folder, path: path.write_bytes(_any(rng, folder, path.suffix)),
    "folder missing": lambda rng, folder, path: shutil.rmtree(path.parent) if path.parent != folder else path.unlink(),
    "folder is a file": lambda rng, folder, path: _replace_folder(folder, path.parent),
}


def _replace_folder(folder, place):
    if place != folder:
        shutil.rmtree(place)
        place.write_bytes(b"")


def _any(rng, folder, suffix):
    found = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
    return found[rng.integers(len(found))].read_bytes()


# --- what comes of them -------------------------------------------------------------------------------------------------------------------


def read_all(name, folder):
    """{image: arrays} of what the readers of lessons give, and what they say of all else."""
    arrays, said = {}, []
    for split in SETS[name].splits:
        try:
            pairs = SETS[name].reader(folder, split)
        except Absent:
            continue
        except DataProblem as problem:
            said.append(str(problem))
            continue
        for number, image in enumerate(pairs.images):
            try:
                read = _cut(image, pairs.masks[number], folder.with_name("tiles")) if image.suffix == ".tif" else pairs.read(number)
            except DataProblem as problem:
                said.append(str(problem))
            else:
                arrays[image.relative_to(folder).as_posix()] = read
    return arrays, said


def _cut(image, mask, folder):
    """What a lesson gets of a mosaic: its tiles, read."""
    try:
        tiles.cut(image, mask, folder, side=3)
        found = sorted(path.name for path in (folder / "images").iterdir())
        pairs = Pairs([folder / "images" / name for name in found], [folder / "masks" / name for name in found], LANDCOVER)
        try:
            return pairs.arrays()
        except DataProblem as problem:  # `check` says it of the mosaic
            raise DataProblem(UNKNOWN) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def draw(number, top):
    """(row of the table, column, words) of one set with one to three changes, in the empty folder `top`."""
    rng, name = np.random.default_rng([29, number]), list(SETS)[number % len(SETS)]
    folder = top / name
    make(name, folder, np.random.default_rng([5, number]))
    before, said = read_all(name, folder)
    if said or checks.problems(folder, SETS[name]):
        return "sets, sound", "trace", f"{name}: {said} {checks.problems(folder, SETS[name])}"
    harmless = rng.random() < 0.3
    changes = []
    for _ in range(1 if harmless else rng.integers(1, 4)):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        if not files:
            break
        path = files[rng.integers(len(files))]
        if path.suffix in LISTS or ((lists := [file for file in files if file.suffix in LISTS]) and rng.random() < 0.4):
            path = path if path.suffix in LISTS else lists[rng.integers(len(lists))]
            of = HARMLESS_LISTS if harmless else BROKEN_LISTS
        else:
            of = HARMLESS if harmless else BROKEN
        change = list(of)[rng.integers(len(of))]
        of[change](rng, folder, path)
        changes.append(f"{path.relative_to(folder)}: {change}")
    row = "sets, changed harmlessly" if harmless else "sets, broken"
    found = checks.problems(folder, SETS[name])
    after, said = read_all(name, folder)
    short = {text.replace(f"{folder}{os.sep}", "") for text in said if text != UNKNOWN}
    if harmless and (found or list(after) != list(before) or repr(after) != repr(before)):
        return row, "trace", f"{changes}: {found} {said}"
    if bool(found) != bool(said) or not short <= set(found):
        return row, "trace", f"{changes}: check says {found}, the readers {said}"
    if bad := [text for text in found if "\n" in text or not text.endswith(".") or ";" not in text or len(text) > 400]:
        return row, "trace", f"{changes}: no good sentence: {bad}"
    return row, "sentence" if found else "right" if harmless or repr(after) == repr(before) else "read", ""
