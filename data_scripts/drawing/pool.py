"""Draws many pictures at once, and writes them."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm


def spread(work: Callable, jobs: Iterable, name: str, unit: str, processes: int | None = None) -> None:
    """Do all jobs, several at once, under a bar that shows `name`.

    processes: how many work at once; None: as many as there are cores, 8 at most.
    """
    # Fresh processes, because a fork of a notebook that has begun to train would hang.
    with ProcessPoolExecutor(processes or min(8, os.cpu_count()), get_context("spawn"), cv2.setNumThreads, (1,)) as pool:
        list(tqdm(pool.map(work, jobs), name, len(jobs), leave=False, unit=unit, disable=None))


def save(path: Path, array: np.ndarray) -> None:
    """Write a PNG file: grey of 8 or 16 bits, or red-green-blue(-opacity). Python writes: on Windows OpenCV cannot open every path."""
    array = array if array.ndim == 2 else array[..., [2, 1, 0, 3][: array.shape[2]]]
    path.write_bytes(cv2.imencode(".png", array)[1].tobytes())
