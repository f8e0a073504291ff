"""Lesson 11: a U-Net over MobileNetV2 on generated cities and on CamVid, with 10, 40 and 160 labelled frames, three seeds, three starts.

"scratch" begins with random weights; "frozen" has the encoder that lesson 11 trains on the simulator and keeps it as it is; "tuned" lets all
of it learn, batch normalisation kept. All take equally many steps of equal batches, the last weights count, and the frames with labels and
the first weights of the decoder come from the seed. Measured on all validation frames at full size.
"""

import hashlib
from functools import partial
from pathlib import Path

import keras
import numpy as np

from course_utils import augment, data, losses, training
from course_utils.models import backbones, build
from data_scripts import ensure

TARGETS = {"city": ("cityscapes", data.cityscapes), "camvid": ("camvid", data.camvid)}
STARTS = {"scratch": 2e-3, "frozen": 2e-3, "tuned": 1e-3}  # learning rates
LABELLED, SEEDS = (10, 40, 160), (1, 2, 3)
SIZE, WIDTH, BATCH, STEPS = (128, 160), 4, 4, 200
WEIGHTS = Path(__file__).parents[2] / "data/encoders/streets.weights.h5"  # written by lesson 11
DISTORT = augment.Sequence(augment.Affine(flip=True), augment.Photometric(brightness=0.2, contrast=0.2))


def steps():
    runs = [(target, start, labelled, seed) for seed in SEEDS for target in TARGETS for labelled in LABELLED for start in STARTS]
    return {" ".join(map(str, run)): partial(train, *run) for run in runs}


def train(target, start, labelled, seed):
    keras.utils.set_random_seed(seed)
    name, read = TARGETS[target]
    folder = ensure(name)
    pairs = read(folder, "train")
    pairs = pairs[np.random.default_rng(seed).permutation(len(pairs))[:labelled]]
    batches = pairs[np.resize(np.arange(labelled), STEPS * BATCH // 10)].batches(SIZE, BATCH, DISTORT, shuffle=True, seed=seed)
    pretrained = {} if start == "scratch" else {"weights": WEIGHTS, "freeze": True}
    model = build("unet", pairs.table.num_classes, WIDTH, (*SIZE, 3), encoder="mobilenetv2", **pretrained)
    if start == "tuned":
        backbones.unfreeze(model, 1)
    rate = keras.optimizers.schedules.CosineDecay(STARTS[start] / 20, STEPS - 20, warmup_target=STARTS[start], warmup_steps=20)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.Balanced(pairs.shares(SIZE), from_logits=True))
    result = training.fit(model, batches, epochs=10)
    return {
        "encoder": None if start == "scratch" else hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(),
        "size": SIZE,
        "steps": STEPS,
        "loss": [round(value, 4) for value in result.history["loss"]],
        "matrix": training.measure(model, read(folder, "val"), SIZE).tolist(),
    }
