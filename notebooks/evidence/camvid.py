"""Lesson 10: five networks, three seeds, one protocol, on CamVid's 367 training and 101 validation pairs; real frames, from scratch.

"short" is what the lesson itself runs with one seed and half the epochs, "long" the same at a larger size for more epochs. Each network
has the width at which a training image costs it about as many seconds as the others. All see every training pair equally often, and the
weights of the epoch with the least training loss are measured: nothing is chosen by the validation pairs, which are compared at their
full size, 480×360, in one confusion matrix over all frames.
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
PROTOCOLS = {"short": ((128, 160), 4), "long": ((192, 256), 24)}  # rows and columns while training, epochs
SEEDS = (1, 2, 3)
BATCH, RATE = 4, 2e-3
DISTORT = augment.Sequence(augment.Affine(flip=True), augment.Photometric(brightness=0.1, contrast=0.2))


def steps():
    runs = [(protocol, name, seed) for protocol in PROTOCOLS for seed in SEEDS for name in WIDTHS]
    return {"majority": majority} | {" ".join(map(str, run)): partial(train, *run) for run in runs}


def majority():
    """The commonest class of the training pairs for every pixel."""
    folder, matrix = ensure("camvid"), np.zeros((11, 11), np.int64)
    common, pairs = camvid(folder, "train").shares().argmax(), camvid(folder, "val")
    for index in range(len(pairs)):
        _, mask = pairs.read(index)
        matrix += metrics.confusion_matrix(mask, np.full_like(mask, common), 11)
    return {"matrix": matrix.tolist()}


def train(protocol, name, seed):
    keras.utils.set_random_seed(seed)
    size, epochs = PROTOCOLS[protocol]
    folder = ensure("camvid")
    model = build(name, 11, WIDTHS[name], (*size, 3), **OPTIONS.get(name, {}))
    pairs = camvid(folder, "train")
    batches = pairs.batches(size, BATCH, DISTORT, shuffle=True, seed=seed)
    steps = epochs * len(batches) - 100
    rate = keras.optimizers.schedules.CosineDecay(RATE / 20, steps, warmup_target=RATE, warmup_steps=100)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.Balanced(pairs.shares(size), from_logits=True))
    result = training.fit(model, batches, epochs=epochs, name=f"camvid-{protocol}-{name}-{seed}")
    return {
        "parameters": model.count_params(),
        "width": WIDTHS[name],
        "size": size,
        "epochs": epochs,
        "loss": [round(value, 4) for value in result.history["loss"]],
        "matrix": training.measure(model, camvid(folder, "val"), size).tolist(),
    }
