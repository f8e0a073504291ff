"""Lesson 10: five networks, three seeds, one protocol, on CamVid's 367 training and 101 validation pairs; real frames, from scratch.

Each network has the width at which a training image costs it about as many seconds as the others on two cores. All see every training
pair EPOCHS times, and the weights of the epoch with the least training loss are measured: nothing is chosen by the validation pairs,
which are compared at their full size, 480×360, in one confusion matrix over all frames.
"""

from functools import partial

import keras
import numpy as np

from course_utils import augment, losses, metrics, training
from course_utils.data import camvid
from course_utils.models import build
from data_scripts import ensure

WIDTHS = {"unet": 12, "segnet": 12, "fcn8s": 16, "deeplab": 16, "pspnet": 20}
OPTIONS = {"deeplab": {"rates": (2, 4, 8)}}  # a map of 24×32 has no room for more
SEEDS = (1, 2, 3)
SIZE = (192, 256)  # rows and columns while training
EPOCHS, BATCH, RATE = 16, 8, 2e-3
DISTORT = augment.Sequence(augment.Affine(rotation=3, shift=0.1, zoom=0.25, flip=True), augment.Photometric(brightness=0.1, contrast=0.2))


def steps():
    runs = {f"{name} {seed}": partial(train, name, seed) for seed in SEEDS for name in WIDTHS}
    return {"majority": majority, **runs}


def shares():
    """Share of each class among the labelled pixels of the training pairs."""
    pairs = camvid(ensure("camvid"), "train")
    counts = sum(np.bincount(pairs.read(index)[1].ravel(), minlength=256)[:11] for index in range(len(pairs)))
    return counts / counts.sum()


def majority():
    """The commonest class of the training pairs for every pixel."""
    folder, matrix = ensure("camvid"), np.zeros((11, 11), np.int64)
    common = shares().argmax()
    pairs = camvid(folder, "val")
    for index in range(len(pairs)):
        _, mask = pairs.read(index)
        matrix += metrics.confusion_matrix(mask, np.full_like(mask, common), 11)
    return {"matrix": matrix.tolist()}


def train(name, seed):
    keras.utils.set_random_seed(seed)
    folder = ensure("camvid")
    model = build(name, 11, WIDTHS[name], (*SIZE, 3), **OPTIONS.get(name, {}))
    data = camvid(folder, "train").batches(SIZE, BATCH, DISTORT, shuffle=True, seed=seed)
    steps = EPOCHS * len(data)
    rate = keras.optimizers.schedules.CosineDecay(RATE / 20, steps - 100, warmup_target=RATE, warmup_steps=100)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.CrossEntropy(np.sqrt(1 / (11 * shares())), from_logits=True))
    result = training.fit(model, data, epochs=EPOCHS, name=f"camvid-{name}-{seed}")
    return {
        "parameters": model.count_params(),
        "width": WIDTHS[name],
        "epochs": EPOCHS,
        "seconds": round(result.seconds, 1),
        "peak_mb": round(result.peak_mb),
        "loss": [round(value, 4) for value in result.history["loss"]],
        "matrix": measure(model, camvid(folder, "val")).tolist(),
    }


def measure(model, pairs):
    """Confusion matrix over all pairs; the scores are enlarged to the size of the mask before the largest one is taken."""
    matrix = np.zeros((11, 11), np.int64)
    for index in range(len(pairs)):
        image, _ = pairs[index].arrays(SIZE)
        _, mask = pairs.read(index)
        logits = keras.ops.image.resize(model(image, training=False), mask.shape, interpolation="bilinear")
        matrix += metrics.confusion_matrix(mask, keras.ops.convert_to_numpy(logits)[0].argmax(-1), 11)
    return matrix
