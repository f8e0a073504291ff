"""Lesson 11: a U-Net over MobileNetV2 on generated cities and on CamVid, with 10, 40 and 160 labelled frames, three seeds, three starts.

"frozen" has the encoder that lesson 11 trains on the simulator and keeps it as it is: the decoder learns on its features, computed once for
the frames and their mirror images. "tuned" goes on from there, all of it, batch normalisation kept. "scratch" begins with random weights and
learns in as many steps as both together. Batches are equal everywhere, the last weights count, and the frames with labels and the first
weights of the decoder come from the seed. Measured on all validation frames at full size.
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
LABELLED, SEEDS = (10, 40, 160), (1, 2, 3)
SIZE, WIDTH, BATCH = (128, 160), 4, 4
DECODER_STEPS, TUNING_STEPS = 300, 60
RATE, TUNING_RATE = 3e-3, 5e-4
WEIGHTS = Path(__file__).parents[2] / "data/encoders/streets.weights.h5"  # written by lesson 11
DISTORT = augment.Sequence(augment.Affine(flip=True), augment.Photometric(brightness=0.2, contrast=0.2))


def steps():
    runs = [
        (target, begin, labelled, seed) for seed in SEEDS for target in TARGETS for labelled in LABELLED for begin in (pretrained, scratch)
    ]
    return {
        f"{target} {begin.__name__} {labelled} {seed}": partial(begin, target, labelled, seed) for target, begin, labelled, seed in runs
    }


def pretrained(target, labelled, seed):
    pairs, val, model = prepare(target, labelled, seed, weights=WEIGHTS, freeze=True)
    images, masks = (np.concatenate([part, part[:, :, ::-1]]) for part in pairs.arrays(SIZE))
    decoder = model.get_layer("decoder")
    compile(decoder, pairs, RATE, DECODER_STEPS)
    features = model.get_layer("encoder").predict(images, batch_size=BATCH, verbose=0)
    training.fit(decoder, (features, masks), epochs=max(1, DECODER_STEPS * BATCH // len(masks)), batch=BATCH)
    frozen = training.measure(model, val, SIZE)
    backbones.unfreeze(model, 1)
    learn(model, pairs, TUNING_RATE, TUNING_STEPS, seed)
    tuned = training.measure(model, val, SIZE)
    return {"encoder": hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(), "frozen": frozen.tolist(), "tuned": tuned.tolist()}


def scratch(target, labelled, seed):
    pairs, val, model = prepare(target, labelled, seed)
    learn(model, pairs, RATE, DECODER_STEPS + TUNING_STEPS, seed)
    return {"scratch": training.measure(model, val, SIZE).tolist()}


def prepare(target, labelled, seed, **start):
    """The labelled pairs, all validation pairs, a network."""
    keras.utils.set_random_seed(seed)
    name, read = TARGETS[target]
    pairs, val = (read(ensure(name), split) for split in ("train", "val"))
    pairs = pairs[np.random.default_rng(seed).permutation(len(pairs))[:labelled]]
    return pairs, val, build("unet", pairs.table.num_classes, WIDTH, (*SIZE, 3), encoder="mobilenetv2", **start)


def compile(model, pairs, rate, steps):
    schedule = keras.optimizers.schedules.CosineDecay(rate / 20, steps - steps // 10, warmup_target=rate, warmup_steps=steps // 10)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-2), losses.Balanced(pairs.shares(SIZE), from_logits=True))


def learn(model, pairs, rate, steps, seed):
    compile(model, pairs, rate, steps)
    often = pairs[np.resize(np.arange(len(pairs)), steps * BATCH // 10)]
    training.fit(model, often.batches(SIZE, BATCH, DISTORT, shuffle=True, seed=seed), epochs=10)
