"""What the file of a set works with: pieces that say how much is done, several processes at once, and PNG files."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing import get_context, parent_process
from pathlib import Path

import cv2
import numpy as np

PROCESSES = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)  # that draw at once

_place = ContextVar("place", default=None)  # (who listens, from, to): where in the whole, from 0 to 1, the present piece lies


@contextmanager
def listening(listener: Callable[[float], None]) -> Iterator[None]:
    """Within, `listener` is called with the share of the whole that is done, from 0 to 1, again and again."""
    token = _place.set((listener, 0.0, 1.0))
    try:
        yield
    finally:
        _place.reset(token)


def reached(share: float) -> None:
    """Say that this share of the present piece is done, from 0 to 1."""
    if place := _place.get():
        listener, start, end = place
        listener(start + share * (end - start))


def track(pieces: Iterable, weights: Sequence[float] | None = None) -> Iterator:
    """Yield the pieces one after the other and say after each how much is done.

    weights: how much work each is; None: as much as any other, where `pieces` has a length.
    """
    weights = [1] * len(pieces) if weights is None else weights
    whole, done = _place.get(), 0
    try:
        for piece, weight in zip(pieces, weights, strict=True):
            if whole:
                listener, start, end = whole
                step = (end - start) / sum(weights)
                _place.set((listener, start + step * done, start + step * (done + weight)))
            yield piece
            reached(1)
            done += weight
    finally:
        _place.set(whole)


def spread(work: Callable, jobs: Sequence, processes: int | None = None) -> None:
    """Do all jobs, several at once.

    processes: how many work at once; None: PROCESSES.
    """
    # Fresh processes, because a fork of a notebook that has begun to train would hang.
    with ProcessPoolExecutor(processes or PROCESSES, get_context("spawn"), _begin) as pool:
        try:
            for _ in track(pool.map(work, jobs), [1] * len(jobs)):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _begin():
    """In each process that draws: one thread, no traceback of its own at Ctrl-C, and no life after the process that started it."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()


def save(path: Path, array: np.ndarray) -> None:
    """Write a PNG file: grey of 8 or 16 bits, or red-green-blue(-opacity). Python writes: on Windows OpenCV cannot open every path."""
    array = array if array.ndim == 2 else array[..., [2, 1, 0, 3][: array.shape[2]]]
    path.write_bytes(cv2.imencode(".png", array)[1].tobytes())
