"""Says in sentences what this computer means for the course. It teaches nothing, and whatever it finds, no notebook stops for it."""

import os
import time
from importlib import metadata

import keras
import numpy as np

from course_utils import memory as of_process

LESSON_GB = 4  # the most memory that a lesson takes
STEP_MS = 40  # the time of `speed`'s training step on the two cores that the times in the lessons' headers come from


def report() -> None:
    """Print a line for each check: what was found, what it means and, where something is amiss, the remedy."""
    for check in (backend, memory, processor, speed):
        name = check.__name__.capitalize()
        try:
            print(f"{name}: {check()}")
        except Exception as error:  # a strange machine is no reason to stop
            print(f"{name}: could not be checked ({type(error).__name__}). Go on; the lessons may run all the same.")


def backend() -> str:
    """Which Keras computes on what, and whether all lessons run on it."""
    name = keras.backend.backend()
    found = f"Keras {keras.__version__} computes with {name} {metadata.version(name)}"
    if name == "tensorflow":
        return f"{found}; all lessons run."
    return f"{found}; cells that teach TensorFlow itself will not run. For those: pip install tensorflow, and unset KERAS_BACKEND."


def memory() -> str:
    """Whether the free memory, in a container what its limit leaves, is enough for the largest lesson."""
    free = of_process.free() / 2**30
    if free >= LESSON_GB:
        return f"{free:.0f} GB are free; no lesson takes more than {LESSON_GB} GB."
    return f"{free:.1f} GB are free, and a lesson may take {LESSON_GB} GB. Shut down other kernels and close other programs."


def processor() -> str:
    """How many cores there are, and whether Keras sees a GPU."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if gpus := sum(device.startswith("gpu") for device in keras.distribution.list_devices()):
        return f"{cores} cores and {gpus} GPU; the full sizes are within reach."
    return f"{cores} cores, no GPU; enough for every lesson. Section 8 says how to borrow a GPU for the full sizes."


def speed(steps: int = 10) -> str:
    """How long a training step of a small network takes, beside the computer that the lessons were measured on."""
    model = keras.Sequential([keras.layers.Conv2D(channels, 3, padding="same", activation="relu") for channels in (32, 32, 1)])
    model.compile("adam", "mse")
    images, times = np.zeros((8, 64, 64, 3), np.float32), [time.perf_counter()]
    for _ in range(steps):
        model.train_on_batch(images, images[..., :1])
        times.append(time.perf_counter())
    ratio = 1000 * np.diff(times).min() / STEP_MS
    remedy = " Shut down other kernels and close other programs, or take Colab." if ratio > 3 else ""
    return f"expect about {ratio:.1f} times the times that the lessons' headers state.{remedy}"
