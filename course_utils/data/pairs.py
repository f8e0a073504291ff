"""`Pairs`: images and their masks as paths; read from disk, checked, resized, and handed over as arrays."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from course_utils import files, memory
from course_utils.classes import IGNORE, ClassTable
from course_utils.files import DataProblem

from .arrays import hand_over

THREADS = 8  # that read at once; a container may see more cores than it has memory for


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
        picture, mask, problems = self._load(index)
        if problems:
            raise DataProblem(problems[0])
        if size is not None:
            picture = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
            if mask is not None:  # INTER_NEAREST would take the upper left corner of each area and move the mask against the image
                mask = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        return files.to_colours(picture, self.grey), mask

    def check(self) -> list[str]:
        """Reads every file as `read` does; ALL problems, one sentence each with the file's name and the remedy."""
        with ThreadPoolExecutor(THREADS) as pool:
            return [problem for problems in pool.map(lambda index: self._load(index)[2], range(len(self))) for problem in problems]

    def _load(self, index):
        """Picture and mask (or None) of one pair at full size, and all that is wrong with them, one sentence each."""
        problems, path = [], self.images[index]

        def attempt(function, *arguments):
            try:
                return function(*arguments)
            except DataProblem as problem:
                problems.append(str(problem))

        image = attempt(files.load, path)
        picture = image and attempt(files.picture_of, image, path)
        if self.masks is None:
            return picture, None, problems
        mask_path = self.masks[index]
        mask = attempt(files.load, mask_path)
        classes = mask and attempt(files.classes_of, mask, mask_path, self.table, self.threshold, self.red)
        if image and mask:
            attempt(files.aligned, image, mask, path, mask_path)
        if not problems and image.valid is not None:  # where the image shows nothing there is nothing to learn
            classes[~image.valid] = IGNORE
        return picture, classes, problems

    def shares(self, size=None) -> np.ndarray:
        """Share of each class among the pixels that count, over all masks, float64 (num_classes,); size: see `read`."""
        with ThreadPoolExecutor(THREADS) as pool:
            masks = pool.map(lambda index: self.read(index, size)[1], range(len(self)))
            counts = sum(np.bincount(mask.ravel(), minlength=256)[: self.table.num_classes] for mask in masks)
        return counts / counts.sum()

    def arrays(self, size=None):
        """All images, float32 in [0, 1] (pairs, height, width, channels), and masks, uint8 (pairs, height, width) or None.

        size=(height, width) resizes, see `read`. ValueError if sizes differ and none is given, or if the memory does not suffice;
        DataProblem if a file is unusable.
        """
        if len(self):
            image, mask = self.read(0, size)
            # Each image once as it was read, once beside the others, and once as float32.
            needed, free = len(self) * (6 * image.nbytes + (0 if mask is None else 2 * mask.nbytes)), memory.free()
            if needed > free:
                have = f"{needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free"
                raise ValueError(f"{self.name}: {len(self)} pairs take {have}; give a smaller size, pairs[:n], or take `batches`.")
        with ThreadPoolExecutor(THREADS) as pool:
            return hand_over(list(pool.map(lambda index: self.read(index, size), range(len(self)))), self.name)

    def batches(self, size=None, batch=8, augment=None, shuffle=False, seed=0, workers=2):
        """The same data as `Batches`, in bounded memory, for `model.fit(..., shuffle=False)` or a plain `for`."""
        from .batches import Batches  # here, because whoever only reads files needs no Keras

        return Batches(self, size, batch, augment, shuffle, seed, workers)
