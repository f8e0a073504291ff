"""Lesson 10: five networks, three seeds, on CamVid's 367 training and 101 validation pairs; real frames, from scratch.

"short" is what the lesson itself runs with one seed. "long" is the protocol that counts: 36 epochs at 96×128, each at a quarter of the
price, then 16 at 192×256, in bfloat16; rare classes weigh more than in "short". In each, the widths are such that a training image costs
the networks about as many seconds, in "long" within a factor of two; all see every training pair equally often, and the weights of the
epoch with the least training loss are measured: nothing is chosen by the validation pairs. These are compared at their full size,
480×360, in one confusion matrix over all frames.
"""

from functools import partial

import keras
import numpy as np

from course_utils import augment, losses, metrics, training
from course_utils.data import camvid
from course_utils.models import build
from data_scripts import ensure

WIDTHS = {
    "short": {"unet": 8, "segnet": 8, "fcn8s": 12, "deeplab": 12, "pspnet": 16},
    "long": {"unet": 12, "segnet": 12, "fcn8s": 16, "deeplab": 20, "pspnet": 24},
}
OPTIONS = {"deeplab": {"rates": (2, 4, 8)}}  # a map of 24×32 has no room for more
STAGES = {"short": [((128, 160), 4)], "long": [((96, 128), 36), ((192, 256), 16)]}  # rows and columns while training, epochs
POLICY = {"short": "float32", "long": "mixed_bfloat16"}
RATE = {"short": 2e-3, "long": 3e-3}
POWER = {"short": 0.5, "long": 0.75}  # of how rare a class is: its weight
SEEDS = (1, 2, 3)
BATCH = 4
DISTORT = augment.Sequence(augment.Affine(flip=True), augment.Photometric(brightness=0.1, contrast=0.2))


def steps():
    runs = [(protocol, seed, name) for protocol in STAGES for seed in SEEDS for name in WIDTHS[protocol]]
    return {"majority": majority} | {f"{protocol} {name} {seed}": partial(train, protocol, name, seed) for protocol, seed, name in runs}


def network(protocol, name, size, policy, weights=None):
    """The network for images of `size`, which its pooled maps depend on; the weights do not."""
    keras.config.set_dtype_policy(policy)
    model = build(name, 11, WIDTHS[protocol][name], (*size, 3), **OPTIONS.get(name, {}))
    if weights is not None:
        model.set_weights(weights)
    return model


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
    folder, weights, losses_seen = ensure("camvid"), None, []
    pairs = camvid(folder, "train")
    for size, epochs in STAGES[protocol]:
        model = network(protocol, name, size, POLICY[protocol], weights)
        batches = pairs.batches(size, BATCH, DISTORT, shuffle=True, seed=seed + len(losses_seen))
        peak, length = RATE[protocol], epochs * len(batches) - 100
        rate = keras.optimizers.schedules.CosineDecay(peak / 20, length, warmup_target=peak, warmup_steps=100)
        loss = losses.Balanced(pairs.shares(size), from_logits=True, power=POWER[protocol])
        model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss)
        result = training.fit(model, batches, epochs=epochs, name=f"camvid-{protocol}-{name}-{seed}-{size[0]}")
        weights = model.get_weights()
        losses_seen += result.history["loss"]
    model = network(protocol, name, size, "float32", weights)
    return {
        "parameters": model.count_params(),
        "width": WIDTHS[protocol][name],
        "size": size,
        "epochs": len(losses_seen),
        "loss": [round(value, 4) for value in losses_seen],
        "matrix": training.measure(model, camvid(folder, "val"), size).tolist(),
    }
