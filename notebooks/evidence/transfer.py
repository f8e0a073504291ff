"""Lesson 11: a U-Net over MobileNetV2 on generated cities and on CamVid, with 10, 40 and 160 labelled frames, three seeds, three starts.

"scratch" begins with random weights. "frozen" and "tuned" begin with the network that lesson 11 trains on the simulator; of its last
layer they keep the classes that both label sets have. In "frozen" the decoder alone learns, in "tuned" all of it, the averages of batch
normalisation included. For the city there is "encoder", too: frozen, and its decoder begins with random weights. All else is equal: the
labelled frames and their mirror images, the size of a batch, the steps, the schedule, the loss. The weights of the least loss while
training count; labelled frames and random weights come from the seed. Some of the trainings are repeated with more steps. Measured on
all validation frames at full size.
"""

import hashlib
from functools import partial
from pathlib import Path

import keras
import numpy as np

from course_utils import data, losses, training
from course_utils.classes import CARLA
from course_utils.models import build
from data_scripts import ensure

STARTS, FROZEN = ("scratch", "frozen", "tuned"), ("frozen", "encoder")
TARGETS = {"city": ("cityscapes", data.cityscapes), "camvid": ("camvid", data.camvid)}
LABELLED, SEEDS = (10, 40, 160), (1, 2, 3)
SIZE, WIDTH, BATCH, RATE = (96, 128), 8, 4, 3e-3
STEPS = 80  # once 160 frames and their mirror images
LONGER = [("city", 10, 160), ("city", 10, 320), ("city", 40, 160), ("camvid", 40, 160)]  # target, labelled frames, steps
SOURCE = Path(__file__).parents[2] / "data/encoders/streets.keras"  # written by lesson 11, its encoder beside it, ….weights.h5
SAME = {"sky": "background", "sidewalk": "pavement", "person": "pedestrian", "tree": "vegetation", "sign": "traffic sign"}


def steps():
    cases = [(target, labelled, STEPS, STARTS) for target in TARGETS for labelled in LABELLED] + [(*longer, STARTS) for longer in LONGER]
    cases += [("city", labelled, STEPS, ["encoder"]) for labelled in (10, 40)]
    runs = [(target, start, labelled, seed, steps) for target, labelled, steps, starts in cases for seed in SEEDS for start in starts]
    return {" ".join(map(str, run)): partial(train, *run) for run in runs}


def train(target, start, labelled, seed, steps):
    keras.utils.set_random_seed(seed)
    name, read = TARGETS[target]
    pairs, val = (read(ensure(name), split) for split in ("train", "val"))
    pairs = pairs[np.random.default_rng(seed).permutation(len(pairs))[:labelled]]
    model = build("unet", pairs.table.num_classes, WIDTH, (*SIZE, 3), encoder="mobilenetv2", freeze=start in FROZEN)
    if start != "scratch":
        inherit(model, pairs.table.names, whole=start != "encoder")
    learner, (given, masks) = model, (np.concatenate([part, part[:, :, ::-1]]) for part in pairs.arrays(SIZE))
    if start in FROZEN:  # its features cannot change: once is enough
        learner, given = model.get_layer("decoder"), model.get_layer("encoder").predict(given, batch_size=BATCH, verbose=0)
    rate = keras.optimizers.schedules.CosineDecay(RATE / 20, steps - steps // 10, warmup_target=RATE, warmup_steps=steps // 10)
    learner.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.Balanced(pairs.shares(SIZE), from_logits=True))
    result = training.fit(learner, (given, masks), epochs=steps * BATCH // len(masks), batch=BATCH)
    return {
        "source": None if start == "scratch" else hashlib.sha256(SOURCE.with_suffix(".weights.h5").read_bytes()).hexdigest(),
        "loss": [round(value, 4) for value in result.history["loss"]],
        "matrix": training.measure(model, val, SIZE).tolist(),
    }


def inherit(model, names, whole):
    """Take over what the source knows: its encoder, and as a whole the decoder but for classes that the simulator does not have."""
    source = keras.saving.load_model(SOURCE)
    model.get_layer("encoder").set_weights(source.get_layer("encoder").get_weights())
    if not whole:
        return
    (*inner, last), (*taught, last_taught) = (each.get_layer("decoder").layers for each in (model, source))
    for new, old in zip(inner, taught, strict=True):
        new.set_weights(old.get_weights())
    mine, theirs = last.get_weights(), last_taught.get_weights()
    for index, word in enumerate(names):
        if (word := SAME.get(word, word)) in CARLA.names:
            for new, old in zip(mine, theirs, strict=True):
                new[..., index] = old[..., CARLA.names.index(word)]
    last.set_weights(mine)
