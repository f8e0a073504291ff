"""`Batches`: the pairs of one split batch by batch, cached while memory lasts and streamed from disk where it does not."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from course_utils import memory

from .arrays import hand_over

CACHE_SHARE = 0.25  # of the memory that is free when a `Batches` is made


class Batches(keras.utils.PyDataset):
    """Batches of a `Pairs`: images float32 (batch, height, width, channels) in [0, 1] and masks uint8 (batch, height, width).

    The first pass reads from disk; pairs that fit into a share of the free memory stay there as uint8, the others are read
    again in each pass. The last batch may be smaller. Without masks a batch is the images alone.

    Order and augmentation depend on the seed and on `epoch` only, so that a run resumed with `batches.epoch = k` goes on as if
    it had never stopped. Each full pass, by `fit` or by `for`, adds 1 to `epoch`. `augment` is called with image uint8
    (height, width, channels), mask and a numpy Generator of its own for each pair and epoch; it returns image and mask.

    `share = (k, n)` makes it hand over, and read, number k (from 0) of n equal shares of each batch; together they are the batch.
    """

    def __init__(self, pairs, size, batch, augment, shuffle, seed, workers):
        # Keras' own queue would wait 0.1 s at the end of each epoch and does not serve a plain `for`: the threads are ours.
        super().__init__(workers=1, use_multiprocessing=False)
        if len(pairs) == 0:
            raise ValueError(f"{pairs.name}: there is no pair to make batches of.")
        if augment is not None and pairs.masks is None:
            raise ValueError(f"{pairs.name}: without masks there is nothing to augment in pairs.")
        self.pairs, self.size, self.batch, self.augment, self.shuffle, self.seed = pairs, size, batch, augment, shuffle, seed
        self.epoch = 0
        self.share = (0, 1)
        self._threads = max(1, workers)
        self._pool = ThreadPoolExecutor(self._threads)
        self._ahead = {}  # (epoch, index, share) -> batch in the making
        self._last, self._in_pass = -1, False  # the batch asked for last; whether Keras is in the middle of a pass
        self._cache = {}  # number of the pair -> image and mask
        self._room = int(CACHE_SHARE * memory.free())  # bytes
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
            keys = [(self.epoch, number, self.share) for number in range(index, end + 1)]
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

    def _make(self, epoch, index, share):
        order = np.arange(len(self.pairs))
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch, 0]).permutation(order)
        numbers = order[index * self.batch : (index + 1) * self.batch]
        numbers = np.split(numbers, share[1])[share[0]].tolist()
        samples = [self._sample(number) for number in numbers]
        if self.augment is not None:
            # A generator for each pair, so that nothing depends on which thread came first. Number 0 is the order's.
            generators = [np.random.default_rng([self.seed, epoch, 1 + number]) for number in numbers]
            samples = [self.augment(image.copy(), mask.copy(), rng) for (image, mask), rng in zip(samples, generators, strict=True)]
        images, masks = hand_over(samples, self.pairs.name)
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
