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

WIDTHS = {"unet": 8, "segnet": 8, "fcn8s": 12, "deeplab": 12, "pspnet": 16}
OPTIONS = {"deeplab": {"rates": (2, 4, 8)}}  # a map of 24×32 has no room for more
SEEDS = (1, 2, 3)
SIZE = (192, 256)  # rows and columns while training
EPOCHS, BATCH, RATE = 24, 4, 2e-3
DISTORT = augment.Sequence(augment.Affine(flip=True), augment.Photometric(brightness=0.1, contrast=0.2))


def steps():
    runs = {f"{name} {seed}": partial(train, name, seed) for seed in SEEDS for name in WIDTHS}
    return {"majority": majority, **runs}


def majority():
    """The commonest class of the training pairs for every pixel."""
    folder, matrix = ensure("camvid"), np.zeros((11, 11), np.int64)
    common, pairs = camvid(folder, "train").shares().argmax(), camvid(folder, "val")
    for index in range(len(pairs)):
        _, mask = pairs.read(index)
        matrix += metrics.confusion_matrix(mask, np.full_like(mask, common), 11)
    return {"matrix": matrix.tolist()}


def loss_for(share):
    """Cross-entropy, weighted by the root of how rare a class is, plus Dice: pixels and classes each have their say."""
    weights = share**-0.5
    pixels, classes = losses.CrossEntropy(weights / (weights * share).sum(), from_logits=True), losses.Dice(from_logits=True)
    return lambda masks, logits: pixels(masks, logits) + classes(masks, logits)


def train(name, seed):
    keras.utils.set_random_seed(seed)
    folder = ensure("camvid")
    model = build(name, 11, WIDTHS[name], (*SIZE, 3), **OPTIONS.get(name, {}))
    pairs = camvid(folder, "train")
    data = pairs.batches(SIZE, BATCH, DISTORT, shuffle=True, seed=seed)
    steps = EPOCHS * len(data)
    rate = keras.optimizers.schedules.CosineDecay(RATE / 20, steps - 100, warmup_target=RATE, warmup_steps=100)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss_for(pairs.shares(SIZE)))
    result = training.fit(model, data, epochs=EPOCHS, name=f"camvid-{name}-{seed}")
    return {
        "parameters": model.count_params(),
        "width": WIDTHS[name],
        "epochs": EPOCHS,
        "seconds": round(result.seconds, 1),
        "peak_mb": round(result.peak_mb),
        "loss": [round(value, 4) for value in result.history["loss"]],
        "matrix": training.measure(model, camvid(folder, "val"), SIZE).tolist(),
    }
