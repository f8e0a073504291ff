"""Lesson 11: a U-Net over MobileNetV2 on generated cities and on CamVid, with 10, 40 and 160 labelled frames, three seeds, three starts.

"scratch" begins with random weights. "frozen" and "tuned" begin with the network that lesson 11 trains on the simulator, all but its
last layer. "frozen" keeps the encoder: the decoder learns on its features, computed once for the frames and their mirror images, and
takes twice as many steps, which is still less time. The others learn on distorted frames; in "tuned" all of it learns, the averages of
batch normalisation included. The batches are equal, the weights of the least loss while training count, and the frames with labels and
the random weights come from the seed. Measured on all validation frames at full size.
"""

import hashlib
from functools import partial
from pathlib import Path

import keras
import numpy as np

from course_utils import augment, data, losses, training
from course_utils.models import build
from data_scripts import ensure

STARTS = ("scratch", "frozen", "tuned")
TARGETS = {"city": ("cityscapes", data.cityscapes), "camvid": ("camvid", data.camvid)}
LABELLED, SEEDS = (10, 40, 160), (1, 2, 3)
SIZE, WIDTH, BATCH, STEPS, RATE = (96, 128), 8, 4, 200, 3e-3
SOURCE = Path(__file__).parents[2] / "data/encoders/streets.keras"  # written by lesson 11
MOVED = augment.Affine(rotation=5, shift=0.07, zoom=0.2, flip=True)
DISTORT = augment.Sequence(MOVED, augment.Photometric(brightness=0.2, contrast=0.2))


def steps():
    runs = [(target, start, labelled, seed) for target in TARGETS for labelled in LABELLED for seed in SEEDS for start in STARTS]
    return {" ".join(map(str, run)): partial(train, *run) for run in runs}


def train(target, start, labelled, seed):
    keras.utils.set_random_seed(seed)
    name, read = TARGETS[target]
    pairs, val = (read(ensure(name), split) for split in ("train", "val"))
    pairs = pairs[np.random.default_rng(seed).permutation(len(pairs))[:labelled]]
    model = build("unet", pairs.table.num_classes, WIDTH, (*SIZE, 3), encoder="mobilenetv2", freeze=start == "frozen")
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    if start != "scratch":
        source = keras.saving.load_model(SOURCE)
        encoder.set_weights(source.get_layer("encoder").get_weights())
        for new, old in zip(decoder.layers[:-1], source.get_layer("decoder").layers[:-1], strict=True):
            new.set_weights(old.get_weights())
    if start == "frozen":
        images, masks = (np.concatenate([part, part[:, :, ::-1]]) for part in pairs.arrays(SIZE))
        learner, batches = decoder, (encoder.predict(images, batch_size=BATCH, verbose=0), masks)
        steps = 2 * STEPS
        epochs = steps * BATCH // len(masks)
    else:
        often = pairs[np.resize(np.arange(labelled), 160)]  # an epoch is equally long for all
        learner, batches = model, often.batches(SIZE, BATCH, DISTORT, shuffle=True, seed=seed)
        steps, epochs = STEPS, STEPS // len(batches)
    rate = keras.optimizers.schedules.CosineDecay(RATE / 20, steps - steps // 10, warmup_target=RATE, warmup_steps=steps // 10)
    learner.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), losses.Balanced(pairs.shares(SIZE), from_logits=True))
    result = training.fit(learner, batches, epochs=epochs, batch=BATCH)
    return {
        "source": None if start == "scratch" else hashlib.sha256(SOURCE.read_bytes()).hexdigest(),
        "loss": [round(value, 4) for value in result.history["loss"]],
        "matrix": training.measure(model, val, SIZE).tolist(),
    }
