"""Images and their masks: read from disk, checked, resized, and handed over as arrays or batch by batch.

Images are kept as uint8 and become float32 in [0, 1] only when they are handed over; masks are uint8 train ids, 255 = ignore.
"""

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import keras
import numpy as np
import psutil

from course_utils.classes import CARLA, ELIRET, LANDCOVER, MEMBRANE, ClassTable
from course_utils.files import DataProblem, decode, decode_mask, to_colours, to_train

CACHE_SHARE = 0.25  # of the memory that is free when a `Batches` is made


class Pairs:
    """The images of one split and their masks, as paths; nothing is read before it is asked for.

    Args:
        images: image files. masks: mask files in the same order, or None for a split without labels.
        table: classes of the masks. name: what messages call the split.
        grey: images have one channel instead of three.
        threshold: mask values from it on count as 255 and those below as 0; for masks of two classes.
        red: masks are colour pictures with the class in the red channel.
    """

    def __init__(self, images, masks, table: ClassTable, name="", grey=False, threshold=None, red=False):
        self.images = [Path(path) for path in images]
        self.masks = None if masks is None else [Path(path) for path in masks]
        if self.masks is not None and len(self.masks) != len(self.images):
            raise ValueError(f"{name}: {len(self.images)} images but {len(self.masks)} masks; give one mask for each image.")
        self.table, self.name, self.grey, self.threshold, self.red = table, name, grey, threshold, red

    def __len__(self):
        return len(self.images)

    def __repr__(self):
        return f"Pairs({self.name}: {len(self)} {'images without masks' if self.masks is None else 'pairs'})"

    def __getitem__(self, which) -> "Pairs":
        """`pairs[10:20]`, `pairs[[3, 1, 4]]` or `pairs[3]`: those pairs, as `Pairs`."""
        chosen = np.atleast_1d(np.arange(len(self))[which])
        masks = None if self.masks is None else [self.masks[i] for i in chosen]
        return Pairs([self.images[i] for i in chosen], masks, self.table, self.name, self.grey, self.threshold, self.red)

    def read(self, index: int, size=None):
        """Image uint8 (height, width, channels) and mask uint8 (height, width) or None, of one pair; DataProblem if unusable.

        With size=(height, width) the image is averaged over areas and the mask takes the value at the centre of each area.
        """
        picture = decode(self.images[index])
        shapes = [picture.shape[:2]]
        if size is not None:  # at once, because the rest is then quicker and large arrays do not pile up
            picture = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
        image = to_colours(picture, self.grey)
        if self.masks is None:
            return image, None
        values = decode_mask(self.masks[index], self.threshold, self.red)
        shapes.append(values.shape)
        if shapes[0] != shapes[1]:
            raise DataProblem(self._unequal(index, shapes))
        if size is not None:  # INTER_NEAREST would take the upper left corner of each area and move the mask against the image
            values = cv2.resize(values, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        return image, to_train(values, self.masks[index], self.table)

    def check(self) -> list[str]:
        """Reads every file at full size; ALL problems, one sentence each with the file's name and the remedy."""
        with ThreadPoolExecutor() as pool:
            return [problem for problems in pool.map(self._problems, range(len(self))) for problem in problems]

    def _problems(self, index):
        problems, shapes = [], []
        try:
            shapes.append(decode(self.images[index]).shape[:2])
        except DataProblem as problem:
            problems.append(str(problem))
        try:
            if self.masks is not None:
                values = decode_mask(self.masks[index], self.threshold, self.red)
                shapes.append(values.shape)
                to_train(values, self.masks[index], self.table)
        except DataProblem as problem:
            problems.append(str(problem))
        return problems + ([self._unequal(index, shapes)] if len(set(shapes)) == 2 else [])

    def _unequal(self, index, shapes):
        (h, w), (mask_h, mask_w) = shapes
        sizes = f"the image is {h}×{w} but its mask {self.masks[index].name} is {mask_h}×{mask_w}"
        return f"{self.images[index]}: {sizes}; give both the same height and width."

    def arrays(self, size=None):
        """All images, float32 in [0, 1] (pairs, height, width, channels), and masks, uint8 (pairs, height, width) or None.

        size=(height, width) resizes, see `read`. ValueError if sizes differ and none is given; DataProblem if a file is unusable.
        """
        with ThreadPoolExecutor() as pool:
            return _hand_over(list(pool.map(lambda index: self.read(index, size), range(len(self)))), self.name)

    def batches(self, size=None, batch=8, augment=None, shuffle=False, seed=0, workers=2) -> "Batches":
        """The same data batch by batch, in bounded memory, for `model.fit(..., shuffle=False)` or a plain `for`; see `Batches`."""
        return Batches(self, size, batch, augment, shuffle, seed, workers)


class Batches(keras.utils.PyDataset):
    """Batches of a `Pairs`: images float32 (batch, height, width, channels) in [0, 1] and masks uint8 (batch, height, width).

    The first pass reads from disk; pairs that fit into a share of the free memory stay there as uint8, the others are read
    again in each pass. The last batch may be smaller. Without masks a batch is the images alone.

    Order and augmentation depend on the seed and on `epoch` only, so that a run resumed with `batches.epoch = k` goes on as if
    it had never stopped. Each full pass, by `fit` or by `for`, adds 1 to `epoch`. `augment` is called with image uint8
    (height, width, channels), mask and a numpy Generator of its own for each pair and epoch; it returns image and mask.
    """

    def __init__(self, pairs: Pairs, size, batch, augment, shuffle, seed, workers):
        # Keras' own queue would wait 0.1 s at the end of each epoch and does not serve a plain `for`: the threads are ours.
        super().__init__(workers=1, use_multiprocessing=False)
        if len(pairs) == 0:
            raise ValueError(f"{pairs.name}: there is no pair to make batches of.")
        if augment is not None and pairs.masks is None:
            raise ValueError(f"{pairs.name}: without masks there is nothing to augment in pairs.")
        self.pairs, self.size, self.batch, self.augment, self.shuffle, self.seed = pairs, size, batch, augment, shuffle, seed
        self.epoch = 0
        self._threads = max(1, workers)
        self._pool = ThreadPoolExecutor(self._threads)
        self._ahead = {}  # (epoch, index) -> batch in the making
        self._last, self._in_pass = -1, False  # the batch asked for last; whether Keras is in the middle of a pass
        self._cache = {}  # number of the pair -> image and mask
        self._room = int(CACHE_SHARE * psutil.virtual_memory().available)  # bytes
        self._lock = threading.Lock()

    def __len__(self):
        return math.ceil(len(self.pairs) / self.batch)

    def __getitem__(self, index):
        """Batch `index` of the present epoch. Asked for in order, the next ones are made meanwhile in other threads."""
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        with self._lock:
            in_order = index in (0, self._last + 1)
            end = min(index + self._threads, len(self) - 1) if in_order else index
            keys = [(self.epoch, number) for number in range(index, end + 1)]
            self._ahead = {key: self._ahead.get(key) or self._pool.submit(self._make, *key) for key in keys}
            wanted = self._ahead.pop(keys[0])
            self._last = index
        return wanted.result()

    def __iter__(self):
        for index in range(len(self)):
            yield self[index]
        self.epoch += 1

    def on_epoch_begin(self):
        """Called by Keras at the start of each pass."""
        self._in_pass, self._last = True, -1

    def on_epoch_end(self):
        """Called by Keras after each pass, and also when there was none or only a look at the first batch."""
        self.epoch += self._in_pass and self._last == len(self) - 1
        self._in_pass = False

    def _make(self, epoch, index):
        order = np.arange(len(self.pairs))
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch, 0]).permutation(order)
        numbers = order[index * self.batch : (index + 1) * self.batch].tolist()
        samples = [self._sample(number) for number in numbers]
        if self.augment is not None:
            # A generator for each pair, so that nothing depends on which thread came first. Number 0 is the order's.
            generators = [np.random.default_rng([self.seed, epoch, 1 + number]) for number in numbers]
            samples = [self.augment(image.copy(), mask.copy(), rng) for (image, mask), rng in zip(samples, generators, strict=True)]
        images, masks = _hand_over(samples, self.pairs.name)
        return images if masks is None else (images, masks)

    def _sample(self, number):
        sample = self._cache.get(number)
        if sample is None:
            sample = self.pairs.read(number, self.size)
            needed = sum(array.nbytes for array in sample if array is not None)
            with self._lock:
                if number not in self._cache and needed <= self._room:
                    self._room -= needed
                    self._cache[number] = sample
        return sample


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


def _in_order(*folders):
    """Names of the PNG files in any of the folders, so that a missing image is noticed as well as a missing mask; 2.png before 10.png."""
    return sorted({path.name for folder in folders for path in folder.glob("*.png")}, key=lambda name: (len(name), name))


def _choose(options, split):
    if split not in options:
        raise ValueError(f"split must be one of {', '.join(options)}, not {split!r}.")
    return options[split]


def _hand_over(samples, name):
    """A list of uint8 images and masks as one float32 array in [0, 1] and one uint8 array (or None)."""
    if not samples:
        raise ValueError(f"{name}: there is no pair to read.")
    images, masks = zip(*samples, strict=True)
    sizes = sorted({image.shape[:2] for image in images})
    if len(sizes) > 1:
        listed = ", ".join(f"{height}×{width}" for height, width in sizes[:4])
        raise ValueError(f"{name}: images of {len(sizes)} sizes ({listed}) do not fit one array; give size=(height, width) or batch=1.")
    return np.divide(np.stack(images), 255, dtype=np.float32), None if masks[0] is None else np.stack(masks)


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
